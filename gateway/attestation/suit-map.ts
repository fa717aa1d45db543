import type { Hex } from '../model/address.ts';
import type { ReferenceSet } from '../model/trust.ts';
import { fields, given, list, natural, octets, parseJson, pattern, ReferenceFileError, show, text } from './reference-json.ts';
import { type ReferenceKey, signerOf } from './reference-values.ts';

/**
 * How a site reads the SUIT manifests of one class: whose they are, and which image is measured how. A device measures what its boot loader hashes,
 * which need not be the bytes that an update carries; so somebody says so once, and signs it. `X.suit-map.json` with `X.suit-map.json.sig`:
 *   format "sallyport-suit-map/1" · vendorId, classId: hex · vendor, model: as the Evidence names them · anchors?: SHA-256 of anchor keys, hex
 *   components: [{ component: as the manifest names it, parts joined by "/", name, layer?, index?: number, key?: text, type?, signer?: hex }]
 *   measured?: [{ image: hex, alg, digest: hex }], what is measured in place of an image
 */
export type SuitMap = {
  readonly vendorId: Hex;
  readonly classId: Hex;
  readonly vendor: string;
  readonly model: string;
  readonly anchors?: readonly Hex[];
  /** Components of the manifest that devices measure, and their names in the Evidence. Others of the manifest are not asked for. */
  readonly components: readonly (Pick<ReferenceSet['components'][number], 'name' | 'layer' | 'index' | 'key' | 'signer' | 'type'> & {
    readonly component: string;
  })[];
  readonly measured: readonly { readonly image: Hex; readonly alg: string; readonly digest: Hex }[];
};

const format = 'sallyport-suit-map/1';

/** Throws ReferenceFileError unless one of the keys signed it and every field is as foreseen. */
export function readSuitMap(name: string, bytes: Uint8Array, signature: string, keys: readonly ReferenceKey[]): SuitMap {
  signerOf(name, bytes, signature, keys);
  const file = fields(
    name,
    parseJson(name, bytes),
    ['format', 'vendorId', 'classId', 'vendor', 'model', 'components'],
    ['anchors', 'measured'],
  );
  if (file['format'] !== format) throw new ReferenceFileError(`Cannot read ${name} format: ${show(file['format'])}`);
  const components = list(`${name} components`, file['components'], component);
  if (components.length === 0) throw new ReferenceFileError(`Cannot use ${name} components: there are none`);
  return {
    vendorId: octets(`${name} vendorId`, file['vendorId']),
    classId: octets(`${name} classId`, file['classId']),
    vendor: text(`${name} vendor`, file['vendor']),
    model: text(`${name} model`, file['model']),
    ...given('anchors', file['anchors'], v => list(`${name} anchors`, v, (at, a) => pattern(at, a, /^[0-9a-f]{64}$/))),
    components,
    measured: file['measured'] === undefined ? [] : list(`${name} measured`, file['measured'], measured),
  };
}

function component(at: string, value: unknown): SuitMap['components'][number] {
  const c = fields(at, value, ['component', 'name'], ['layer', 'index', 'key', 'type', 'signer']);
  return {
    component: text(`${at} component`, c['component']),
    name: text(`${at} name`, c['name']),
    ...given('layer', c['layer'], v => natural(`${at} layer`, v)),
    ...given('index', c['index'], v => natural(`${at} index`, v)),
    ...given('key', c['key'], v => text(`${at} key`, v)),
    ...given('type', c['type'], v => octets(`${at} type`, v)),
    ...given('signer', c['signer'], v => octets(`${at} signer`, v)),
  };
}

function measured(at: string, value: unknown): SuitMap['measured'][number] {
  const m = fields(at, value, ['image', 'alg', 'digest'], []);
  return {
    image: octets(`${at} image`, m['image']),
    alg: pattern(`${at} alg`, m['alg'], /^sha3?-(?:256|384|512)$/),
    digest: octets(`${at} digest`, m['digest']),
  };
}
