import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlannedDevice, RuleSet } from '../../gateway/model/rule-set.ts';
import { isTightening, tighten } from '../../gateway/quarantine/plan.ts';
import { render } from '../../gateway/quarantine/render.ts';

const device = (more: Partial<PlannedDevice> = {}): PlannedDevice => ({
  mac: '02:00:5e:00:00:01',
  port: 'v1',
  ips: ['10.20.1.1'],
  access: 'hold',
  bound: false,
  ...more,
});
const ruleSet = (devices: readonly PlannedDevice[], more: Partial<RuleSet> = {}): RuleSet => ({
  bridge: 'br0',
  gateway: { mac: '02:00:00:00:00:01', ip: '10.20.0.1', attestationPort: 8443 },
  uplinks: ['up0'],
  enforced: ['v1', 'v2'],
  observed: [],
  dhcpServers: [],
  devices,
  ...more,
});
const admitted = ruleSet([device({ access: 'admit' })]);
const held = ruleSet([device()]);
const paused = ruleSet([], { enforced: [] });

describe('tighten', () => {
  it('cuts at once', () => expect(tighten(admitted, held)).toEqual(held));
  it('does not open before it is committed', () => expect(tighten(held, admitted)).toEqual(held));
  it('keeps what was cut while a pause is not committed', () => expect(tighten(held, paused)).toEqual(held));
  it('acts at once when enforcement is armed', () => expect(tighten(paused, admitted)).toEqual(admitted));
  it('binds at once', () => {
    const bound = ruleSet([device({ access: 'admit', bound: true })]);
    expect(tighten(admitted, bound)).toEqual(bound);
    expect(tighten(bound, admitted)).toEqual(bound);
  });
  it('does not open the lane for a new address', () => {
    expect(tighten(held, ruleSet([device({ ips: ['10.20.1.1', '10.20.1.9'] })])).devices[0]?.ips).toEqual(['10.20.1.1']);
  });
  it('an address that moves is cut on both ports', () => {
    const was = ruleSet([device({ access: 'admit', bound: true })]);
    const is = ruleSet([device({ port: 'v2', access: 'admit', bound: true })]);
    expect(tighten(was, is).devices.map(d => [d.port, d.access, d.bound])).toEqual([['v1', 'hold', true]]);
  });
  it('a new device of an observing VLAN is not cut for a moment', () => {
    const observed = [{ port: 'v1', vlan: 20 }];
    const next = ruleSet([device({ access: 'admit' })], { observed });
    expect(tighten(ruleSet([], { observed }), next).devices).toEqual([]);
  });
  it('a VLAN passes meanwhile iff it does before and after; a port that is not enforced passes all', () => {
    const [v1, v2] = [
      { port: 'v1', vlan: 20 },
      { port: 'v2', vlan: 20 },
    ];
    const observing = (enforced: readonly string[], ...observed: RuleSet['observed']) => ruleSet([], { enforced, observed });
    const both = observing(['v1', 'v2'], v1, v2);
    expect(tighten(both, both)).toEqual(both);
    expect(tighten(both, observing(['v1', 'v2'], v2)).observed).toEqual([v2]);
    expect(tighten(observing(['v1', 'v2'], v1), both).observed).toEqual([v1]);
    expect(tighten(observing(['v1'], v1), both).observed).toEqual([v1, v2]);
    expect(tighten(both, observing(['v2'], v2)).observed).toEqual([v1, v2]);
  });
  it('a port is an uplink meanwhile iff it is one before and after', () => {
    const [was, is] = [ruleSet([], { uplinks: ['up0', 'up1'] }), ruleSet([], { uplinks: ['up0', 'up2'] })];
    expect(tighten(was, is).uplinks).toEqual(['up0']);
    expect(tighten(is, was).uplinks).toEqual(['up0']);
  });
  it.each([
    [['a', 'b'], ['b', 'c'], ['b']],
    [['a'], ['c'], ['a']],
    [[], ['c'], ['c']],
    [['a'], [], ['a']],
    [[], [], []],
  ])('DHCP servers %j, soon %j: meanwhile %j, for none listed is all', (was, is, meanwhile) => {
    const of = (names: readonly string[]) => ruleSet([], { dhcpServers: names.map(name => `10.20.0.${name.charCodeAt(0)}`) });
    expect(tighten(of(was), of(is)).dhcpServers).toEqual(of(meanwhile).dhcpServers);
  });
  it('says whether it opens anything', () => {
    expect([isTightening(admitted, held), isTightening(held, admitted), isTightening(undefined, held), isTightening(held, held)]).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  const macs = ['02:00:5e:00:00:01', '02:00:5e:00:00:02'];
  const ports = ['v1', 'v2', 'v3'];
  const anyDevice = fc.record({
    mac: fc.constantFrom(...macs),
    port: fc.constantFrom(...ports),
    ips: fc.constant([] as string[]),
    access: fc.constantFrom('admit', 'hold', 'quarantine' as const),
    bound: fc.boolean(),
  });
  const anyRuleSet = fc
    .record({
      enforced: fc.subarray(ports),
      observed: fc.uniqueArray(fc.record({ port: fc.constantFrom(...ports), vlan: fc.constantFrom(0, 20) }), {
        selector: o => `${o.port}${o.vlan}`,
        maxLength: 3,
      }),
      devices: fc.uniqueArray(anyDevice, { selector: d => `${d.mac}${d.port}`, maxLength: 4 }),
    })
    .map(({ enforced, observed, devices }): RuleSet => {
      const homes = new Map(devices.filter(d => d.bound).map(d => [d.mac, d.port]));
      const own = devices
        .map(d =>
          homes.has(d.mac) && homes.get(d.mac) !== d.port
            ? { ...d, bound: false, access: d.access === 'admit' ? ('hold' as const) : d.access }
            : d,
        )
        .filter(d => enforced.includes(d.port) || (d.bound && enforced.length > 0))
        .map(d => (enforced.includes(d.port) ? d : { ...d, access: 'admit' as const }));
      return ruleSet(own, { enforced, observed: observed.filter(o => enforced.includes(o.port)) });
    });

  /** Whether a frame from this address passes as from an open port; the rules' order in `leaving` and `arrive`. */
  function passes(r: RuleSet, mac: string, port: string, vlan: number): boolean {
    const inside = r.devices.filter(d => r.enforced.includes(d.port));
    const home = inside.find(d => d.mac === mac && d.bound)?.port;
    if (home !== undefined && home !== port) return false;
    if (!r.enforced.includes(port)) return true;
    const own = inside.find(d => d.mac === mac && d.port === port);
    return own === undefined ? r.observed.some(o => o.port === port && o.vlan === vlan) : own.access === 'admit';
  }

  it('opens nothing that was cut, cuts everything that will be cut, and renders', () => {
    fc.assert(
      fc.property(anyRuleSet, anyRuleSet, (was, is) => {
        const between = tighten(was, is);
        render(between);
        for (const mac of macs)
          for (const port of ports)
            for (const vlan of [0, 20])
              if (passes(between, mac, port, vlan))
                expect([mac, port, vlan, passes(was, mac, port, vlan), passes(is, mac, port, vlan)]).toEqual([mac, port, vlan, true, true]);
        expect(tighten(between, between)).toEqual(between);
        expect(isTightening(was, between)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});
