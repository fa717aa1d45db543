import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ZoneSettings } from '../../gateway/model/settings.ts';
import { hashRuleSet, maxDevices, plan, type Wish } from '../../gateway/quarantine/plan.ts';
import type { WishedDevice } from '../../gateway/model/rule-set.ts';

const zone = (name: string, more: Partial<ZoneSettings>): ZoneSettings => ({
  name,
  mode: 'enforce',
  challenge: true,
  challengePorts: [8443],
  evidenceTtlSeconds: 3600,
  graceSeconds: 600,
  otherwise: 'hold',
  ...more,
});
const dock = zone('dock', { ports: ['v1', 'v2', 'v3'] });
const office = zone('office', { mode: 'observe', default: true });
const device = (more: Partial<WishedDevice>): WishedDevice => ({
  mac: '02:00:5e:00:00:01',
  port: 'v1',
  vlan: 0,
  zone: 'dock',
  ips: ['10.20.1.1'],
  access: 'hold',
  bound: false,
  ...more,
});
const wish = (devices: readonly WishedDevice[], more: Partial<Wish> = {}): Wish => ({
  network: {
    kind: 'bridge',
    bridge: 'br0',
    ports: ['v1', 'v2', 'v3', 'v4', 'up0'],
    uplinks: ['up0'],
    ip: '10.20.0.1',
    dhcpServers: ['10.20.0.2'],
  },
  attestationPort: 8443,
  gatewayMac: '02:00:00:00:00:01',
  paused: false,
  zones: [dock, office],
  devices,
  ...more,
});

