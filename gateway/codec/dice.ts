import type { Digest } from '../model/attestation.ts';
import type { Hex } from '../model/address.ts';
import { hex } from './address.ts';
import { DecodeError } from './reader.ts';
import { bitString, DerReader, type Element, hasBit, inside, integer, openWhole, smallInteger, tags, utf8 } from './der.ts';
import { fwid, fwids, type Register, registers } from './dice-fwid.ts';

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

/** Key purposes (1.2 §6.1.2), as people may read them. They stand in extendedKeyUsage (Caliptra) or in certificatePolicies (Oxide). */
export const diceKeyPurposes: { readonly [oid: string]: string } = {
  '2.23.133.5.4.100.6': 'identityInit (IDevID)',
  '2.23.133.5.4.100.7': 'identityLoc (LDevID)',
  '2.23.133.5.4.100.8': 'attestInit',
  '2.23.133.5.4.100.9': 'attestLoc',
  '2.23.133.5.4.100.10': 'assertInit',
  '2.23.133.5.4.100.11': 'assertLoc',
  '2.23.133.5.4.100.12': 'eca',
};

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
  readonly vendorInfo?: Hex;
  readonly digests: readonly Digest[];
  /** Set iff the structure has flags. Only bits that the mask asserts; without a mask the four original ones. */
  readonly flags?: Flags;
  /** Integrity registers, [11] and in older text constructed [10]; empty if there are none. */
  readonly registers: readonly Register[];
};

const maxTcbInfos = 64;
/** Longest vendor, model or version, bytes. */
const maxText = 255;
/** Longest vendorInfo and type, octets. */
const maxOctets = 1024;

/** DiceTcbInfo, or the RIoT CompositeDeviceID that older silicon (NVIDIA GH100) puts under the same OID. Throws DecodeError. */
export function decodeTcbInfo(value: Uint8Array): TcbInfo {
  const parts = openWhole(value, tags.sequence, 'DiceTcbInfo');
  return parts.peek() === tags.integer ? compositeDeviceId(parts) : finish(fields(parts));
}

/** DiceTcbInfoSeq: at least one. */
export function decodeMultiTcbInfo(value: Uint8Array): readonly TcbInfo[] {
  return fieldsOfAll(openWhole(value, tags.sequence, 'DiceTcbInfoSeq')).map(finish);
}

/**
 * DiceMultiTcbInfoComp { commonFields [0] DiceTcbInfo, evidenceValues [1] DiceTcbInfoSeq }, IMPLICIT, or as two plain sequences: each value is a DiceTcbInfo that
 * also has the common fields. A field that stands in both and differs is ambiguous: DecodeError.
 */
export function decodeMultiTcbInfoComp(value: Uint8Array): readonly TcbInfo[] {
  const parts = openWhole(value, tags.sequence, 'DiceMultiTcbInfoComp');
  const tagged = parts.peek() === 0xa0;
  const common = fields(parts.open(tagged ? 0xa0 : tags.sequence, 'commonFields'));
  const values = fieldsOfAll(parts.open(tagged ? 0xa1 : tags.sequence, 'evidenceValues'));
  parts.end('DiceMultiTcbInfoComp');
  return values.map(one => finish(withCommon(common, one)));
}

/** DiceUeid: the octets of the EAT UEID (RFC 9711 §4.2.1), 7 to 33 of them, as hex. Shorter ones are met in old devices. */
export function decodeUeid(value: Uint8Array): Hex {
  const ueid = onlyOctets(value, 'DiceUeid');
  if (ueid.length === 0 || ueid.length > 33) throw new DecodeError(`Cannot read DiceUeid: ${ueid.length} octets`);
  return hex(ueid);
}

/** DiceTcbFreshness: the nonce that the layer was given when it certified the next one, 1 to 64 octets. */
export function decodeTcbFreshness(value: Uint8Array): Uint8Array {
  const nonce = onlyOctets(value, 'DiceTcbFreshness');
  if (nonce.length === 0 || nonce.length > 64) throw new DecodeError(`Cannot read DiceTcbFreshness: ${nonce.length} octets`);
  return nonce;
}

/** SEQUENCE { OCTET STRING }. */
function onlyOctets(value: Uint8Array, what: string): Uint8Array {
  const parts = openWhole(value, tags.sequence, what);
  const found = parts.take(tags.octetString, what).content;
  parts.end(what);
  return found;
}

type Bits = { readonly octets: Uint8Array };
/** The fields as they stand; flags and mask are not put together yet, since the factored form may keep them apart. */
type Fields = ReturnType<typeof fields>;

