import type { Hex } from '../model/address.ts';
import { hex } from './address.ts';
import { bytesOf, CborTag, type CborValue, decodeCbor, intOf, listOf, mapOf, textOf } from './cbor.ts';
import { decodeMeasurement, type Measurement } from './comid-values.ts';
import { DecodeError } from './reader.ts';

/** Concise Module Identifier (draft-ietf-rats-corim §5): what somebody says of environments of devices. Everything throws DecodeError. Untrusted. */
export type Comid = {
  readonly tagId: string;
  readonly tagVersion: number;
  readonly entities: readonly string[];
  /** Tags that this one is about, by their ids. */
  readonly linked: readonly { readonly tag: string; readonly relation: 'supplements' | 'replaces' | 'other' }[];
  readonly reference: readonly ReferenceTriple[];
  readonly attestKeys: readonly KeyTriple[];
  /** Triples of the kinds that are not opened here, by kind; those are named in `tripleKinds`. */
  readonly others: ReadonlyMap<TripleKind, number>;
};

/** A target environment and all that is expected of it. */
export type ReferenceTriple = { readonly environment: Environment; readonly measurements: readonly Measurement[] };
/** The keys that an attesting environment signs with. `conditional`: only what they say of some measurements counts. */
export type KeyTriple = { readonly environment: Environment; readonly keys: readonly ComidKey[]; readonly conditional: boolean };

const tripleKinds = {
  1: 'endorsed values',
  2: 'identity keys',
  4: 'dependencies',
  5: 'memberships',
  6: 'CoSWID links',
  8: 'conditional endorsement series',
  10: 'conditional endorsements',
} as const;
export type TripleKind = (typeof tripleKinds)[keyof typeof tripleKinds] | 'triples of an unknown kind';

export type Environment = {
  /** Absent: no class is named, an instance or a group is. */
  readonly class?: {
    readonly id?: { readonly kind: 'oid' | 'uuid' | 'bytes' | 'psa-implementation'; readonly value: Hex };
    readonly vendor?: string;
    readonly model?: string;
    readonly layer?: number;
    readonly index?: number;
  };
  readonly instance?: { readonly kind: 'ueid' | 'uuid' | 'bytes' | 'other'; readonly value: Hex };
  readonly hasGroup: boolean;
};

/** A key or certificate, or what stands for one. `text` is PEM or base64 of it, `bytes` DER. */
export type ComidKey = {
  readonly kind: (typeof keyTags)[keyof typeof keyTags];
  readonly text?: string;
  readonly bytes?: Uint8Array;
};
const keyTags = {
  554: 'spki',
  555: 'certificate',
  556: 'path',
  557: 'key thumbprint',
  558: 'COSE key',
  559: 'certificate thumbprint',
  560: 'bytes',
  561: 'path thumbprint',
  562: 'certificate in DER',
} as const;

const relations: { readonly [number: number]: 'supplements' | 'replaces' } = { 0: 'supplements', 1: 'replaces' };
/** Longest key or certificate as text, UTF-16 units. */
const maxKeyText = 16_384;
const maxTriples = 1024;

/** Reads a concise-mid-tag, which must be all the bytes. */
export function decodeComid(bytes: Uint8Array): Comid {
  const map = mapOf(decodeCbor(bytes, { file: true, lenient: true }), 'CoMID');
  checkLabels(map.keys(), [0, 1, 2, 3, 4], 'CoMID');
  const identity = mapOf(map.get(1), 'CoMID tag-identity');
  const triples = mapOf(map.get(4), 'CoMID triples');
  if (triples.size === 0) throw new DecodeError('Cannot read CoMID triples: there are none');
  const others = new Map<TripleKind, number>();
  for (const [label, value] of triples)
    if (label !== 0 && label !== 3) {
      const kind = Object.entries(tripleKinds).find(([n]) => n === String(label))?.[1] ?? 'triples of an unknown kind';
      others.set(kind, (others.get(kind) ?? 0) + some(value, `CoMID ${kind}`).length);
    }
  return {
    tagId: tagId(identity.get(0)),
    tagVersion: identity.get(1) === undefined ? 0 : intOf(identity.get(1), 'CoMID tag-version'),
    entities: optionalList(map.get(2), 'CoMID entities').map(entityName),
    linked: optionalList(map.get(3), 'CoMID linked tags').map(linkedTag),
    reference: optionalList(triples.get(0), 'CoMID reference triples').map(referenceTriple),
    attestKeys: optionalList(triples.get(3), 'CoMID attest-key triples').map(keyTriple),
    others,
  };
}

/** Labels from 0 upwards are the draft's own: one that is not known may change what the rest means. Profiles extend by others. */
export function checkLabels(labels: Iterable<unknown>, known: readonly number[], what: string): void {
  for (const label of labels)
    if (typeof label === 'number' && label >= 0 && !known.includes(label)) throw new DecodeError(`Cannot read ${what}: member ${label}`);
}

/** A name as text, a UUID as bytes (§5.1.1.1). */
export function tagId(value: CborValue): string {
  const plain = value instanceof CborTag && value.number === 37 ? value.value : value;
  return plain instanceof Uint8Array ? hex(bytesOf(plain, 'tag-id', 16, 16)) : textOf(plain, 'tag-id');
}

/** entity-map (§7.2): the name only; what it says of itself decides nothing. */
export const entityName = (value: CborValue): string => textOf(mapOf(value, 'entity').get(0), 'entity name');

