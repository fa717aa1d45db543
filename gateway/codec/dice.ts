import type { Digest } from '../model/attestation.ts';
import type { Hex } from '../model/address.ts';
import { hex } from './address.ts';
import { DecodeError } from './reader.ts';
import {
  bitString,
  DerReader,
  type Element,
  hasBit,
  inside,
  integer,
  objectIdentifier,
  openWhole,
  smallInteger,
  tags,
  utf8,
} from './der.ts';

/** Extensions of TCG DICE Attestation Architecture 1.1 and 1.2 §6.1, and of Open Profile for DICE. */
export const diceOids = {
  tcbInfo: '2.23.133.5.4.1',
  ueid: '2.23.133.5.4.4',
  multiTcbInfo: '2.23.133.5.4.5',
  multiTcbInfoComp: '2.23.133.5.4.8',
  conceptualMessageWrapper: '2.23.133.5.4.9',
  tcbFreshness: '2.23.133.5.4.11',
  openDiceInput: '1.3.6.1.4.1.11129.2.1.24',
} as const;
/** Everything DICE stands below it: extensions, and key purposes at `.100.`, in extendedKeyUsage or in certificatePolicies. */
export const diceArc = '2.23.133.5.4.';

/** OperationalFlags by bit. `true` is the bit as it stands: recovery and debug are positive, the others negate. */
export type Flags = { readonly notConfigured: boolean; readonly notSecure: boolean; readonly recovery: boolean; readonly debug: boolean };

/** One DiceTcbInfo: what one layer says of the next. Untrusted until the certificate's path is checked. */
export type TcbInfo = {
  readonly vendor?: string;
  readonly model?: string;
  readonly version?: string;
  /** Of any size; Caliptra and others use many octets. */
  readonly svn?: bigint;
  readonly layer?: number;
  readonly index?: number;
  readonly type?: Hex;
  readonly digests: readonly Digest[];
  /** Set iff the structure has flags. Only bits that the mask asserts; without a mask the four original ones. */
  readonly flags?: Flags;
  /** Integrity registers are present; nothing appraises them yet. */
  readonly hasRegisters: boolean;
};

/** IANA named-information names of the hash OIDs seen in devices; an unknown one keeps its OID, so that it matches nothing. */
const hashes: { readonly [oid: string]: { readonly alg: string; readonly length: number } } = {
  '1.3.14.3.2.26': { alg: 'sha-1', length: 20 },
  '2.16.840.1.101.3.4.2.1': { alg: 'sha-256', length: 32 },
  '2.16.840.1.101.3.4.2.2': { alg: 'sha-384', length: 48 },
  '2.16.840.1.101.3.4.2.3': { alg: 'sha-512', length: 64 },
  '2.16.840.1.101.3.4.2.8': { alg: 'sha3-256', length: 32 },
  '2.16.840.1.101.3.4.2.9': { alg: 'sha3-384', length: 48 },
  '2.16.840.1.101.3.4.2.10': { alg: 'sha3-512', length: 64 },
};
const maxDigests = 32;
const maxTcbInfos = 64;
/** Longest vendor, model or version, bytes. */
const maxText = 255;

/** DiceTcbInfo, or the RIoT CompositeDeviceID that older silicon (NVIDIA GH100) puts under the same OID. Throws DecodeError. */
export function decodeTcbInfo(value: Uint8Array): TcbInfo {
  const parts = openWhole(value, tags.sequence, 'DiceTcbInfo');
  return parts.peek() === tags.integer ? compositeDeviceId(parts) : tcbInfo(parts);
}

/** DiceTcbInfoSeq: at least one. */
export function decodeMultiTcbInfo(value: Uint8Array): readonly TcbInfo[] {
  const list = openWhole(value, tags.sequence, 'DiceTcbInfoSeq');
  const found: TcbInfo[] = [];
  while (!list.done) {
    found.push(tcbInfo(list.open(tags.sequence, 'DiceTcbInfo')));
    if (found.length > maxTcbInfos) throw new DecodeError(`Cannot read DiceTcbInfoSeq: more than ${maxTcbInfos} entries`);
  }
  if (found.length === 0) throw new DecodeError('Cannot read DiceTcbInfoSeq: it is empty');
  return found;
}

/** DiceUeid: the octets of the EAT UEID (RFC 9711 §4.2.1), 7 to 33 of them, as hex. Shorter ones are met in old devices. */
export function decodeUeid(value: Uint8Array): Hex {
  const parts = openWhole(value, tags.sequence, 'DiceUeid');
  const ueid = parts.take(tags.octetString, 'ueid').content;
  parts.end('DiceUeid');
  if (ueid.length === 0 || ueid.length > 33) throw new DecodeError(`Cannot read DiceUeid: ${ueid.length} octets`);
  return hex(ueid);
}

