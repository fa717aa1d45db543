import { execFileSync } from 'node:child_process';
import { encode } from 'cborg';
import { chainEvidence, messageEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import type { Freshness } from '../../gateway/attestation/scheme.ts';
import { schemeFor } from '../../gateway/attestation/schemes/index.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import type { Evidence } from '../../gateway/model/attestation.ts';
import { listedKey, nonce, psaClaims, psaSet } from '../attestation/token-world.ts';
import { base64, referenceSet, spec } from '../attestation/world.ts';
import { makeDiceDevice, makeVendor } from '../vectors/pki.ts';
import { makeSign1 } from '../vectors/tokens.ts';

/**
 * Evidence judged on one thread, from bytes to AttestationResult, against what `openssl speed` verifies in the same minute: (verifies that it rests on ×
 * rate) / (P-256 verifies per second), both by the CPU time of their one thread. A first attestation is a chain of two P-256 certificates that nobody saw before, so two verifies; a
 * re-attestation is the same device again, its chain or its token over a new nonce. Usage: node test/bench/attest.ts [devices] [rounds]
 */
const [count, rounds] = [Number(process.argv[2] ?? '300'), Number(process.argv[3] ?? '5')];
const acme = await makeVendor({ name: 'Acme Sensors' });
const { trust } = prepareTrust({
  anchors: [{ name: 'acme', certificate: base64(acme.anchorDer) }],
  referenceSets: [referenceSet, psaSet],
  keys: [listedKey],
});
const chains: Evidence[] = [];
for (let i = 0; i < count; i += 1) chains.push(chainEvidence((await makeDiceDevice(acme, { ...spec, serial: `TS2-${i}` })).chain));
const nonces = Array.from({ length: count }, (_, i) => nonce.with(0, i & 255).with(1, i >> 8));
const tokens = nonces.map(one => messageEvidence('application/psa-attestation-token', makeSign1(encode(psaClaims({ 10: one })))));

const now = Date.now();
const handshake: Freshness = { kind: 'handshake', protocol: 'TLSv1.3', resumed: false };
const answers = (i: number): Freshness => ({ kind: 'nonce', nonce: nonces[i] ?? nonce, expires: now, spent: false, channel: 'bench' });

/** Evidence per CPU second. */
function rate(evidence: readonly Evidence[], keys: KeyCache, freshness: (i: number) => Freshness): number {
  const before = process.threadCpuUsage();
  for (const [i, one] of evidence.entries()) {
    const outcome = schemeFor(one.mediaType)?.judge(one, { trust, keys, now, ttlSeconds: 600, freshness: freshness(i) });
    if (outcome?.kind !== 'appraised' || outcome.result.status !== 'affirming') throw new Error('Cannot measure: it does not affirm');
  }
  const { user, system } = process.threadCpuUsage(before);
  return evidence.length / ((user + system) / 1e6);
}

/** P-256 verifies per CPU second of one core, by OpenSSL itself. */
function opensslVerifies(): number {
  const printed = execFileSync('openssl', ['speed', '-seconds', '1', 'ecdsap256'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  return Number(/([\d.]+)\s*$/.exec(printed.trim())?.[1]);
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const cases = [
  { name: 'first attestation of a chain', verifies: 2, run: () => rate(chains, new KeyCache(4 * count), () => handshake) },
  { name: 're-attestation of a chain', verifies: 2, run: (warm: KeyCache) => rate(chains, warm, () => handshake) },
  { name: 're-attestation by a token', verifies: 1, run: (warm: KeyCache) => rate(tokens, warm, answers) },
] as const;
const warm = new KeyCache(4 * count);
for (let i = 0; i < 4; i += 1) for (const { run } of cases) run(warm);
const measured = Array.from({ length: rounds }, () => ({ verifies: opensslVerifies(), rates: cases.map(({ run }) => run(warm)) }));
const limit = median(measured.map(({ verifies }) => verifies));
process.stdout.write(`openssl speed: ${Math.round(limit)} P-256 verifies per CPU second (median of ${rounds} rounds)\n`);
for (const [i, { name, verifies }] of cases.entries()) {
  const per = median(measured.map(({ rates }) => rates[i] ?? 0));
  const share = median(measured.map(round => (verifies * (round.rates[i] ?? 0)) / round.verifies));
  process.stdout.write(
    `${name}: ${Math.round(per)} per CPU second (${(1e6 / per).toFixed(0)} µs), ${verifies} × rate / openssl = ${share.toFixed(2)}, rate / openssl = ${(share / verifies).toFixed(2)}\n`,
  );
}
