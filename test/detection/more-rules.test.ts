import { describe, expect, it } from 'vitest';
import type { Fact } from '../../gateway/model/fact.ts';
import { axis, axis2, laptop, router, server, siemens, World } from './world.ts';

const [minute, hour] = [60_000, 3_600_000];
const behind = (ip: string): Fact => ({ kind: 'behind', ip });
const firmware = (text: string): Fact => ({ kind: 'firmware', text });
const serves = (port: number): Fact => ({ kind: 'service', protocol: 'tcp', port });

describe('firmware-changed', () => {
  const world = () => new World({ only: 'firmware-changed' }).say(siemens, [firmware('V2.9.4')], { collector: 's7comm' });
  it('another version by the same protocol', () =>
    expect(world().say(siemens, [firmware('V2.8.1')], { collector: 's7comm' }).alarms).toMatchObject([
      { actor: siemens, detail: 'runs V2.8.1 instead of V2.9.4, by s7comm', frames: [2] },
    ]));
  it('is no other protocol, and no version told in full', () =>
    expect(
      world()
        .say(siemens, [firmware('2.09')], { collector: 'snmp' })
        .say(axis, [firmware('10.12')])
        .say(axis, [firmware('10.12.114')]).raised,
    ).toEqual([]));
});

describe('new-service', () => {
  const world = () => new World({ only: 'new-service' }).say(axis, [serves(80)]);
  it('a port that a known device never served', () =>
    expect(
      world()
        .wait(hour)
        .say(axis, [serves(23)]).raised,
    ).toEqual([`new-service ${axis}`]));
  it('is no young device, no dynamic port, and no device of which none was known', () => {
    const w = world()
      .say(axis, [serves(443)])
      .address(laptop, '10.20.0.7')
      .wait(hour)
      .say(axis, [serves(50_000)])
      .say(laptop, [serves(22)]);
    expect(w.raised).toEqual([]);
  });
});

describe('randomised-mac', () => {
  const phone = (n: number): string => `1a:00:00:00:00:0${n}`;
  it('all of a port are one alarm', () => {
    const w = new World({ only: 'randomised-mac' });
    for (let i = 1; i < 9; i++) w.address(phone(i), `10.20.0.${i}`);
    expect(w.raised).toEqual([`randomised-mac ${phone(1)}`]);
  });
  it('is no container, no virtual machine, no registered address and none of the learning time', () => {
    const w = new World({ only: 'randomised-mac' }).address('02:42:ac:11:00:02', '10.20.0.2').address('52:54:00:11:00:02', '10.20.0.3');
    expect(w.address(axis, '10.20.0.4').raised).toEqual([]);
    const raw = new World({ only: 'randomised-mac' }).address('52:79:0a:14:00:01', '10.20.0.1').address('52:79:0a:14:00:02', '10.20.0.2');
    expect(raw.raised).toEqual([]);
    expect(new World({ only: 'randomised-mac', learnsMs: hour }).address(phone(1), '10.20.0.2').raised).toEqual([]);
  });
});

describe('port-move', () => {
  const world = () => new World({ only: 'port-move' }).address(axis, '10.20.0.9').wait(2 * minute);
  it('from one access port to another', () =>
    expect(world().address(axis, '10.20.0.9', { port: 'v2' }).alarms).toMatchObject([
      { actor: axis, port: 'v2', detail: 'moved from v1 to v2' },
    ]));
  it('is no scanner that roams between access points', () => {
    const w = new World({ only: 'port-move' });
    for (const port of ['v1', 'v2'])
      for (const [i, mac] of [siemens, laptop, server].entries())
        w.address(mac.replace(/..$/, port === 'v1' ? 'a1' : 'a2'), `10.20.${i}.1`, { port });
    expect(
      w
        .address(axis, '10.20.0.9')
        .wait(2 * minute)
        .address(axis, '10.20.0.9', { port: 'v2' }).raised,
    ).toEqual([]);
  });
  it('is no device that joins many others', () => {
    const w = world();
    for (const mac of [siemens, laptop, server]) w.address(mac, '10.20.0.1', { port: 'v2' });
    expect(w.address(axis, '10.20.0.9', { port: 'v2' }).raised).toEqual([]);
  });
  it('is no clone: the old port still speaks', () =>
    expect(new World({ only: 'port-move' }).address(axis, '10.20.0.9').address(axis, '10.20.0.9', { port: 'v2' }).raised).toEqual([]));
});

