import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  type Name,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, KeyObject, sign } from 'node:crypto';
import { bitBytes, integerBytes, octets, oid, oidBytes, sequence, tlv, utf8 } from './der-encode.ts';

/** Makes vendors, devices with DICE or IDevID chains and signed reference values, for tests and for the demo. Fresh keys every time. */

export type KeyPair = { readonly publicKey: CryptoKey; readonly privateKey: CryptoKey };
/** Everything that goes into one certificate; a mutation edits it before it is signed. */
export type CertificatePlan = {
  readonly subject: NameParts;
  readonly issuer: NameParts | Name;
  readonly publicKey: CryptoKey;
  readonly signingKey: CryptoKey;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Extension[];
  readonly hash: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';
};
export type Edit = (plan: CertificatePlan) => CertificatePlan;
export type NameParts = { [type: string]: string[] }[];

export type Vendor = {
  readonly name: string;
  readonly anchorPem: string;
  readonly anchorDer: Uint8Array;
  readonly certificate: X509Certificate;
  readonly keys: KeyPair;
};
export type Credential = {
  readonly chainPem: string;
  /** DER, leaf first, without the anchor. */
  readonly chain: readonly Uint8Array[];
  readonly keyPem: string;
  readonly certificates: readonly X509Certificate[];
};
export type DiceDevice = Credential & {
  readonly serial: string;
  /** Lower-case hex of SHA-256 over the SubjectPublicKeyInfo of the DeviceID certificate. */
  readonly deviceKeySha256: string;
  readonly deviceIdKeys: KeyPair;
};
/** One DiceTcbInfo. `flags` and `flagsMask` are bit numbers. */
export type Measured = {
  readonly vendor?: string;
  readonly model?: string;
  readonly version?: string;
  readonly svn?: number | bigint;
  readonly layer?: number;
  readonly index?: number;
  readonly fwids?: readonly { readonly alg: 'sha-256' | 'sha-384' | 'sha-512'; readonly digest: string }[];
  readonly flags?: readonly number[];
  readonly flagsMask?: readonly number[];
};
export type DiceSpec = {
  readonly serial: string;
  readonly model: string;
  readonly version?: string;
  readonly svn?: number | bigint;
  /** SHA-256 of the firmware, hex. */
  readonly digestHex: string;
  readonly flags?: readonly number[];
  readonly flagsMask?: readonly number[];
  /** More measured components than the firmware at layer 1; then MultiTcbInfo is used. */
  readonly more?: readonly Measured[];
  /** The vendor's name in TcbInfo, when it is not the anchor's. */
  readonly claimedVendor?: string;
  /** DeviceID keys of before, for a device that was updated. */
  readonly deviceIdKeys?: KeyPair;
};

export const tcbInfoOid = '2.23.133.5.4.1';
export const multiTcbInfoOid = '2.23.133.5.4.5';
const hashOids = { 'sha-256': '2.16.840.1.101.3.4.2.1', 'sha-384': '2.16.840.1.101.3.4.2.2', 'sha-512': '2.16.840.1.101.3.4.2.3' };

export const sha256Hex = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
export const makeKeys = async (curve = 'P-256'): Promise<KeyPair> =>
  crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: curve }, true, ['sign', 'verify']);
const keyPem = (key: CryptoKey): string => KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
export const der = (certificate: X509Certificate): Uint8Array => new Uint8Array(certificate.rawData);
export const pem = (bytes: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;

/** DiceTcbInfo with implicit tags (TCG DICE Attestation Architecture 1.1 §6.1.1). */
export function tcbInfo(m: Measured): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  if (m.vendor !== undefined) parts.push(tlv(0x80, utf8(m.vendor)));
  if (m.model !== undefined) parts.push(tlv(0x81, utf8(m.model)));
  if (m.version !== undefined) parts.push(tlv(0x82, utf8(m.version)));
  if (m.svn !== undefined) parts.push(tlv(0x83, integerBytes(m.svn)));
  if (m.layer !== undefined) parts.push(tlv(0x84, integerBytes(m.layer)));
  if (m.index !== undefined) parts.push(tlv(0x85, integerBytes(m.index)));
  const fwids = (m.fwids ?? []).map(f => sequence(tlv(0x06, oidBytes(hashOids[f.alg])), octets(Buffer.from(f.digest, 'hex'))));
  if (m.fwids !== undefined) parts.push(tlv(0xa6, ...fwids));
  if (m.flags !== undefined) parts.push(tlv(0x87, bitBytes(m.flags)));
  if (m.flagsMask !== undefined) parts.push(tlv(0x8a, bitBytes(m.flagsMask)));
  return sequence(...parts);
}

