import { encode } from 'cborg';
import { createHash, createPublicKey, generateKeyPairSync, KeyObject, sign } from 'node:crypto';
import { openDiceLabels } from '../../gateway/codec/open-dice.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { integerBytes, octets, oid, sequence, tlv, utf8 } from './der-encode.ts';
import type { Vendor } from './pki.ts';

/** Makes chains of Open Profile for DICE in which each certificate is X.509 or CBOR, for tests. Fresh keys every time. */

export type Curve = 'ed25519' | 'P-256' | 'P-384' | 'P-521';
export type InputSpec = {
  readonly code?: Uint8Array;
  /** 64 bytes that are the input themselves, or a descriptor that is hashed. */
  readonly config?: { readonly inline: Uint8Array } | { readonly descriptor: Uint8Array; readonly hash?: Uint8Array };
  readonly authority?: Uint8Array;
  readonly mode?: number;
  /** Identifier octet of the mode in X.509: ENUMERATED as the reference code has it, or INTEGER as the text has it. */
  readonly modeTag?: 0x0a | 0x02;
  readonly profile?: string;
};
export type Stage = {
  readonly form: 'x509' | 'cbor';
  readonly kind: 'uds' | 'cdi' | 'leaf';
  readonly curve?: Curve;
  readonly input?: InputSpec;
  /** More or other claims of the CWT; undefined takes one away. */
  readonly claims?: ReadonlyMap<number, unknown>;
  /** More X.509 extensions. */
  readonly extensions?: readonly Uint8Array[];
  /** The issuer that it names, as text of a CWT. */
  readonly iss?: string;
  readonly header?: ReadonlyMap<number, unknown>;
};
export type OpenDiceChain = {
  /** Leaf first, without the anchor. */
  readonly certificates: readonly Uint8Array[];
  readonly bytes: Uint8Array;
  /** What a TLS server with the leaf's key shows: a certificate that it signed itself. */
  readonly handshake: Uint8Array;
  /** The leaf's private key, PKCS #8 in PEM. */
  readonly keyPem: string;
};
type Keys = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };

export const sha512 = (text: string): Uint8Array => new Uint8Array(createHash('sha512').update(text).digest());
/** A SHA-256 digest as a DICE input: zeros behind it. */
export const padded = (digest: Uint8Array): Uint8Array => Uint8Array.of(...digest, ...new Uint8Array(64 - digest.length));
export const extension = (id: string, critical: boolean, value: Uint8Array): Uint8Array =>
  sequence(oid(id), ...(critical ? [tlv(0x01, Uint8Array.of(0xff))] : []), octets(value));

function makeKeys(curve: Curve): Keys {
  if (curve === 'ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' }[curve] });
}
const spkiOf = (key: KeyObject): Uint8Array => new Uint8Array(key.export({ type: 'spki', format: 'der' }));
const idOf = (key: KeyObject): string => {
  const id = createHash('sha256').update(spkiOf(key)).digest().subarray(0, 20);
  id[0] = (id[0] ?? 0) & 0x7f || 1;
  return id.toString('hex');
};
const idName = (id: string): Uint8Array => sequence(tlv(0x31, sequence(oid('2.5.4.5'), tlv(0x13, utf8(id)))));

const algorithms = {
  prime256v1: { oid: '1.2.840.10045.4.3.2', cose: -7, hash: 'sha256' },
  secp384r1: { oid: '1.2.840.10045.4.3.3', cose: -35, hash: 'sha384' },
  secp521r1: { oid: '1.2.840.10045.4.3.4', cose: -36, hash: 'sha512' },
  ed25519: { oid: '1.3.101.112', cose: -8, hash: null },
};
function algorithmOf(key: KeyObject): (typeof algorithms)[keyof typeof algorithms] {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  return curve === 'prime256v1' || curve === 'secp384r1' || curve === 'secp521r1' ? algorithms[curve] : algorithms.ed25519;
}

const defaults = { code: sha512('code'), config: { inline: new Uint8Array(64) }, authority: sha512('authority'), mode: 1 };
const descriptorOf = (config: NonNullable<InputSpec['config']>): { descriptor: Uint8Array; hash?: Uint8Array } =>
  'inline' in config
    ? { descriptor: config.inline }
    : { descriptor: config.descriptor, hash: config.hash ?? new Uint8Array(createHash('sha512').update(config.descriptor).digest()) };

/** The OpenDiceInput extension's value. */
export function openDiceInput(spec: InputSpec): Uint8Array<ArrayBuffer> {
  const { code, config, authority, mode } = { ...defaults, ...spec };
  const { descriptor, hash } = descriptorOf(config);
  return sequence(
    tlv(0xa0, octets(code)),
    ...(hash === undefined ? [] : [tlv(0xa2, octets(hash))]),
    tlv(0xa3, octets(descriptor)),
    tlv(0xa4, octets(authority)),
    tlv(0xa6, tlv(spec.modeTag ?? 0x0a, integerBytes(mode))),
    ...(spec.profile === undefined ? [] : [tlv(0xa7, tlv(0x0c, utf8(spec.profile)))]),
  );
}

