import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { BasicConstraintsExtension, Extension, KeyUsageFlags, KeyUsagesExtension } from '@peculiar/x509';
import { encode } from 'cborg';
import { chainEvidence, messageEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import type { Freshness } from '../../gateway/attestation/scheme.ts';
import { schemeFor } from '../../gateway/attestation/schemes/index.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import type { Evidence } from '../../gateway/model/attestation.ts';
import { nonce, psaClaims, psaSet } from '../attestation/token-world.ts';
import { base64, referenceSet, spec } from '../attestation/world.ts';
import { makeDiceDevice, makeIdevid, makeKeys, makeVendor, tcbInfo, tcbInfoOid, type Vendor } from '../vectors/pki.ts';
import { coseIds, makeSign1, spkiOf } from '../vectors/tokens.ts';

/**
 * Evidence judged on one thread, from bytes to AttestationResult, against what `openssl speed` verifies in the same minute: (verifies that it rests on ×
 * rate) / (P-256 verifies per second), both by the CPU time of their one thread. What is new to the Verifier is said of each case; what it has seen
 * before, it has seen of these very devices. Usage: node test/bench/attest.ts [devices] [rounds]
 */
const [count, rounds] = [Number(process.argv[2] ?? '300'), Number(process.argv[3] ?? '5')];
const each = <T>(make: (i: number) => T): readonly T[] => Array.from({ length: count }, (_, i) => make(i));

const acme = await makeVendor({ name: 'Acme Sensors' });
const chains: Evidence[] = [];
for (const i of each(n => n)) chains.push(chainEvidence((await makeDiceDevice(acme, { ...spec, serial: `TS2-${i}` })).chain));

/** Devices of one production line: the CA that issues their certificates is known, the device is not. */
const line = await issuingCa(acme);
const firmware = { vendor: acme.name, ...spec, layer: 1, fwids: [{ alg: 'sha-256', digest: spec.digestHex }], flags: [] } as const;
const measured = new Extension(tcbInfoOid, true, tcbInfo(firmware));
const fleet: Evidence[] = [];
for (const i of each(n => n)) {
  const device = await makeIdevid(line, { serial: `TS2-${i}`, edit: plan => ({ ...plan, extensions: [...plan.extensions, measured] }) });
  fleet.push(chainEvidence([...device.chain, line.anchorDer]));
}

const owners = each(i => ({
  keys: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  instance: new Uint8Array(33)
    .fill(0x5c)
    .with(0, 1)
    .with(1, i & 255)
    .with(2, i >> 8),
}));
const { trust } = prepareTrust({
  anchors: [{ name: 'acme', certificate: base64(acme.anchorDer), uses: ['identity', 'attest'] }],
  // A token by a listed key is of the model that the list names, one by certificates of the model that it names.
  referenceSets: [referenceSet, psaSet, { ...psaSet, id: `${psaSet.id} by class`, model: 'aa'.repeat(32) }],
  keys: owners.map(({ keys, instance }) => ({
    instance: Buffer.from(instance).toString('hex'),
    spki: base64(spkiOf(keys.publicKey)),
    vendor: acme.name,
    model: spec.model,
  })),
});
const asked = (round: number) =>
  each(i =>
    nonce
      .with(0, i & 255)
      .with(1, i >> 8)
      .with(2, round),
  );
const nonces = [asked(0), asked(1)];
const tokens = nonces.map(ofRound =>
  owners.map(({ keys, instance }, i) => {
    const claims = psaClaims({ 10: ofRound[i], 256: instance });
    return messageEvidence('application/psa-attestation-token', makeSign1(encode(claims), { key: keys.privateKey }));
  }),
);

/** The same tokens by keys that the production line certified: the CA is known or only the anchor, the device is new, and its key signs our nonce. */
const certified: { readonly known: Evidence[]; readonly whole: Evidence[] } = { known: [], whole: [] };
for (const i of each(n => n)) {
  for (const [kind, ca] of [
    ['known', line],
    ['whole', await issuingCa(acme)],
  ] as const) {
    const device = await makeIdevid(ca, { serial: `TS2-${i}`, purposes: [] });
    const header = new Map<number, unknown>([
      [1, coseIds.ES256],
      [33, [...device.chain, ca.anchorDer]],
    ]);
    const token = makeSign1(encode(psaClaims({ 10: nonces[0]?.[i] })), { key: createPrivateKey(device.keyPem), header });
    certified[kind].push(messageEvidence('application/psa-attestation-token', token));
  }
}

async function issuingCa(vendor: Vendor): Promise<Vendor> {
  const keys = await makeKeys();
  const usage = new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true);
  const extensions = [new BasicConstraintsExtension(true, 0, true), usage];
  const ca = await makeIdevid(vendor, {
    serial: 'LINE-1',
    keys,
    edit: plan => ({ ...plan, subject: [{ O: [vendor.name] }, { CN: ['Line 1'] }], extensions }),
  });
  const [certificate] = ca.certificates;
  if (certificate === undefined) throw new Error('no certificate');
  return { name: vendor.name, anchorPem: ca.chainPem, anchorDer: ca.chain[0] ?? new Uint8Array(), certificate, keys };
}