function some(value: CborValue, what: string): readonly CborValue[] {
  const list = listOf(value, what);
  if (list.length === 0 || list.length > maxTriples) throw new DecodeError(`Cannot read ${what}: ${list.length} of them`);
  return list;
}
const optionalList = (value: CborValue, what: string): readonly CborValue[] => (value === undefined ? [] : some(value, what));

function linkedTag(value: CborValue): Comid['linked'][number] {
  const map = mapOf(value, 'CoMID linked tag');
  return { tag: tagId(map.get(0)), relation: relations[intOf(map.get(1), 'CoMID tag relation')] ?? 'other' };
}

function referenceTriple(value: CborValue): ReferenceTriple {
  const [environment, measurements, ...more] = listOf(value, 'CoMID reference triple');
  if (more.length > 0) throw new DecodeError(`Cannot read CoMID reference triple: ${more.length + 2} parts`);
  // Some write a single measurement without the list around it, as the draft's own example of a collection does.
  const list = measurements instanceof Map ? [measurements] : some(measurements, 'CoMID measurements');
  return { environment: environmentOf(environment), measurements: list.map(decodeMeasurement) };
}

function keyTriple(value: CborValue): KeyTriple {
  const [environment, keys, conditions, ...more] = listOf(value, 'CoMID attest-key triple');
  if (more.length > 0) throw new DecodeError(`Cannot read CoMID attest-key triple: ${more.length + 3} parts`);
  return {
    environment: environmentOf(environment),
    keys: some(keys, 'CoMID keys').map(comidKey),
    conditional: conditions !== undefined,
  };
}

function environmentOf(value: CborValue): Environment {
  const map = mapOf(value, 'CoMID environment');
  checkLabels(map.keys(), [0, 1, 2], 'CoMID environment');
  if (map.size === 0) throw new DecodeError('Cannot read CoMID environment: it is empty');
  const [named, instance] = [map.get(0), map.get(1)];
  return {
    ...(named === undefined ? {} : { class: classOf(named) }),
    ...(instance === undefined ? {} : { instance: instanceOf(instance) }),
    hasGroup: map.has(2),
  };
}

function classOf(value: CborValue): NonNullable<Environment['class']> {
  const map = mapOf(value, 'CoMID class');
  checkLabels(map.keys(), [0, 1, 2, 3, 4], 'CoMID class');
  if (map.size === 0) throw new DecodeError('Cannot read CoMID class: it is empty');
  const number = (label: number, what: string): number | undefined => {
    const found = map.get(label);
    return found === undefined ? undefined : intOf(found, what);
  };
  const [id, vendor, model] = [map.get(0), map.get(1), map.get(2)];
  const [layer, index] = [number(3, 'CoMID layer'), number(4, 'CoMID index')];
  return {
    ...(id === undefined ? {} : { id: classId(id) }),
    ...(vendor === undefined ? {} : { vendor: textOf(vendor, 'CoMID vendor') }),
    ...(model === undefined ? {} : { model: textOf(model, 'CoMID model') }),
    ...(layer === undefined ? {} : { layer }),
    ...(index === undefined ? {} : { index }),
  };
}

function classId(value: CborValue): NonNullable<NonNullable<Environment['class']>['id']> {
  if (!(value instanceof CborTag)) throw new DecodeError('Cannot read CoMID class-id: it has no tag');
  if (value.number === 37) return { kind: 'uuid', value: hex(bytesOf(value.value, 'CoMID class-id', 16, 16)) };
  if (value.number === 111) return { kind: 'oid', value: hex(bytesOf(value.value, 'CoMID class-id', 1, 255)) };
  if (value.number === 560) return { kind: 'bytes', value: hex(bytesOf(value.value, 'CoMID class-id', 1, 255)) };
  if (value.number === 600) return { kind: 'psa-implementation', value: hex(bytesOf(value.value, 'PSA implementation-id', 32, 32)) };
  throw new DecodeError(`Cannot read CoMID class-id: tag ${value.number}`);
}

function instanceOf(value: CborValue): NonNullable<Environment['instance']> {
  if (!(value instanceof CborTag)) throw new DecodeError('Cannot read CoMID instance: it has no tag');
  if (value.number === 550) return { kind: 'ueid', value: hex(bytesOf(value.value, 'CoMID UEID', 7, 33)) };
  if (value.number === 37) return { kind: 'uuid', value: hex(bytesOf(value.value, 'CoMID instance', 16, 16)) };
  if (value.number === 560) return { kind: 'bytes', value: hex(bytesOf(value.value, 'CoMID instance', 1, 255)) };
  return { kind: 'other', value: '' };
}

function comidKey(value: CborValue): ComidKey {
  // Older texts of the draft have a map of key and chain there, without tags.
  if (value instanceof Map) {
    const map = mapOf(value, 'CoMID key');
    if (map.size > 1) throw new DecodeError('Cannot read CoMID key: a key with a chain');
    return { kind: 'spki', text: textOf(map.get(0), 'CoMID key', maxKeyText) };
  }
  if (!(value instanceof CborTag)) throw new DecodeError('Cannot read CoMID key: it has no tag');
  const kind = Object.entries(keyTags).find(([number]) => number === String(value.number))?.[1];
  if (kind === undefined) throw new DecodeError(`Cannot read CoMID key: tag ${value.number}`);
  if (typeof value.value === 'string') return { kind, text: textOf(value.value, `CoMID ${kind}`, maxKeyText) };
  if (value.value instanceof Uint8Array) return { kind, bytes: value.value };
  return { kind };
}
