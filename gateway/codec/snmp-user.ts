import { createCipheriv, createDecipheriv, createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { berInteger, berOpen, berTake } from './ber.ts';
import { DecodeError, Reader } from './reader.ts';
import { berElement, berNumber, berTags } from './snmp.ts';

/** User-based security of SNMPv3: RFC 3414; authentication with SHA-256, RFC 7860; encryption with AES-128, RFC 3826. */
export const macBytes = 24;
export const saltBytes = 8;
const keyBytes = 16;

/** Who speaks and when, by the clock of the agent: `boots` and `time` (seconds) make old messages useless. */
export type UserParameters = {
  readonly engine: Uint8Array;
  readonly boots: number;
  readonly time: number;
  readonly user: string;
  /** Empty without authentication; as a view of the message where it was read. */
  readonly mac: Uint8Array;
  readonly salt: Uint8Array;
};

/** The key of a password at one agent. RFC 3414 §A.2, with SHA-256: a megabyte of the password is hashed, then bound to the engine. */
export function localKey(password: string, engine: Uint8Array): Uint8Array {
  const text = Buffer.from(password, 'utf8');
  const long = Buffer.alloc(1_048_576, text);
  const key = createHash('sha256').update(long).digest();
  return createHash('sha256').update(key).update(engine).update(key).digest();
}

/** `msgSecurityParameters`, RFC 3414 §2.4: the content of its OCTET STRING. */
export const writeUser = ({ engine, boots, time, user, mac, salt }: UserParameters): Uint8Array =>
  berElement(
    berTags.sequence,
    berElement(berTags.octets, engine),
    berNumber(boots),
    berNumber(time),
    berElement(berTags.octets, new TextEncoder().encode(user)),
    berElement(berTags.octets, mac),
    berElement(berTags.octets, salt),
  );

/** Reads the same. Throws DecodeError. */
export function readUser(security: Uint8Array): UserParameters {
  const r = berOpen(new Reader(security, 'USM'), berTags.sequence, 'USM');
  const engine = berTake(r, berTags.octets, 'USM engine');
  const boots = berInteger(berTake(r, berTags.integer, 'USM boots'), 'USM boots');
  const time = berInteger(berTake(r, berTags.integer, 'USM time'), 'USM time');
  if (boots < 0 || time < 0 || boots > 0x7fff_ffff || time > 0x7fff_ffff) throw r.fault(`boots=${boots} time=${time}`);
  const user = new TextDecoder().decode(berTake(r, berTags.octets, 'USM user'));
  return {
    engine,
    boots,
    time,
    user,
    mac: berTake(r, berTags.octets, 'USM authentication'),
    salt: berTake(r, berTags.octets, 'USM privacy'),
  };
}

/** The message with the MAC in its place, `at` bytes from the start, where zeros stand. RFC 3414 §6.3.1, RFC 7860 §4.2.1. */
export function authenticate(message: Uint8Array, at: number, key: Uint8Array): Uint8Array {
  const signed = Uint8Array.from(message);
  signed.set(createHmac('sha256', key).update(message).digest().subarray(0, macBytes), at);
  return signed;
}

/** True iff the MAC in the message is right; `mac` is a view of it. RFC 3414 §6.3.2. */
export function isAuthentic(message: Uint8Array, mac: Uint8Array, key: Uint8Array): boolean {
  if (mac.length !== macBytes) return false;
  const at = mac.byteOffset - message.byteOffset;
  const blank = Uint8Array.from(message).fill(0, at, at + macBytes);
  return timingSafeEqual(createHmac('sha256', key).update(blank).digest().subarray(0, macBytes), mac);
}

/** Encrypts a scoped PDU. RFC 3826 §3.1: the vector is boots, time and salt. */
export function encrypt(scoped: Uint8Array, key: Uint8Array, { boots, time, salt }: UserParameters): Uint8Array {
  const cipher = createCipheriv('aes-128-cfb', key.subarray(0, keyBytes), vector(boots, time, salt));
  return Buffer.concat([cipher.update(scoped), cipher.final()]);
}

/** Throws DecodeError when the salt has another length. What comes out of a wrong key is no BER. */
export function decrypt(encrypted: Uint8Array, key: Uint8Array, { boots, time, salt }: UserParameters): Uint8Array {
  if (salt.length !== saltBytes) throw new DecodeError(`Cannot read USM privacy: ${salt.length} bytes`);
  const cipher = createDecipheriv('aes-128-cfb', key.subarray(0, keyBytes), vector(boots, time, salt));
  return Buffer.concat([cipher.update(encrypted), cipher.final()]);
}

function vector(boots: number, time: number, salt: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, boots);
  view.setUint32(4, time);
  bytes.set(salt, 8);
  return bytes;
}
