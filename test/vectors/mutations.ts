import 'reflect-metadata';
import { BasicConstraintsExtension, Extension, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension } from '@peculiar/x509';
import type { ReasonCode } from '../../gateway/model/reason.ts';
import { octets, oid, sequence, tlv, utf8 } from './der-encode.ts';
import {
  type DiceSpec,
  type Edit,
  issue,
  makeDiceDevice,
  makeIdevid,
  makeKeys,
  makeSelfSigned,
  makeVendor,
  der,
  tcbInfoOid,
  tcbInfo,
  type Vendor,
} from './pki.ts';

/** One way of being wrong: the reason code it must have, and a chain that is wrong in this way only. Leaf first. */
export type Mutation = {
  readonly name: string;
  readonly code: ReasonCode;
  readonly make: (vendor: Vendor, spec: DiceSpec) => Promise<readonly Uint8Array[]>;
};

const day = 86_400_000;
const alias = (name: string, code: ReasonCode, edit: Edit): Mutation => ({
  name,
  code,
  make: async (vendor, spec) => (await makeDiceDevice(vendor, spec, { alias: edit })).chain,
});
const deviceId = (name: string, code: ReasonCode, edit: Edit): Mutation => ({
  name,
  code,
  make: async (vendor, spec) => (await makeDiceDevice(vendor, spec, { deviceId: edit })).chain,
});
const spec = (name: string, code: ReasonCode, change: (spec: DiceSpec) => DiceSpec): Mutation => ({
  name,
  code,
  make: async (vendor, of) => (await makeDiceDevice(vendor, change(of))).chain,
});
const edited = (name: string, code: ReasonCode, edit: (chain: readonly Uint8Array[]) => readonly Uint8Array[]): Mutation => ({
  name,
  code,
  make: async (vendor, of) => edit((await makeDiceDevice(vendor, of)).chain),
});

const without =
  (oidOf: string, ...instead: readonly Extension[]): Edit =>
  plan => ({
    ...plan,
    extensions: [...plan.extensions.filter(e => e.type !== oidOf), ...instead],
  });
const [keyUsage, basicConstraints] = ['2.5.29.15', '2.5.29.19'];
const rsaKeys = (modulusLength: number) =>
  crypto.subtle.generateKey({ name: 'RSASSA-PKCS1-v1_5', modulusLength, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' }, true, [
    'sign',
    'verify',
  ]);
const at = (chain: readonly Uint8Array[], i: number): Uint8Array => chain[i] ?? new Uint8Array();
/** A changed copy: one byte exclusive-or. Negative positions count from the end. */
const flip = (bytes: Uint8Array, position: number): Uint8Array => {
  const copy = new Uint8Array(bytes);
  const i = position < 0 ? copy.length + position : position;
  copy[i] = (copy[i] ?? 0) ^ 0x01;
  return copy;
};