export async function issue(plan: CertificatePlan): Promise<X509Certificate> {
  return X509CertificateGenerator.create({
    subject: plan.subject,
    issuer: plan.issuer,
    publicKey: plan.publicKey,
    signingKey: plan.signingKey,
    notBefore: plan.notBefore,
    notAfter: plan.notAfter,
    extensions: [...plan.extensions],
    signingAlgorithm: { name: plan.signingKey.algorithm.name, hash: plan.hash },
  });
}

const caExtensions = (pathLength?: number): Extension[] => [
  new BasicConstraintsExtension(true, pathLength, true),
  new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
];
const leafExtensions = (purposes: readonly string[] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']): Extension[] => [
  new BasicConstraintsExtension(false, undefined, true),
  new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
  ...(purposes.length === 0 ? [] : [new ExtendedKeyUsageExtension([...purposes])]),
];
/** A clock-less device's validity: until the end of time (RFC 5280 §4.1.2.5). */
const forever = new Date('9999-12-31T23:59:59Z');
/** Before every moment that a test stands at, whatever the machine's clock says. */
const longAgo = new Date('2026-01-01T00:00:00Z');

const basePlan = (subject: NameParts, issuer: NameParts | Name, publicKey: CryptoKey, signingKey: CryptoKey): CertificatePlan => ({
  subject,
  issuer,
  publicKey,
  signingKey,
  notBefore: longAgo,
  notAfter: forever,
  extensions: [],
  hash: 'SHA-256',
});

/** A vendor with a root that signs DeviceID and IDevID certificates. `name` is the vendor's name in TcbInfo and the root's O. */
export async function makeVendor(options: { name: string; commonName?: string; pathLength?: number; edit?: Edit }): Promise<Vendor> {
  const keys = await makeKeys();
  const subject = [{ O: [options.name] }, { CN: [options.commonName ?? `${options.name} Device Root`] }];
  const plan = { ...basePlan(subject, subject, keys.publicKey, keys.privateKey), extensions: caExtensions(options.pathLength) };
  const certificate = await issue(options.edit === undefined ? plan : options.edit(plan));
  return { name: options.name, anchorPem: pem(der(certificate)), anchorDer: der(certificate), certificate, keys };
}

/** Alias certificate (layer 1 firmware, key in RAM) under the device's own DeviceID CA under the vendor's root. */
export async function makeDiceDevice(vendor: Vendor, spec: DiceSpec, edits: { deviceId?: Edit; alias?: Edit } = {}): Promise<DiceDevice> {
  const deviceIdKeys = spec.deviceIdKeys ?? (await makeKeys());
  const aliasKeys = await makeKeys();
  const deviceIdName = [{ O: [vendor.name] }, { '2.5.4.5': [spec.serial] }, { CN: ['DeviceID'] }];
  const deviceIdPlan = {
    ...basePlan(deviceIdName, vendor.certificate.subjectName, deviceIdKeys.publicKey, vendor.keys.privateKey),
    extensions: caExtensions(0),
  };
  const deviceId = await issue(edits.deviceId === undefined ? deviceIdPlan : edits.deviceId(deviceIdPlan));
  const firmware: Measured = {
    vendor: spec.claimedVendor ?? vendor.name,
    model: spec.model,
    version: spec.version ?? '1.0.0',
    svn: spec.svn ?? 1,
    layer: 1,
    fwids: [{ alg: 'sha-256', digest: spec.digestHex }],
    flags: spec.flags ?? [],
    ...(spec.flagsMask === undefined ? {} : { flagsMask: spec.flagsMask }),
  };
  const measured =
    spec.more === undefined
      ? new Extension(tcbInfoOid, true, tcbInfo(firmware))
      : new Extension(multiTcbInfoOid, true, sequence(tcbInfo(firmware), ...spec.more.map(tcbInfo)));
  const aliasName = [{ O: [vendor.name] }, { '2.5.4.5': [spec.serial] }, { CN: ['Alias'] }];
  const aliasPlan = {
    ...basePlan(aliasName, deviceId.subjectName, aliasKeys.publicKey, deviceIdKeys.privateKey),
    extensions: [...leafExtensions(), measured],
  };
  const alias = await issue(edits.alias === undefined ? aliasPlan : edits.alias(aliasPlan));
  return {
    ...credential([alias, deviceId], aliasKeys),
    serial: spec.serial,
    deviceKeySha256: sha256Hex(new Uint8Array(deviceId.publicKey.rawData)),
    deviceIdKeys,
  };
}