/** Fields stand in the order of their tags (X.680 §25), each at most once, none unknown. */
function tcbInfo(parts: DerReader): TcbInfo {
  const text = (tag: number, what: string): string | undefined => mapped(parts.maybe(tag), e => shortText(e.content, what));
  const small = (tag: number, what: string): number | undefined => mapped(parts.maybe(tag), e => smallInteger(e.content, what));
  const vendor = text(0x80, 'vendor');
  const model = text(0x81, 'model');
  const version = text(0x82, 'version');
  const svn = mapped(parts.maybe(0x83), e => unsigned(e.content, 'svn'));
  const layer = small(0x84, 'layer');
  const index = small(0x85, 'index');
  const digests = mapped(parts.maybe(0xa6), e => fwids(inside(e))) ?? [];
  const flagBits = mapped(parts.maybe(0x87), e => bitString(e.content, 'flags'));
  mapped(parts.maybe(0x88), e => e.content);
  const type = mapped(parts.maybe(0x89), e => hex(e.content.subarray(0, 256)));
  // [10] primitive is the flags mask; constructed it is the list of integrity registers of the older text (Project Cerberus).
  const maskBits = mapped(parts.maybe(0x8a), e => bitString(e.content, 'flagsMask'));
  const registers = parts.maybe(0xaa) ?? parts.maybe(0xab);
  if (registers !== undefined) readRegisters(inside(registers));
  parts.end('DiceTcbInfo');
  return {
    ...(vendor === undefined ? {} : { vendor }),
    ...(model === undefined ? {} : { model }),
    ...(version === undefined ? {} : { version }),
    ...(svn === undefined ? {} : { svn }),
    ...(layer === undefined ? {} : { layer }),
    ...(index === undefined ? {} : { index }),
    ...(type === undefined ? {} : { type }),
    digests,
    ...(flagBits === undefined ? {} : { flags: flagsOf(flagBits, maskBits) }),
    hasRegisters: registers !== undefined,
  };
}

function shortText(content: Uint8Array, what: string): string {
  if (content.length > maxText) throw new DecodeError(`Cannot read ${what}: ${content.length} bytes`);
  return utf8(content, what);
}

type Bits = { readonly octets: Uint8Array };
function flagsOf(flags: Bits, mask: Bits | undefined): Flags {
  const set = (bit: number): boolean => hasBit(flags, bit) && (mask === undefined || hasBit(mask, bit));
  return { notConfigured: set(0), notSecure: set(1), recovery: set(2), debug: set(3) };
}

const mapped = <T>(element: Element | undefined, read: (element: Element) => T): T | undefined =>
  element === undefined ? undefined : read(element);

function unsigned(content: Uint8Array, what: string): bigint {
  const value = integer(content, what);
  if (value < 0n) throw new DecodeError(`Cannot read ${what}: ${value}`);
  return value;
}

function fwids(list: DerReader): readonly Digest[] {
  const found: Digest[] = [];
  while (!list.done) {
    found.push(fwid(list.open(tags.sequence, 'FWID')));
    if (found.length > maxDigests) throw new DecodeError(`Cannot read fwids: more than ${maxDigests}`);
  }
  if (found.length === 0) throw new DecodeError('Cannot read fwids: the list is empty');
  return found;
}

function fwid(parts: DerReader): Digest {
  const oid = objectIdentifier(parts.take(tags.oid, 'hashAlg').content);
  const digest = parts.take(tags.octetString, 'digest').content;
  parts.end('FWID');
  const hash = hashes[oid];
  if (digest.length === 0 || digest.length > 64 || (hash !== undefined && digest.length !== hash.length))
    throw new DecodeError(`Cannot read digest: ${digest.length} octets of ${hash?.alg ?? oid}`);
  return { alg: hash?.alg ?? oid.slice(0, 40), value: hex(digest) };
}

/** IrList: read for its form only. */
function readRegisters(list: DerReader): void {
  while (!list.done) {
    const parts = list.open(tags.sequence, 'IntegrityRegister');
    parts.maybe(0x80);
    mapped(parts.maybe(0x81), e => smallInteger(e.content, 'registerNum'));
    mapped(parts.maybe(0xa2), e => fwids(inside(e)));
    parts.end('IntegrityRegister');
  }
}

/** RIoT CompositeDeviceID { version INTEGER, deviceID SubjectPublicKeyInfo, fwid FWID }: a measurement without a class. */
function compositeDeviceId(parts: DerReader): TcbInfo {
  const version = smallInteger(parts.take(tags.integer, 'CompositeDeviceID version').content, 'CompositeDeviceID version');
  parts.take(tags.sequence, 'CompositeDeviceID deviceID');
  const digest = fwid(parts.open(tags.sequence, 'CompositeDeviceID fwid'));
  parts.end('CompositeDeviceID');
  if (version !== 1) throw new DecodeError(`Cannot read CompositeDeviceID: version ${version}`);
  return { digests: [digest], hasRegisters: false };
}
