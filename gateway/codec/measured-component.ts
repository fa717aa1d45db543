import type { Digest } from '../model/attestation.ts';
import { fromBase64Url } from './bytes.ts';
import { bytesOf, type CborMap, type CborValue, decodeCbor, listOf, mapOf, textOf } from './cbor.ts';
import { decodeJson, jsonMapOf } from './json.ts';
import { namedDigest } from './named-information.ts';
import { DecodeError } from './reader.ts';

/** A measured component (RFC 10013, draft-ietf-rats-eat-measured-component). `digest` is absent iff its state is sent raw. Untrusted. */
export type MeasuredComponent = {
  readonly name: string;
  readonly version?: string;
  readonly digest?: Digest;
  /** It has signers or flags, whose meaning only the token's profile gives: who does not know it must refuse the token. */
  readonly needsProfile: boolean;
};

/** CoAP Content-Formats of the two forms. */
export const measuredComponentFormats = { cbor: 295, json: 296 } as const;

/** Throws DecodeError. In JSON the index of each member is its name. */
export function decodeMeasuredComponent(bytes: Uint8Array, form: 'cbor' | 'json'): MeasuredComponent {
  const map: CborMap =
    form === 'cbor'
      ? mapOf(decodeCbor(bytes, { lenient: true }), 'measured component')
      : jsonMapOf(decodeJson(bytes), 'measured component');
  const member = (index: number, ...names: readonly string[]): CborValue =>
    form === 'cbor' ? map.get(index) : map.get(names.find(n => map.has(n)) ?? '');
  const [name, version] = listOf(member(1, 'id'), 'measured component id');
  const digest = member(2, 'digest', 'measurement');
  if (digest === undefined && member(5, 'raw') === undefined)
    throw new DecodeError('Cannot read measured component: neither digest nor raw value');
  return {
    name: textOf(name, 'measured component name'),
    ...(version === undefined ? {} : { version: textOf(listOf(version, 'measured component version')[0], 'measured component version') }),
    ...(digest === undefined ? {} : { digest: digestOf(listOf(digest, 'measured component digest'), form) }),
    needsProfile: member(3, 'authorities', 'signers') !== undefined || member(4, 'flags') !== undefined,
  };
}

function digestOf([alg, value, ...more]: readonly CborValue[], form: 'cbor' | 'json'): Digest {
  if ((typeof alg !== 'number' && typeof alg !== 'string') || more.length > 0)
    throw new DecodeError('Cannot read measured component digest: not algorithm and value');
  return namedDigest(alg, form === 'cbor' ? bytesOf(value, 'digest', 1, 64) : fromBase64Url(textOf(value, 'digest')));
}
