import { describe, expect, it } from 'vitest';
import { messageEvidence } from '../../gateway/attestation/evidence.ts';
import { readVerifier } from '../../gateway/attestation/trust.ts';
import { readEar } from '../../gateway/attestation/ear-read.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import type { ServedSession } from '../../gateway/attestation/served-sessions.ts';
import type { Served } from '../../gateway/attestation/serving.ts';
import type { Judgement } from '../../gateway/edge/challenge/judging.ts';
import { ServedAttestation } from '../../gateway/edge/served-attestation.ts';
import { publicPartsOf } from '../../gateway/edge/store/signing-key.ts';
import type { ChallengeOutcome, Evidence } from '../../gateway/model/attestation.ts';
import type { AttestationState } from '../../gateway/model/device.ts';
import type { Asker, Input } from '../../gateway/model/machine.ts';
import { generateKeyPairSync, sign } from 'node:crypto';
import { result } from '../gateway/fixture.ts';

const now = 1_700_000_000_000;
const asker: Asker = { device: 'd1', mac: '02:00:00:00:00:01', port: 'v1', ip: '10.20.1.1' };
const session: ServedSession = { id: 's1', asker, nonce: new Uint8Array(32).fill(9), expires: now + 60_000, status: 'processing' };
const evidence = { mediaType: 'application/psa-attestation-token', bytes: Uint8Array.of(1) } as const;
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const parts = publicPartsOf(publicKey);
const signer = {
  ...parts,
  sign: (bytes: Uint8Array) => Promise.resolve(new Uint8Array(sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }))),
};
const id = '4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a';
const good = (): ChallengeOutcome => result(now, { evidence: id, scheme: 'psa' });

function bench(
  options: { outcome?: ChallengeOutcome; state?: Partial<AttestationState>; at?: () => Served; neighbour?: string; noKey?: true } = {},
) {
  let clock = now;
  const inputs: Input[] = [];
  const kept: Evidence[] = [];
  const judged: Judgement[] = [];
  const outcome = options.outcome ?? good();
  const state = outcome.kind === 'appraised' ? { result: outcome.result, ...outcome.result, expected: true, ...options.state } : undefined;
  const served = new ServedAttestation({
    serving: { at: options.at ?? (() => ({ kind: 'armed', asker, zone: 'dock', ttlSeconds: 600 })) },
    stateOf: () => state,
    neighbourAt: () => options.neighbour ?? asker.mac,
    judge: judgement => {
      judged.push(judgement);
      return Promise.resolve(outcome);
    },
    keepEvidence: one => kept.push(one),
    input: one => inputs.push(one),
    signer: () => (options.noKey === true ? Promise.reject(new Error('mode 644')) : Promise.resolve(signer)),
    now: () => clock,
    version: '1.2.3',
    log: () => undefined,
  });
  return { served, inputs, kept, judged, tick: (ms: number) => (clock += ms) };
}
const read = (ear: string) =>
  readEar(messageEvidence('application/eat+jwt', new TextEncoder().encode(ear)), { verifiers: [box], keys: new KeyCache(), now }).ear;
const box = readVerifier({ name: 'box', spki: Buffer.from(parts.spki).toString('base64'), most: 'affirming', maxAgeSeconds: 600 });

describe('Evidence that was handed in', () => {
  it('is judged under the nonce of its session, kept, folded in for its device, and told as a signed EAR', async () => {
    const b = bench();
    const told = await b.served.judge(session, evidence);
    expect(b.judged[0]).toMatchObject({
      freshness: { kind: 'nonce', nonce: session.nonce, expires: session.expires, spent: false },
      ttlSeconds: 600,
      zone: 'dock',
    });
    expect(b.kept.map(one => one.id)).toEqual([id]);
    expect(b.inputs).toMatchObject([{ kind: 'served-outcome', session: 's1', asker }]);
    if (told.kind !== 'ear') throw new Error(told.kind);
    expect(read(told.ear)).toMatchObject({
      dialect: 'veraison',
      status: 'affirming',
      verifier: { developer: 'Sallyport', build: '1.2.3' },
    });
  });

  it('is told as the machine sees it, and as nothing when the machine took it for nobody', async () => {
    const relayed = bench({ state: { status: 'contraindicated', assurance: 0, reason: 'KEY_SEEN_ELSEWHERE' } });
    const told = await relayed.served.judge(session, evidence);
    expect(told.kind === 'ear' && read(told.ear).status).toBe('contraindicated');
    const dropped = bench({
      state: { result: { ...(good() as Extract<ChallengeOutcome, { kind: 'appraised' }>).result, evidence: 'other' } },
    });
    const nothing = await dropped.served.judge(session, evidence);
    expect(nothing.kind === 'ear' && read(nothing.ear).status).toBe('none');
  });

  it('is folded in for nobody when we could not judge it, or its device went away meanwhile', async () => {
    const failed = bench({ outcome: { kind: 'transport-failure', failure: 'verifier', detail: 'busy' } });
    expect(await failed.served.judge(session, evidence)).toEqual({ kind: 'failed' });
    let asked = 0;
    const moved = bench({
      at: () => ({ kind: 'armed', asker: { ...asker, device: (asked += 1) > 1 ? 'd2' : 'd1' }, zone: 'dock', ttlSeconds: 600 }),
    });
    expect(await moved.served.judge(session, evidence)).toEqual({ kind: 'failed' });
    expect([...failed.inputs, ...failed.kept, ...moved.inputs, ...moved.kept]).toEqual([]);
  });

  it('is folded in though nobody can sign a result, and the discovery document then has no key', async () => {
    const b = bench({ noKey: true });
    expect(await b.served.judge(session, evidence)).toEqual({ kind: 'failed' });
    expect(b.inputs).toHaveLength(1);
    expect(await b.served.verificationKey()).toBeUndefined();
    expect(await bench().served.verificationKey()).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', kid: parts.keyId });
  });

  it('is taken only where our answers go to the very MAC that the device is known by', () => {
    expect(bench().served.at(asker.ip).kind).toBe('armed');
    expect(bench({ neighbour: '02:00:00:00:00:66' }).served.at(asker.ip).kind).toBe('unknown');
  });
});

describe('Evidence that proves nothing', () => {
  it('is kept up to 1 MiB of a port in an hour, and pushes nothing of others out of the store; what is authentic is always kept', async () => {
    const { identity: _, ...unproved } = (good() as Extract<ChallengeOutcome, { kind: 'appraised' }>).result;
    const big = { ...evidence, bytes: new Uint8Array(262_144) };
    const bad = bench({ outcome: { kind: 'appraised', result: { ...unproved, status: 'contraindicated' }, evidence: [id] } });
    for (let n = 0; n < 50; n += 1) await bad.served.judge(session, big);
    expect([bad.kept.length, bad.inputs.length]).toEqual([4, 50]);
    bad.tick(3_600_000);
    await bad.served.judge(session, big);
    expect(bad.kept).toHaveLength(5);
    const proved = bench();
    for (let n = 0; n < 50; n += 1) await proved.served.judge(session, big);
    expect(proved.kept).toHaveLength(50);
  });
});
