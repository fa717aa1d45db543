import { createPublicKey } from 'node:crypto';
import { decodeJson, type JsonMap, jsonMapOf, type JsonValue } from '../codec/json.ts';
import { DecodeError } from '../codec/reader.ts';

/** A public key that somebody publishes, by the name that tokens call it with. `spki` is DER. */
export type PublishedKey = { readonly keyId?: string; readonly spki: Uint8Array };

/** A P-256 key for signatures as a JWK Set (RFC 7517 §5): what `/.well-known/jwks.json` answers. */
export function jwksOf(keys: readonly PublishedKey[]): { readonly keys: readonly object[] } {
  return {
    keys: keys.map(({ keyId, spki }) => ({
      ...createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }).export({ format: 'jwk' }),
      use: 'sig',
      alg: 'ES256',
      ...(keyId === undefined ? {} : { kid: keyId }),
    })),
  };
}

const maxKeys = 64;
/** Members of the public keys that sign tokens here (RFC 7518 §6, RFC 8037 §2). Nothing private is among them, and nothing else is handed on. */
const members: ReadonlyMap<string, readonly string[]> = new Map([
  ['EC', ['crv', 'x', 'y']],
  ['OKP', ['crv', 'x']],
  ['RSA', ['n', 'e']],
]);

/** Reads a JWK Set, or a single JWK. Throws DecodeError; also for a private key, which lies wrong wherever this is read from. */
export function readJwks(bytes: Uint8Array): readonly PublishedKey[] {
  const top = jsonMapOf(decodeJson(bytes), 'JWK Set');
  const list = top.has('kty') ? [top] : top.get('keys');
  if (!isList(list) || list.length > maxKeys) throw new DecodeError('Cannot read JWK Set: no short list of keys');
  return list.map((one, i) => readJwk(jsonMapOf(one, `JWK ${i}`), i));
}

const isList = (value: JsonValue | undefined): value is readonly JsonValue[] => Array.isArray(value);

function readJwk(jwk: JsonMap, i: number): PublishedKey {
  const kind = jwk.get('kty');
  const names = typeof kind === 'string' ? members.get(kind) : undefined;
  if (names === undefined) throw new DecodeError(`Cannot read JWK ${i}: no key that signs tokens`);
  if (jwk.has('d')) throw new DecodeError(`Cannot read JWK ${i}: it holds a private key`);
  const text = (name: string): string => {
    const value = jwk.get(name);
    if (typeof value !== 'string' || value.length > 2048) throw new DecodeError(`Cannot read JWK ${i}: ${name} is missing or no text`);
    return value;
  };
  const keyId = jwk.get('kid');
  if (keyId !== undefined && (typeof keyId !== 'string' || keyId.length > 500)) throw new DecodeError(`Cannot read JWK ${i}: kid`);
  const key = Object.fromEntries([['kty', text('kty')] as const, ...names.map(name => [name, text(name)] as const)]);
  return { spki: spkiOf(key, i), ...(keyId === undefined ? {} : { keyId }) };
}

function spkiOf(jwk: { readonly [name: string]: string }, i: number): Uint8Array {
  try {
    return new Uint8Array(createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' }));
  } catch (error) {
    // What OpenSSL and Node say of a point off its curve, or of a curve that they do not know.
    if (!(error instanceof Error)) throw error;
    throw new DecodeError(`Cannot read JWK ${i}: ${error.message}`);
  }
}
