import { describe, expect, it } from 'vitest';
import { broadcastOf, orderProblem } from '../../../gateway/edge/probe/guard.ts';
import { neighbourOf } from '../../../gateway/edge/probe/neighbour.ts';
import { parseProberOptions, proberOrder } from '../../../gateway/edge/probe/orders.ts';
import { Turns } from '../../../gateway/edge/probe/turns.ts';
import { actingPorts, controllerPorts, portProblem } from '../../../gateway/probing/ports.ts';
import { helloProbe } from '../../probing/world.ts';

const own = { ip: '10.20.0.1', prefix: '10.20.0.1/16' };
const mac = '02:00:5e:00:00:07';
const target = (more: object = {}) => ({ device: 'd7', mac, ip: '10.20.1.7', port: 'v1', vlan: 0, service: 502, ...more });
const modbus = helloProbe('modbus-device-id');
const problem = (more: object = {}, neighbour: string | undefined = mac, probe = modbus) =>
  orderProblem({ target: target(more) }, probe, own, () => neighbour);

describe('the last guard', () => {
  it('lets a known question to the bound neighbour pass', () => expect(problem()).toBeUndefined());
  it('nothing to an address that leads to somebody else, or to nobody', () => {
    expect(problem({}, '02:00:5e:00:00:66')).toBe(`10.20.1.7 leads to 02:00:5e:00:00:66, not to ${mac}`);
    expect(orderProblem({ target: target() }, modbus, own, () => undefined)).toMatch(/leads to nobody/);
  });
  it('nothing outside our own network, to ourselves, or to everybody as if it were one', () => {
    for (const ip of ['10.21.0.7', '8.8.8.8', '10.20.0.1', '10.20.0.0', '10.20.255.255'])
      expect(problem({ ip }), ip).toMatch(/not in our own network/);
  });
  it('of IPv6 only to a host of a network of the bridge', () => {
    const own6 = { ...own, ip6: ['fe80::1', 'fd00:20::1'].map(ip => ({ ip, prefix: `${ip}/64` })) };
    const of = (ip: string, from: typeof own = own6) => orderProblem({ target: target({ ip }) }, modbus, from, () => mac);
    expect(['fe80::7', 'fd00:20::7'].map(ip => of(ip))).toEqual([undefined, undefined]);
    for (const ip of [
      'fe80::1',
      'fd00:20::1',
      'fd00:20::',
      'fd00:21::7',
      '2001:db8::1',
      '::1',
      '::',
      'ff02::1',
      '::ffff:10.20.1.7',
      '2002:a14:107::1',
    ])
      expect(of(ip), ip).toMatch(/not in our own network/);
    expect(of('fe80::7', own)).toMatch(/not in our own network 10\.20\.0\.1\/16$/);
    expect(orderProblem({ target: target({ ip: 'fe80::7' }) }, modbus, own6, () => undefined)).toMatch(/leads to nobody/);
  });
  it('no port but the one of the probe, and no broadcast by no port', () => {
    expect(problem({ service: 503 })).toMatch(/not the port/);
    const everybody = helloProbe('arp-sweep', { reach: 'broadcast', medium: { kind: 'frame' } });
    expect(orderProblem({ ports: [] }, everybody, own, () => mac)).toMatch(/no port/);
    expect(orderProblem({ ports: ['v1'], target: target() }, everybody, own, () => mac)).toMatch(/no device/);
    expect(orderProblem({}, modbus, own, () => mac)).toMatch(/no device/);
    expect(orderProblem({ target: target() }, undefined, own, () => mac)).toMatch(/no such probe/);
  });
  it('no printing port whatever the probe says, and no controller port that it does not name', () => {
    const any = helloProbe('http-head', { medium: { kind: 'tcp', port: 'service' }, proofs: ['http', 'tcp/80', 'tcp/9100', 'tcp/4840'] });
    for (const port of actingPorts) expect(portProblem(any, port), String(port)).toMatch(/acts on any bytes/);
    for (const port of controllerPorts) expect(portProblem(any, port) === undefined, String(port)).toBe(port === 4840);
    for (const port of [515, 631, 9100, 9107]) {
      const fixed = helloProbe('http-head', { medium: { kind: 'tcp', port }, proofs: [`tcp/${port}`] });
      expect(portProblem(fixed, port), String(port)).toMatch(/acts on any bytes/);
    }
    for (const port of [80, 8080, 8443]) expect(portProblem(any, port)).toBeUndefined();
    for (const port of [0, -1, 65_536, 1.5]) expect(portProblem(any, port)).toMatch(/no port/);
  });
});

