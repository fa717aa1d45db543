import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { bitBytes, integerBytes, octets, oid, sequence, tlv, utf8 } from './der-encode.ts';

/** Makes Matter attestation chains, declarations and answers, and each of them wrong in one way. Fresh keys every time. */

export type Keys = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
export const makeKeys = (curve = 'P-256'): Keys => generateKeyPairSync('ec', { namedCurve: curve });
export const spkiOf = (keys: Keys): Uint8Array => new Uint8Array(keys.publicKey.export({ type: 'spki', format: 'der' }));
export const keyIdOf = (keys: Keys): Uint8Array => new Uint8Array(createHash('sha1').update(spkiOf(keys)).digest());

export type Attribute = readonly [type: string, text: string];
export const commonName = '2.5.4.3';
export const vidType = '1.3.6.1.4.1.37244.2.1';
export const pidType = '1.3.6.1.4.1.37244.2.2';
export const name = (attributes: readonly Attribute[]): Uint8Array =>
  sequence(...attributes.map(([type, text]) => tlv(0x31, sequence(oid(type), tlv(0x0c, utf8(text))))));

type Extension = { readonly oid: string; readonly critical: boolean; readonly value: Uint8Array };
/** Everything in one certificate; an edit changes it before it is signed. */
export type CertificatePlan = {
  readonly version: number;
  readonly serial: number | bigint;
  readonly algorithm: string;
  readonly issuer: readonly Attribute[];
  readonly subject: readonly Attribute[];
  readonly notBefore: string;
  readonly notAfter: string;
  readonly spki: Uint8Array;
  readonly signingKey: KeyObject;
  readonly hash: string;
  readonly extensions: readonly Extension[];
};
export type Edit = (plan: CertificatePlan) => CertificatePlan;

export function certificate(plan: CertificatePlan): Uint8Array {
  const algorithm = sequence(oid(plan.algorithm));
  const extensions = plan.extensions.map(e =>
    sequence(oid(e.oid), ...(e.critical ? [tlv(0x01, Uint8Array.of(0xff))] : []), octets(e.value)),
  );
  const tbs = sequence(
    tlv(0xa0, tlv(0x02, Uint8Array.of(plan.version))),
    tlv(0x02, integerBytes(plan.serial)),
    algorithm,
    name(plan.issuer),
    sequence(tlv(0x18, utf8(plan.notBefore)), tlv(0x18, utf8(plan.notAfter))),
    name(plan.subject),
    plan.spki,
    tlv(0xa3, sequence(...extensions)),
  );
  return sequence(tbs, algorithm, tlv(0x03, Uint8Array.of(0), sign(plan.hash, tbs, plan.signingKey)));
}

export const extensionOids = { skid: '2.5.29.14', usage: '2.5.29.15', basic: '2.5.29.19', akid: '2.5.29.35' } as const;
export const basic = (ca: boolean, pathLength?: number): Uint8Array =>
  sequence(...(ca ? [tlv(0x01, Uint8Array.of(0xff))] : []), ...(pathLength === undefined ? [] : [tlv(0x02, Uint8Array.of(pathLength))]));
export const usage = (bits: readonly number[]): Uint8Array => tlv(0x03, bitBytes(bits));
export const replaceExtension =
  (which: string, change: (e: Extension) => Extension | undefined): Edit =>
  plan => ({
    ...plan,
    extensions: plan.extensions.flatMap(e => {
      const next = e.oid === which ? change(e) : e;
      return next === undefined ? [] : [next];
    }),
  });

export type ChainEdits = { readonly paa?: Edit; readonly pai?: Edit; readonly dac?: Edit };
export type Chain = { readonly paa: Uint8Array; readonly pai: Uint8Array; readonly dac: Uint8Array; readonly dacKeys: Keys };
export type Parties = { readonly paaKeys: Keys; readonly paiKeys: Keys; readonly dacKeys: Keys };
export const makeParties = (): Parties => ({ paaKeys: makeKeys(), paiKeys: makeKeys(), dacKeys: makeKeys() });

const same: Edit = plan => plan;
/** A good chain of vendor `vid` and product `pid`, with these edits. The DAC's issuer is what the PAI's subject is after its edit. */
export function makeChain(parties: Parties, vid: string, pid: string, { paa = same, pai = same, dac = same }: ChainEdits = {}): Chain {
  const { paaKeys, paiKeys, dacKeys } = parties;
  const own = (which: string, product: boolean): readonly Attribute[] => [
    [commonName, `Own ${which}`],
    [vidType, vid],
    ...(product ? [[pidType, pid] as const] : []),
  ];
  const plan = (
    subject: readonly Attribute[],
    issuer: readonly Attribute[],
    keys: Keys,
    signer: Keys,
    ca: number | undefined,
  ): CertificatePlan => ({
    version: 2,
    serial: 0x1234_5678,
    algorithm: '1.2.840.10045.4.3.2',
    issuer,
    subject,
    notBefore: '20240101000000Z',
    notAfter: '99991231235959Z',
    spki: spkiOf(keys),
    signingKey: signer.privateKey,
    hash: 'sha256',
    extensions: [
      { oid: extensionOids.basic, critical: true, value: basic(ca !== undefined, ca) },
      { oid: extensionOids.usage, critical: true, value: usage(ca === undefined ? [0] : [5, 6]) },
      { oid: extensionOids.skid, critical: false, value: octets(keyIdOf(keys)) },
      { oid: extensionOids.akid, critical: false, value: sequence(tlv(0x80, keyIdOf(signer))) },
    ],
  });
  const paaName = own('PAA', false);
  const paaPlan = paa(plan(paaName, paaName, paaKeys, paaKeys, 1));
  const paiPlan = pai(plan(own('PAI', false), paaPlan.subject, paiKeys, paaKeys, 0));
  const dacPlan = dac(plan(own('DAC', true), paiPlan.subject, dacKeys, paiKeys, undefined));
  return { paa: certificate(paaPlan), pai: certificate(paiPlan), dac: certificate(dacPlan), dacKeys };
}

