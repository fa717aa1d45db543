import type { Hex } from '../model/address.ts';
import type { Digest } from '../model/attestation.ts';
import { hex } from './address.ts';
import { bytesOf, type CborMap, CborTag, type CborValue, listOf, mapOf, textOf } from './cbor.ts';
import { registerName } from './dice-fwid.ts';
import { namedDigest } from './named-information.ts';
import { DecodeError } from './reader.ts';

/**
 * What a measurement of a CoMID says (draft-ietf-rats-corim §5.1.4.1). `unread` names the parts that nothing here understands: who wants to compare must
 * refuse a measurement that has some. Untrusted.
 */
export type Measurement = {
  readonly key?: MeasurementKey;
  readonly version?: string;
  readonly svn?: { readonly kind: 'exact' | 'min'; readonly value: bigint };
  readonly digests: readonly Digest[];
  /** By the names of the draft, as it stands there: true or false. */
  readonly flags: ReadonlyMap<FlagName, boolean>;
  /** Only bits that are set in `mask` count, where there is one. */
  readonly raw?: { readonly value: Hex; readonly mask?: Hex };
  readonly name?: string;
  /** Keys that are bytes, as PSA names signers. */
  readonly signers: readonly Hex[];
  readonly registers: readonly { readonly name: string; readonly digests: readonly Digest[] }[];
  readonly unread: readonly string[];
};

/** What is measured: its name as text, whatever its type; or the three parts that the first PSA profile has. */
export type MeasurementKey =
  | { readonly kind: 'text' | 'number' | 'uuid' | 'oid'; readonly text: string }
  | { readonly kind: 'psa'; readonly label?: string; readonly version?: string; readonly signer: Hex };

export const flagNames = [
  'configured',
  'secure',
  'recovery',
  'debug',
  'replay-protected',
  'integrity-protected',
  'runtime-measured',
  'immutable',
  'tcb',
  'confidentiality-protected',
] as const;
export type FlagName = (typeof flagNames)[number];

const tag = { uuid: 37, oid: 111, bytes: 560, exactSvn: 552, minSvn: 553, masked: 563, psaKey: 601 } as const;
/** Longest raw value, octets, and most digests or registers of one measurement. */
const maxRaw = 1024;
const maxList = 64;

/** One measurement-map. Throws DecodeError. */
export function decodeMeasurement(value: CborValue): Measurement {
  const map = mapOf(value, 'CoMID measurement');
  const key = map.get(0);
  const values = mapOf(map.get(1), 'CoMID measurement values');
  if (values.size === 0) throw new DecodeError('Cannot read CoMID measurement: it has no values');
  const foreign = [...map.keys()].filter(k => k !== 0 && k !== 1).map(k => (k === 2 ? 'authorized-by' : `measurement member ${k}`));
  return { ...(key === undefined ? {} : { key: measurementKey(key) }), ...decodeValues(values, foreign) };
}

function measurementKey(value: CborValue): MeasurementKey {
  if (typeof value === 'string') return { kind: 'text', text: textOf(value, 'CoMID measurement key') };
  if ((typeof value === 'number' && value >= 0) || typeof value === 'bigint') return { kind: 'number', text: String(value) };
  if (!(value instanceof CborTag)) throw new DecodeError('Cannot read CoMID measurement key: neither text nor number nor a tag');
  if (value.number === tag.uuid) return { kind: 'uuid', text: hex(bytesOf(value.value, 'CoMID UUID', 16, 16)) };
  if (value.number === tag.oid) return { kind: 'oid', text: hex(bytesOf(value.value, 'CoMID OID', 1, 255)) };
  if (value.number !== tag.psaKey) throw new DecodeError(`Cannot read CoMID measurement key: tag ${value.number}`);
  const parts = mapOf(value.value, 'PSA refval-id');
  const label = parts.get(1);
  const version = parts.get(4);
  return {
    kind: 'psa',
    ...(label === undefined ? {} : { label: textOf(label, 'PSA refval-id label') }),
    ...(version === undefined ? {} : { version: textOf(version, 'PSA refval-id version') }),
    signer: hex(bytesOf(parts.get(5), 'PSA refval-id signer', 32, 64)),
  };
}

