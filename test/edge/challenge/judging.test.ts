import { encode } from 'cborg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KeyCache } from '../../../gateway/attestation/keys.ts';
import { prepareTrust } from '../../../gateway/attestation/trust.ts';
import { ChallengeDispatcher } from '../../../gateway/edge/challenge/dispatcher.ts';
import { judge } from '../../../gateway/edge/challenge/judge.ts';
import { type Judgement, maxJudging } from '../../../gateway/edge/challenge/judging.ts';
import { order } from '../../../gateway/edge/challenge/orders.ts';
import { maxEvidenceBytes } from '../../../gateway/edge/challenge/wire.ts';
import type { ToChallenger } from '../../../gateway/edge/messages.ts';
import { type ChallengeOutcome, evidenceMediaTypes } from '../../../gateway/model/attestation.ts';
import { schemeFor } from '../../../gateway/attestation/schemes/index.ts';
import { listedKey, nonce, now, psaClaims, psaSet, verdict } from '../../attestation/token-world.ts';
import { makeSign1 } from '../../vectors/tokens.ts';
import { cost } from '../../undisturbed.ts';

const { trust } = prepareTrust({ anchors: [], referenceSets: [psaSet], keys: [listedKey] });
const answer = { kind: 'nonce', nonce, expires: now + 60_000, spent: false, channel: 'test' } as const;
const token = makeSign1(encode(psaClaims()));
const wanted: Judgement = {
  evidence: { mediaType: 'application/psa-attestation-token', bytes: token, certificates: [] },
  freshness: answer,
  ttlSeconds: 600,
};
const failed: ChallengeOutcome = { kind: 'no-evidence', checks: [] };

function bench(clock = now, there = true) {
  const sent: Extract<ToChallenger, { type: 'judge' }>[] = [];
  const toChallenger = (message: ToChallenger): boolean => {
    if (message.type === 'judge') sent.push(message);
    return there;
  };
  const done: string[] = [];
  const dispatcher = new ChallengeDispatcher({
    endsTo: ip => ({ ip, localAddress: '10.20.0.1' }),
    now: () => clock,
    builtAt: now - 1000,
    toEnforcer: () => true,
    toChallenger,
    keepEvidence: () => {},
    done: id => done.push(id),
  });
  const say = (id: string, outcome: ChallengeOutcome): void => dispatcher.answered({ type: 'outcome', id, outcome });
  return { dispatcher, sent, say, done };
}

/** What the challenger makes of a message that crossed the border as JSON. */
function crossed(message: ToChallenger | undefined): ChallengeOutcome {
  const read = order.parse(JSON.parse(JSON.stringify(message)));
  if (read.type !== 'judge') throw new Error(read.type);
  return judge(read, { trust, keys: new KeyCache(), now: read.now });
}
const failure = (outcome: ChallengeOutcome): string => (outcome.kind === 'transport-failure' ? outcome.detail : outcome.kind);

describe('Evidence that came another way', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is judged by the challenger under the nonce that the gateway names, and by no other', async () => {
    const b = bench();
    const good = b.dispatcher.judge(wanted);
    const other = b.dispatcher.judge({ ...wanted, freshness: { ...answer, nonce: new Uint8Array(32).fill(1) } });
    const spent = b.dispatcher.judge({ ...wanted, freshness: { ...answer, spent: true } });
    const offline = b.dispatcher.judge({ ...wanted, freshness: { kind: 'none' } });
    for (const message of b.sent) b.say(message.id, crossed(message));
    expect((await Promise.all([good, other, spent, offline])).map(verdict)).toEqual([
      'affirming',
      'contraindicated NONCE_MISMATCH',
      'contraindicated NONCE_REUSED',
      'none EVIDENCE_NOT_FRESH',
    ]);
    expect(b.done).toEqual([]);
  });

  it('is answered once, and no answer to another id is taken for it', async () => {
    const b = bench();
    const good = b.dispatcher.judge(wanted);
    const id = b.sent[0]?.id ?? '';
    b.say(`${id}0`, failed);
    b.say(id, crossed(b.sent[0]));
    b.say(id, failed);
    expect(verdict(await good)).toBe('affirming');
    expect(b.done).toEqual([]);
  });

  it('is our transport failure when the challenger is away, silent or restarted, the clock is wrong, or it is too big', async () => {
    const away = bench(now, false).dispatcher.judge(wanted);
    const silent = bench().dispatcher.judge(wanted);
    vi.advanceTimersByTime(9_000);
    const b = bench();
    const restarted = b.dispatcher.judge(wanted);
    b.dispatcher.lost('enforcer');
    b.dispatcher.lost('challenger');
    const past = bench(0).dispatcher.judge(wanted);
    const bytes = new Uint8Array(maxEvidenceBytes + 1);
    const big = bench().dispatcher.judge({ ...wanted, evidence: { ...wanted.evidence, bytes } });
    expect((await Promise.all([away, silent, restarted, past, big])).map(failure)).toEqual([
      'the challenger is not there',
      'the challenger did not answer in time',
      'the challenger was restarted',
      'Cannot judge dates: the clock says 1970-01-01T00:00:00.000Z, before this program was built; set the clock',
      `Cannot judge: ${maxEvidenceBytes + 1} bytes, more than ${maxEvidenceBytes}`,
    ]);
  });

  it(`is held for at most ${maxJudging} at a time; a place is free again with each answer`, async () => {
    const b = bench();
    const all = Array.from({ length: maxJudging + 5 }, () => b.dispatcher.judge(wanted));
    expect(b.sent).toHaveLength(maxJudging);
    expect(failure((await all.at(-1)) ?? failed)).toBe(`Cannot judge: ${maxJudging} wait already`);
    b.say(b.sent[0]?.id ?? '', failed);
    void b.dispatcher.judge(wanted);
    expect(b.sent).toHaveLength(maxJudging + 1);
    expect(new Set(b.sent.map(({ id }) => id)).size).toBe(maxJudging + 1);
  });

  it('of every kind that may cross the border is read by a scheme', () => {
    expect(evidenceMediaTypes.filter(mediaType => schemeFor(mediaType) === undefined)).toEqual([]);
  });

  it('as large as may be is read within a second; one byte more, or no base64, is refused at the border', () => {
    const message = (bytes: string): object => ({
      ...{ type: 'judge', id: 'j1', freshness: { kind: 'none' }, ttlSeconds: 600, now },
      evidence: { mediaType: 'application/eat+cwt', bytes, certificates: [] },
    });
    const most = Buffer.alloc(maxEvidenceBytes).toString('base64');
    expect(cost(() => expect(order.safeParse(message(most)).success).toBe(true))).toBeLessThan(1000);
    expect(order.safeParse(message(`${most}AAAA`)).success).toBe(false);
    expect(order.safeParse(message('no base64')).success).toBe(false);
  });
});
