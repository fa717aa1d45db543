import { describe, expect, it } from 'vitest';
import type { ChallengeOutcome } from '../../../gateway/model/attestation.ts';
import type { Effect } from '../../../gateway/model/machine.ts';
import { KeyCache } from '../../../gateway/attestation/keys.ts';
import { prepareTrust } from '../../../gateway/attestation/trust.ts';
import { judge } from '../../../gateway/edge/challenge/judge.ts';
import { JudgeAgain, maxWaiting } from '../../../gateway/edge/challenge/judge-again.ts';
import type { Judgement } from '../../../gateway/edge/challenge/judging.ts';
import { order } from '../../../gateway/edge/challenge/orders.ts';
import { base64, referenceSet, spec } from '../../attestation/world.ts';
import { makeDiceDevice, makeVendor } from '../../vectors/pki.ts';

type Order = Extract<Effect, { readonly kind: 'judge-again' }>;
const orderOf = (evidence: string): Order => ({
  kind: 'judge-again',
  device: `d-${evidence}`,
  evidence,
  at: 1,
  expires: 2,
  ttlSeconds: 600,
  zone: 'dock',
});
const settle = async (): Promise<void> => {
  for (let n = 0; n < 20; n += 1) await Promise.resolve();
};
const failed: ChallengeOutcome = { kind: 'transport-failure', failure: 'verifier', detail: 'x' };

describe('kept Evidence', () => {
  it('is judged four at a time, in its order, as what it was when it was fresh; what is not kept any more is left out', async () => {
    const asked: { judgement: Judgement; answer: (outcome: ChallengeOutcome) => void }[] = [];
    const done: string[] = [];
    const again = new JudgeAgain({
      kept: id =>
        id === 'gone'
          ? undefined
          : { mediaType: id === 'odd' ? 'text/plain' : 'application/eat+cwt', bytes: new TextEncoder().encode(id), certificates: [] },
      judge: judgement => new Promise(answer => asked.push({ judgement, answer })),
      done: ({ device }) => done.push(device),
    });
    for (const id of ['gone', 'a', 'b', 'odd', 'c', 'd', 'e', 'f']) again.start(orderOf(id));
    expect(asked.map(({ judgement }) => new TextDecoder().decode(judgement.evidence.bytes))).toEqual(['a', 'b', 'c', 'd']);
    expect(asked[0]?.judgement).toMatchObject({ freshness: { kind: 'kept', at: 1, expires: 2 }, zone: 'dock', ttlSeconds: 600 });
    asked[1]?.answer(failed);
    await settle();
    expect(asked).toHaveLength(5);
    for (const { answer } of asked) answer(failed);
    await settle();
    for (const { answer } of asked) answer(failed);
    await settle();
    expect(done.toSorted()).toEqual(['d-a', 'd-b', 'd-c', 'd-d', 'd-e', 'd-f']);
  });

  it('waits in a line that has an end', async () => {
    let done = 0;
    let asked = 0;
    const kept = { mediaType: 'application/eat+cwt', bytes: new Uint8Array(1), certificates: [] };
    const again = new JudgeAgain({ kept: () => kept, judge: () => Promise.resolve(failed), done: () => void (done += 1) });
    for (asked = 0; asked < maxWaiting + 100; asked += 1) again.start(orderOf('a'));
    while (done < maxWaiting) await new Promise(setImmediate);
    expect(done).toBe(maxWaiting + 4);
  });

  it('that is a chain is taken apart by the challenger, and keeps its time', async () => {
    const acme = await makeVendor({ name: 'Acme Sensors' });
    const { chain } = await makeDiceDevice(acme, spec);
    const { trust } = prepareTrust({
      anchors: [{ name: 'acme', certificate: base64(acme.anchorDer) }],
      referenceSets: [{ ...referenceSet, standing: 'revoked' }],
    });
    const now = Date.now();
    const sent = {
      type: 'judge',
      id: 'j1',
      evidence: { mediaType: 'application/vnd.sallyport.x509-chain', bytes: base64(Buffer.concat(chain)), certificates: [] },
      freshness: { kind: 'kept', at: now - 5000, expires: now + 5000 },
      ttlSeconds: 600,
      now,
    };
    const read = order.parse(JSON.parse(JSON.stringify(sent)));
    if (read.type !== 'judge') throw new Error(read.type);
    const outcome = judge(read, { trust, keys: new KeyCache(), now });
    expect(outcome).toMatchObject({
      kind: 'appraised',
      result: { status: 'contraindicated', reason: 'REFERENCE_REVOKED', at: now - 5000, expires: now + 5000 },
    });
    const broken = judge(
      { ...read, evidence: { ...read.evidence, bytes: base64(Buffer.concat(chain).subarray(0, -1)) } },
      { trust, keys: new KeyCache(), now },
    );
    expect(broken).toMatchObject({ kind: 'no-evidence' });
  });
});
