import { createHash, generateKeyPairSync } from 'node:crypto';
import type { AttestationResult } from '../../gateway/model/attestation.ts';
import type { AnchorUse, ReferenceSet } from '../../gateway/model/trust.ts';
import { messageEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import type { Freshness } from '../../gateway/attestation/scheme.ts';
import { spdm } from '../../gateway/attestation/schemes/spdm.ts';
import { type SpdmPair, writeSpdmExchange } from '../../gateway/attestation/spdm/message.ts';
import { type SpdmStep, takeMeasurements } from '../../gateway/attestation/spdm/requester.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { alternativeNames, ca, certificate, extension, type Keys, name, newKeys, type Plan, purposes, usage } from '../vectors/path-pki.ts';
import { oid, sequence } from '../vectors/der-encode.ts';
import { type Asym, asym, type Block, type ResponderSpec, SpdmResponder } from '../vectors/spdm-responder.ts';
import { base64, inTime, result } from './world.ts';

/** What the tests of SPDM share: a vendor, a device of one model with one good firmware, a responder, and a Verifier that knows them. */
export const now = Date.parse('2026-11-22T12:00:00Z');
export const nonce = new Uint8Array(32).fill(0x5a);
const text = (s: string): Uint8Array => new TextEncoder().encode(s);
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const digest = (what: string): Uint8Array => new Uint8Array(createHash('sha256').update(what).digest());

export const keys = { root: newKeys(), device: newKeys(), leaf: newKeys(), other: newKeys() } as const;
export const info = (manufacturer = 'Acme Edge', product = 'Gate-7', serial = 'G7-0001'): Uint8Array =>
  alternativeNames(name.other('1.3.6.1.4.1.412.274.1', `${manufacturer}:${product}:${serial}`));
/** The DMTF extension with these marks: 2 hardware identity, 5 mutable. */
export const marks = (...arcs: readonly number[]): Uint8Array =>
  extension('1.3.6.1.4.1.412.274.6', false, sequence(...arcs.map(arc => sequence(oid(`1.3.6.1.4.1.412.274.${arc}`)))));
export const responderPurpose = purposes('1.3.6.1.4.1.412.274.3');

export const rootDer = certificate({
  subject: 'O=Acme Edge/CN=Acme Root',
  issuer: 'O=Acme Edge/CN=Acme Root',
  keys: keys.root,
  signer: keys.root,
  extensions: [ca()],
});
type Change = Partial<Plan>;
export const deviceCa = (change: Change = {}): Uint8Array =>
  certificate({
    subject: 'CN=Gate-7 G7-0001',
    issuer: 'O=Acme Edge/CN=Acme Root',
    keys: keys.device,
    signer: keys.root,
    extensions: [ca(), usage(5), info(), marks(2)],
    ...change,
  });
export const leafDer = (change: Change = {}): Uint8Array =>
  certificate({
    subject: 'CN=responder',
    issuer: 'CN=Gate-7 G7-0001',
    keys: keys.leaf,
    signer: keys.device,
    extensions: [usage(0), responderPurpose],
    ...change,
  });

/** Debug and device mode: normal operation, and what is given. */
export const mode = (state = 4, debug = 0): Uint8Array => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(0x3f, 0);
  bytes.writeUInt32LE(state, 4);
  bytes.writeUInt32LE(0x1f, 8);
  bytes.writeUInt32LE(debug, 12);
  return new Uint8Array(bytes);
};
export const svn = (n: number): Uint8Array => Uint8Array.of(n, 0, 0, 0, 0, 0, 0, 0);
export const blocks: readonly Block[] = [
  { index: 1, type: 0, value: digest('boot ROM') },
  { index: 2, type: 1, value: digest('firmware 7.2') },
  { index: 3, type: 0x80 | 3, value: text('vlan=12') },
  { index: 4, type: 0x80 | 6, value: text('7.2.0') },
  { index: 16, type: 0x80 | 7, value: svn(7) },
  { index: 0xfe, type: 0x80 | 5, value: mode() },
];
const only = (value: string) => [{ version: '7.2.0', alg: 'sha-256', digest: value }];
export const referenceSet: ReferenceSet = {
  id: 'gate.json#1 sha256:00',
  vendor: 'Acme Edge',
  model: 'Gate-7',
  minSvn: '6',
  components: [
    { name: 'boot ROM', key: 'spdm-1', versions: only(sha256(text('boot ROM'))) },
    { name: 'firmware', key: 'spdm-2', minSvn: '6', versions: only(sha256(text('firmware 7.2'))) },
    { name: 'configuration', key: 'spdm-3', versions: only(sha256(text('vlan=12'))) },
  ].map(({ minSvn, ...component }) => (minSvn === undefined ? component : { ...component, minSvn })),
};

export const good: ResponderSpec = {
  versions: [0x10, 0x11, 0x12, 0x13],
  chain: [rootDer, deviceCa(), leafDer()],
  root: rootDer,
  key: keys.leaf.privateKey,
  blocks,
};

/** A leaf of another algorithm. */
export function withKey(kind: keyof typeof asym): Pick<ResponderSpec, 'key' | 'asym' | 'chain'> {
  const made = (): Keys => {
    if (kind === 'ed25519') return generateKeyPairSync('ed25519');
    if (kind === 'p256' || kind === 'p384' || kind === 'p521') return newKeys(`P-${kind.slice(1)}`);
    return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(-4)) });
  };
  const pair = made();
  return { key: pair.privateKey, asym: asym[kind] satisfies Asym, chain: [rootDer, deviceCa(), leafDer({ keys: pair })] };
}

/** Runs the requester against a responder. */
export function run(
  respond: (request: Uint8Array) => Uint8Array,
  with_ = nonce,
): Extract<SpdmStep, { kind: 'done' | 'failed' }> & { readonly sent: number } {
  let sent = 0;
  let step = takeMeasurements(with_);
  for (; step.kind === 'send'; sent++) step = step.next(respond(step.message));
  return { ...step, sent };
}
export function exchange(spec: ResponderSpec = good, with_ = nonce): readonly SpdmPair[] {
  const responder = new SpdmResponder(spec);
  const end = run(request => responder.respond(request), with_);
  if (end.kind === 'failed') throw new Error(end.why);
  return end.pairs;
}

export type Options = {
  readonly sets?: readonly ReferenceSet[];
  readonly freshness?: Freshness;
  readonly anchors?: readonly Uint8Array[];
  readonly uses?: readonly AnchorUse[];
  readonly at?: number;
};
export const answers = inTime('SPDM over TCP', now);
const cache = new KeyCache();
export function judge(
  given: readonly SpdmPair[] | Uint8Array,
  { sets = [referenceSet], freshness = answers(nonce), anchors = [rootDer], uses = ['identity', 'attest'], at = now }: Options = {},
): AttestationResult {
  const material = { anchors: anchors.map((der, i) => ({ name: `anchor ${i}`, certificate: base64(der), uses })), referenceSets: sets };
  const { trust, problems } = prepareTrust(material);
  if (problems.length > 0) throw new Error(problems.join('; '));
  const bytes = given instanceof Uint8Array ? given : writeSpdmExchange(given);
  const evidence = messageEvidence('application/vnd.sallyport.spdm-measurements+json', bytes);
  return result(spdm.judge(evidence, { trust, keys: cache, now: at, freshness, ttlSeconds: 600 }));
}
/** Status and reason: `affirming`, `contraindicated NONCE_MISMATCH`. */
export const verdict = (r: AttestationResult): string => `${r.status}${r.reason === undefined ? '' : ` ${r.reason}`}`;
