import type { Hex, Millis } from '../model/address.ts';
import { hex } from './address.ts';
import { sameBytes } from './bytes.ts';
import { bitString, DerReader, inside, openWhole, tags } from './der.ts';
import { DecodeError } from './reader.ts';
import {
  authorityKeyIdentifier,
  type BasicConstraints,
  basicConstraints,
  certificatePolicies,
  explicitVersion,
  type Extension,
  extendedKeyUsage,
  extensionOids,
  extensions,
  type HardwareModule,
  hardwareModule,
  type KeyUsage,
  keyUsage,
  subjectKeyIdentifier,
} from './x509-extension.ts';
import { type Algorithm, algorithm, type KeyKind, keyKind } from './x509-key.ts';
import { type Name, name } from './x509-name.ts';
import { time } from './x509-time.ts';

/** An X.509 certificate as it says it is (RFC 5280 §4.1). Nothing in it is true before its path is checked. */
export type Certificate = {
  readonly der: Uint8Array;
  /** The signed bytes. */
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
  readonly signatureAlgorithm: Algorithm;
  readonly version: 1 | 3;
  /** Content octets of the serial number; old devices have zero and negative ones. */
  readonly serialNumber: Hex;
  readonly issuer: Name;
  readonly subject: Name;
  readonly notBefore: Millis;
  readonly notAfter: Millis;
  readonly spki: Uint8Array;
  readonly key: KeyKind;
  readonly extensions: readonly Extension[];
  readonly basicConstraints?: BasicConstraints;
  readonly keyUsage?: KeyUsage;
  readonly extendedKeyUsage: readonly string[];
  readonly policies: readonly string[];
  readonly subjectKeyId?: Uint8Array;
  readonly authorityKeyId?: Uint8Array;
  readonly hardwareModule?: HardwareModule;
};

/** Longest certificate, bytes. */
const maxCertificate = 32_768;

/** Reads one certificate, strictly and whole. Throws DecodeError and nothing else. */
export function decodeCertificate(der: Uint8Array): Certificate {
  if (der.length > maxCertificate) throw new DecodeError(`Cannot read certificate: ${der.length} bytes`);
  const outer = openWhole(der, tags.sequence, 'certificate');
  const tbs = outer.take(tags.sequence, 'tbsCertificate');
  const signatureAlgorithm = algorithm(outer, 'signatureAlgorithm');
  const signature = bitString(outer.take(tags.bitString, 'signatureValue').content, 'signatureValue');
  outer.end('certificate');
  if (signature.bits % 8 !== 0) throw new DecodeError('Cannot read certificate: signature is not whole octets');

  const body = inside(tbs);
  const version = body.peek() === 0xa0 ? explicitVersion(body) : 0;
  if (version !== 0 && version !== 2) throw new DecodeError(`Cannot read certificate: version ${version + 1}`);
  const serialNumber = body.take(tags.integer, 'serialNumber').content;
  if (serialNumber.length === 0 || serialNumber.length > 21) throw new DecodeError('Cannot read certificate: serial number length');
  // RFC 5280 §4.1.1.2: the two must be the same, or the unsigned one could lie.
  if (!sameBytes(algorithm(body, 'signature').der, signatureAlgorithm.der))
    throw new DecodeError('Cannot read certificate: inner and outer signature algorithms differ');
  const issuer = name(body, 'issuer');
  const validity = body.open(tags.sequence, 'validity');
  const [notBefore, notAfter] = [time(validity.next()), time(validity.next())];
  validity.end('validity');
  const subject = name(body, 'subject');
  const spki = body.take(tags.sequence, 'subjectPublicKeyInfo').whole;
  // issuerUniqueID and subjectUniqueID: to be read, never used (RFC 5280 §4.1.2.8).
  if (version === 2) for (const tag of [0x81, 0x82]) body.maybe(tag);
  const found = version === 2 && body.peek() === 0xa3 ? explicitExtensions(body) : [];
  body.end('tbsCertificate');

  return {
    der,
    tbs: tbs.whole,
    signature: signature.octets,
    signatureAlgorithm,
    version: version === 2 ? 3 : 1,
    serialNumber: hex(serialNumber),
    issuer,
    subject,
    notBefore,
    notAfter,
    spki,
    key: keyKind(spki),
    extensions: found,
    ...wellKnown(found),
  };
}

function explicitExtensions(body: DerReader): readonly Extension[] {
  const wrapper = body.open(0xa3, 'extensions');
  const found = extensions(wrapper);
  wrapper.end('extensions');
  return found;
}

type WellKnown = Pick<
  Certificate,
  'basicConstraints' | 'keyUsage' | 'extendedKeyUsage' | 'policies' | 'subjectKeyId' | 'authorityKeyId' | 'hardwareModule'
>;

function wellKnown(found: readonly Extension[]): WellKnown {
  const read = <T>(oid: string, decode: (value: Uint8Array) => T): T | undefined => {
    for (const extension of found) if (extension.oid === oid) return decode(extension.value);
    return undefined;
  };
  const constraints = read(extensionOids.basicConstraints, basicConstraints);
  const usage = read(extensionOids.keyUsage, keyUsage);
  const subjectKeyId = read(extensionOids.subjectKeyIdentifier, subjectKeyIdentifier);
  const authorityKeyId = read(extensionOids.authorityKeyIdentifier, authorityKeyIdentifier);
  const module = read(extensionOids.subjectAltName, hardwareModule);
  return {
    extendedKeyUsage: read(extensionOids.extendedKeyUsage, extendedKeyUsage) ?? [],
    policies: read(extensionOids.certificatePolicies, certificatePolicies) ?? [],
    ...(constraints === undefined ? {} : { basicConstraints: constraints }),
    ...(usage === undefined ? {} : { keyUsage: usage }),
    ...(subjectKeyId === undefined ? {} : { subjectKeyId }),
    ...(authorityKeyId === undefined ? {} : { authorityKeyId }),
    ...(module === undefined ? {} : { hardwareModule: module }),
  };
}
