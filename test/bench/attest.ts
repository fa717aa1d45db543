import { chainEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { schemes } from '../../gateway/attestation/schemes/index.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { base64, referenceSet, spec } from '../attestation/world.ts';
import { makeDiceDevice, makeVendor } from '../vectors/pki.ts';

/**
 * Chains judged per second on one core, from DER to AttestationResult: P-256 alias and DeviceID under a known anchor.
 * Usage: node test/bench/attest.ts [chains]
 */
const count = Number(process.argv[2] ?? '500');
const acme = await makeVendor({ name: 'Acme Sensors' });
const { trust } = prepareTrust({ anchors: [{ name: 'acme', certificate: base64(acme.anchorDer) }], referenceSets: [referenceSet] });
const fleet = await Promise.all(
  Array.from({ length: count }, async (_, i) => chainEvidence((await makeDiceDevice(acme, { ...spec, serial: `TS2-${i}` })).chain)),
);
const keys = new KeyCache(count + 1);
const [scheme] = schemes;

function pass(what: string): void {
  const times: number[] = [];
  const before = process.cpuUsage();
  for (const evidence of fleet) {
    const started = performance.now();
    const outcome = scheme?.judge(evidence, {
      trust,
      keys,
      now: Date.now(),
      ttlSeconds: 600,
      freshness: { kind: 'handshake', protocol: 'TLSv1.3', resumed: false },
    });
    if (outcome?.kind !== 'appraised' || outcome.result.status !== 'affirming') throw new Error('Cannot measure: a chain does not affirm');
    times.push(performance.now() - started);
  }
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(2);
  const perSecond = Math.round(count / ((user + system) / 1e6));
  process.stdout.write(`${what}: ${perSecond} chains per CPU second, median ${at(0.5)} ms, p99 ${at(0.99)} ms (${count} devices)\n`);
}

pass('first time seen');
pass('DeviceID keys cached');