/** Each kind of wrong chain. Every one carries DICE content, so that none of them is merely no Evidence. */
export const mutations: readonly Mutation[] = [
  {
    name: 'signed by itself',
    code: 'CHAIN_UNTRUSTED',
    make: async (_, of) =>
      (
        await makeSelfSigned({
          cn: of.serial,
          extensions: [new Extension(tcbInfoOid, true, tcbInfo({ layer: 1, fwids: [{ alg: 'sha-256', digest: of.digestHex }] }))],
        })
      ).chain,
  },
  {
    name: 'another CA with the same name',
    code: 'SIGNATURE_INVALID',
    make: async (vendor, of) => (await makeDiceDevice(await makeVendor({ name: vendor.name }), of)).chain,
  },
  {
    name: 'another CA with the same name, which sends its root along',
    code: 'SIGNATURE_INVALID',
    make: async (vendor, of) => {
      const impostor = await makeVendor({ name: vendor.name });
      return [...(await makeDiceDevice(impostor, of)).chain, impostor.anchorDer];
    },
  },
  {
    name: 'a vendor nobody trusts',
    code: 'CHAIN_UNTRUSTED',
    make: async (_, of) => (await makeDiceDevice(await makeVendor({ name: 'Somebody Else' }), of)).chain,
  },
  alias('leaf expired', 'CERT_EXPIRED', p => ({ ...p, notAfter: new Date(Date.now() - 60_000) })),
  deviceId('issuer expired', 'CERT_EXPIRED', p => ({ ...p, notAfter: new Date(Date.now() - 60_000) })),
  alias('leaf not valid yet', 'CERT_NOT_YET_VALID', p => ({ ...p, notBefore: new Date(Date.now() + day) })),
  deviceId('issuer is no CA', 'CERT_NOT_CA', without(basicConstraints, new BasicConstraintsExtension(false, undefined, true))),
  deviceId('issuer has no basic constraints', 'CERT_NOT_CA', without(basicConstraints)),
  {
    name: 'a leaf that issues a leaf',
    code: 'CERT_NOT_CA',
    make: async (vendor, of) => {
      const keys = await makeKeys();
      const module = await makeIdevid(vendor, { serial: of.serial, hardwareModule: true, keys });
      const forged = await issue({
        subject: [{ CN: ['forged'] }],
        issuer: module.certificates[0]?.subjectName ?? [],
        publicKey: (await makeKeys()).publicKey,
        signingKey: keys.privateKey,
        notBefore: new Date(Date.now() - day),
        notAfter: new Date(Date.now() + day),
        extensions: [new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true)],
        hash: 'SHA-256',
      });
      return [der(forged), ...module.chain];
    },
  },
  {
    name: 'longer than the path length of the anchor',
    code: 'PATH_TOO_LONG',
    make: async (vendor, of) => (await threeLevels(vendor, of, { pathLength: 0 })).chain,
  },
  deviceId(
    'issuer may not sign certificates',
    'KEY_USAGE_WRONG',
    without(keyUsage, new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true)),
  ),
  deviceId('issuer is kept for mail', 'KEY_USAGE_WRONG', p => ({
    ...p,
    extensions: [...p.extensions, new ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.4'])],
  })),
  alias('leaf may not sign', 'KEY_USAGE_WRONG', without(keyUsage, new KeyUsagesExtension(KeyUsageFlags.keyEncipherment, true))),
  alias('unknown critical extension in the leaf', 'CRITICAL_EXTENSION_UNKNOWN', p => ({
    ...p,
    extensions: [...p.extensions, new Extension('1.3.6.1.4.1.99999.7', true, octets(Uint8Array.of(1)))],
  })),
  deviceId('unknown critical extension in the issuer', 'CRITICAL_EXTENSION_UNKNOWN', p => ({
    ...p,
    extensions: [...p.extensions, new Extension('1.3.6.1.4.1.99999.7', true, octets(Uint8Array.of(1)))],
  })),
  deviceId('name constraints that say nothing', 'EVIDENCE_MALFORMED', p => ({
    ...p,
    extensions: [...p.extensions, new Extension('2.5.29.30', false, sequence())],
  })),
  deviceId('named as the name constraints of its issuer forbid', 'NAME_NOT_PERMITTED', p => ({
    ...p,
    extensions: [
      ...p.extensions,
      new Extension('2.5.29.30', true, sequence(tlv(0xa0, sequence(tlv(0xa4, organisation('Somebody Else')))))),
    ],
  })),
  deviceId('without the policy that its issuer requires', 'POLICY_NOT_PERMITTED', p => ({
    ...p,
    extensions: [...p.extensions, new Extension('2.5.29.36', true, sequence(tlv(0x80, Uint8Array.of(0))))],
  })),
  alias('signed with SHA-1', 'ALGORITHM_REFUSED', p => ({ ...p, hash: 'SHA-1' })),
  deviceId('issuer signed with SHA-1', 'ALGORITHM_REFUSED', p => ({ ...p, hash: 'SHA-1' })),
  {
    name: 'a leaf key of RSA-1024',
    code: 'ALGORITHM_REFUSED',
    make: async (vendor, of) => {
      const weak = await rsaKeys(1024);
      return (await makeDiceDevice(vendor, of, { alias: p => ({ ...p, publicKey: weak.publicKey }) })).chain;
    },
  },
  {
    name: 'names that do not chain under a signature that does',
    code: 'CHAIN_INCOMPLETE',
    make: async (vendor, of) =>
      (await makeDiceDevice(vendor, of, { alias: p => ({ ...p, issuer: [{ O: [vendor.name] }, { CN: ['DeviceID 2.0'] }] }) })).chain,
  },
  edited('the leaf behind its issuer', 'KEY_USAGE_WRONG', chain => [at(chain, 1), at(chain, 0)]),
  edited('missing intermediate', 'CHAIN_INCOMPLETE', chain => chain.slice(0, 1)),
  edited('changed signature of the leaf', 'SIGNATURE_INVALID', chain => [flip(at(chain, 0), -1), ...chain.slice(1)]),
  edited('changed signature of the issuer', 'SIGNATURE_INVALID', chain => [at(chain, 0), flip(at(chain, 1), -1)]),
  alias('duplicated extension', 'EVIDENCE_MALFORMED', p => ({ ...p, extensions: [...p.extensions, ...p.extensions.slice(-1)] })),
  edited('bytes after the leaf', 'EVIDENCE_MALFORMED', chain => [Uint8Array.of(...at(chain, 0), 0), ...chain.slice(1)]),
  {
    name: 'more than 64 kB, of which most takes no part',
    code: 'EVIDENCE_MALFORMED',
    make: async (vendor, of) => {
      const ballast = new Extension('1.3.6.1.4.1.99999.8', false, octets(new Uint8Array(25_000)));
      const big = (await makeSelfSigned({ cn: 'big', extensions: [ballast] })).chain;
      return [...(await makeDiceDevice(vendor, of)).chain, ...big, ...big, ...big];
    },
  },
  edited('eleven certificates', 'EVIDENCE_MALFORMED', chain => [...chain, ...Array.from({ length: 9 }, () => at(chain, 1))]),
  alias('bytes after the TcbInfo', 'EVIDENCE_MALFORMED', p => withTcbInfo(p, bytes => Uint8Array.of(...bytes, 0))),
  alias('an unknown field in the TcbInfo', 'EVIDENCE_MALFORMED', p =>
    withTcbInfo(p, bytes => sequence(bytes.subarray(bytes[1] === 0x81 ? 3 : 2), tlv(0x8f, Uint8Array.of(1)))),
  ),
  alias('a digest of 31 bytes', 'EVIDENCE_MALFORMED', p =>
    withTcbInfo(p, () => tcbInfo({ layer: 1, fwids: [{ alg: 'sha-256', digest: 'ab'.repeat(31) }] })),
  ),
  alias('an OID that is not minimal in the TcbInfo', 'EVIDENCE_MALFORMED', p =>
    withTcbInfo(p, () => sequence(tlv(0xa6, sequence(tlv(0x06, Uint8Array.of(0x80, 0x01)), octets(new Uint8Array(32)))))),
  ),
  spec('another digest', 'DIGEST_UNKNOWN', s => ({ ...s, digestHex: 'ee'.repeat(32) })),
  spec('a component more', 'DIGEST_UNKNOWN', s => ({
    ...s,
    more: [{ model: s.model, layer: 2, fwids: [{ alg: 'sha-256', digest: 'ee'.repeat(32) }] }],
  })),
  spec('the good digest at a second place too', 'DIGEST_UNKNOWN', s => ({
    ...s,
    more: [{ model: s.model, layer: 2, fwids: [{ alg: 'sha-256', digest: s.digestHex }] }],
  })),
  {
    name: 'the good digest beside a bad one',
    code: 'DIGEST_UNKNOWN',
    make: async (vendor, of) => {
      const fwids = [of.digestHex, 'ee'.repeat(32)].map(digest => ({ alg: 'sha-256' as const, digest }));
      const both = tcbInfo({ vendor: vendor.name, model: of.model, svn: 9, layer: 1, fwids });
      return (await makeDiceDevice(vendor, of, { alias: p => withTcbInfo(p, () => both) })).chain;
    },
  },
  alias('the good digest at another layer', 'DIGEST_UNKNOWN', p =>
    withTcbInfo(p, () =>
      tcbInfo({ vendor: 'Acme Sensors', model: 'TempSense-2', svn: 9, layer: 2, fwids: [{ alg: 'sha-256', digest: 'ab'.repeat(32) }] }),
    ),
  ),
  spec('security version below the floor', 'VERSION_DENIED', s => ({ ...s, svn: 1 })),
  spec('debug flag', 'DEBUG_ENABLED', s => ({ ...s, flags: [3] })),
  spec('recovery flag', 'DEBUG_ENABLED', s => ({ ...s, flags: [2] })),
  spec('notSecure flag', 'DEBUG_ENABLED', s => ({ ...s, flags: [1], flagsMask: [0, 1, 2, 3] })),
];

