import { describe, expect, it } from 'vitest';
import { type Covered, coverageOf } from '../../gateway/inventory/coverage.ts';
import { PortSharing } from '../../gateway/inventory/port-sharing.ts';
import type { Coverage } from '../../gateway/model/coverage.ts';
import { maxNamed } from '../../gateway/model/coverage.ts';
import type { Device, DeviceView } from '../../gateway/model/device.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import type { NetworkSettings } from '../../gateway/model/settings.ts';

const bridge: NetworkSettings = { kind: 'bridge', bridge: 'br0', ports: ['p1', 'p2'], uplinks: [], ip: '192.0.2.254', dhcpServers: [] };
const listen: NetworkSettings = { kind: 'listen', ports: ['p1'] };

type Wanted = {
  readonly kind?: string;
  readonly facts?: readonly Fact[];
  readonly seenBy?: Device['seenBy'];
  readonly unicast?: number;
  readonly packets?: number;
};
let next = 0;
/** A device that was heard talking, unless said otherwise. */
function at(port: string, { kind, facts = [], seenBy = 'frames', unicast = 5, packets = 9 }: Wanted = {}, vlan = 0, mac?: string): Covered {
  next += 1;
  const device: Device = {
    id: `d${next}`,
    mac: mac ?? `00:00:5e:00:53:${(next & 255).toString(16).padStart(2, '0')}`,
    port,
    vlan,
    zone: 'z',
    seenBy,
    ips: [],
    bindings: [],
    fields: kind === undefined ? {} : { kind: { value: kind, source: 'x', at: 0, frame: 0 } },
    services: [],
    facts: facts.map(fact => ({ collector: 'x', frame: 1, at: 0, fact })),
    firstSeen: 0,
  };
  return { device, seen: { lastAt: 0, packets, bytes: 900, unicast } };
}
const look = (network: NetworkSettings, ...all: readonly Covered[]): Coverage =>
  coverageOf(all, { network, kindOf: ({ fields }) => fields.kind?.value });
const kinds = (network: NetworkSettings, ...all: readonly Covered[]): readonly string[] =>
  look(network, ...all).gaps.map(({ kind }) => kind);

describe('what cannot be seen on a port of our bridge', () => {
  it('is nothing where one device stands', () => {
    expect(look(bridge, at('p1'))).toEqual({
      ports: [
        { port: 'p1', role: 'single', addresses: 1 },
        { port: 'p2', role: 'empty', addresses: 0 },
      ],
      vlans: [{ vlan: 0, addresses: 1, talking: 1 }],
      gaps: [],
    });
  });

  it('is what devices of one port say to each other: one of N behind an unmanaged switch', () => {
    const all = [at('p1'), at('p1'), at('p1'), at('p2')];
    expect(look(bridge, ...all).gaps).toEqual([
      {
        kind: 'shared-port',
        port: 'p1',
        count: 3,
        devices: all.slice(0, 3).map(({ device }) => device.id),
        notSeen: expect.stringMatching(/^3 addresses share port p1 and none is a switch that says so: .* not seen/) as string,
        toDo: expect.stringMatching(/port of its own/) as string,
      },
    ]);
  });

  it('counts addresses, not the VLANs in which one speaks, nor the virtual addresses of routers', () =>
    expect(
      kinds(bridge, at('p1', {}, 10, '00:00:5e:00:53:aa'), at('p1', {}, 20, '00:00:5e:00:53:aa'), at('p1', {}, 0, '00:00:5e:00:01:07')),
    ).toEqual([]));

  it.each([
    ['says so', { kind: 'switch' }],
    ['speaks the spanning tree', { facts: [{ kind: 'bridge', protocol: 'rstp', detail: '' }] }],
  ] as const)('names the switch that %s instead', (_, wanted) => {
    const gap = look(bridge, at('p1', wanted), at('p1'), at('p1')).gaps[0];
    expect(gap).toMatchObject({ kind: 'foreign-switch', port: 'p1', count: 2 });
    expect(gap?.devices[0]).toBe(`d${next - 2}`);
  });

  it('is what radio clients of an access point say to each other, seen or tunnelled', () => {
    expect(look(bridge, at('p1', { kind: 'access-point' }), at('p1')).gaps).toMatchObject([{ kind: 'wireless', port: 'p1', count: 1 }]);
    expect(look(bridge, at('p1', { kind: 'access-point' })).gaps).toMatchObject([{ kind: 'wireless', count: 0 }]);
  });

  it('is whoever stands behind an uplink, and what only the forwarding table knows', () => {
    const quiet = at('p1', { seenBy: 'forwarding-table', packets: 0, unicast: 0 });
    expect(kinds({ ...bridge, uplinks: ['up'] }, quiet)).toEqual(['uplink', 'forwarding-table-only']);
  });

  it('is the cell behind a router, if it is no way to the internet', () => {
    const behind = (...ips: readonly string[]) => at('p1', { facts: ips.map(ip => ({ kind: 'behind', ip }) as const) });
    expect(kinds(bridge, behind('203.0.113.5', '2001:db8::1'))).toEqual([]);
    const [gap] = look(bridge, behind('192.168.7.2', '192.168.7.3', '203.0.113.5', '10.1.1.1', '172.20.0.9')).gaps;
    expect(gap).toMatchObject({ kind: 'behind-router', count: 4 });
    expect(gap?.notSeen).toMatch(/^At least 4 hosts \(192\.168\.7\.2, 192\.168\.7\.3, 10\.1\.1\.1, …\) send through 00:00:5e:00:53:/);
  });
});

