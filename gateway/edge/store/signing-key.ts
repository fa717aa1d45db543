import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, randomUUID, sign } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Who signs what leaves this gateway, by ECDSA on P-256 with SHA-256 (ES256), wherever the private key lies. `spki` is the public key as
 * SubjectPublicKeyInfo in DER. `keyId` is its JWK thumbprint (RFC 7638), base64url. `sign` gives the 64 bytes r ‖ s that JWS and COSE want (RFC 7518 §3.4)
 * and rejects with SigningKeyError when the key cannot be used.
 */
export type Signer = {
  readonly spki: Uint8Array;
  readonly keyId: string;
  readonly sign: (bytes: Uint8Array) => Promise<Uint8Array>;
};

/** The key is not as it must be: open to others, of another kind, or not to be read. Nothing is made in its place: who checks our results knows the old one. */
export class SigningKeyError extends Error {}

export const signingKeyFile = 'signing-key.pem';

/**
 * The key in `folder/signing-key.pem` (PKCS #8, mode 0600), made at the first start. Throws SigningKeyError for one that somebody else may read or own, that
 * is a link, or that is no P-256 key; what the file system says is thrown as it is.
 */
export async function fileSigner(folder: string): Promise<Signer> {
  const path = join(folder, signingKeyFile);
  const key = readKey(path, (await readOwn(path)) ?? (await make(path)));
  const signBytes = promisify(sign);
  return {
    ...publicPartsOf(createPublicKey(key)),
    sign: async bytes => new Uint8Array(await signBytes('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' })),
  };
}

/** The signer of a folder, read or made when it is first asked for; after a failure it is tried again, so that a person can mend the file meanwhile. */
export function lazySigner(folder: string, open = fileSigner): () => Promise<Signer> {
  let opened: Promise<Signer> | undefined;
  return () => {
    opened ??= open(folder);
    opened.catch(() => (opened = undefined));
    return opened;
  };
}

/** What others need of a P-256 key. Throws SigningKeyError for any other kind. */
export function publicPartsOf(key: KeyObject): Pick<Signer, 'spki' | 'keyId'> {
  const { crv, x, y } = key.asymmetricKeyType === 'ec' ? key.export({ format: 'jwk' }) : {};
  if (crv !== 'P-256') throw new SigningKeyError(`Cannot sign with a key of kind ${crv ?? key.asymmetricKeyType}: it must be EC P-256`);
  // RFC 7638 §3.2: these members, in this order, without white space.
  const keyId = createHash('sha256')
    .update(JSON.stringify({ crv, kty: 'EC', x, y }))
    .digest('base64url');
  return { spki: new Uint8Array(key.export({ type: 'spki', format: 'der' })), keyId };
}

function readKey(path: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new SigningKeyError(`Cannot read ${path}: it holds no private key without a passphrase (PEM)`, { cause: error });
  }
}

/** A secret of ours as text; undefined iff there is no such file. Judged by what was opened, so that no exchange of the file can slip in between. */
export async function readOwn(path: string, remedy = 'remove it for a new key'): Promise<string | undefined> {
  const file = await openOwn(path);
  if (file === undefined) return undefined;
  try {
    const { mode, uid, size } = await file.stat();
    const refuse = (why: string): never => {
      throw new SigningKeyError(`Cannot use ${path}: ${why}`);
    };
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) refuse('it is not a file');
    if (uid !== process.geteuid?.()) refuse(`user ${uid} owns it, must be user ${process.geteuid?.()}`);
    if ((mode & 0o077) !== 0)
      refuse(
        `others may read or change it (mode ${(mode & 0o777).toString(8)}), must be 600; whoever read it can sign as this gateway: ` +
          `${remedy}, or chmod 600 it if nobody did`,
      );
    if (size > 8192) refuse(`${size} bytes are too many for a key`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** A link is not followed and a pipe not waited for. */
async function openOwn(path: string) {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (hasCode(error, 'ELOOP')) throw new SigningKeyError(`Cannot use ${path}: it is a link`, { cause: error });
    throw error;
  }
}

/** Makes the key under another name first, so that no power cut leaves half of one; whoever was first under the right name wins. */
async function make(path: string): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const temporary = `${path}.${randomUUID()}.new`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await file.sync();
    await link(temporary, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await file.close();
    await rm(temporary, { force: true });
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  const pem = await readOwn(path);
  if (pem === undefined) throw new SigningKeyError(`Cannot use ${path}: it vanished when it was made`);
  return pem;
}

const hasCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code;
