import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runClientVerb } from '../../gateway/api/verbs.ts';
import type { ChallengeOutcome } from '../../gateway/model/attestation.ts';
import type { DeviceView } from '../../gateway/model/device.ts';
import type { ChallengeAnswer } from './fixture-site.ts';
import { fixtureViews } from './fixture-views.ts';
import { openPage } from './open-page.ts';
import type { OpenPage } from './open-page.ts';

/** `sallyport attest` against a running API. Waiting costs no time: each pause is counted, and ends at once. */
let open: OpenPage;
let paused: number;
beforeEach(async () => {
  open = await openPage();
  paused = 0;
});
afterEach(() => open.close());

async function attest(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let [out, err] = ['', ''];
  const io = {
    socketPath: open.controlSocket,
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    pause: (ms: number) => {
      paused += ms;
      return Promise.resolve();
    },
  };
  return { code: await runClientVerb('attest', args, io), out, err };
}
const viewOf = (id: string): DeviceView => {
  const view = fixtureViews().find(({ device }) => device.id === id);
  if (view === undefined) throw new Error('no device');
  return view;
};
/** The Events of an answer; the machine says so of every outcome, a failure too. */
function answer(view: DeviceView, failure?: string): ChallengeAnswer {
  const device = view.device.id;
  const outcome: ChallengeOutcome =
    failure === undefined ? { kind: 'no-evidence', checks: [] } : { kind: 'transport-failure', failure: 'timeout', detail: failure };
  const challenged = { kind: 'challenged', device, challenge: 'c9', target: '10.20.4.11 ports 8443' } as const;
  return { view, events: [challenged, { kind: 'attested', device, challenge: 'c9', outcome, checks: [] }] };
}
const failed = (id: string): ChallengeAnswer => {
  const view = viewOf(id);
  const lastFailure = { at: 1, code: 'NO_RESPONSE', detail: 'nothing in \u202e3 s' } as const;
  return answer({ ...view, attestation: { ...view.attestation, lastFailure } }, 'nothing in 3 s');
};

describe('sallyport attest', () => {
  it('challenges the device with a reason, prints its checks in order and what it proved: exit code 0', async () => {
    open.site.answerNext(answer(viewOf('d1')));
    const { code, out } = await attest('dock-ts4-17');
    expect(code).toBe(0);
    expect(open.site.commands).toEqual([
      { by: 'local:root', reason: 'asked on the command line', command: { kind: 'challenge', device: 'd1' } },
    ]);
    const order = [...out.matchAll(/^ ?\d+ ✓ (\w+)/gm)].map(([, check]) => check);
    expect(order).toEqual([
      'answered',
      'fresh',
      'readable',
      'chain',
      'identity',
      'bound',
      'measured',
      'reference',
      'version',
      'mode',
      'expected',
    ]);
    expect(out).toContain('proved affirming A5, until 2026-03-01T07:14:03.100Z');
  });
  it('has the exit code of the status: 3 contraindicated, 4 none', async () => {
    open.site.answerNext(answer(viewOf('d2')), answer(viewOf('d4')));
    const tampered = await attest('d2', '--reason', 'looks odd');
    expect(tampered.code).toBe(3);
    expect(tampered.out).toContain('[DIGEST_UNKNOWN]');
    expect(open.site.commands[0]?.reason).toBe('looks odd');
    expect((await attest('d4')).code).toBe(4);
  });
  it('prints everything as one JSON object with --json', async () => {
    open.site.answerNext(answer(viewOf('d1')));
    const { out } = await attest('d1', '--json');
    expect(JSON.parse(out)).toMatchObject({ row: { id: 'd1', attestation: 'affirming' }, proof: { scheme: 'dice-x509' } });
  });
  it('says that there was no answer, with exit code 4, whatever was proved before', async () => {
    open.site.answerNext(failed('d1'));
    const { code, out } = await attest('d1');
    expect(code).toBe(4);
    expect(out).toContain('no answer: did not answer the challenge [NO_RESPONSE]: nothing in \uFFFD3 s');
    expect(out).toContain('before affirming A5');
    expect(open.site.commands).toHaveLength(1);
  });
  it('asks again with --wait until the device answers', async () => {
    open.site.answerNext(failed('d1'), failed('d1'), answer(viewOf('d1')));
    const { code, out } = await attest('d1', '--wait');
    expect(code).toBe(0);
    expect(out).toContain('proved affirming A5');
    expect(open.site.commands).toHaveLength(3);
    expect(paused).toBeGreaterThan(60_000);
  });
  it('gives up after 20 seconds, and after 10 minutes with --wait, and says when nobody was challenged', async () => {
    const { code, err } = await attest('d1');
    expect([code, paused]).toEqual([4, 20_000]);
    expect(err).toContain('was not challenged: its zone is not armed');
    paused = 0;
    expect((await attest('d1', '--wait')).code).toBe(4);
    expect(paused).toBe(600_000);
    const device = 'd1';
    open.site.answerNext({ view: viewOf('d1'), events: [{ kind: 'challenged', device, challenge: 'c', target: 't' }] });
    expect((await attest('d1')).err).toContain('the challenge has not ended yet');
  });
  it('is refused without a device, and says that nothing is known of a stranger', async () => {
    expect(await attest()).toMatchObject({ code: 1, err: expect.stringContaining('name exactly one device') as string });
    expect(await attest('nobody')).toMatchObject({ code: 4 });
    open.site.refuseNext({ ok: false, status: 409, problem: 'Cannot challenge: somebody said never' });
    expect(await attest('d1')).toMatchObject({ code: 1, err: 'Cannot challenge: somebody said never\n' });
  });
});
