import { hex } from '../../codec/address.ts';
import { DecodeError } from '../../codec/reader.ts';
import type { SpdmHash } from '../../codec/spdm-algorithms.ts';
import { decodeMode, decodeSvn, type SpdmBlock, spdmBlockTypes as types } from '../../codec/spdm-measurements.ts';
import type { Flags } from '../../codec/dice.ts';
import type { Authority, MeasuredClaim } from '../claims.ts';
import { sha256 } from '../evidence.ts';

/** Who and what the measurements are of; the names absent where nobody says them. */
export type SpdmSubject = { readonly vendor?: string; readonly model?: string; readonly isClassCertified?: true; readonly by: Authority };

/** What the blocks of one record claim. */
export type SpdmClaims = {
  readonly measured: readonly MeasuredClaim[];
  /** Blocks in forms that nothing appraises: their indices. */
  readonly unappraised: readonly string[];
  readonly version?: string;
  readonly svn?: bigint;
};

/**
 * Each digest is one claim with the key `spdm-` and its index; a raw value (a configuration, a manifest) is one with the SHA-256 of it, so that reference
 * values can name it. Version and security version speak of the mutable firmware: of several security versions the lowest counts. The device mode gives
 * flags. Informational blocks (type 9) are there to be read. Throws DecodeError for a value that is not as its type says.
 */
export function spdmClaims(blocks: readonly SpdmBlock[], hash: SpdmHash | 'raw' | undefined, subject: SpdmSubject): SpdmClaims {
  const svns = blocks.flatMap(block => (isRaw(block, types.svn) ? [decodeSvn(block.value)] : []));
  const svn = svns.reduce<bigint | undefined>((least, one) => (least === undefined || one < least ? one : least), undefined);
  const [version] = blocks.flatMap(block => (isRaw(block, types.version) ? [versionText(block.value)] : []));
  const stated = { ...(version === undefined ? {} : { version }), ...(svn === undefined ? {} : { svn }) };
  const hasFirmware = blocks.some(isFirmware);
  const measured = blocks.flatMap((block): readonly MeasuredClaim[] => {
    const key = `spdm-${block.index}`;
    if (isRaw(block, types.mode)) return [{ ...subject, key, digests: [], flags: flagsOf(block.value) }];
    if (block.type === undefined || isStatement(block)) return [];
    return [{ ...subject, key, digests: [digestOf(block, hash)], ...(isFirmware(block) || !hasFirmware ? stated : {}) }];
  });
  const unappraised = blocks.flatMap(block => (block.type === undefined ? [`measurement ${block.index}, not in the form of DMTF`] : []));
  return { measured, unappraised, ...stated };
}

const isRaw = (block: SpdmBlock, type: number): boolean => block.isRaw && block.type === type;
const isFirmware = ({ type }: SpdmBlock): boolean => type === types.firmware;
/** Said of something else, and no component by itself. */
const isStatement = (block: SpdmBlock): boolean =>
  block.type === types.informational || isRaw(block, types.version) || isRaw(block, types.svn);

function digestOf({ index, isRaw: raw, value }: SpdmBlock, hash: SpdmHash | 'raw' | undefined): MeasuredClaim['digests'][number] {
  if (raw) return { alg: 'sha-256', value: sha256(value) };
  if (hash === undefined || hash === 'raw' || value.length !== hash.bytes)
    throw new DecodeError(
      `Cannot read SPDM measurement ${index}: a digest of ${value.length} bytes by ${hash === undefined || hash === 'raw' ? 'no hash' : hash.iana}`,
    );
  return { alg: hash.iana, value: hex(value) };
}

/** As the vendor writes it: text where all of it is printable ASCII, else hexadecimal. Longest text, bytes. */
const maxVersion = 64;
function versionText(value: Uint8Array): string {
  if (value.length === 0 || value.length > maxVersion) throw new DecodeError(`Cannot read SPDM firmware version: ${value.length} bytes`);
  return value.every(byte => byte > 0x20 && byte < 0x7f) ? String.fromCharCode(...value) : hex(value);
}

/**
 * Debugging now or since the last reset: what runs need not be what was measured. A device in manufacturing, in validation, sent back or taken out of service
 * is not secured. What was debugged once since the factory, or says no state at all, is for a person to look at.
 */
function flagsOf(value: Uint8Array): Flags {
  const { operational: o, debug } = decodeMode(value);
  return {
    debug: debug.isActive,
    recovery: o.recovery,
    notSecure: o.manufacturing || o.validation || o.returned || o.decommissioned,
    notConfigured: debug.everInvasive || !o.normal,
  };
}
