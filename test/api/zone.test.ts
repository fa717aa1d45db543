import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceView } from '../../gateway/model/device.ts';
import { callVerb } from './call-verb.ts';
import { fixtureViews } from './fixture-views.ts';
import { hostileName } from './fixture-words.ts';
import { openPage, type OpenPage } from './open-page.ts';

let open: OpenPage;
beforeAll(async () => {
  open = await openPage();
  const [one] = fixtureViews();
  if (one === undefined) throw new Error('no view');
  const office = (n: number, enforcement: DeviceView['enforcement'], hostname?: string): DeviceView => ({
    ...one,
    enforcement,
    device: {
      ...one.device,
      id: `d${n}`,
      mac: `02:00:5e:20:00:${n}`,
      zone: 'office',
      ...(hostname === undefined ? {} : { fields: { hostname: { value: hostname, source: 'dhcpv4', at: 0, frame: 1 } } }),
    },
  });
  open.site.add(office(31, 'would-hold'));
  open.site.add(office(32, 'would-quarantine', hostileName));
  open.site.add(office(33, 'open'));
});
afterAll(() => open.close());
const zone = (...args: readonly string[]) => callVerb(open.controlSocket, 'zone', 'anna', args);

describe('sallyport zone', () => {
  it('lists each zone with its mode and whom it cuts, or would', async () => {
    const { code, out, err } = await zone();
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^dock: enforce, \d+ devices?, [1-9]\d* held, [1-9]\d* quarantined$/m);
    expect(out).toMatch(/^office: observe, \d+ devices?, nothing cut; enforcing would hold 1 and quarantine 1$/m);
    expect((await zone('list')).out).toBe(out);
  });

  it('shows who that is, text of devices made visible', async () => {
    const { code, out } = await zone('show', 'office');
    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}d31 {2}02:00:5e:20:00:31 .* \[[A-Z_]+\]$/m);
    expect(out.split('\n').filter(line => line.startsWith('  '))).toHaveLength(2);
    expect(out).not.toMatch(/[^\n\x20-\x7e–…“”]/u);
    expect(JSON.parse((await zone('show', 'office', '--json')).out)).toMatchObject({ mode: 'observe', cut: [], wouldCut: ['d31', 'd32'] });
  });

  it('changes nothing before --yes, and says whom it would cut', async () => {
    const before = open.site.commands.length;
    const { code, out } = await zone('set', 'office', 'enforce');
    expect(code).toBe(2);
    expect(out).toContain('Cut at once: 2 of 3 devices');
    expect(out).toMatch(/^ {2}d32 /m);
    expect(out.trimEnd().endsWith('Nothing is changed yet: say --yes')).toBe(true);
    expect((await zone('set', 'office', 'enforce', '--yes')).err).toContain('--reason is missing');
    expect(open.site.commands).toHaveLength(before);
  });

  it('sets it with the name of who did and why', async () => {
    const { code, out } = await zone('set', 'office', 'enforce', '--yes', '--reason', 'labelled all of it');
    expect([code, out.split('\n')[0]]).toEqual([0, 'Zone office: observe to enforce, done']);
    expect(open.site.commands.at(-1)).toMatchObject({
      reason: 'labelled all of it',
      command: { kind: 'zone-mode', zone: 'office', mode: 'enforce' },
    });
    expect(open.site.commands.at(-1)?.by).toContain('anna');
  });

  it('says whom observing lets go, and that nothing is to change', async () => {
    expect((await zone('set', 'dock', 'observe')).out).toMatch(/the quarantined ones too. Let go: [1-9]\d* of \d+ devices$/m);
    const { code, out } = await zone('set', 'dock', 'enforce', '--yes', '--reason', 'again');
    expect([code, out]).toEqual([0, expect.stringMatching(/^Nothing to change: dock: enforce/)]);
  });

  it.each([
    [4, ['show', 'shed'], "Cannot find zone 'shed': the settings have dock, office"],
    [4, ['set', 'shed', 'observe'], "Cannot find zone 'shed'"],
    [1, ['set', 'dock', 'learn'], "Cannot set zone dock to 'learn': write observe or enforce"],
    [1, ['set', 'dock'], 'give a zone and a mode'],
    [1, ['show'], 'name exactly one zone'],
    [1, ['list', 'dock'], 'it takes no arguments'],
    [1, ['arm', 'dock'], "Cannot run zone 'arm': give list, show or set"],
    [1, ['show', 'dock', '--yes'], 'it has no option --yes'],
  ])('exit code %i for %j', async (code, args, text) => {
    const ran = await zone(...args);
    expect([ran.code, ran.out]).toEqual([code, '']);
    expect(ran.err).toContain(text);
  });
});