const now = Date.now();
const handshake = (): Freshness => ({ kind: 'handshake', protocol: 'TLSv1.3', resumed: false });
const answers =
  (round: number) =>
  (i: number): Freshness => ({ kind: 'nonce', nonce: nonces[round]?.[i] ?? nonce, expires: now, spent: false, channel: 'bench' });

/** Per CPU second of this thread. */
function rate(work: (i: number) => void, times: number): number {
  const before = process.threadCpuUsage();
  for (let i = 0; i < times; i += 1) work(i);
  const { user, system } = process.threadCpuUsage(before);
  return times / ((user + system) / 1e6);
}
function judged(evidence: readonly Evidence[], keys: KeyCache, freshness: (i: number) => Freshness): number {
  return rate(i => {
    const one = evidence[i];
    const outcome = one && schemeFor(one.mediaType)?.judge(one, { trust, keys, now, ttlSeconds: 600, freshness: freshness(i) });
    if (outcome?.kind !== 'appraised' || outcome.result.status !== 'affirming') throw new Error('Cannot measure: it does not affirm');
  }, evidence.length);
}

/** P-256 verifies per CPU second of one core, by OpenSSL itself. */
function opensslVerifies(): number {
  const printed = execFileSync('openssl', ['speed', '-seconds', '1', 'ecdsap256'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  return Number(/([\d.]+)\s*$/.exec(printed.trim())?.[1]);
}

const fresh = (): KeyCache => new KeyCache(4 * count);
const warm = fresh();
let round = 0;
const [own, message] = [generateKeyPairSync('ec', { namedCurve: 'P-256' }), new Uint8Array(350)];
const signature = sign('sha256', message, own.privateKey);
const proofs = owners.map(({ keys: { publicKey: key, privateKey } }) => ({ key, signature: sign('sha256', message, privateKey) }));
const cases = [
  { name: 'first attestation of a chain, every certificate new', verifies: 2, run: () => judged(chains, fresh(), handshake) },
  { name: 'first attestation of a chain, only its leaf new', verifies: 1, run: () => judged(fleet, fresh(), handshake) },
  {
    name: 'first attestation by a token with its chain, its device new',
    verifies: 2,
    run: () => judged(certified.known, fresh(), answers(0)),
  },
  {
    name: 'first attestation by a token with its chain, all of it new below the anchor',
    verifies: 3,
    run: () => judged(certified.whole, fresh(), answers(0)),
  },
  { name: 're-attestation of a chain, all of it known', verifies: 2, run: () => judged(chains, warm, handshake) },
  { name: 'first attestation by a token, its key new', verifies: 1, run: () => judged(tokens[0] ?? [], fresh(), answers(0)) },
  {
    name: 're-attestation by a token, its device known',
    verifies: 1,
    run: () => {
      round = 1 - round;
      return judged(tokens[round] ?? [], warm, answers(round));
    },
  },
  {
    name: 'nothing but crypto.verify, one key known',
    verifies: 1,
    run: () => rate(() => verify('sha256', message, own.publicKey, signature), count),
  },
  {
    name: 'nothing but crypto.verify, as many keys as devices',
    verifies: 1,
    run: () => rate(i => verify('sha256', message, proofs[i]?.key ?? own.publicKey, proofs[i]?.signature ?? signature), count),
  },
] as const;
for (let i = 0; i < 6; i += 1) for (const { run } of cases) run();
const results = Array.from({ length: rounds }, () => ({ verifies: opensslVerifies(), rates: cases.map(({ run }) => run()) }));
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const limit = median(results.map(({ verifies }) => verifies));
process.stdout.write(`openssl speed: ${Math.round(limit)} P-256 verifies per CPU second (median of ${rounds} rounds)\n`);
for (const [i, { name, verifies }] of cases.entries()) {
  const shares = results.map(one => (verifies * (one.rates[i] ?? 0)) / one.verifies);
  const per = median(results.map(({ rates }) => rates[i] ?? 0));
  process.stdout.write(
    `${name}: ${(1e6 / per).toFixed(0)} µs; ${verifies} × rate / openssl = ${median(shares).toFixed(2)} (${shares.map(s => s.toFixed(2)).join(', ')})\n`,
  );
}