export const credential = (certificates: readonly X509Certificate[], keys: KeyPair): Credential => ({
  chain: certificates.map(der),
  chainPem: certificates.map(c => pem(der(c))).join(''),
  keyPem: keyPem(keys.privateKey),
  certificates,
});

/** An IEEE 802.1AR IDevID: identity without measurements. `hardwareModule` adds the SAN otherName of RFC 4108; `ofEk` does too, with this serial. */
export async function makeIdevid(
  vendor: Vendor,
  spec: { serial: string; hardwareModule?: boolean; ofEk?: string; purposes?: readonly string[]; edit?: Edit; keys?: KeyPair },
): Promise<Credential & { deviceKeySha256: string }> {
  const keys = spec.keys ?? (await makeKeys());
  const module = sequence(oid('1.3.6.1.4.1.99999.1'), octets(utf8(spec.ofEk ?? spec.serial)));
  const san = sequence(tlv(0xa0, oid('1.3.6.1.5.5.7.8.4'), tlv(0xa0, module)));
  const subject = [{ O: [vendor.name] }, { '2.5.4.5': [spec.serial] }, { CN: ['IDevID'] }];
  const plan = {
    ...basePlan(subject, vendor.certificate.subjectName, keys.publicKey, vendor.keys.privateKey),
    extensions: [
      ...leafExtensions(spec.purposes),
      ...(spec.hardwareModule === true || spec.ofEk !== undefined ? [new Extension('2.5.29.17', false, san)] : []),
    ],
  };
  const certificate = await issue(spec.edit === undefined ? plan : spec.edit(plan));
  return { ...credential([certificate], keys), deviceKeySha256: sha256Hex(new Uint8Array(certificate.publicKey.rawData)) };
}

/** What a printer's HTTPS page shows. */
/** Makes a certificate one for signing code, as the signer of reference values has. */
export const forSigning: Edit = plan => ({
  ...plan,
  extensions: [...plan.extensions.filter(e => e.type !== '2.5.29.37'), new ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.3'])],
});

export async function makeSelfSigned(spec: { cn: string; extensions?: readonly Extension[]; serial?: string }): Promise<Credential> {
  const keys = await makeKeys();
  const subject = [...(spec.serial === undefined ? [] : [{ '2.5.4.5': [spec.serial] }]), { CN: [spec.cn] }];
  const plan = basePlan(subject, subject, keys.publicKey, keys.privateKey);
  return credential([await issue({ ...plan, extensions: spec.extensions ?? leafExtensions() })], keys);
}

export type ReferenceModel = {
  readonly model: string;
  readonly minSvn?: string;
  readonly components: readonly {
    readonly name: string;
    readonly layer?: number;
    readonly key?: string;
    readonly versions: readonly { readonly version: string; readonly alg: string; readonly digest: string }[];
  }[];
};

/** A reference-value file, its detached signature (base64) and the key pair; pass `keyPem` to sign with a key of before. */
export function makeReferenceFile(spec: {
  vendor: string;
  models: readonly ReferenceModel[];
  anchors?: readonly string[];
  keyPem?: string;
}): {
  readonly file: string;
  readonly signature: string;
  readonly publicKeyPem: string;
  readonly keyPem: string;
} {
  const privateKey = spec.keyPem === undefined ? generateKeyPairSync('ed25519').privateKey : createPrivateKey(spec.keyPem);
  const file = `${JSON.stringify(
    {
      format: 'sallyport-reference-values/1',
      source: 'made by test/vectors/pki.ts',
      licence: 'Apache-2.0',
      vendor: spec.vendor,
      ...(spec.anchors === undefined ? {} : { anchors: spec.anchors }),
      models: spec.models,
    },
    null,
    2,
  )}\n`;
  const signature = sign(privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256', Buffer.from(file), privateKey);
  return {
    file,
    signature: `${signature.toString('base64')}\n`,
    publicKeyPem: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString(),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