describe('ring-broken', () => {
  const ring = (state: string): Fact => ({ kind: 'bridge', protocol: 'mrp', detail: `manager, ring ${state}, priority 0x8000, domain f` });
  it('opens after it was closed, and not while it is built', () => {
    expect(new World({ only: 'ring-broken' }).say(axis, [ring('closed')]).say(axis, [ring('open')]).raised).toEqual([
      `ring-broken ${axis}`,
    ]);
    expect(new World({ only: 'ring-broken' }).say(axis, [ring('open')]).say(axis, [ring('closed')]).raised).toEqual([]);
  });
  it('also a ring of CIP devices', () => {
    const dlr = (state: string): Fact => ({ kind: 'bridge', protocol: 'dlr', detail: `supervisor, ring ${state}, precedence 0` });
    expect(new World({ only: 'ring-broken' }).say(axis, [dlr('normal')]).say(axis, [dlr('faulty')]).raised).toEqual([
      `ring-broken ${axis}`,
    ]);
  });
});

describe('remote-access-device', () => {
  const runs = (text: string): Fact => ({ kind: 'description', text, of: 'remote-access' });
  it('a program for remote access, once', () => {
    const w = new World({ only: 'remote-access-device' }).say(laptop, [runs('TeamViewer')]);
    expect(w.alarms).toMatchObject([{ actor: laptop, detail: 'runs TeamViewer' }]);
    expect(w.say(axis, [{ kind: 'description', text: 'TeamViewer is not installed', of: 'http-server' }]).raised).toHaveLength(1);
  });
});

describe('remote-access-device by its looks', () => {
  const files = [
    {
      path: 'p/fingerprints/x.yaml',
      text: '- { kind: remote-access, when: { hostname: pikvm }, source: own }\n- { kind: plc, when: { vendor: Siemens AG }, source: own }',
    },
  ];
  const world = () => new World({ only: 'remote-access-device', files });
  it('is told at the next tick, with the frame, whether or not it speaks again', () => {
    const w = world()
      .address(laptop, '10.20.0.4')
      .say(laptop, [{ kind: 'hostname', name: 'pikvm' }]);
    expect(w.raised).toEqual([]);
    expect(w.wait(1000).alarms).toMatchObject([
      { actor: laptop, frames: [2], detail: 'looks like a remote-access device by p/fingerprints/x.yaml:1' },
    ]);
    expect(w.say(laptop, [{ kind: 'model', text: 'v4' }]).wait(1000).raised).toHaveLength(1);
  });
  it('is no device that an earlier fingerprint calls something else, and none without one', () => {
    const first = [
      {
        path: 'p/fingerprints/x.yaml',
        text: '- { kind: server, when: { hostname: pikvm }, source: own }\n- { kind: remote-access, when: { hostname: pikvm }, source: own }',
      },
    ];
    const w = new World({ only: 'remote-access-device', files: first });
    expect(w.say(laptop, [{ kind: 'hostname', name: 'pikvm' }]).wait(1000).raised).toEqual([]);
    expect(
      world()
        .say(siemens, [{ kind: 'hostname', name: 'plc-1' }])
        .wait(1000).raised,
    ).toEqual([]);
  });
});

describe('stealth-device', () => {
  const silent = (w: World): World => w.say(laptop, [{ kind: 'seen' }]);
  it('sends for a quarter of an hour and never says who it is', () => {
    const w = silent(new World({ only: 'stealth-device' }));
    for (let i = 0; i < 16; i++) silent(w.wait(minute));
    expect(w.wait(1).raised).toEqual([`stealth-device ${laptop}`]);
    for (let i = 0; i < 5; i++) silent(w.wait(minute));
    expect(w.raised).toHaveLength(1);
  });
  it('is neither one that announced itself, here or on another VLAN, nor one that has gone', () => {
    const w = silent(new World({ only: 'stealth-device' }))
      .address(axis, '10.20.0.9')
      .address(axis2, '10.20.0.8', { vlan: 7 });
    for (let i = 0; i < 20; i++)
      w.wait(minute)
        .say(axis, [{ kind: 'seen' }])
        .say(axis2, [{ kind: 'seen' }]);
    expect(w.raised).toEqual([]);
  });
});