/** Fields stand in the order of their tags (X.680 §25), each at most once, none unknown. */
function fields(parts: DerReader) {
  const text = (tag: number, what: string) => mapped(parts.maybe(tag), e => shortText(e.content, what));
  const small = (tag: number, what: string) => mapped(parts.maybe(tag), e => smallInteger(e.content, what));
  const octets = (tag: number, what: string) => mapped(parts.maybe(tag), e => hex(shortOctets(e.content, what)));
  const bits = (tag: number, what: string): Bits | undefined => mapped(parts.maybe(tag), e => bitString(e.content, what));
  const found = {
    vendor: text(0x80, 'vendor'),
    model: text(0x81, 'model'),
    version: text(0x82, 'version'),
    svn: mapped(parts.maybe(0x83), e => unsigned(e.content, 'svn')),
    layer: small(0x84, 'layer'),
    index: small(0x85, 'index'),
    digests: mapped(parts.maybe(0xa6), e => fwids(inside(e))),
    flags: bits(0x87, 'flags'),
    vendorInfo: octets(0x88, 'vendorInfo'),
    type: octets(0x89, 'type'),
    // [10] primitive is the flags mask; constructed it is the list of integrity registers of the older text (Project Cerberus).
    mask: bits(0x8a, 'flagsMask'),
    registers: mapped(parts.maybe(0xaa) ?? parts.maybe(0xab), e => registers(inside(e))),
  };
  parts.end('DiceTcbInfo');
  return found;
}

function fieldsOfAll(list: DerReader): readonly Fields[] {
  const found: Fields[] = [];
  while (!list.done) {
    found.push(fields(list.open(tags.sequence, 'DiceTcbInfo')));
    if (found.length > maxTcbInfos) throw new DecodeError(`Cannot read DiceTcbInfoSeq: more than ${maxTcbInfos} entries`);
  }
  if (found.length === 0) throw new DecodeError('Cannot read DiceTcbInfoSeq: it is empty');
  return found;
}

function withCommon(common: Fields, own: Fields): Fields {
  const one = <T>(name: string, shared: T | undefined, value: T | undefined): T | undefined => {
    if (shared !== undefined && value !== undefined && comparable(shared) !== comparable(value))
      throw new DecodeError(`Cannot read DiceMultiTcbInfoComp: ${name} is common and yet differs`);
    return value ?? shared;
  };
  return {
    vendor: one('vendor', common.vendor, own.vendor),
    model: one('model', common.model, own.model),
    version: one('version', common.version, own.version),
    svn: one('svn', common.svn, own.svn),
    layer: one('layer', common.layer, own.layer),
    index: one('index', common.index, own.index),
    digests: one('fwids', common.digests, own.digests),
    flags: one('flags', common.flags, own.flags),
    vendorInfo: one('vendorInfo', common.vendorInfo, own.vendorInfo),
    type: one('type', common.type, own.type),
    mask: one('flagsMask', common.mask, own.mask),
    registers: one('integrityRegisters', common.registers, own.registers),
  };
}

const comparable = (value: unknown): string =>
  typeof value === 'bigint' ? value.toString() : JSON.stringify(value, (_, v: unknown) => (v instanceof Uint8Array ? hex(v) : v));

function finish({ vendor, model, version, svn, layer, index, type, vendorInfo, digests, flags, mask, registers: found }: Fields): TcbInfo {
  return {
    ...(vendor === undefined ? {} : { vendor }),
    ...(model === undefined ? {} : { model }),
    ...(version === undefined ? {} : { version }),
    ...(svn === undefined ? {} : { svn }),
    ...(layer === undefined ? {} : { layer }),
    ...(index === undefined ? {} : { index }),
    ...(type === undefined ? {} : { type }),
    ...(vendorInfo === undefined ? {} : { vendorInfo }),
    digests: digests ?? [],
    ...(flags === undefined ? {} : { flags: flagsOf(flags, mask) }),
    registers: found ?? [],
  };
}

function shortText(content: Uint8Array, what: string): string {
  if (content.length > maxText) throw new DecodeError(`Cannot read ${what}: ${content.length} bytes`);
  return utf8(content, what);
}

function shortOctets(content: Uint8Array, what: string): Uint8Array {
  if (content.length > maxOctets) throw new DecodeError(`Cannot read ${what}: ${content.length} octets`);
  return content;
}

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

/** RIoT CompositeDeviceID { version INTEGER, deviceID SubjectPublicKeyInfo, fwid FWID }: a measurement without a class. */
function compositeDeviceId(parts: DerReader): TcbInfo {
  const version = smallInteger(parts.take(tags.integer, 'CompositeDeviceID version').content, 'CompositeDeviceID version');
  parts.take(tags.sequence, 'CompositeDeviceID deviceID');
  const digest = fwid(parts.open(tags.sequence, 'CompositeDeviceID fwid'));
  parts.end('CompositeDeviceID');
  if (version !== 1) throw new DecodeError(`Cannot read CompositeDeviceID: version ${version}`);
  return { digests: [digest], registers: [] };
}