function decodeValues(values: CborMap, foreign: readonly string[]): Omit<Measurement, 'key'> {
  const unread = [...foreign];
  const known = new Set([0, 1, 2, 3, 4, 5, 11, 13, 14]);
  for (const label of values.keys())
    if (typeof label !== 'number' || !known.has(label)) unread.push(`measurement value ${String(label).slice(0, 40)}`);
  const keys = values.get(13) === undefined ? [] : listOf(values.get(13), 'CoMID cryptokeys');
  const signers = keys.flatMap(k => (k instanceof CborTag && k.number === tag.bytes ? [hex(bytesOf(k.value, 'CoMID key', 1, 64))] : []));
  if (signers.length < keys.length) unread.push('cryptokeys that are no bytes');
  const version = values.get(0) === undefined ? undefined : mapOf(values.get(0), 'CoMID version');
  const name = values.get(11);
  const raw = rawOf(values);
  const svn = values.get(1) === undefined ? undefined : svnOf(values.get(1));
  return {
    ...(version === undefined ? {} : { version: textOf(version.get(0), 'CoMID version') }),
    ...(svn === undefined ? {} : { svn }),
    digests: values.get(2) === undefined ? [] : digestsOf(values.get(2)),
    flags: values.get(3) === undefined ? new Map() : flagsOf(mapOf(values.get(3), 'CoMID flags'), unread),
    ...(raw === undefined ? {} : { raw }),
    ...(name === undefined ? {} : { name: textOf(name, 'CoMID name') }),
    signers,
    registers: values.get(14) === undefined ? [] : registersOf(mapOf(values.get(14), 'CoMID integrity registers')),
    unread,
  };
}

/** A bare number is an exact one (§5.1.4.1.4.3). */
function svnOf(value: CborValue): { readonly kind: 'exact' | 'min'; readonly value: bigint } {
  const inner = value instanceof CborTag ? value.value : value;
  const kind = !(value instanceof CborTag) || value.number === tag.exactSvn ? 'exact' : 'min';
  if (value instanceof CborTag && value.number !== tag.exactSvn && value.number !== tag.minSvn)
    throw new DecodeError(`Cannot read CoMID svn: tag ${value.number}`);
  if ((typeof inner !== 'number' && typeof inner !== 'bigint') || inner < 0)
    throw new DecodeError('Cannot read CoMID svn: no number from 0 upwards');
  return { kind, value: BigInt(inner) };
}

/** Each algorithm stands there once (§7.7). */
function digestsOf(value: CborValue): readonly Digest[] {
  const digests = listOf(value, 'CoMID digests').map(one => {
    const [alg, digest, ...more] = listOf(one, 'CoMID digest');
    if ((typeof alg !== 'number' && typeof alg !== 'string') || more.length > 0)
      throw new DecodeError('Cannot read CoMID digest: not algorithm and value');
    return namedDigest(alg, bytesOf(digest, 'CoMID digest'));
  });
  if (digests.length === 0 || digests.length > maxList) throw new DecodeError(`Cannot read CoMID digests: ${digests.length} of them`);
  if (new Set(digests.map(d => d.alg)).size < digests.length)
    throw new DecodeError('Cannot read CoMID digests: an algorithm is there twice');
  return digests;
}

function flagsOf(map: CborMap, unread: string[]): ReadonlyMap<FlagName, boolean> {
  const flags = new Map<FlagName, boolean>();
  for (const [label, value] of map) {
    const name = typeof label === 'number' ? flagNames[label] : undefined;
    if (name === undefined) unread.push(`flag ${String(label).slice(0, 40)}`);
    else if (typeof value !== 'boolean') throw new DecodeError(`Cannot read CoMID flag ${name}: neither true nor false`);
    else flags.set(name, value);
  }
  return flags;
}

/** Tag 560 alone or with the mask beside it of older text, or tag 563 with both (§5.1.4.1.4.6). */
function rawOf(values: CborMap): { readonly value: Hex; readonly mask?: Hex } | undefined {
  const value = values.get(4);
  const beside = values.get(5);
  if (value === undefined) {
    if (beside !== undefined) throw new DecodeError('Cannot read CoMID raw value: a mask without a value');
    return undefined;
  }
  if (!(value instanceof CborTag) || (value.number !== tag.bytes && value.number !== tag.masked))
    throw new DecodeError('Cannot read CoMID raw value: neither tag 560 nor 563');
  const [bytes, mask] = value.number === tag.masked ? listOf(value.value, 'CoMID masked raw value') : [value.value, beside];
  const octets = bytesOf(bytes, 'CoMID raw value', 1, maxRaw);
  if (mask === undefined) return { value: hex(octets) };
  return { value: hex(octets), mask: hex(bytesOf(mask, 'CoMID raw value mask', octets.length, octets.length)) };
}

function registersOf(map: CborMap): Measurement['registers'] {
  if (map.size === 0 || map.size > maxList) throw new DecodeError(`Cannot read CoMID integrity registers: ${map.size} of them`);
  return [...map].map(([id, digests]) => ({ name: registerName(id).slice(0, 255), digests: digestsOf(digests) }));
}