function withTcbInfo(plan: Parameters<Edit>[0], edit: (bytes: Uint8Array) => Uint8Array): Parameters<Edit>[0] {
  const found = plan.extensions.find(e => e.type === tcbInfoOid);
  const bytes = new Uint8Array(found?.value ?? new ArrayBuffer(0));
  return without(tcbInfoOid, new Extension(tcbInfoOid, true, new Uint8Array(edit(bytes))))(plan);
}

/** A Name of one organisation. */
const organisation = (name: string): Uint8Array => sequence(tlv(0x31, sequence(oid('2.5.4.10'), tlv(0x0c, utf8(name)))));

/** Alias under DeviceID under a model CA under the anchor. */
export async function threeLevels(
  vendor: Vendor,
  of: DiceSpec,
  options: { pathLength?: number },
): Promise<{ readonly chain: readonly Uint8Array[] }> {
  const keys = await makeKeys();
  const subject = [{ O: [vendor.name] }, { CN: [`${of.model} CA`] }];
  const certificate = await issue({
    subject,
    issuer: vendor.certificate.subjectName,
    publicKey: keys.publicKey,
    signingKey: vendor.keys.privateKey,
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + 365 * day),
    extensions: [
      new BasicConstraintsExtension(true, options.pathLength, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      new ExtendedKeyUsageExtension(['2.23.133.5.4.100.12']),
    ],
    hash: 'SHA-256',
  });
  const modelCa: Vendor = { ...vendor, certificate, anchorDer: der(certificate), keys };
  return { chain: [...(await makeDiceDevice(modelCa, of)).chain, der(certificate)] };
}
