import type { Hex } from '../model/address.ts';
import type { Digest } from '../model/attestation.ts';
import { hex } from './address.ts';
import { bytesOf, type CborMap, CborTag, type CborValue, decodeCbor, intOf, listOf, mapOf, maxCborFile } from './cbor.ts';
import { type CoseMessage, decodeCose } from './cose.ts';
import { DecodeError } from './reader.ts';
import { imagesOf } from './suit-commands.ts';
import { suitDigest, type SuitDigest } from './suit-digest.ts';

/** The envelope of a SUIT manifest (draft-ietf-suit-manifest §8.2). Everything throws DecodeError. Nothing here is trusted yet. */
export type SuitEnvelope = {
  /** What the signers signed: the encoded SUIT_Digest, and what it says. */
  readonly signed: Uint8Array;
  readonly digest: SuitDigest;
  readonly proofs: readonly CoseMessage[];
  readonly manifest: Uint8Array;
  /** Members that were taken out of the manifest and came along, by their label. */
  readonly severed: ReadonlyMap<number, Uint8Array>;
};

/** What a manifest says of the images that a device of its class boots. */
export type SuitManifest = {
  readonly sequence: number;
  /** suit-set-version (draft-ietf-suit-update-management), with dots. */
  readonly version?: string;
  /** Component identifiers: their parts as text, or else as hex, with slashes. */
  readonly components: readonly string[];
  readonly vendorIds: readonly Hex[];
  readonly classIds: readonly Hex[];
  /** Digests of the images that may lie in a component, by its index: those that are checked at boot, else those that are installed. */
  readonly images: ReadonlyMap<number, readonly Digest[]>;
  /** It is for single devices, or its images are in manifests that it depends on. */
  readonly isForSingleDevices: boolean;
  readonly hasDependencies: boolean;
  /** Digests of the members that were taken out, by label. */
  readonly severed: ReadonlyMap<number, SuitDigest>;
};

const envelopeTag = 107;
const members = { authentication: 2, manifest: 3 } as const;
/** Members that may be taken out: dependency resolution, payload fetch, install, text, CoSWID and those of older texts. */
const severable: ReadonlySet<number> = new Set([13, 14, 15, 16, 18, 20, 23]);
const maxComponents = 64;
const maxProofs = 8;

/** Reads an envelope, tagged or not, which must be all the bytes. */
export function decodeSuitEnvelope(bytes: Uint8Array): SuitEnvelope {
  const whole = decodeCbor(bytes, { file: true });
  if (whole instanceof CborTag && whole.number !== envelopeTag) throw new DecodeError(`Cannot read SUIT envelope: tag ${whole.number}`);
  const map = mapOf(whole instanceof CborTag ? whole.value : whole, 'SUIT envelope');
  const [signed, ...proofs] = listOf(
    decodeCbor(bytesOf(map.get(members.authentication), 'SUIT authentication wrapper')),
    'SUIT authentication wrapper',
  ).map(one => bytesOf(one, 'SUIT authentication wrapper'));
  if (signed === undefined) throw new DecodeError('Cannot read SUIT authentication wrapper: it is empty');
  if (proofs.length > maxProofs) throw new DecodeError(`Cannot read SUIT authentication wrapper: ${proofs.length} proofs`);
  const severed = new Map<number, Uint8Array>();
  for (const [label, value] of map) {
    if (typeof label === 'number' && severable.has(label)) severed.set(label, bytesOf(value, 'SUIT severed member', 0, maxCborFile));
    else if (label !== members.authentication && label !== members.manifest && typeof label !== 'string')
      throw new DecodeError(`Cannot read SUIT envelope: member ${label}`);
  }
  return {
    signed,
    digest: suitDigest(decodeCbor(signed)),
    proofs: proofs.map(one => decodeCose(one)),
    manifest: bytesOf(map.get(members.manifest), 'SUIT manifest', 0, maxCborFile),
    severed,
  };
}

/** Reads the manifest of an envelope. `severed`: members that came along, which stand for those that the manifest has as digests; the caller holds each to its digest. */
export function decodeSuitManifest(bytes: Uint8Array, severed: SuitEnvelope['severed'] = new Map()): SuitManifest {
  const map = mapOf(decodeCbor(bytes, { file: true }), 'SUIT manifest');
  if (map.get(1) !== 1) throw new DecodeError('Cannot read SUIT manifest: its version is not 1');
  const sequence = intOf(map.get(2), 'SUIT sequence number');
  if (sequence < 0) throw new DecodeError('Cannot read SUIT manifest: a sequence number below 0');
  const common = mapOf(decodeCbor(bytesOf(map.get(3), 'SUIT common')), 'SUIT common');
  const components = (common.get(2) === undefined ? [] : listOf(common.get(2), 'SUIT components')).map(componentName);
  if (components.length > maxComponents) throw new DecodeError(`Cannot read SUIT components: ${components.length} of them`);
  const shared = common.get(4) === undefined ? undefined : bytesOf(common.get(4), 'SUIT shared sequence');
  const sequences = (...labels: readonly number[]): readonly Uint8Array[] =>
    labels.flatMap(label => {
      const inside = map.get(label);
      const sequence = inside instanceof Uint8Array || inside === undefined ? inside : severed.get(label);
      return sequence === undefined ? [] : [sequence];
    });
  // Validate, load and invoke run at each boot; install (20, and 17 of older texts) when an update comes.
  const start = shared === undefined ? [] : [shared];
  const boot = imagesOf([...start, ...sequences(7, 8, 9)], components.length);
  const found = boot.images.size > 0 ? boot : imagesOf([...start, ...sequences(7, 8, 9, 17, 20)], components.length);
  return {
    sequence,
    ...(map.get(6) === undefined ? {} : { version: versionOf(map.get(6)) }),
    components,
    ...found,
    hasDependencies: common.has(1),
    severed: severedOf(map),
  };
}

/** A severable member stands there as it is, or as its digest. */
function severedOf(map: CborMap): ReadonlyMap<number, SuitDigest> {
  const found = new Map<number, SuitDigest>();
  for (const label of severable) {
    const value = map.get(label);
    if (value !== undefined && !(value instanceof Uint8Array)) found.set(label, suitDigest(value));
  }
  return found;
}

function componentName(value: CborValue): string {
  const parts = listOf(value, 'SUIT component identifier').map(part => bytesOf(part, 'SUIT component identifier', 0, 255));
  if (parts.length === 0) throw new DecodeError('Cannot read SUIT component identifier: it is empty');
  return parts.map(part => (part.length > 0 && part.every(b => b > 0x20 && b < 0x7f && b !== 0x2f) ? ascii(part) : hex(part))).join('/');
}
const ascii = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

function versionOf(value: CborValue): string {
  const parts = listOf(value instanceof Uint8Array ? decodeCbor(value) : value, 'SUIT set-version').map(n => intOf(n, 'SUIT set-version'));
  if (parts.length === 0 || parts.length > 8) throw new DecodeError(`Cannot read SUIT set-version: ${parts.length} parts`);
  return parts.join('.');
}
