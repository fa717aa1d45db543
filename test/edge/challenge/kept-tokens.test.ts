import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'cborg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { messageEvidence } from '../../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../../gateway/attestation/keys.ts';
import { prepareTrust } from '../../../gateway/attestation/trust.ts';
import { judge } from '../../../gateway/edge/challenge/judge.ts';
import { JudgeAgain } from '../../../gateway/edge/challenge/judge-again.ts';
import { order } from '../../../gateway/edge/challenge/orders.ts';
import { wireEvidence, wireFreshness } from '../../../gateway/edge/challenge/wire.ts';
import { JournalStore } from '../../../gateway/edge/store/journal-store.ts';
import type { Freshness } from '../../../gateway/attestation/scheme.ts';
import type { ChallengeOutcome, Evidence } from '../../../gateway/model/attestation.ts';
import { referenceKey } from '../../../gateway/model/reference.ts';
import { Bench } from '../../gateway/fixture.ts';
import { nonce, psaClaims, psaSet } from '../../attestation/token-world.ts';
import { makeIdevid, makeVendor } from '../../vectors/pki.ts';
import { base64, makeSign1 } from '../../vectors/tokens.ts';

/** A token that is signed by a chain beside it: without its certificates nobody can judge it again. */
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `sallyport-kept-${process.pid}-`));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const mac = '02:00:5e:00:00:01';
const [first, second] = [
  { ...psaSet, id: `acme.json#1 sha256:${'1'.repeat(64)}`, model: 'aa'.repeat(32) },
  { ...psaSet, id: `both.json#1 sha256:${'2'.repeat(64)}`, model: 'aa'.repeat(32) },
];

async function site() {
  const acme = await makeVendor({ name: 'Acme Sensors' });
  const device = await makeIdevid(acme, { serial: 'TS2-000123', purposes: [] });
  const bench = new Bench();
  bench.now = Date.now();
  const store = new JournalStore(folder, () => {}, 4096);
  const anchors = [{ name: 'acme', certificate: base64(acme.anchorDer), uses: ['attest'] as const }];
  const judged = (evidence: Omit<Evidence, 'id'>, freshness: Freshness): ChallengeOutcome => {
    const sent = { type: 'judge', id: 'j1', evidence: wireEvidence(evidence), freshness: wireFreshness(freshness), ttlSeconds: 600 };
    const read = order.parse(JSON.parse(JSON.stringify({ ...sent, now: bench.now })));
    if (read.type !== 'judge') throw new Error(read.type);
    const { trust } = prepareTrust({ anchors, referenceSets: bench.gateway.references.effective(bench.now).sets });
    return judge(read, { trust, keys: new KeyCache(), now: bench.now });
  };
  bench.feed({ kind: 'references', sets: [first, second] });
  bench.see(mac, 'v1', { kind: 'address', ip: '10.20.1.1' });
  const bytes = makeSign1(encode(psaClaims()), { key: createPrivateKey(device.keyPem) });
  const evidence = messageEvidence('application/psa-attestation-token', bytes, device.chain);
  store.keepEvidence(evidence, bench.now);
  await store.append(bench.now, [{ kind: 'port-state', port: 'v1', state: 'up', detail: '' }], false);
  bench.answer(mac, judged(evidence, { kind: 'nonce', nonce, expires: bench.now + 60_000, spent: false, channel: 'test' }));
  /** The verb, as main carries it out: the word, the hand-over, and kept Evidence to the judge. Resolves when all of it is judged. */
  const revoke = async (id: string): Promise<void> => {
    bench.feed({ kind: 'command', by: 'ann', reason: 'CVE', command: { kind: 'reference-revoke', key: referenceKey(id) } });
    const effects = bench.feed({ kind: 'noted', event: { kind: 'trust-loaded', hash: id, anchors: [], referenceSets: [] } });
    const again = new JudgeAgain({
      kept: one => store.evidence(one),
      judge: one => Promise.resolve(judged(one.evidence, one.freshness)),
      done: ({ device: id, evidence: one }, outcome) => void bench.feed({ kind: 'judged-again', device: id, evidence: one, outcome }),
    });
    for (const effect of effects) if (effect.kind === 'judge-again') again.start(effect);
    await new Promise(setImmediate);
  };
  return { bench, store, revoke, leansOn: () => bench.device(mac).attestation.result?.referenceSets };
}

it('a token with its certificates beside it is judged again at once when what it leans on is revoked, and at last has failed', async () => {
  const { bench, store, revoke, leansOn } = await site();
  expect(bench.device(mac).attestation).toMatchObject({
    status: 'affirming',
    result: { scheme: 'psa', identity: { serial: 'TS2-000123' } },
  });
  const before = leansOn()?.[0] ?? '';
  const [other] = [first, second].map(({ id }) => id).filter(id => id !== before);
  await revoke(before);
  expect(leansOn()).toEqual([other]);
  expect(bench.device(mac)).toMatchObject({ admission: 'admitted', attestation: { status: 'affirming' } });
  await revoke(other ?? '');
  const { attestation, decision } = bench.device(mac);
  expect(attestation.result).toMatchObject({ status: 'contraindicated', reason: 'REFERENCE_REVOKED' });
  expect(decision).toMatchObject({ access: 'quarantine', reason: 'REFERENCE_REVOKED' });
  await store.close();
});