function inputClaims(spec: InputSpec): readonly (readonly [number, unknown])[] {
  const { code, config, authority, mode } = { ...defaults, ...spec };
  const { descriptor, hash } = descriptorOf(config);
  return [
    [openDiceLabels.codeHash, code],
    ...(hash === undefined ? [] : [[openDiceLabels.configurationHash, hash] as const]),
    [openDiceLabels.configurationDescriptor, descriptor],
    [openDiceLabels.authorityHash, authority],
    [openDiceLabels.mode, Uint8Array.of(mode)],
    ...(spec.profile === undefined ? [] : [[openDiceLabels.profileName, spec.profile] as const]),
  ];
}

/** COSE_Key of a public key. */
export function coseKey(key: KeyObject): Map<number, unknown> {
  const jwk = key.export({ format: 'jwk' });
  const bytes = (text: string | undefined): Uint8Array => new Uint8Array(Buffer.from(text ?? '', 'base64url'));
  const alg = algorithmOf(key).cose;
  if (jwk.kty === 'OKP') return new Map<number, unknown>([[1, 1], [3, alg], [4, [2]], [-1, 6], [-2, bytes(jwk.x)]]); // biome-ignore format: one key
  const crv = { 'P-256': 1, 'P-384': 2, 'P-521': 3 }[jwk.crv ?? ''];
  return new Map<number, unknown>([[1, 2], [3, alg], [4, [2]], [-1, crv], [-2, bytes(jwk.x)], [-3, bytes(jwk.y)]]); // biome-ignore format: one key
}

function cborCertificate(stage: Stage, subject: Keys, issuer: Keys, iss: string): Uint8Array {
  const claims = new Map<number, unknown>([
    [1, stage.iss ?? iss],
    [2, idOf(subject.publicKey)],
    ...(stage.input === undefined ? [] : inputClaims(stage.input)),
    [openDiceLabels.subjectPublicKey, encode(coseKey(subject.publicKey))],
    [openDiceLabels.keyUsage, Uint8Array.of(stage.kind === 'leaf' ? 0x01 : 0x20)],
    ...(stage.claims ?? []),
  ]);
  for (const [label, value] of claims) if (value === undefined) claims.delete(label);
  const { cose, hash } = algorithmOf(issuer.privateKey);
  const header = encode(new Map<number, unknown>([[1, cose], ...(stage.header ?? [])]));
  const payload = encode(claims);
  const signed = encode(['Signature1', header, new Uint8Array(), payload]);
  const signature = sign(hash, signed, { key: issuer.privateKey, dsaEncoding: 'ieee-p1363' });
  return encode([header, new Map(), payload, new Uint8Array(signature)]);
}

function x509Certificate(stage: Stage, subject: Keys, subjectName: Uint8Array, issuer: Keys, issuerName: Uint8Array): Uint8Array {
  const { oid: signatureOid, hash } = algorithmOf(issuer.privateKey);
  const isCa = stage.kind !== 'leaf';
  const extensions = [
    extension('2.5.29.15', true, tlv(0x03, isCa ? Uint8Array.of(2, 4) : Uint8Array.of(7, 0x80))),
    extension('2.5.29.19', true, isCa ? sequence(tlv(0x01, Uint8Array.of(0xff))) : sequence()),
    ...(stage.input === undefined ? [] : [extension('1.3.6.1.4.1.11129.2.1.24', true, openDiceInput(stage.input))]),
    ...(stage.extensions ?? []),
  ];
  const tbs = sequence(
    tlv(0xa0, tlv(0x02, Uint8Array.of(2))),
    tlv(0x02, Uint8Array.of(1)),
    sequence(oid(signatureOid)),
    issuerName,
    sequence(tlv(0x17, utf8('180322235959Z')), tlv(0x18, utf8('99991231235959Z'))),
    subjectName,
    spkiOf(subject.publicKey),
    tlv(0xa3, sequence(...extensions)),
  );
  return sequence(tbs, sequence(oid(signatureOid)), tlv(0x03, Uint8Array.of(0), sign(hash, tbs, issuer.privateKey)));
}

/** A chain from the vendor's root downwards; `stages` outermost first. */
export function makeOpenDiceChain(vendor: Vendor, stages: readonly Stage[]): OpenDiceChain {
  const rootKey = KeyObject.from(vendor.keys.privateKey);
  let issuer: Keys = { privateKey: rootKey, publicKey: createPublicKey(rootKey) };
  let issuerName = decodeCertificate(vendor.anchorDer).subject.der;
  let iss = 'Acme Root';
  const made: Uint8Array[] = [];
  for (const stage of stages) {
    const subject = makeKeys(stage.curve ?? 'P-256');
    const id = idOf(subject.publicKey);
    made.unshift(
      stage.form === 'cbor'
        ? cborCertificate(stage, subject, issuer, iss)
        : x509Certificate(stage, subject, idName(id), issuer, issuerName),
    );
    [issuer, issuerName, iss] = [subject, idName(id), id];
  }
  const self = x509Certificate({ form: 'x509', kind: 'leaf' }, issuer, issuerName, issuer, issuerName);
  const keyPem = issuer.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { certificates: made, bytes: new Uint8Array(Buffer.concat(made)), handshake: self, keyPem };
}
