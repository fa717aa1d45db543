import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { ReferenceSet } from '../model/trust.ts';
import { fromBase64 } from '../codec/bytes.ts';
import { DecodeError } from '../codec/reader.ts';
import {
  fields,
  flags,
  given,
  instant,
  list,
  natural,
  octets,
  parseJson,
  pattern,
  ReferenceFileError,
  show,
  svn,
  text,
} from './reference-json.ts';

export { ReferenceFileError };

/**
 * Reference values as files of our own: `X.json` with a detached signature `X.json.sig` (base64; Ed25519, or ECDSA in DER with the hash of
 * its curve) over its exact bytes. The shape, every field as named and none other:
 *   format "sallyport-reference-values/1" · source, licence: text · vendor: as in DiceTcbInfo · anchors?: SHA-256 of anchor keys, hex
 *   notBefore?, notAfter?: "2026-03-01T00:00:00Z" · sequence?: number
 *   models: [{ model, classId?: hex, minSvn?: decimal text, components: [{ name, layer?, index?: number, key?: text, type?, vendorInfo?,
 *              vendorInfoMask?, signer?: hex, minSvn?, svn?: decimal text, flags?: { notConfigured?, notSecure?, recovery?, debug? },
 *              versions: [{ version, alg: "sha-256" | "sha-384" | "sha-512" | "sha3-256" | "sha3-384" | "sha3-512", digest: hex }] }] }]
 */
const referenceFormat = 'sallyport-reference-values/1';

/** A key that may sign reference values, by the name of its file. */
export type ReferenceKey = { readonly name: string; readonly key: KeyObject };

const digestLength: { readonly [alg: string]: number } = {
  'sha-256': 64,
  'sha-384': 96,
  'sha-512': 128,
  'sha3-256': 64,
  'sha3-384': 96,
  'sha3-512': 128,
};

/** Hashes of the curves that may sign (RFC 5758 §3.2). */
const curves: { readonly [name: string]: string } = { prime256v1: 'sha256', secp384r1: 'sha384', secp521r1: 'sha512' };

/** Reads a PEM public key. Throws ReferenceFileError unless it is Ed25519 or ECDSA on P-256, P-384 or P-521. */
export function readReferenceKey(name: string, pem: string): ReferenceKey {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new ReferenceFileError(`Cannot read ${name}: ${error.message}`);
  }
  const kind = key.asymmetricKeyType;
  if (kind !== 'ed25519' && hashOf(key) === undefined)
    throw new ReferenceFileError(`Cannot use ${name}: ${kind ?? 'unknown'} key, neither Ed25519 nor ECDSA on P-256, P-384 or P-521`);
  if (pem.includes('PRIVATE KEY')) throw new ReferenceFileError(`Cannot use ${name}: it holds a private key, which must not lie here`);
  return { name, key };
}

/** The reference sets of one file, once its signature is good. Throws ReferenceFileError, else. */
export function readReferenceFile(
  name: string,
  bytes: Uint8Array,
  signature: string,
  keys: readonly ReferenceKey[],
): readonly ReferenceSet[] {
  const signer = signerOf(name, bytes, signature, keys);
  const hash = createHash('sha256').update(bytes).digest('hex');
  return parse(name, bytes, hash).map(set => ({ ...set, signedBy: signer.name }));
}

/** The key that made a detached signature over exactly these bytes. Throws ReferenceFileError when it is none of them. */
export function signerOf(name: string, bytes: Uint8Array, signature: string, keys: readonly ReferenceKey[]): ReferenceKey {
  const signer = keys.find(({ key }) => isSigned(bytes, decodeSignature(name, signature), key));
  if (signer === undefined)
    throw new ReferenceFileError(`Cannot trust ${name}: its signature is by none of ${keys.length} reference-value keys`);
  return signer;
}

function decodeSignature(name: string, signature: string): Uint8Array {
  try {
    return fromBase64(signature);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new ReferenceFileError(`Cannot read ${name}.sig: ${error.message}`);
  }
}

/** The hash that an ECDSA key signs with; undefined for Ed25519, which has its own, and for what may not sign. */
export const hashOf = (key: KeyObject): string | undefined =>
  key.asymmetricKeyType === 'ec' ? curves[key.asymmetricKeyDetails?.namedCurve ?? ''] : undefined;