describe('what cannot be seen on a listening port', () => {
  it('is always where devices are plugged in', () => expect(kinds(listen, at('p1'))).toEqual(['mirror']));

  it('is a VLAN of which only broadcast arrives, and elsewhere those who only broadcast', () => {
    const coverage = look(
      listen,
      at('p1', {}, 10),
      at('p1', { unicast: 0 }, 10),
      at('p1', { unicast: 0 }, 20),
      at('p1', { unicast: 0 }, 20),
    );
    expect(coverage.vlans).toEqual([
      { vlan: 10, addresses: 2, talking: 1 },
      { vlan: 20, addresses: 2, talking: 0 },
    ]);
    expect(coverage.gaps.map(({ kind, vlan, count }) => [kind, vlan, count])).toEqual([
      ['mirror', undefined, 4],
      ['vlan-broadcast-only', 20, 2],
      ['broadcast-only', undefined, 1],
    ]);
  });

  it('names at most 32 devices of a gap, whatever their number', () => {
    const many = Array.from({ length: 500 }, (_, i) =>
      at('p1', {}, 0, `02:00:00:00:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`),
    );
    const [gap] = look(bridge, ...many).gaps;
    expect([gap?.count, gap?.devices.length]).toEqual([500, maxNamed]);
  });
});

describe('a device that shares its port', () => {
  const view = ({ device }: Covered): DeviceView => ({ device }) as DeviceView;
  it('is told with how many, and that its frames count for A2 at most; counted anew after a second', () => {
    const all = [at('p1'), at('p1'), at('p2'), at('up')];
    const sharing = new PortSharing({ ...bridge, uplinks: ['up'] }, () => all.map(({ device }) => device));
    const marks = (now: number) => all.map(one => sharing.mark(view(one), now).sharesPortWith);
    expect(marks(0)).toEqual([1, 1, undefined, undefined]);
    expect(sharing.mark(view(all[0] ?? at('p1')), 0).assuranceCap).toBe(2);
    all.push(at('p2'));
    expect(marks(500)).toEqual([1, 1, undefined, undefined, undefined]);
    expect(marks(1500)).toEqual([1, 1, 1, undefined, 1]);
  });

  it('is not told where the box only listens', () => {
    const all = [at('p1'), at('p1')];
    const sharing = new PortSharing(listen, () => all.map(({ device }) => device));
    expect(all.map(one => sharing.mark(view(one), 0).sharesPortWith)).toEqual([undefined, undefined]);
  });
});
