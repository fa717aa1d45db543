import { fromBase64Url } from './bytes.ts';
import { bytesOf, CborTag, type CborValue, decodeCbor, intOf, listOf, mapOf, textOf } from './cbor.ts';
import { type EatForm, fewOf, octets } from './eat-values.ts';
import { decodeJson, type JsonValue } from './json.ts';
import { DecodeError } from './reader.ts';

/**
 * Tokens inside tokens and detached claims sets (RFC 9711 §4.2.18, §5). Everything throws DecodeError and nothing else. Nothing here is trusted yet: a token
 * is its signer's word, a detached claims set nobody's until a token that is trusted has its digest.
 */

/** A signed token as it is sent. */
export type SignedToken = { readonly kind: 'cwt' | 'jwt'; readonly bytes: Uint8Array };
/** A token, and the claims sets of which it has the digests, by the names of their submodules. `form` is that of each of these. */
export type EatBundle = {
  readonly kind: 'bundle';
  readonly token: SignedToken;
  readonly form: EatForm;
  readonly sets: ReadonlyMap<string, Uint8Array>;
};
export type NestedToken = SignedToken | EatBundle;

/** `alg` as `sha-256`; absent iff nobody here knows the algorithm. */
export type DetachedDigest = { readonly alg?: 'sha256' | 'sha384' | 'sha512'; readonly digest: Uint8Array };

const bundleTag = 602;
/** Tags of a CWT, and of what it is without (RFC 8392 §6, RFC 9052 §2): one of them must stand around a nested token. */
const cwtTags: readonly number[] = [61, 18, 17];
/** Most claims sets of one bundle. */
const maxSets = 32;
const maxText = 131_072;

/** COSE's numbers and names of hash algorithms (RFC 9054 §3), never those of JOSE. */
const hashes: ReadonlyMap<CborValue, DetachedDigest['alg']> = new Map<CborValue, DetachedDigest['alg']>([
  [-16, 'sha256'],
  ['SHA-256', 'sha256'],
  [-43, 'sha384'],
  ['SHA-384', 'sha384'],
  [-44, 'sha512'],
  ['SHA-512', 'sha512'],
]);
const lengths = { sha256: 32, sha384: 48, sha512: 64 } as const;

/** Whether a submodule is a digest: in CBOR any list, in JSON a selector that says so. */
export const isDigest = (value: CborValue, form: EatForm): boolean =>
  Array.isArray(value) && (form === 'cbor' || listOf(value, 'submodule')[0] === 'DIGEST');

/** [algorithm, digest] (§4.2.18.2), in JSON as `["DIGEST", …]`. */
export function digestOf(value: CborValue, form: EatForm): DetachedDigest {
  const [algorithm, digest] = fewOf(form === 'cbor' ? value : fewOf(value, 'submodule', 2, 2)[1], 'submodule digest', 2, 2);
  const alg = hashes.get(algorithm);
  if (alg === undefined && typeof algorithm !== 'string') intOf(algorithm, 'submodule digest algorithm');
  const length = alg === undefined ? undefined : lengths[alg];
  return { ...(alg === undefined ? {} : { alg }), digest: octets(digest, form, 'submodule digest', length ?? 1, length ?? 64) };
}

/** In CBOR a tagged token as bytes or a JSON selector as text; in JSON a selector. A text that is a JWT by itself is taken too: it can be nothing else. */
export function nestedTokenOf(value: CborValue, form: EatForm): NestedToken {
  if (form === 'json') return selected(value);
  if (value instanceof Uint8Array) return taggedToken(value);
  const text = textOf(value, 'nested token', maxText);
  return text.startsWith('[') ? selected(decodeJson(new TextEncoder().encode(text))) : jwt(text);
}

function selected(value: CborValue): NestedToken {
  const [type, token] = fewOf(value, 'nested token', 2, 2);
  if (type === 'JWT') return jwt(textOf(token, 'nested token', maxText));
  if (type === 'CBOR') return taggedToken(fromBase64Url(textOf(token, 'nested token', maxText)));
  if (type === 'BUNDLE') return bundleOf(token, 'json');
  throw new DecodeError('Cannot read nested token: neither JWT nor CBOR nor BUNDLE');
}

const jwt = (text: string): SignedToken => ({ kind: 'jwt', bytes: new TextEncoder().encode(text) });

function taggedToken(bytes: Uint8Array): NestedToken {
  const value = decodeCbor(bytes, { lenient: true });
  if (value instanceof CborTag && value.number === bundleTag) return bundleOf(value.value, 'cbor');
  if (value instanceof CborTag && cwtTags.includes(value.number)) return { kind: 'cwt', bytes };
  throw new DecodeError(`Cannot read nested token: ${value instanceof CborTag ? `tag ${value.number}` : 'no tag'}`);
}

/** Reads a bundle that is the whole message; of CBOR its tag may be missing (§5). */
export function decodeEatBundle(bytes: Uint8Array, form: EatForm): EatBundle {
  if (form === 'json') return bundleOf(decodeJson(bytes), 'json');
  const value = decodeCbor(bytes, { lenient: true });
  return bundleOf(value instanceof CborTag && value.number === bundleTag ? value.value : value, 'cbor');
}

function bundleOf(value: CborValue | JsonValue, form: EatForm): EatBundle {
  const [main, detached] = fewOf(value, 'bundle', 2, 2);
  const token = nestedTokenOf(main, form);
  if (token.kind === 'bundle') throw new DecodeError('Cannot read bundle: its token is a bundle');
  const sets = mapOf(detached, 'detached claims sets');
  if (sets.size === 0 || sets.size > maxSets) throw new DecodeError(`Cannot read bundle: ${sets.size} detached claims sets`);
  const read = (set: CborValue): Uint8Array =>
    form === 'cbor' ? bytesOf(set, 'detached claims set') : fromBase64Url(textOf(set, 'detached claims set', maxText));
  return { kind: 'bundle', token, form, sets: new Map([...sets].map(([name, set]) => [textOf(name, 'submodule name'), read(set)])) };
}
