import { createPrivateKey } from 'node:crypto';
import { encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import { chainEvidence, messageEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import type { Freshness } from '../../gateway/attestation/scheme.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { previewAnchor, type Tried, wouldAdmit } from '../../gateway/edge/anchor-preview.ts';
import { judge } from '../../gateway/edge/challenge/judge.ts';
import type { Judgement } from '../../gateway/edge/challenge/judging.ts';
import { order } from '../../gateway/edge/challenge/orders.ts';
import { wireEvidence, wireFreshness } from '../../gateway/edge/challenge/wire.ts';
import type { ChallengeOutcome, Evidence } from '../../gateway/model/attestation.ts';
import type { AnchorMaterial } from '../../gateway/model/trust.ts';
import { Bench, zone } from '../gateway/fixture.ts';
import { certify, good } from '../attestation/tpm/world.ts';
import { nonce, psaClaims, psaSet } from '../attestation/token-world.ts';
import { makeIdevid, makeVendor } from '../vectors/pki.ts';
import { message, softKey } from '../vectors/soft-tpm.ts';
import { base64, makeSign1 } from '../vectors/tokens.ts';

const [first, second, third] = ['02:00:5e:00:00:01', '02:00:5e:00:00:02', '02:00:5e:00:00:03'];
const live: Freshness = { kind: 'nonce', nonce, expires: Number.MAX_SAFE_INTEGER, spent: false, channel: 'test' };
const handshake: Freshness = { kind: 'handshake', protocol: 'TLSv1.3', resumed: false };

/** The machine and the real judge, with a device that shows a token by a chain that nobody trusts yet. What it would take is put as main does. */
async function site(trusted: readonly AnchorMaterial[] = []) {
  const acme = await makeVendor({ name: 'Acme Sensors' });
  const bench = new Bench();
  bench.now = Date.now();
  const stored = new Map<string, Evidence>();
  const judged = ({ evidence, freshness, anchor, ttlSeconds }: Judgement): ChallengeOutcome => {
    const sent = { type: 'judge', id: 'j1', evidence: wireEvidence(evidence), freshness: wireFreshness(freshness), ttlSeconds };
    const read = order.parse(JSON.parse(JSON.stringify({ ...sent, now: bench.now, ...(anchor === undefined ? {} : { anchor }) })));
    if (read.type !== 'judge') throw new Error(read.type);
    const { trust } = prepareTrust({ anchors: trusted, referenceSets: bench.gateway.references.effective(bench.now).sets });
    return judge(read, { trust, keys: new KeyCache(), now: bench.now });
  };
  bench.feed({ kind: 'references', sets: [{ ...psaSet, id: `acme.json#1 sha256:${'1'.repeat(64)}`, model: 'aa'.repeat(32) }] });
  const shows = (mac: string, port: string, evidence: Evidence, freshness: Freshness): void => {
    bench.see(mac, port, { kind: 'address', ip: `10.20.1.${mac.at(-1)}` });
    stored.set(evidence.id, evidence);
    const outcome = judged({ evidence, freshness, ttlSeconds: 600 });
    bench.answer(mac, outcome.kind === 'no-evidence' ? { ...outcome, evidence: evidence.id } : outcome);
  };
  const preview = (more: Tried = { anchor: { name: 'acme', certificate: base64(acme.anchorDer), uses: ['identity', 'attest'] } }) =>
    previewAnchor(more, {
      records: () => bench.gateway.inventory.records(),
      evidence: id => stored.get(id),
      judge: one => Promise.resolve(judged(one)),
      wouldAdmit: (device, outcome, now) => wouldAdmit(bench.gateway, device, outcome, now),
      ttlSecondsOf: () => zone().evidenceTtlSeconds,
      now: () => bench.now,
    });
  return { acme, bench, shows, stored, preview };
}

describe('what an anchor would newly admit', () => {
  it('counts a device with a token as well as one with a chain, and changes nothing', async () => {
    const { acme, bench, shows, preview } = await site();
    const [device, other] = [
      await makeIdevid(acme, { serial: 'TS2-000123', purposes: [] }),
      await makeIdevid(acme, { serial: 'TS2-000999', purposes: [] }),
    ];
    const token = (by: typeof device): Evidence =>
      messageEvidence('application/psa-attestation-token', makeSign1(encode(psaClaims()), { key: createPrivateKey(by.keyPem) }), by.chain);
    shows(first, 'v1', token(device), live);
    expect(bench.device(first).attestation).toMatchObject({ status: 'contraindicated', reason: 'CHAIN_INCOMPLETE' });
    // Of the same maker, and of nobody who expects it here.
    shows(second, 'v2', token(other), live);
    shows(third, 'v3', chainEvidence((await makeIdevid(acme, { serial: 'TS2-000777' })).chain), handshake);
    const before = JSON.stringify(bench.gateway.inventory.snapshot());
    const found = await preview();
    expect(found).toMatchObject({ judged: 3, untold: 0 });
    expect(found.newlyAdmitted).toContain(bench.device(first).device.id);
    expect(found.newlyAdmitted).not.toContain(bench.device(second).device.id);
    expect(JSON.stringify(bench.gateway.inventory.snapshot())).toBe(before);
    const stranger = await makeVendor({ name: 'Other' });
    expect(await preview({ anchor: { name: 'other', certificate: base64(stranger.anchorDer) } })).toEqual({
      newlyAdmitted: [],
      judged: 3,
      untold: 0,
    });
  });

  it('does not count whom it has nothing to do with: a copied token of a maker that is trusted already', async () => {
    const other = await makeVendor({ name: 'Other' });
    const trusted: AnchorMaterial[] = [];
    const { acme, bench, shows, preview } = await site(trusted);
    trusted.push({ name: 'acme', certificate: base64(acme.anchorDer), uses: ['identity', 'attest'] });
    const device = await makeIdevid(acme, { serial: 'TS2-000123', purposes: [] });
    const token = makeSign1(encode(psaClaims()), { key: createPrivateKey(device.keyPem) });
    const evidence = messageEvidence('application/psa-attestation-token', token, device.chain);
    shows(first, 'v1', evidence, { ...live, nonce: new Uint8Array(32).fill(9) });
    expect(bench.device(first).attestation).toMatchObject({ status: 'contraindicated', reason: 'NONCE_MISMATCH' });
    const found = await preview({ anchor: { name: 'other', certificate: base64(other.anchorDer) } });
    expect(found).toEqual({ newlyAdmitted: [], judged: 1, untold: 0 });
  });

  it('counts no token by a key that the anchor does not let attest, and counts it for an anchor that does, though the same CA names devices already', async () => {
    const trusted: AnchorMaterial[] = [];
    const { acme, bench, shows, preview } = await site(trusted);
    const certificate = base64(acme.anchorDer);
    const device = await makeIdevid(acme, { serial: 'TS2-000123', purposes: [] });
    const token = makeSign1(encode(psaClaims()), { key: createPrivateKey(device.keyPem) });
    shows(first, 'v1', messageEvidence('application/psa-attestation-token', token, device.chain), live);
    expect(await preview({ anchor: { name: 'acme', certificate } })).toEqual({ newlyAdmitted: [], judged: 1, untold: 0, notLetAttest: 1 });
    trusted.push({ name: 'acme', certificate });
    shows(second, 'v2', messageEvidence('application/psa-attestation-token', token, device.chain), live);
    expect(bench.device(second).attestation).toMatchObject({ status: 'warning', reason: 'ANCHOR_NOT_FOR_ATTESTATION' });
    const found = await preview({ anchor: { name: 'acme-attests', certificate, uses: ['attest'] } });
    // Who stands where nobody expects it, with the key of another, is let in by no anchor.
    expect(found.newlyAdmitted).toEqual([bench.device(first).device.id]);
  });

  it('tells of how many it cannot be told: what was not kept, and quotes whose list of files was not', async () => {
    const { acme, shows, stored, preview } = await site();
    const device = await makeIdevid(acme, { serial: 'TS2-000123', purposes: [] });
    const evidence = messageEvidence(
      'application/psa-attestation-token',
      makeSign1(encode(psaClaims()), { key: createPrivateKey(device.keyPem) }),
      device.chain,
    );
    shows(first, 'v1', evidence, live);
    stored.clear();
    expect(await preview()).toEqual({ newlyAdmitted: [], judged: 0, untold: 1 });
    const key = softKey();
    const quote = JSON.parse(new TextDecoder().decode(message(good(key, [await certify(acme, key)])))) as object;
    const beside = { form: 'ascii', size: 9, sha256: 'aa', begins: '', ends: '' };
    const long = new TextEncoder().encode(JSON.stringify({ ...quote, imaLog: { from: 0, beside } }));
    shows(second, 'v2', messageEvidence('application/vnd.sallyport.tpm-quote+json', long), live);
    expect(await preview()).toEqual({ newlyAdmitted: [], judged: 0, untold: 2 });
  });
});
