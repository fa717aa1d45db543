import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { whyText } from '../../gateway/api/table.ts';
import { deviceDetail } from '../../gateway/api/rows.ts';
import * as schemas from '../../gateway/api/schemas.ts';
import { stateText } from '../../gateway/api/probes-verb.ts';
import type { ProbingState } from '../../gateway/model/probe.ts';
import { fixtureViews } from './fixture-views.ts';
import { bidiText, epoch } from './fixture-words.ts';
import { type Called, callVerb } from './call-verb.ts';
import { type OpenPage, openPage } from './open-page.ts';

let open: OpenPage;
beforeAll(async () => {
  open = await openPage();
});
afterAll(() => open.close());
beforeEach(() => void open.site.commands.splice(0));

const sallyport = (...args: readonly string[]): Promise<Called> => callVerb(open.controlSocket, 'probes', 'ann', args);

describe('sallyport probes', () => {
  it('arms a zone, shows that something is armed, and stops it', async () => {
    const before = Date.now();
    expect(await sallyport('arm', 'dock', '--for', '30m', '--mode', 'known-devices', '--reason', 'commissioning')).toEqual({
      code: 0,
      out: 'Armed zone dock for known-devices, for 30 min\n',
      err: '',
    });
    const [armed] = open.site.commands;
    expect(armed).toMatchObject({
      by: 'local:ann',
      reason: 'commissioning',
      command: { kind: 'arm-probes', zone: 'dock', mode: 'known-devices' },
    });
    const until = armed?.command.kind === 'arm-probes' ? armed.command.until : 0;
    expect(Math.abs(until - before - 1_800_000)).toBeLessThan(60_000);
    const shown = await sallyport();
    expect(shown.code).toBe(2);
    expect(shown.out).toMatch(/^zone {5}dock: known-devices, by local:ann until .*: commissioning$/m);
    expect((await sallyport('stop', '--reason', 'line down')).out).toBe('Stopped all probes\n');
    expect(open.site.commands.at(-1)?.command).toEqual({ kind: 'stop-probes' });
    expect(await sallyport()).toEqual({ code: 0, out: 'zone     dock: off, by settings\n', err: '' });
    expect(schemas.probingState.parse(JSON.parse((await sallyport('--json')).out))).toEqual(open.site.probes());
  });

  it('arms for broadcast and one hour unless told otherwise, wide sweeps only by the word', async () => {
    await sallyport('arm', 'dock', '--reason', 'commissioning', '--wide');
    expect(open.site.commands[0]?.command).toMatchObject({ mode: 'broadcast', wide: true });
    await sallyport('arm', 'dock', '--reason', 'commissioning');
    expect(open.site.commands[1]?.command).not.toHaveProperty('wide');
    await sallyport('stop', '--zone', 'dock', '--reason', 'line down');
    expect(open.site.commands[2]?.command).toEqual({ kind: 'stop-probes', zone: 'dock' });
  });

  it('names devices as people do', async () => {
    expect((await sallyport('never', 'LINE1-PLC', '--reason', 'safety')).out).toBe('d3 is never asked anything\n');
    expect((await sallyport('never', '10.20.4.13', '--off', '--reason', 'looked at it')).out).toBe('d3 may be asked\n');
    await sallyport('ask', 'd3', '--reason', 'after the swap');
    expect(open.site.commands.map(({ command }) => command)).toEqual([
      { kind: 'never-probe', device: 'd3', on: true },
      { kind: 'never-probe', device: 'd3', on: false },
      { kind: 'probe', device: 'd3' },
    ]);
    expect(await sallyport('ask', '10.20.4.99', '--reason', 'after the swap')).toMatchObject({ code: 4 });
  });

  it.each([
    ['arm', '--reason', 'x y z'],
    ['arm', 'a', 'b', '--reason', 'x y z'],
    ['arm', 'dock'],
    ['arm', 'dock', '--for', 'long', '--reason', 'x y z'],
    ['arm', 'dock', '--for', '9h', '--reason', 'x y z'],
    ['arm', 'dock', '--mode', 'all', '--reason', 'x y z'],
    ['stop', 'dock', '--reason', 'x y z'],
    ['stop', '--for', '1h', '--reason', 'x y z'],
    ['never', 'd3'],
    ['shoot', 'd3'],
    ['toString'],
    ['--wide'],
  ])('refuses probes %s %s %s %s, and nothing happens', async (...args) => {
    const { code, out, err } = await sallyport(...args.filter(arg => arg !== undefined));
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^Cannot /);
    expect(open.site.commands).toEqual([]);
  });

  it('prints no control character that the network sent', () => {
    const order = { id: 'p1', probe: 'snmp-get', zone: 'dock', armedBy: 'ann' } as const;
    const outcome = { kind: 'failed', startedAt: epoch, endedAt: epoch, sent: 0, received: 0, detail: bidiText } as const;
    const nothing = { zones: [], running: [], ceased: [], ceasedKinds: [], backOffs: [], never: [] };
    const state: ProbingState = { ...nothing, recent: [{ order, outcome }] };
    expect(stateText(state)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });
});

describe('the API', () => {
  let cookie = '';
  beforeAll(async () => {
    cookie = await open.signIn();
  });
  it('shows the state and what health says of it as the schemas have them', async () => {
    const { json } = await open.ask('GET', '/api/v1/probes', { cookie });
    expect(schemas.probingState.strict().parse(json)).toEqual(open.site.probes());
    const { json: health } = await open.ask('GET', '/api/v1/health', { cookie });
    expect(schemas.health.strict().parse(health)).toEqual(open.site.health());
  });

  it('answers nobody who is not signed in, and takes no word it does not know', async () => {
    expect((await open.ask('POST', '/api/v1/probes/stop', { body: { reason: 'because' } })).status).toBe(401);
    const bad = [
      { mode: 'off', minutes: 5, reason: 'because' },
      { mode: 'broadcast', minutes: 481, reason: 'because' },
      { mode: 'broadcast', minutes: 5, reason: 'x' },
      { mode: 'broadcast', minutes: 5, reason: 'because', bytes: '00' },
    ];
    for (const body of bad)
      expect((await open.ask('POST', '/api/v1/zones/dock/probes', { cookie, body })).status, JSON.stringify(body)).toBe(400);
    expect((await open.ask('POST', '/api/v1/devices/d99/never-probe', { cookie, body: { on: true, reason: 'because' } })).status).toBe(404);
    expect(open.site.commands).toEqual([]);
  });
});

describe('why', () => {
  it('says whether a device may be asked, and what traffic proposes', () => {
    const [view] = fixtureViews();
    if (view === undefined) throw new Error('no view');
    const text = (probing: object) => whyText(deviceDetail({ ...view, probing: { asked: [], ...probing } }, []));
    expect(text({ proposal: 'it speaks EtherCAT' })).toMatch(/^probes none before a person has said so: it speaks EtherCAT$/m);
    expect(text({ proposal: 'x', never: { on: false, by: 'ann', reason: 'looked', at: 0 } })).toMatch(
      /^probes allowed, said ann: looked$/m,
    );
    expect(text({ ceasedUntil: epoch })).toMatch(/it went quiet after one/);
    expect(whyText(deviceDetail(view, []))).not.toMatch(/^probes/m);
  });
});
