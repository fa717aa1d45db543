import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';

/** A password as it is stored: argon2id (RFC 9106) with its parameters, salt and tag in base64url. */
export type PasswordHash = {
  readonly alg: 'argon2id';
  readonly memoryKiB: number;
  readonly passes: number;
  readonly salt: string;
  readonly tag: string;
};

/** 19 MiB and two passes: the smaller of the two settings that OWASP recommends; about 30 ms on an edge box. */
const memoryKiB = 19_456;
const passes = 2;
const tagLength = 32;
/** Each derivation takes 19 MiB, so only this many run at a time; an edge box has 1 GiB. */
const maxAtOnce = 2;
const maxWaiting = 16;

let running = 0;
const waiting: (() => void)[] = [];

/** Thrown when too many passwords wait to be checked. */
export class BusyError extends Error {}

async function derive(password: string, salt: Uint8Array, memory: number, passCount: number): Promise<Uint8Array> {
  if (running >= maxAtOnce) {
    if (waiting.length >= maxWaiting) throw new BusyError(`Cannot check the password: ${waiting.length} others wait`);
    await new Promise<void>(resolve => waiting.push(resolve));
  }
  running += 1;
  try {
    const parameters = { message: password.normalize('NFC'), nonce: salt, parallelism: 1, tagLength, memory, passes: passCount };
    return await new Promise((resolve, reject) => {
      argon2('argon2id', parameters, (error, tag) => (error === null ? resolve(tag) : reject(error)));
    });
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

/** Throws BusyError when too many wait. */
export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(16);
  const tag = await derive(password, salt, memoryKiB, passes);
  return { alg: 'argon2id', memoryKiB, passes, salt: salt.toString('base64url'), tag: Buffer.from(tag).toString('base64url') };
}

/** Compares in constant time; with no stored password it takes as long and says false, so that names cannot be probed. Throws BusyError. */
export async function isPassword(password: string, stored: PasswordHash | undefined): Promise<boolean> {
  const salt = stored === undefined ? new Uint8Array(16) : Buffer.from(stored.salt, 'base64url');
  const tag = await derive(password, salt, stored?.memoryKiB ?? memoryKiB, stored?.passes ?? passes);
  if (stored === undefined) return false;
  const wanted = Buffer.from(stored.tag, 'base64url');
  return wanted.length === tag.length && timingSafeEqual(wanted, tag);
}
