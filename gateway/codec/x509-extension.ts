import { DecodeError } from './reader.ts';
import { bitString, boolean, DerReader, hasBit, inside, integer, latin1, openWhole, smallInteger, tags } from './der.ts';

/** One certificate extension as it stands. `value` is the content of its OCTET STRING. */
export type Extension = { readonly oid: string; readonly critical: boolean; readonly value: Uint8Array };

/** Extensions of RFC 5280 §4.2 that this module reads. */
export const extensionOids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  crlDistributionPoints: '2.5.29.31',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
} as const;

const maxExtensions = 64;

/** Extensions in their order; a second one with the same OID is an error (RFC 5280 §4.2). */
export function extensions(reader: DerReader): readonly Extension[] {
  const list = reader.open(tags.sequence, 'extensions');
  const found: Extension[] = [];
  while (!list.done) {
    const parts = list.open(tags.sequence, 'extension');
    const oid = parts.oid('extension OID');
    const critical = parts.maybe(tags.boolean);
    const value = parts.take(tags.octetString, 'extension', oid).content;
    parts.end('extension', oid);
    if (found.some(e => e.oid === oid)) throw new DecodeError(`Cannot read certificate: extension ${oid} stands twice`);
    if (found.length >= maxExtensions) throw new DecodeError(`Cannot read certificate: more than ${maxExtensions} extensions`);
    found.push({ oid, critical: critical !== undefined && boolean(critical.content, 'critical of an extension'), value });
  }
  return found;
}

/** RFC 5280 §4.2.1.9. An explicit `cA FALSE` is not DER but common, and says the same. */
export type BasicConstraints = { readonly ca: boolean; readonly pathLength?: number };
export function basicConstraints(value: Uint8Array): BasicConstraints {
  const parts = openWhole(value, tags.sequence, 'basicConstraints');
  const ca = parts.maybe(tags.boolean);
  const length = parts.maybe(tags.integer);
  parts.end('basicConstraints');
  const isCa = ca !== undefined && boolean(ca.content, 'basicConstraints');
  return length === undefined ? { ca: isCa } : { ca: isCa, pathLength: smallInteger(length.content, 'pathLenConstraint') };
}

/** RFC 5280 §4.2.1.3: the bits by their names. */
const keyUsages = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
  encipherOnly: 7,
  decipherOnly: 8,
} as const;
export type KeyUsageName = keyof typeof keyUsages;
export type KeyUsage = { readonly [usage in KeyUsageName]: boolean };
export function keyUsage(value: Uint8Array): KeyUsage {
  const outer = new DerReader(value);
  const bits = bitString(outer.take(tags.bitString, 'keyUsage').content, 'keyUsage');
  outer.end('keyUsage');
  const has = (usage: KeyUsageName): boolean => hasBit(bits, keyUsages[usage]);
  return {
    digitalSignature: has('digitalSignature'),
    nonRepudiation: has('nonRepudiation'),
    keyEncipherment: has('keyEncipherment'),
    dataEncipherment: has('dataEncipherment'),
    keyAgreement: has('keyAgreement'),
    keyCertSign: has('keyCertSign'),
    cRLSign: has('cRLSign'),
    encipherOnly: has('encipherOnly'),
    decipherOnly: has('decipherOnly'),
  };
}

/** Purposes of extendedKeyUsage (RFC 5280 §4.2.1.12). */
export function extendedKeyUsage(value: Uint8Array): readonly string[] {
  const parts = openWhole(value, tags.sequence, 'extendedKeyUsage');
  const found: string[] = [];
  while (!parts.done) found.push(parts.oid('extendedKeyUsage'));
  if (found.length === 0) throw new DecodeError('Cannot read extendedKeyUsage: it is empty');
  return found;
}

/** Most policies, and most policy mappings, of one certificate. */
export const maxPolicies = 128;
/** Policy OIDs of certificatePolicies (RFC 5280 §4.2.1.4); qualifiers are not read. */
export function certificatePolicies(value: Uint8Array): readonly string[] {
  const parts = openWhole(value, tags.sequence, 'certificatePolicies');
  const found: string[] = [];
  while (!parts.done) {
    if (found.length >= maxPolicies) throw new DecodeError(`Cannot read certificatePolicies: more than ${maxPolicies}`);
    const policy = parts.open(tags.sequence, 'policy');
    found.push(policy.oid('policy'));
    policy.maybe(tags.sequence);
    policy.end('policy');
  }
  if (found.length === 0) throw new DecodeError('Cannot read certificatePolicies: it is empty');
  return found;
}

/** RFC 5280 §4.2.1.2. */
export function subjectKeyIdentifier(value: Uint8Array): Uint8Array {
  const outer = new DerReader(value);
  const id = outer.take(tags.octetString, 'subjectKeyIdentifier').content;
  outer.end('subjectKeyIdentifier');
  return id;
}

/** keyIdentifier of RFC 5280 §4.2.1.1; absent when only issuer and serial are given. */
export function authorityKeyIdentifier(value: Uint8Array): Uint8Array | undefined {
  const parts = openWhole(value, tags.sequence, 'authorityKeyIdentifier');
  const id = parts.maybe(0x80)?.content;
  while (!parts.done) parts.next();
  return id;
}

/** HardwareModuleName (RFC 4108 §5) of a SAN otherName (IEEE 802.1AR §8.10.4): type OID and serial, as text when it is printable ASCII, else as octets. */
export type HardwareModule = { readonly type: string; readonly serial: string };
const hardwareModuleName = '1.3.6.1.5.5.7.8.4';
/**
 * Characters. RFC 4108 has no end of it; that of a key in a TPM is the maker of the TPM, the identifier of the key of who certified its EK, and the serial of that
 * certificate, in hexadecimal and with colons between (TCG TPM 2.0 Keys for Device Identity and Attestation): well over a hundred.
 */
const maxHardwareSerial = 255;

/** The first HardwareModuleName among the general names; others are skipped. */
export function hardwareModule(value: Uint8Array): HardwareModule | undefined {
  const names = openWhole(value, tags.sequence, 'subjectAltName');
  let found: HardwareModule | undefined;
  while (!names.done) {
    const element = names.next();
    if (element.tag !== 0xa0) continue;
    const other = inside(element);
    if (other.oid('otherName') !== hardwareModuleName) continue;
    const module = other.open(0xa0, 'HardwareModuleName').open(tags.sequence, 'HardwareModuleName');
    const type = module.oid('hwType');
    const octets = module.take(tags.octetString, 'hwSerialNum').content;
    const serial = octets.length > maxHardwareSerial ? '' : serialText(octets);
    if (serial === '' || serial.length > maxHardwareSerial) throw new DecodeError(`Cannot read hwSerialNum: ${octets.length} octets`);
    module.end('HardwareModuleName');
    other.end('otherName');
    if (found !== undefined) throw new DecodeError('Cannot read subjectAltName: two HardwareModuleNames');
    found = { type, serial };
  }
  return found;
}

const serialText = (octets: Uint8Array): string =>
  octets.length > 0 && octets.every(byte => byte > 0x20 && byte < 0x7f)
    ? latin1(octets)
    : `0x${Array.from(octets, byte => byte.toString(16).padStart(2, '0')).join('')}`;

/** Version of `[0] EXPLICIT INTEGER`: 0 is v1, 2 is v3. */
export const explicitVersion = (reader: DerReader): number => {
  const version = reader.open(0xa0, 'version');
  const value = Number(integer(version.take(tags.integer, 'version').content, 'version', 1));
  version.end('version');
  return value;
};
