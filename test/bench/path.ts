import { KeyCache } from '../../gateway/attestation/keys.ts';
import { buildPath } from '../../gateway/attestation/path-build.ts';
import { checkPath } from '../../gateway/attestation/path.ts';
import type { Rules } from '../../gateway/attestation/path-rules.ts';
import { anyPolicies } from '../../gateway/attestation/policy-graph.ts';
import { checkRevocation } from '../../gateway/attestation/revocation.ts';
import { readAnchor } from '../../gateway/attestation/trust.ts';
import { Work } from '../../gateway/attestation/work.ts';
import { decodeCrl } from '../../gateway/codec/x509-crl.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { manyEntries } from '../vectors/big-crl.ts';
import { ca, certificate, crl, newKeys, usage } from '../vectors/path-pki.ts';

/**
 * What path validation costs on one core, by CPU time: chains of three P-256 certificates (leaf, CA, anchor) from DER to verdict, every leaf new, as
 * sent and built; and a CRL of 100,000 entries from DER to verdict. Usage: node test/bench/path.ts [chains]
 */
const count = Number(process.argv[2] ?? '2000');
const [root, issuer] = [newKeys(), newKeys()];
const caUsage = [ca(), usage(5, 6)];
const anchor = readAnchor('root', certificate({ subject: 'CN=Root', issuer: 'CN=Root', keys: root, signer: root, extensions: caUsage }));
const middle = certificate({ subject: 'CN=A', issuer: 'CN=Root', keys: issuer, signer: root, extensions: caUsage });
const leaves = Array.from({ length: count }, (_, i) =>
  certificate({ subject: `CN=device ${i}`, issuer: 'CN=A', keys: issuer, signer: issuer, extensions: [usage(0)] }),
);
const now = Date.UTC(2026, 0, 1);
const rules: Rules = { now, purpose: 'device', leafUsage: ['digitalSignature'], judgeAnchorDates: false, policies: anyPolicies };
const keys = new KeyCache();

function measure(what: string, judge: (leaf: Uint8Array) => void): void {
  for (const leaf of leaves.slice(0, 200)) judge(leaf);
  const before = process.cpuUsage();
  const times: number[] = [];
  for (const leaf of leaves) {
    const started = performance.now();
    judge(leaf);
    times.push(performance.now() - started);
  }
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(2);
  const perSecond = Math.round(count / ((user + system) / 1e6));
  process.stdout.write(`${what}: ${perSecond} chains per CPU second, median ${at(0.5)} ms, p99 ${at(0.99)} ms (${count} chains)\n`);
}

measure('as sent', leaf => void checkPath([leaf, middle].map(decodeCertificate), [anchor], now, keys));
measure(
  'built',
  leaf =>
    void buildPath({ leaf: decodeCertificate(leaf), intermediates: [decodeCertificate(middle)], anchors: [anchor], rules }, new Work(keys)),
);

const bytes = crl({ issuer: 'CN=Root', signer: root, revoked: manyEntries(100_000) });
const path = { certificates: [decodeCertificate(middle)], anchor };
const runs = Array.from({ length: 7 }, () => {
  const before = process.cpuUsage();
  const sources = { crls: [decodeCrl(bytes)], signers: [], ocsp: [], whenUnknown: 'refuse' } as const;
  if (checkRevocation(path, sources, now, new Work(keys))[0]?.status !== 'good') throw new Error('Cannot measure: the CRL does not count');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
});
const each = runs.map(ms => ms.toFixed(0)).join(', ');
process.stdout.write(`CRL of 100,000 entries, ${bytes.length} bytes, from DER to verdict: ${each} ms of CPU (first to last)\n`);