describe('where the kernel would send', () => {
  const table = `IP address       HW type     Flags       HW address            Mask     Device
10.20.1.7        0x1         0x6         02:00:5e:00:00:07     *        br0
10.20.1.8        0x1         0x0         00:00:00:00:00:00     *        br0
10.20.1.9        0x1         0x2         02:00:5e:00:00:09     *        eth9
`;
  it('is read from its own table: complete entries of the bridge only', () => {
    expect([
      neighbourOf('10.20.1.7', 'br0', table),
      neighbourOf('10.20.1.8', 'br0', table),
      neighbourOf('10.20.1.9', 'br0', table),
    ]).toEqual([mac, undefined, undefined]);
  });
});

describe('where the kernel would send for IPv6', () => {
  it('counts only where the enforcer pinned it: what is learnt may change', () => {
    const shown = (state: string) => neighbourOf('fe80::7', 'br0', `fe80::7 lladdr ${mac} ${state} \n`);
    expect(['PERMANENT proto 83', 'REACHABLE', 'STALE', 'FAILED', 'router STALE'].map(shown)).toEqual([mac, ...Array<undefined>(4)]);
    expect(neighbourOf('fe80::7', 'br0', 'fe80::7  FAILED')).toBeUndefined();
  });
  it('is nobody where there is no such bridge', () => expect(neighbourOf('fe80::7', 'no-such-br')).toBeUndefined());
});

describe('turns', () => {
  /** Takes as many turns as it can in so many seconds; the times of those that were given. */
  const given = (turns: Turns, seconds: number, who: () => readonly [string, string | undefined]): number[] => {
    const times: number[] = [];
    for (let now = 0; now < seconds * 1000; ) {
      const [zone, device] = who();
      const wait = turns.take(zone, device, now);
      if (wait === 0) times.push(now);
      else now += wait;
    }
    return times;
  };
  const most = (times: readonly number[]): number =>
    Math.max(...times.map(at => times.filter(other => other >= at && other < at + 1000).length));

  it('1 a second to a device, 5 to a zone, 20 from the box, in any second', () => {
    expect(most(given(new Turns(), 10, () => ['cell', mac]))).toBe(1);
    expect(most(given(new Turns(), 10, () => ['cell', undefined]))).toBe(5);
    let n = 0;
    expect(most(given(new Turns(), 10, () => [`z${n++ % 50}`, undefined]))).toBe(20);
  });

  it('a flood of devices and zones stays under the cap', () => {
    const turns = new Turns();
    for (let n = 0; n < 100_000; n++) turns.take(`z${n}`, `m${n}`, n * 50);
    expect(turns.size).toBeLessThanOrEqual(1027);
  });
});

describe('orders', () => {
  const order = { id: 'p1', probe: 'modbus-device-id', zone: 'cell', armedBy: 'ann', target: target() };
  const sent = { type: 'probe', order, own: { mac, ...own } };
  it('are read as they are written', () => expect(proberOrder.parse(sent)).toEqual(sent));
  it('are read with IPv6 addresses', () => {
    const six = {
      ...sent,
      order: { ...order, target: target({ ip: 'fe80::7' }) },
      own: { ...sent.own, ip6: [{ ip: 'fe80::1', prefix: 'fe80::1/64' }] },
    };
    expect(proberOrder.parse(six)).toEqual(six);
  });
  it.each([
    ['a name that is no probe', { ...sent, order: { ...order, probe: 'shell' } }],
    ['a device in a VLAN', { ...sent, order: { ...order, target: target({ vlan: 7 }) } }],
    ['an IPv6 address with a zone', { ...sent, order: { ...order, target: target({ ip: 'fe80::7%eth0' }) } }],
    ['an address that is none', { ...sent, order: { ...order, target: target({ ip: 'example.org' }) } }],
    ['a port of the bridge that is a path', { ...sent, order: { ...order, ports: ['../x'] } }],
    ['another type', { ...sent, type: 'write' }],
  ])('with %s are refused', (_, value) => expect(proberOrder.safeParse(value).success).toBe(false));
  it('and options with more or less than they need', () => {
    expect(parseProberOptions('{"bridge":"br0","ports":["v1"],"user":61176}')).toEqual({ bridge: 'br0', ports: ['v1'], user: 61_176 });
    for (const bad of [
      '{}',
      '{"bridge":"br0","ports":[],"user":1}',
      '{"bridge":"br0","ports":["v1"],"user":0}',
      '{"bridge":"br0","ports":["v1"],"user":1,"x":1}',
    ])
      expect(() => parseProberOptions(bad), bad).toThrow();
  });
  it('the last address of a network', () =>
    expect(['10.20.0.1/16', '10.20.4.0/22', '192.168.1.9/24'].map(broadcastOf)).toEqual(['10.20.255.255', '10.20.7.255', '192.168.1.255']));
});
