import { encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import type { ChallengeOutcome } from '../../gateway/model/attestation.ts';
import type { TrustMaterial } from '../../gateway/model/trust.ts';
import { Checks } from '../../gateway/attestation/checks.ts';
import { messageEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { KnownTokens } from '../../gateway/attestation/known-tokens.ts';
import { verifyPsa } from '../../gateway/attestation/psa.ts';
import { schemeFor } from '../../gateway/attestation/schemes/index.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { type CborValue, decodeCbor, mapOf } from '../../gateway/codec/cbor.ts';
import { decodeCose } from '../../gateway/codec/cose.ts';
import { keyPairs, makeSign1 } from '../vectors/tokens.ts';
import { listedKey, nonce, now, part, psaClaims, psaSet, setOf, verdict } from './token-world.ts';

/** What is kept of a token between two judgements, and that it changes no verdict. */
const material: TrustMaterial = { anchors: [], referenceSets: [psaSet], keys: [listedKey] };
const { trust } = prepareTrust(material);
const other = nonce.with(0, 0x01);
const token = (asked: Uint8Array, changed: Readonly<Record<number, unknown>> = {}): Uint8Array =>
  makeSign1(encode(psaClaims({ 10: asked, ...changed })));

type Asked = {
  readonly nonce?: Uint8Array;
  readonly keys?: KeyCache;
  readonly trust?: typeof trust;
  readonly at?: number;
  readonly ttlSeconds?: number;
  readonly certificates?: readonly Uint8Array[];
  readonly fresh?: { readonly spent?: boolean; readonly channel?: string };
};
function judge(
  bytes: Uint8Array,
  { nonce: asked = other, keys = new KeyCache(), trust: by = trust, at = now, ttlSeconds = 600, certificates = [], fresh }: Asked = {},
): ChallengeOutcome {
  const evidence = messageEvidence('application/psa-attestation-token', bytes, certificates);
  const freshness = { kind: 'nonce', nonce: asked, expires: now + 60_000, spent: false, channel: 'test', ...fresh } as const;
  const outcome = schemeFor(evidence.mediaType)?.judge(evidence, { trust: by, keys, now: at, ttlSeconds, freshness });
  if (outcome === undefined) throw new Error('no scheme');
  return outcome;
}
/** A cache that has seen a good token of the device. */
function warm(): KeyCache {
  const keys = new KeyCache();
  expect(verdict(judge(token(nonce), { nonce, keys }))).toBe('affirming');
  expect(keys.tokens.size).toBe(1);
  return keys;
}

describe('a device whose token is known', () => {
  it('is judged as if nobody knew it, again and again, and is not read again', () => {
    const keys = warm();
    for (let i = 0; i < 20; i += 1) {
      const asked = nonce.with(0, i).with(31, i);
      const bytes = token(asked);
      expect(keys.tokens.recall(bytes, asked)).toBeDefined();
      expect(judge(bytes, { nonce: asked, keys })).toEqual(judge(bytes, { nonce: asked }));
    }
    expect(keys.tokens.size).toBe(1);
  });

  it('is told as a stranger is at another time, by another channel, with certificates beside it, and for another time to live', () => {
    const keys = warm();
    const [bytes, beside] = [token(other), [new Uint8Array(3)]];
    const cases: readonly Asked[] = [{ at: now + 59_000 }, { fresh: { channel: 'coap' } }, { certificates: beside }, { ttlSeconds: 5 }];
    for (const asked of cases) for (let i = 0; i < 2; i += 1) expect(judge(bytes, { ...asked, keys })).toEqual(judge(bytes, asked));
  });

  it('ends when its token says so, by itself or in a submodule, though it affirmed before', () => {
    const end = now / 1000 + 30;
    for (const says of [{ 4: end }, { 266: new Map([['modem', new Map([[4, end]])]]) }]) {
      const keys = new KeyCache();
      for (const [byte, at] of [1, 2, 3].map(n => [n, now + n * 20_000 - 20_000] as const)) {
        const asked = nonce.with(0, byte);
        const bytes = token(asked, says);
        const outcome = judge(bytes, { nonce: asked, keys, at });
        expect(outcome).toEqual(judge(bytes, { nonce: asked, at }));
        expect(verdict(outcome)).toBe(at < end * 1000 ? 'affirming' : 'contraindicated EVIDENCE_EXPIRED');
      }
    }
  });

  it('proves nothing with a challenge that was answered before, or is too short', () => {
    const keys = warm();
    expect(verdict(judge(token(other), { keys, fresh: { spent: true } }))).toBe('contraindicated NONCE_REUSED');
    const short = new Uint8Array(31).fill(3);
    for (let i = 0; i < 2; i += 1) expect(verdict(judge(token(short), { keys, nonce: short }))).not.toBe('affirming');
  });

  it('gets the verdict of a stranger for every token with one bit flipped', () => {
    const keys = warm();
    const good = token(other);
    expect(verdict(judge(good, { keys }))).toBe('affirming');
    for (let i = 0; i < good.length * 8; i += 3) {
      const bad = good.with(i >> 3, (good[i >> 3] ?? 0) ^ (1 << (i & 7)));
      const outcome = judge(bad, { keys });
      expect(verdict(outcome)).not.toBe('affirming');
      expect(outcome).toEqual(judge(bad));
    }
    expect(keys.tokens.size).toBe(1);
  });

  it('fails with the token of before, with its signature, and with a signature by another key', () => {
    const keys = warm();
    expect(verdict(judge(token(nonce), { keys }))).toBe('contraindicated NONCE_MISMATCH');
    const [mine, before] = [token(other), token(nonce)];
    mine.set(before.subarray(-64), mine.length - 64);
    expect(verdict(judge(mine, { keys }))).toBe('contraindicated SIGNATURE_INVALID');
    const forged = makeSign1(encode(psaClaims({ 10: other })), { key: keyPairs.ES256.privateKey });
    forged.set(new Uint8Array(64).fill(0x11), forged.length - 64);
    expect(verdict(judge(forged, { keys }))).toBe('contraindicated SIGNATURE_INVALID');
  });

  it('is judged by what it says now, and by the reference values, the keys and the time of now', () => {
    const keys = warm();
    expect(verdict(judge(token(other, { 2395: 0x4001 }), { keys }))).toBe('contraindicated DEBUG_ENABLED');
    expect(verdict(judge(token(other), { keys }))).toBe('affirming');
    const sets = [setOf(part('BL', '33'.repeat(32)), part('PRoT', '22'.repeat(32)))];
    const changed = prepareTrust({ ...material, referenceSets: sets }).trust;
    expect(verdict(judge(token(other), { keys, trust: changed }))).toBe('contraindicated DIGEST_UNKNOWN');
    expect(verdict(judge(token(other), { keys, trust: prepareTrust({ ...material, keys: [] }).trust }))).toBe(
      'contraindicated CHAIN_UNTRUSTED',
    );
    // The same keys beside other reference values, as when only these were changed.
    expect(verdict(judge(token(other), { keys, trust: { ...trust, referenceSets: sets } }))).toBe('contraindicated DIGEST_UNKNOWN');
    const renamed = prepareTrust({ ...material, keys: [{ ...listedKey, vendor: 'Others' }] }).trust;
    expect(verdict(judge(token(other), { keys, trust: renamed }))).toBe('warning REFERENCE_MISSING');
    expect(verdict(judge(token(other), { keys, at: now + 60_001 }))).toBe('contraindicated NONCE_EXPIRED');
    expect(verdict(judge(token(other), { keys }))).toBe('affirming');
  });
});

describe('components that were read before', () => {
  const context = { trust, keys: new KeyCache(), now, freshness: { kind: 'none' }, ttlSeconds: 600 } as const;
  const said = mapOf(decodeCbor(encode(psaClaims())), 'claims');
  const verified = (changed: readonly (readonly [number, CborValue])[], by = trust) => {
    const opened = { form: 'cbor', claims: new Map([...said, ...changed]), certificates: [], checkSignature: () => {} } as const;
    return verifyPsa(opened, messageEvidence('application/psa-attestation-token', token(other)), { ...context, trust: by }, new Checks());
  };

  it('are claimed for the lifecycle, the implementation and the signer that are named beside them', () => {
    const first = verified([]);
    expect(verified([]).measured).toBe(first.measured);
    expect(first.measured.at(-1)).toMatchObject({ flags: { debug: false } });
    expect(verified([[2395, 0x4001]]).measured.at(-1)).toMatchObject({ flags: { debug: true } });
    verified([]);
    expect(verified([[2396, new Uint8Array(32).fill(0xbb)]]).measured[0]).toMatchObject({ classId: 'bb'.repeat(32) });
    const renamed = prepareTrust({ ...material, keys: [{ ...listedKey, vendor: 'Others' }] }).trust;
    expect(verified([], renamed).measured[0]).toMatchObject({ vendor: 'Others' });
    expect(verified([])).toEqual(first);
  });
});

describe('what is kept of tokens', () => {
  it('is nothing of those whose signature is bad, however many', () => {
    const keys = new KeyCache();
    for (let i = 0; i < 100; i += 1) {
      const bytes = token(other, { 2396: new Uint8Array(32).fill(i) });
      bytes.set(new Uint8Array(64), bytes.length - 64);
      expect(verdict(judge(bytes, { keys }))).toBe('contraindicated SIGNATURE_INVALID');
    }
    expect(keys.tokens.size).toBe(0);
  });

  it('is the last few of those whose signature is good', () => {
    const keys = new KeyCache(4);
    const instances = Array.from({ length: 100 }, (_, i) => new Uint8Array(33).fill(i).with(0, 1));
    const listed = instances.map(one => ({ ...listedKey, instance: Buffer.from(one).toString('hex') }));
    const { trust: by } = prepareTrust({ ...material, keys: listed });
    for (const one of instances) expect(verdict(judge(token(other, { 256: one }), { keys, trust: by }))).toBe('affirming');
    expect(keys.tokens.size).toBe(4);
  });

  it('is nothing where the nonce stands twice, stands in no claim, or the token is long', () => {
    const keys = new KeyCache();
    judge(token(other, { 2396: other }), { keys });
    judge(token(nonce), { keys });
    judge(token(other, { 2398: '1234567890123-12345', 2400: 'x'.repeat(1000), 99: new Uint8Array(4096) }), { keys });
    expect(keys.tokens.size).toBe(0);
  });

  it('is not found by a nonce of another length, nor at another place', () => {
    const known = new KnownTokens(8);
    const long = new Uint8Array(64).fill(7).with(0, 1);
    const bytes = token(long);
    const { payload = new Uint8Array(), ...message } = decodeCose(bytes);
    known.keep(bytes, long, { message: { ...message, payload }, claims: mapOf(decodeCbor(payload, { lenient: true }), 'claims') });
    expect(known.size).toBe(1);
    const at = Buffer.from(bytes).indexOf(long);
    // Half of the nonce is gone, and the head before it still promises 64 octets: such a token must be read, and refused.
    const short = Buffer.concat([bytes.subarray(0, at + 32), bytes.subarray(at + 64)]);
    expect(known.recall(short, long.subarray(0, 32))).toBeUndefined();
    expect(known.recall(bytes, long.subarray(0, 32))).toBeUndefined();
    const [whole] = [known.recall(bytes, long)];
    expect(whole?.claims).toEqual(mapOf(decodeCbor(payload, { lenient: true }), 'claims'));
    expect(whole?.message).toMatchObject({ ...message, payload });
  });
});