/** A certificate for a signer of declarations. */
export function makeCdSigner(keys: Keys): Uint8Array {
  const subject: readonly Attribute[] = [[commonName, 'Own declarations']];
  return certificate({
    version: 2,
    serial: 7,
    algorithm: '1.2.840.10045.4.3.2',
    issuer: subject,
    subject,
    notBefore: '20240101000000Z',
    notAfter: '99991231235959Z',
    spki: spkiOf(keys),
    signingKey: keys.privateKey,
    hash: 'sha256',
    extensions: [{ oid: extensionOids.skid, critical: false, value: octets(keyIdOf(keys)) }],
  });
}

/** Matter TLV, just what is needed. */
const le = (value: number, width: number): number[] => Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256);
export const number = (tag: number, value: number): Uint8Array => Uint8Array.of(0x26, tag, ...le(value, 4));
export const text = (tag: number, value: string): Uint8Array => Uint8Array.of(0x2c, tag, value.length, ...utf8(value));
export const bytes = (tag: number, value: Uint8Array): Uint8Array => Uint8Array.of(0x31, tag, ...le(value.length, 2), ...value);
export const structure = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.of(0x15, ...parts.flatMap(p => [...p]), 0x18);
export const numbers = (tag: number, values: readonly number[]): Uint8Array =>
  Uint8Array.of(0x36, tag, ...values.flatMap(v => [0x05, ...le(v, 2)]), 0x18);
export const keyIds = (tag: number, values: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.of(0x36, tag, ...values.flatMap(v => [0x10, v.length, ...v]), 0x18);

/** Fields of a declaration by their tags; `undefined` leaves one out. */
export type Fields = { readonly [tag: number]: Uint8Array | undefined };
export const goodFields = (vid: number, pid: number): Fields => ({
  0: number(0, 1),
  1: number(1, vid),
  2: numbers(2, [pid]),
  3: number(3, 0x0100),
  4: text(4, 'CSA24001MAT40001-24'),
  5: number(5, 0),
  6: number(6, 0),
  7: number(7, 1),
  8: number(8, 2),
});
export const elementsOf = (fields: Fields): Uint8Array => structure(...Object.values(fields).flatMap(f => (f === undefined ? [] : [f])));

/** What may be wrong about the envelope. */
export type CmsPlan = {
  readonly version: number;
  readonly digest: Uint8Array;
  readonly contentType: string;
  readonly content: Uint8Array;
  readonly extra: readonly Uint8Array[];
  readonly signerVersion: number;
  readonly keyId: Uint8Array;
  readonly signerDigest: Uint8Array;
  readonly attributes: readonly Uint8Array[];
  readonly signature: string;
  readonly hash: string;
  readonly copies: number;
};
export function declaration(content: Uint8Array, keys: Keys, edit: (plan: CmsPlan) => CmsPlan = plan => plan): Uint8Array {
  const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'));
  const plan = edit({
    version: 3,
    digest: sha256,
    contentType: '1.2.840.113549.1.7.1',
    content,
    extra: [],
    signerVersion: 3,
    keyId: keyIdOf(keys),
    signerDigest: sha256,
    attributes: [],
    signature: '1.2.840.10045.4.3.2',
    hash: 'sha256',
    copies: 1,
  });
  const signer = sequence(
    tlv(0x02, Uint8Array.of(plan.signerVersion)),
    tlv(0x80, plan.keyId),
    plan.signerDigest,
    ...plan.attributes,
    sequence(oid(plan.signature)),
    octets(sign(plan.hash, plan.content, keys.privateKey)),
  );
  const body = sequence(
    tlv(0x02, Uint8Array.of(plan.version)),
    tlv(0x31, plan.digest),
    sequence(oid(plan.contentType), tlv(0xa0, octets(plan.content))),
    ...plan.extra,
    tlv(0x31, ...Array.from({ length: plan.copies }, () => signer)),
  );
  return sequence(oid('1.2.840.113549.1.7.2'), tlv(0xa0, body));
}

/** Attestation elements with their signature, as the DAC's key makes them. */
export type Answer = { readonly elements: Uint8Array; readonly signature: Uint8Array; readonly challenge: Uint8Array };
export function answer(cd: Uint8Array, nonce: Uint8Array, key: KeyObject, firmware?: Uint8Array, more: readonly Uint8Array[] = []): Answer {
  const elements = structure(bytes(1, cd), bytes(2, nonce), number(3, 0), ...(firmware === undefined ? [] : [bytes(4, firmware)]), ...more);
  return signElements(elements, key);
}
export function signElements(elements: Uint8Array, key: KeyObject, challenge = new Uint8Array(16).fill(0xc5)): Answer {
  const signature = sign('sha256', Uint8Array.of(...elements, ...challenge), { key, dsaEncoding: 'ieee-p1363' });
  return { elements, signature: new Uint8Array(signature), challenge };
}

export const base64 = (value: Uint8Array): string => Buffer.from(value).toString('base64');
/** The JSON of a message; binary fields in base64. */
export const message = (fields: { readonly [name: string]: Uint8Array | number | undefined }): Uint8Array =>
  utf8(JSON.stringify(Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, v instanceof Uint8Array ? base64(v) : v]))));
