import { describe, expect, it } from 'vitest';
import type { ZoneSettings } from '../../gateway/model/settings.ts';
import { loadPolicy } from '../../gateway/policy/load.ts';
import { zone } from '../gateway/fixture.ts';
import { axis, laptop, router, siemens, World } from './world.ts';

const minute = 60_000;
const { default: _, ...plain } = zone();
const zones: readonly ZoneSettings[] = [
  { ...plain, name: 'cold', ports: ['v1'], prefixes: ['10.20.4.0/24'] },
  { ...plain, name: 'dock', ports: ['v2', 'v3'], vlans: [30], prefixes: ['10.20.5.0/24'] },
  zone({ name: 'rest' }),
];
const expected = [
  { path: 'policies.d/expected/x.yaml', text: '- { serial: "S-1", vendor: Siemens AG, zone: dock }\n- { serial: "S-2" }\n' },
];
const world = () => new World({ only: 'wrong-zone', zones, files: expected });
const serial = (text: string) => ({ kind: 'serial', text }) as const;

describe('wrong-zone', () => {
  it('an address of another zone, or of none', () => {
    const w = world().address(axis, '10.20.5.9').address(laptop, '192.168.1.5');
    expect(w.raised).toEqual([]);
    expect(w.wait(3 * minute).alarms).toMatchObject([
      { actor: axis, detail: 'uses 10.20.5.9 of the zone dock in the zone cold', frames: [1] },
      { actor: laptop, detail: 'uses 192.168.1.5, which is no address of the zone cold' },
    ]);
    expect(w.address(axis, '10.20.5.9').wait(3 * minute).alarms).toHaveLength(2);
  });

  it('of IPv6 likewise, where zones name such prefixes', () => {
    const six = zones.map(one =>
      one.prefixes === undefined ? one : { ...one, prefixes: [...one.prefixes, one.name === 'cold' ? 'fd00:4::/64' : 'fd00:5::/64'] },
    );
    const w = new World({ only: 'wrong-zone', zones: six })
      .address(axis, '10.20.4.9')
      .address(axis, 'fd00:5::9')
      .address(laptop, 'fd00:7::5');
    w.address(siemens, 'fe80::5').address(siemens, 'fd00:4::5').address(siemens, '10.20.4.5');
    expect(w.wait(3 * minute).alarms).toMatchObject([
      { actor: axis, detail: 'uses fd00:5::9 of the zone dock in the zone cold' },
      { actor: laptop, detail: 'uses fd00:7::5, which is no address of the zone cold' },
    ]);
    const four = world()
      .address(axis, '10.20.4.9')
      .address(axis, 'fd00:7::5')
      .wait(3 * minute);
    expect(four.raised).toEqual([]);
  });

  it('also by its VLAN', () =>
    expect(
      world()
        .address(axis, '10.20.4.9', { vlan: 30, port: 'v3' })
        .wait(3 * minute).raised,
    ).toEqual([`wrong-zone ${axis}`]));

  it('a serial that is expected elsewhere', () => {
    const w = world()
      .say(siemens, [serial('S-1')])
      .wait(3 * minute);
    expect(w.alarms).toMatchObject([{ actor: siemens, detail: 'is in the zone cold; policies.d/expected/x.yaml:1 expects it in dock' }]);
    expect(
      world()
        .say(siemens, [serial('S-1')], { port: 'v2' })
        .wait(3 * minute).raised,
    ).toEqual([]);
    expect(
      world()
        .say(axis, [serial('S-1')])
        .say(siemens, [serial('S-2')])
        .wait(3 * minute).raised,
    ).toEqual([]);
  });

  it('is no device that has moved and is leased another address, and none that moves within its zone', () => {
    const moved = world()
      .address(axis, '10.20.5.9', { port: 'v2' })
      .wait(10 * minute);
    moved
      .address(axis, '10.20.5.9')
      .wait(minute)
      .address(axis, '10.20.4.9')
      .wait(5 * minute);
    expect(moved.raised).toEqual([]);
    const roaming = world()
      .address(axis, '10.20.5.9', { port: 'v2' })
      .wait(10 * minute)
      .address(axis, '10.20.5.9', { port: 'v3' });
    expect(roaming.wait(5 * minute).raised).toEqual([]);
  });

  it('is neither a link-local address nor a router', () => {
    const w = world().address(axis, '169.254.7.7').address(siemens, 'fe80::7');
    w.say(router, [
      { kind: 'behind', ip: '8.8.8.8' },
      { kind: 'behind', ip: '9.9.9.9' },
      { kind: 'behind', ip: '1.1.1.1' },
      { kind: 'address', ip: '10.20.5.1' },
    ]);
    expect(w.wait(3 * minute).raised).toEqual([]);
  });

  it('is nothing where zones name no prefixes, or prefixes only', () => {
    const without = (...fields: readonly (keyof ZoneSettings)[]) =>
      zones.map((one): ZoneSettings => ({ ...one, ...Object.fromEntries(fields.map(field => [field, []])) }));
    const noPrefixes = zones.map(({ prefixes: _prefixes, ...one }) => one);
    for (const some of [noPrefixes, without('ports', 'vlans')]) {
      const w = new World({ only: 'wrong-zone', zones: some }).address(axis, '10.20.5.9').address(laptop, '192.168.1.5');
      expect(w.wait(3 * minute).raised).toEqual([]);
    }
  });

  it('a zone of the list that the settings do not have is warned about', () =>
    expect(loadPolicy(expected, { zones: ['cold'] }).problems.map(({ text }) => text)).toContainEqual(
      expect.stringContaining('Cannot expect "S-1" in zone "dock": the settings have no such zone'),
    ));

  it('a flood of addresses is one alarm a device', () => {
    const w = world();
    for (let i = 0; i < 3000; i++) w.address(axis, `192.168.${i >> 8}.${i & 255}`);
    expect(w.wait(3 * minute).raised).toEqual([`wrong-zone ${axis}`]);
  });
});
