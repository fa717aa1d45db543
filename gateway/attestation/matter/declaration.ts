import { decodeTlv, tagOrdered, type TlvValue } from '../../codec/matter-tlv.ts';
import { EvidenceError } from '../evidence-error.ts';

/**
 * Certification elements: what a declaration says, in Matter TLV (Matter Core Specification §6.3.1). Numbers are as they stand; `paaKeyIds`
 * is set iff the list is there, which then holds the only PAAs that may have made the product's certificates.
 */
export type Declaration = {
  readonly vendorId: number;
  readonly productIds: readonly number[];
  readonly deviceType: number;
  readonly certificateId: string;
  readonly versionNumber: number;
  readonly certificationType: CertificationType;
  /** Whose DAC the product carries, where it is not its own vendor's. */
  readonly dacOrigin?: { readonly vendorId: number; readonly productId: number };
  readonly paaKeyIds?: readonly Uint8Array[];
};

/** §6.3.1, certification_type by its number. */
const certificationTypes = ['development and test', 'provisional', 'official'] as const;
export type CertificationType = (typeof certificationTypes)[number];

/** Context tags of the fields. */
const tag = {
  formatVersion: 0,
  vendorId: 1,
  productIds: 2,
  deviceType: 3,
  certificateId: 4,
  securityLevel: 5,
  securityInformation: 6,
  versionNumber: 7,
  certificationType: 8,
  dacOriginVendorId: 9,
  dacOriginProductId: 10,
  authorizedPaas: 11,
} as const;

const maxProducts = 100;
const maxPaas = 10;
const keyIdBytes = 20;
/** 19 characters that the alliance gave out, as CSA or under its name before 2021, Zigbee. */
const certificateId = /^(?:CSA|ZIG)[0-9A-Z-]{16}$/;
/** A device type is a Manufacturer Extensible Identifier (§7.19.2): prefix to 0xFFF4, suffix to 0xBFFF. */
const lastPrefix = 0xfff4;
const lastSuffix = 0xbfff;

/** Reads certification elements. Throws DecodeError when they are no such TLV, EvidenceError when a field is missing or out of its range. */
export function readDeclaration(bytes: Uint8Array): Declaration {
  const fields = tagOrdered(decodeTlv(bytes, 'certification elements'), 'certification elements');
  const number = (name: keyof typeof tag, max: number): number => unsigned(name, fields.get(tag[name]), max);
  const exactly = (name: keyof typeof tag, wanted: number): void => {
    const seen = number(name, 0xffff);
    if (seen !== wanted) throw broken(`${name} is ${seen}`, `${wanted}`);
  };
  exactly('formatVersion', 1);
  exactly('securityLevel', 0);
  exactly('securityInformation', 0);
  const deviceType = number('deviceType', 0xffff_ffff);
  if (Math.floor(deviceType / 0x10000) > lastPrefix || deviceType % 0x10000 > lastSuffix)
    throw broken(`deviceType 0x${deviceType.toString(16)} is none`, 'a device type');
  const type = certificationTypes[number('certificationType', 0xff)];
  if (type === undefined) throw broken('certificationType is reserved', certificationTypes.join(', '));
  const paaKeyIds = keyIds(fields.get(tag.authorizedPaas));
  return {
    vendorId: number('vendorId', 0xffff),
    productIds: products(fields.get(tag.productIds)),
    deviceType,
    certificateId: idText(fields.get(tag.certificateId)),
    versionNumber: number('versionNumber', 0xffff),
    certificationType: type,
    ...origin(fields),
    ...(paaKeyIds === undefined ? {} : { paaKeyIds }),
  };
}

function unsigned(name: string, value: TlvValue | undefined, max: number): number {
  if (value === undefined) throw broken(`${name} is missing`, name);
  if (value.kind !== 'integer' || value.signed || value.value > BigInt(max)) throw broken(`${name} is no number up to ${max}`, name);
  return Number(value.value);
}

function products(value: TlvValue | undefined): readonly number[] {
  if (value?.kind !== 'array') throw broken('productIds is missing or no array', 'productIds');
  if (value.members.length === 0 || value.members.length > maxProducts)
    throw broken(`productIds has ${value.members.length} entries`, `1 to ${maxProducts}`);
  return value.members.map(member => unsigned('productIds', member.value, 0xffff));
}

function idText(value: TlvValue | undefined): string {
  if (value?.kind !== 'text') throw broken('certificateId is missing or no text', 'certificateId');
  if (!certificateId.test(value.value)) throw broken('certificateId is not one that the alliance gives out', '19 characters, CSA… or ZIG…');
  return value.value;
}

/** Both or neither: one alone would leave the other to guesswork. */
function origin(fields: ReadonlyMap<number, TlvValue>): Pick<Declaration, 'dacOrigin'> {
  const [vendor, product] = [fields.get(tag.dacOriginVendorId), fields.get(tag.dacOriginProductId)];
  if (vendor === undefined && product === undefined) return {};
  if (vendor === undefined || product === undefined) throw broken('one of dacOriginVendorId and dacOriginProductId', 'both or neither');
  return {
    dacOrigin: {
      vendorId: unsigned('dacOriginVendorId', vendor, 0xffff),
      productId: unsigned('dacOriginProductId', product, 0xffff),
    },
  };
}

function keyIds(value: TlvValue | undefined): readonly Uint8Array[] | undefined {
  if (value === undefined) return undefined;
  if (value.kind !== 'array' || value.members.length === 0 || value.members.length > maxPaas)
    throw broken('authorizedPaas is no array of 1 to 10 entries', `1 to ${maxPaas}`);
  return value.members.map(member => {
    if (member.value.kind !== 'octets' || member.value.value.length !== keyIdBytes)
      throw broken(`authorizedPaas holds what is no key identifier`, `${keyIdBytes} octets`);
    return member.value.value;
  });
}

const broken = (seen: string, expected: string): EvidenceError =>
  new EvidenceError('PROFILE_VIOLATED', 'identity', `Cannot accept the certification declaration: ${seen}`, { expected, seen });