describe('mac-flood', () => {
  const flood = (w: World, first: string, n: number): World => {
    for (let i = 0; i < n; i++)
      w.say(`${first}:00:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`, [{ kind: 'seen' }]);
    return w;
  };
  it('addresses that nobody registered: one alarm', () =>
    expect(flood(new World({ only: 'mac-flood' }), '94:12:34', 500).raised).toEqual(['mac-flood 94:12:34:00:00:00']));
  it('is no switch full of registered devices', () => expect(flood(new World({ only: 'mac-flood' }), '00:1b:1b', 500).raised).toEqual([]));
});

describe('hidden-router', () => {
  const through = (w: World, mac: string): World =>
    ['8.8.8.8', '9.9.9.9', '1.1.1.1', '4.4.4.4'].reduce((world, ip) => world.say(mac, [behind(ip)]), w);
  const world = () => through(new World({ only: 'hidden-router' }), router);
  it('passes on frames beside the gateway', () => expect(through(world(), laptop).raised).toEqual([`hidden-router ${laptop} ${router}`]));
  const vrrp: Fact = { kind: 'router', protocol: 'vrrp', detail: 'group 1', ip: '10.20.0.1' };
  it('one frame that says it routes excuses nobody', () => {
    const said: readonly Fact[] = [vrrp, { kind: 'router', protocol: 'ra', detail: 'lifetime' }, { kind: 'device-kind', text: 'router' }];
    for (const one of said) expect(through(world().say(laptop, [one]), laptop).raised).toEqual([`hidden-router ${laptop} ${router}`]);
  });
  it('is neither the gateway, nor one that stands in for it, nor one that said so while the site was learnt', () => {
    expect(world().raised).toEqual([]);
    expect(through(world().say(router, [vrrp]).say(server, [vrrp]), server).raised).toEqual([]);
    const learnt = new World({ only: 'hidden-router', learnsMs: minute }).say(server, [{ kind: 'router', protocol: 'ra', detail: '' }]);
    expect(through(through(learnt.wait(minute), router), server).raised).toEqual([]);
  });
});

