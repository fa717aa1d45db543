import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { ReferenceSet } from '../model/trust.ts';
import { fromBase64 } from '../codec/bytes.ts';
import { DecodeError } from '../codec/reader.ts';

/**
 * Reference values as files, until CoRIM: `X.json` with a detached signature `X.json.sig` (base64; Ed25519, or ECDSA P-256 with SHA-256
 * in DER) over its exact bytes. The shape, every field as named and none other:
 *   format "sallyport-reference-values/1" · source, licence: text · vendor: as in DiceTcbInfo · anchors?: SHA-256 of anchor keys, hex
 *   models: [{ model, minSvn?: decimal text, components: [{ name, layer?: number, key?: text, type?, vendorInfo?: hex, minSvn?,
 *              versions: [{ version, alg: "sha-256" | "sha-384" | "sha-512" | "sha3-256" | "sha3-384" | "sha3-512", digest: hex }] }] }]
 */
export const referenceFormat = 'sallyport-reference-values/1';

/** A reference-value file cannot be used. The message names file and field. */
export class ReferenceFileError extends Error {
  override readonly name = 'ReferenceFileError';
}

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

/** Reads a PEM public key. Throws ReferenceFileError unless it is Ed25519 or ECDSA P-256. */
export function readReferenceKey(name: string, pem: string): ReferenceKey {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new ReferenceFileError(`Cannot read ${name}: ${error.message}`);
  }
  const kind = key.asymmetricKeyType;
  if (kind !== 'ed25519' && !(kind === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'))
    throw new ReferenceFileError(`Cannot use ${name}: ${kind ?? 'unknown'} key, neither Ed25519 nor ECDSA P-256`);
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
  const signer = keys.find(({ key }) => isSigned(bytes, decodeSignature(name, signature), key));
  if (signer === undefined)
    throw new ReferenceFileError(`Cannot trust ${name}: its signature is by none of ${keys.length} reference-value keys`);
  const hash = createHash('sha256').update(bytes).digest('hex');
  return parse(name, bytes, hash);
}

function decodeSignature(name: string, signature: string): Uint8Array {
  try {
    return fromBase64(signature);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new ReferenceFileError(`Cannot read ${name}.sig: ${error.message}`);
  }
}

const isSigned = (bytes: Uint8Array, signature: Uint8Array, key: KeyObject): boolean =>
  verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, key, signature);

function parse(name: string, bytes: Uint8Array, hash: string): readonly ReferenceSet[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    throw new ReferenceFileError(`Cannot read ${name}: ${error.message}`);
  }
  const file = fields(name, value, ['format', 'source', 'licence', 'vendor', 'models'], ['anchors']);
  if (file['format'] !== referenceFormat) throw new ReferenceFileError(`Cannot read ${name} format: ${show(file['format'])}`);
  text(`${name} source`, file['source']);
  text(`${name} licence`, file['licence']);
  const vendor = text(`${name} vendor`, file['vendor']);
  const anchors = optional(file['anchors'], v => list(`${name} anchors`, v, (at, a) => pattern(at, a, /^[0-9a-f]{64}$/)));
  const models = list(`${name} models`, file['models'], (at, v) => model(at, v));
  return models.map((m, i) => ({ id: `${name}#${i + 1} sha256:${hash}`, vendor, ...m, ...(anchors === undefined ? {} : { anchors }) }));
}

function model(at: string, value: unknown): Pick<ReferenceSet, 'model' | 'minSvn' | 'components'> {
  const m = fields(at, value, ['model', 'components'], ['minSvn']);
  const components = list(`${at} components`, m['components'], component);
  if (components.length === 0) throw new ReferenceFileError(`Cannot use ${at} components: a model without components would match anything`);
  return { model: text(`${at} model`, m['model']), components, ...svn(at, m['minSvn']) };
}

function component(at: string, value: unknown): ReferenceSet['components'][number] {
  const c = fields(at, value, ['name', 'versions'], ['layer', 'key', 'type', 'vendorInfo', 'minSvn']);
  const layer = optional(c['layer'], v => {
    if (typeof v !== 'number' || !Number.isInteger(v) || v < 0) throw new ReferenceFileError(`Cannot read ${at} layer: ${show(v)}`);
    return v;
  });
  const octets = (field: string) => optional(c[field], v => pattern(`${at} ${field}`, v, /^(?:[0-9a-f]{2}){1,1024}$/));
  const [type, vendorInfo] = [octets('type'), octets('vendorInfo')];
  const key = optional(c['key'], v => text(`${at} key`, v));
  return {
    name: text(`${at} name`, c['name']),
    ...(layer === undefined ? {} : { layer }),
    ...(key === undefined ? {} : { key }),
    ...(type === undefined ? {} : { type }),
    ...(vendorInfo === undefined ? {} : { vendorInfo }),
    ...svn(at, c['minSvn']),
    versions: list(`${at} versions`, c['versions'], version),
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

const svn = (at: string, value: unknown): { readonly minSvn?: string } => {
  const found = optional(value, v => pattern(`${at} minSvn`, v, /^(?:0|[1-9]\d{0,99})$/));
  return found === undefined ? {} : { minSvn: found };
};

/** An object with these fields and no others. */
function fields(at: string, value: unknown, required: readonly string[], allowed: readonly string[]): { readonly [key: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ReferenceFileError(`Cannot read ${at}: ${show(value)}`);
  const found = new Map<string, unknown>(Object.entries(value));
  for (const key of required) if (!found.has(key)) throw new ReferenceFileError(`Cannot read ${at}: field ${key} is missing`);
  for (const key of found.keys())
    if (!required.includes(key) && !allowed.includes(key)) throw new ReferenceFileError(`Cannot read ${at}: unknown field ${show(key)}`);
  return Object.fromEntries(found);
}

function list<T>(at: string, value: unknown, read: (at: string, value: unknown) => T): readonly T[] {
  if (!Array.isArray(value) || value.length > 10_000) throw new ReferenceFileError(`Cannot read ${at}: ${show(value)}`);
  return value.map((v, i) => read(`${at}[${i}]`, v));
}

function text(at: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > 500) throw new ReferenceFileError(`Cannot read ${at}: ${show(value)}`);
  return value;
}

function pattern(at: string, value: unknown, wanted: RegExp): string {
  if (typeof value !== 'string' || !wanted.test(value))
    throw new ReferenceFileError(`Cannot read ${at}: ${show(value)}, wanted ${wanted.source}`);
  return value;
}

const optional = <T>(value: unknown, read: (value: unknown) => T): T | undefined => (value === undefined ? undefined : read(value));
const show = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);