describe('plan', () => {
  it('enforces the ports of enforcing zones only', () => {
    expect(plan(wish([]))).toMatchObject({ enforced: ['v1', 'v2', 'v3'], observed: [], uplinks: ['up0'], dhcpServers: ['10.20.0.2'] });
  });
  it('enforces nothing while paused or while every zone observes', () => {
    const observing = { zones: [{ ...dock, mode: 'observe' as const }, office] };
    for (const more of [{ paused: true }, observing]) expect(plan(wish([device({})], more))).toMatchObject({ enforced: [], devices: [] });
  });
  it('lets VLANs of observing zones pass on enforced ports', () => {
    const guests = zone('guests', { mode: 'observe', vlans: [20, 30] });
    expect(plan(wish([], { zones: [guests, dock, office] })).observed.map(o => `${o.port}.${o.vlan}`)).toEqual(
      ['v1', 'v2', 'v3'].flatMap(p => [`${p}.20`, `${p}.30`]),
    );
  });
  it('an enforcing VLAN zone makes an unclaimed port enforced, and whatever else is there passes', () => {
    const cell = zone('cell', { vlans: [20] });
    const r = plan(wish([device({ port: 'v4', vlan: 7, zone: 'office' })], { zones: [cell, office] }));
    expect(r.enforced).toEqual(['v1', 'v2', 'v3', 'v4']);
    expect(r.observed.filter(o => o.port === 'v4').map(o => o.vlan)).toEqual([0, 7]);
  });
  it('an enforcing VLAN zone counts on a port of an observing zone only where it is listed before that zone', () => {
    const [yard, cell] = [zone('yard', { mode: 'observe', ports: ['v1', 'v2', 'v3'] }), zone('cell', { vlans: [20] })];
    const other = zone('other', { prefixes: ['10.20.9.0/24'] });
    expect(plan(wish([], { zones: [cell, yard] })).enforced).toEqual(['v1', 'v2', 'v3', 'v4']);
    expect(plan(wish([], { zones: [yard, cell] })).enforced).toEqual(['v4']);
    expect(plan(wish([], { zones: [other, yard] })).enforced).toEqual(['v4']);
  });

  it('an enforcing default zone enforces every port that no zone claims', () => {
    const zones = [
      { ...dock, mode: 'observe' as const },
      { ...office, mode: 'enforce' as const },
    ];
    expect(plan(wish([], { zones })).enforced).toEqual(['v4']);
  });

  it('never plans a device on an uplink, on a port that is not ours, with the address of the gateway or of a group', () => {
    const strange = [{ port: 'up0' }, { port: 'eth9' }, { mac: '02:00:00:00:00:01' }, { mac: '01:00:5e:00:00:01' }];
    expect(plan(wish(strange.map(device))).devices).toEqual([]);
  });
  it('admits devices of observing zones on enforced ports', () => {
    const guests = zone('guests', { mode: 'observe', vlans: [20] });
    const r = plan(wish([device({ vlan: 20, zone: 'guests', access: 'quarantine' })], { zones: [guests, dock, office] }));
    expect(r.devices.map(d => d.access)).toEqual(['admit']);
  });
  it('a bound address stays with its device; a clone is never admitted', () => {
    const r = plan(wish([device({ port: 'v2', access: 'admit' }), device({ access: 'admit', bound: true })]));
    expect(r.devices).toEqual([
      { mac: '02:00:5e:00:00:01', port: 'v1', ips: ['10.20.1.1'], access: 'admit', bound: true },
      { mac: '02:00:5e:00:00:01', port: 'v2', ips: [], access: 'hold', bound: false },
    ]);
  });
  it('of two that are bound to one address only one is', () => {
    const r = plan(wish([device({ port: 'v2', access: 'admit', bound: true }), device({ access: 'admit', bound: true })]));
    expect(r.devices.map(d => [d.port, d.access, d.bound])).toEqual([
      ['v1', 'admit', true],
      ['v2', 'hold', false],
    ]);
  });
  it('an IP claimed twice stays with the bound, then the admitted, then the first', () => {
    const claim = (n: number, more: Partial<WishedDevice>) => device({ mac: `02:00:5e:00:00:0${n}`, port: 'v2', ...more });
    const owner = (devices: readonly WishedDevice[]) =>
      plan(wish(devices))
        .devices.filter(d => d.ips.length > 0)
        .map(d => d.mac);
    expect(owner([claim(1, {}), claim(2, { access: 'admit' }), claim(3, { access: 'admit', bound: true })])).toEqual(['02:00:5e:00:00:03']);
    expect(owner([claim(1, {}), claim(2, { access: 'admit' })])).toEqual(['02:00:5e:00:00:02']);
    expect(owner([claim(2, {}), claim(1, {})])).toEqual(['02:00:5e:00:00:01']);
    expect(owner([claim(1, {}), claim(2, { port: 'v4', zone: 'office' })])).toEqual([]); // an observed host has it
  });
  it("gives nobody the gateway's or a DHCP server's IP, nor one that no host can have", () => {
    const ips = ['10.20.0.1', '10.20.0.2', '0.0.0.0', '127.0.0.1', '224.0.0.1', '255.255.255.255', 'fe80::1', '10.20.1.300', '10.20.1.7'];
    expect(plan(wish([device({ ips })])).devices[0]?.ips).toEqual(['10.20.1.7']);
  });
  it('takes IPv6 addresses of hosts of its own networks only, and none where it has no address itself', () => {
    const ip6 = ['fe80::1', 'fd00:20::1'].map(ip => ({ ip, prefix: `${ip}/64` }));
    const ips = [
      'fe80::1',
      'fd00:20::1',
      'fd00:20::',
      'fd00:21::5',
      '::1',
      'ff02::1',
      '2002:a14:107::1',
      'fe80::7',
      '10.20.1.7',
      'fd00:20::7',
    ];
    expect(plan(wish([device({ ips })], { ip6 })).devices[0]?.ips).toEqual(['10.20.1.7', 'fd00:20::7', 'fe80::7']);
    expect(plan(wish([device({ ips })], { ip6 })).gateway.ip6).toEqual(['fd00:20::1', 'fe80::1']);
    expect(plan(wish([device({ ips })])).devices[0]?.ips).toEqual(['10.20.1.7']);
    const upstream = new Map([['fe80::7', '02:00:5e:00:00:77']]);
    expect(plan(wish([device({ ips: ['fe80::7', 'fe80::8'] })], { ip6, upstream })).devices[0]?.ips).toEqual(['fe80::8']);
  });
  it('a crowd of addresses of one kind leaves those of the other in the lane', () => {
    const ip6 = [{ ip: 'fe80::1', prefix: 'fe80::1/64' }];
    const crowd = Array.from({ length: 40 }, (_, i) => `fe80::${(i + 16).toString(16)}`);
    const planned = plan(wish([device({ ips: ['10.20.1.7', ...crowd] })], { ip6 })).devices[0]?.ips ?? [];
    expect([planned.length, planned.includes('10.20.1.7'), planned.includes(crowd.at(-1) ?? '')]).toEqual([9, true, true]);
  });
  it('names a bound device on an observing port, so that nobody on an enforced one uses its address', () => {
    const r = plan(
      wish([device({ port: 'v4', zone: 'office', bound: true }), device({ mac: '02:00:5e:00:00:04', port: 'v4', zone: 'office' })]),
    );
    expect(r.devices.map(d => [d.mac, d.port])).toEqual([['02:00:5e:00:00:01', 'v4']]);
  });
  it('one address on one port of two VLANs is one box: the stricter word counts', () => {
    const r = plan(wish([device({ access: 'admit' }), device({ vlan: 5, access: 'quarantine', ips: ['10.20.1.9'] })]));
    expect(r.devices).toEqual([
      { mac: '02:00:5e:00:00:01', port: 'v1', ips: ['10.20.1.1', '10.20.1.9'], access: 'quarantine', bound: false },
    ]);
    const [one, other] = [device({ bound: true }), device({ vlan: 5 })];
    for (const both of [
      [one, other],
      [other, one],
    ])
      expect(plan(wish(both)).devices).toMatchObject([{ bound: true }]);
  });

  it('the same devices in another order are the same bytes', () => {
    const devices = Array.from({ length: 40 }, (_, i) =>
      device({
        mac: `02:00:5e:00:00:${(16 + (i % 30)).toString(16)}`,
        port: `v${1 + (i % 4)}`,
        ips: [`10.20.1.${i % 20}`],
        bound: i % 7 === 0,
        access: i % 3 === 0 ? 'admit' : 'hold',
      }),
    );
    const [a, b] = [plan(wish(devices)), plan(wish([...devices].reverse()))];
    expect(b).toEqual(a);
    expect(hashRuleSet(b)).toBe(hashRuleSet(a));
    const keys = a.devices.map(({ mac, port }) => `${mac} ${port}`);
    expect(keys).toEqual(keys.toSorted());
  });
  it('is hashed as JSON with its keys in alphabetical order, whatever its texts are', () => {
    const text = '"devices":[\\';
    const r = plan(
      wish([device({ bound: true }), device({ mac: text, port: 'v2', ips: ['10.20.1.7', '10.20.1.8'] }), device({ port: 'v3' })]),
    );
    const inOrder = (_: string, value: unknown): unknown =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : value;
    for (const one of [r, { ...r, bridge: text, devices: [] }]) {
      const expected = createHash('sha256').update(JSON.stringify(one, inOrder)).digest('hex');
      expect([hashRuleSet(one), hashRuleSet(one)]).toEqual([expected, expected]);
    }
    expect(r.devices).toHaveLength(3);
  });
  it('a flood of addresses names no more than its cap, and bound devices are among them', () => {
    const flood = Array.from({ length: maxDevices + 2_000 }, (_, i) =>
      device({
        mac: `02:99:00:${(i >> 16).toString(16).padStart(2, '0')}:${((i >> 8) & 255).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`,
        ips: [],
      }),
    );
    const { devices } = plan(wish([...flood, device({ mac: '02:ff:00:00:00:01', bound: true, access: 'admit' })]));
    expect(devices).toHaveLength(maxDevices);
    expect(devices.filter(d => d.bound)).toHaveLength(1);
  });
});