describe('dhcp-starvation', () => {
  const asks = (count: number, target: 'network' | 'relayed' = 'network'): Fact => ({
    kind: 'acted',
    action: 'ask-leases',
    target,
    detail: `${count}, since frame 1`,
  });
  const speaksDhcp: Fact = { kind: 'protocol', name: 'dhcpv4' };
  const world = (learnsMs = 0) => new World({ only: 'dhcp-starvation', learnsMs });
  const mac = (prefix: string, n: number): string =>
    `${prefix}:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
  const newcomers = (w: World, prefix: string, n: number, usesLease = false): World => {
    for (let i = 0; i < n; i++) {
      w.say(mac(prefix, i), [speaksDhcp], { collector: 'dhcpv4' });
      if (usesLease) w.address(mac(prefix, i), `10.20.${i >> 8}.${i & 255}`);
    }
    return w;
  };
  it('one sender asks in the name of many', () => {
    expect(world().say(laptop, [asks(16)]).raised).toEqual([]);
    expect(world().say(laptop, [asks(64)]).raised).toEqual([`dhcp-starvation ${laptop}`]);
    const slow: Fact = { kind: 'acted', action: 'ask-leases', target: 'network', detail: '128 within a day, since frame 1' };
    expect(world().say(laptop, [slow]).alarms).toMatchObject([
      { actor: laptop, detail: 'asks for leases in the name of 128 clients within a day' },
    ]);
  });
  it('one that says it relays, and is known for it neither from the learning time nor for a day', () => {
    expect(
      world()
        .say(laptop, [asks(1, 'relayed')])
        .say(laptop, [asks(64, 'relayed')]).raised,
    ).toEqual([`dhcp-starvation ${laptop}`]);
    const later = world()
      .say(laptop, [asks(1, 'relayed')])
      .wait(25 * hour)
      .say(laptop, [asks(256, 'relayed')]);
    expect(later.raised).toEqual([]);
    expect(later.say(laptop, [asks(1024, 'relayed')]).raised).toEqual([`dhcp-starvation ${laptop}`]);
    const learnt = world(hour)
      .say(server, [asks(1, 'relayed')])
      .wait(2 * hour)
      .say(server, [asks(256, 'relayed')]);
    expect(learnt.raised).toEqual([]);
  });
  it('ever new senders that come slowly and never use an address, once a day', () => {
    const w = world();
    for (let i = 0; i < 70; i++) w.say(mac('1a:00:00', i), [speaksDhcp], { collector: 'dhcpv4' }).wait(15 * minute);
    expect(w.alarms).toMatchObject([{ actor: '1a:00:00:00:00:00', port: 'v1' }]);
    const few = world();
    for (let i = 0; i < 200; i++) few.say(mac('1a:00:00', i), [speaksDhcp], { collector: 'dhcpv4' }).wait(30 * minute);
    expect(few.raised).toEqual([]);
  });
  it('ever new senders of many makers once the site is learnt; a line that is switched on while it is learnt is none', () => {
    const makers = ['00:1b:1b', '00:02:b3', '00:25:90', '00:40:8c'];
    const line = (w: World): World => {
      for (let i = 0; i < 240; i++) w.say(mac(makers[i % 4] ?? '', i), [speaksDhcp], { collector: 'dhcpv4' });
      return w.wait(16_000);
    };
    expect(
      line(
        world(minute)
          .address(axis, '10.20.0.9')
          .wait(3 * minute),
      ).raised,
    ).toEqual(['dhcp-starvation 00:1b:1b:00:00:00']);
    expect(line(world(minute)).wait(3 * minute).raised).toEqual([]);
  });
  it('ever new senders on one port that use no lease: one alarm however long', () => {
    const w = world();
    for (let i = 0; i < 10; i++) newcomers(w, `94:12:3${i}`, 100).wait(16_000);
    expect(w.alarms).toMatchObject([{ actor: '94:12:30:00:00:00', port: 'v1' }]);
  });
  it('also of one registered maker, later', () => {
    expect(newcomers(world(), '00:1b:1b', 200).wait(16_000).raised).toEqual([]);
    expect(newcomers(world(), '00:1b:1b', 300).wait(16_000).raised).toEqual(['dhcp-starvation 00:1b:1b:00:00:00']);
  });
  it('is no relay that routes', () =>
    expect(
      world()
        .say(router, [behind('8.8.8.8'), behind('9.9.9.9'), behind('1.1.1.1')])
        .say(router, [asks(1024, 'relayed')]).raised,
    ).toEqual([]));
  it('is no phones that come a few a minute or use what they get, and no devices that start again', () => {
    const phones = world();
    for (let i = 0; i < 300; i++)
      phones
        .say(mac('1a:00:00', i), [speaksDhcp], { collector: 'dhcpv4' })
        .wait(20_000)
        .address(mac('1a:00:00', i), `fe80::${i + 1}`);
    expect(phones.raised).toEqual([]);
    expect(newcomers(world(), '1a:00:00', 300, true).wait(16_000).raised).toEqual([]);
    const restarted = world();
    for (let i = 0; i < 300; i++) restarted.say(mac('94:12:34', i), [{ kind: 'seen' }]);
    expect(newcomers(restarted.wait(hour), '94:12:34', 300).wait(16_000).raised).toEqual([]);
  });
  it('is no restart of many ports with one device each', () => {
    const w = world();
    for (let i = 0; i < 180; i++) w.say(mac('94:12:34', i), [speaksDhcp], { collector: 'dhcpv4', port: `v${(i % 3) + 1}` }).wait(300);
    for (let i = 0; i < 180; i++) w.address(mac('94:12:34', i), `10.20.1.${i}`, { port: `v${(i % 3) + 1}` });
    expect(w.wait(hour).raised).toEqual([]);
  });
});