const isSigned = (bytes: Uint8Array, signature: Uint8Array, key: KeyObject): boolean => verify(hashOf(key) ?? null, bytes, key, signature);

function parse(name: string, bytes: Uint8Array, hash: string): readonly ReferenceSet[] {
  const value = parseJson(name, bytes);
  const file = fields(name, value, ['format', 'source', 'licence', 'vendor', 'models'], ['anchors', 'notBefore', 'notAfter', 'sequence']);
  if (file['format'] !== referenceFormat) throw new ReferenceFileError(`Cannot read ${name} format: ${show(file['format'])}`);
  text(`${name} source`, file['source']);
  text(`${name} licence`, file['licence']);
  const common = {
    vendor: text(`${name} vendor`, file['vendor']),
    ...given('anchors', file['anchors'], v => list(`${name} anchors`, v, (at, a) => pattern(at, a, /^[0-9a-f]{64}$/))),
    ...given('notBefore', file['notBefore'], v => instant(`${name} notBefore`, v)),
    ...given('notAfter', file['notAfter'], v => instant(`${name} notAfter`, v)),
    ...given('sequence', file['sequence'], v => natural(`${name} sequence`, v)),
  };
  const models = list(`${name} models`, file['models'], (at, v) => model(at, v));
  return models.map((m, i) => ({ id: `${name}#${i + 1} sha256:${hash}`, ...common, ...m }));
}

function model(at: string, value: unknown): Pick<ReferenceSet, 'model' | 'minSvn' | 'components'> {
  const m = fields(at, value, ['model', 'components'], ['classId', 'minSvn']);
  const components = list(`${at} components`, m['components'], component);
  if (components.length === 0) throw new ReferenceFileError(`Cannot use ${at} components: a model without components would match anything`);
  return {
    model: text(`${at} model`, m['model']),
    ...given('classId', m['classId'], v => octets(`${at} classId`, v)),
    components,
    ...given('minSvn', m['minSvn'], v => svn(`${at} minSvn`, v)),
  };
}

function component(at: string, value: unknown): ReferenceSet['components'][number] {
  const allowed = ['layer', 'index', 'key', 'type', 'vendorInfo', 'vendorInfoMask', 'signer', 'minSvn', 'svn', 'flags'];
  const c = fields(at, value, ['name', 'versions'], allowed);
  const hexOf = <K extends string>(field: K) => given(field, c[field], v => octets(`${at} ${field}`, v));
  const [info, mask] = [hexOf('vendorInfo'), hexOf('vendorInfoMask')];
  if (mask.vendorInfoMask !== undefined && mask.vendorInfoMask.length !== info.vendorInfo?.length)
    throw new ReferenceFileError(`Cannot read ${at} vendorInfoMask: it is not as long as vendorInfo`);
  const versions = list(`${at} versions`, c['versions'], version);
  if (versions.length === 0) throw new ReferenceFileError(`Cannot use ${at} versions: there are none`);
  return {
    name: text(`${at} name`, c['name']),
    ...given('layer', c['layer'], v => natural(`${at} layer`, v)),
    ...given('index', c['index'], v => natural(`${at} index`, v)),
    ...given('key', c['key'], v => text(`${at} key`, v)),
    ...hexOf('type'),
    ...info,
    ...mask,
    ...hexOf('signer'),
    ...given('minSvn', c['minSvn'], v => svn(`${at} minSvn`, v)),
    ...given('svn', c['svn'], v => svn(`${at} svn`, v)),
    ...given('flags', c['flags'], v => flags(`${at} flags`, v)),
    versions,
  };
}

function version(at: string, value: unknown): ReferenceSet['components'][number]['versions'][number] {
  const v = fields(at, value, ['version', 'alg', 'digest'], []);
  const alg = text(`${at} alg`, v['alg']);
  const length = digestLength[alg];
  if (length === undefined) throw new ReferenceFileError(`Cannot use ${at} alg: ${show(alg)}`);
  return {
    version: text(`${at} version`, v['version']),
    alg,
    digest: pattern(`${at} digest`, v['digest'], new RegExp(`^[0-9a-f]{${length}}$`)),
  };
}
