import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Access } from '../../gateway/model/decision.ts';
import type { PlannedDevice, RuleSet } from '../../gateway/model/rule-set.ts';
import { EnforcerProcess } from './enforcer-process.ts';
import { arp, dhcp, ethernet, everyone, icmp6, ip4, tagged, tcp, udp } from './frames.ts';
import { type Ear, type Lan, labIsMissing, makeLan, until } from './namespace.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

const gateway = { mac: '02:00:00:00:00:01', ip: '10.20.0.1', attestationPort: 8443 };
const server = { mac: '02:00:00:00:00:02', ip: '10.20.0.2' };
const good = { name: 'good', port: 'v1', mac: '02:00:5e:00:00:01', ip: '10.20.1.1/16' };
const evil = { name: 'evil', port: 'v2', mac: '02:00:5e:00:00:02', ip: '10.20.1.2/16' };
const spare = { name: 'spare', port: 'v3', mac: '02:00:5e:00:00:03' };
const peer = { name: 'peer', port: 'v4', mac: '02:00:5e:00:00:04', ip: '10.20.1.4/16' };
const watcher = { name: 'watcher', port: 'v5', mac: '02:00:5e:00:00:05', ip: '10.20.1.5/16' };
const evilIp = '10.20.1.2';

const planned = (d: { mac: string; port: string; ip?: string }, access: Access, bound = false): PlannedDevice => ({
  mac: d.mac,
  port: d.port,
  ips: d.ip === undefined ? [] : [d.ip.replace('/16', '')],
  access,
  bound,
});

/** v5 observes; good is bound, peer admitted by a rule. */
const ruleSet = (access: Access, more: Partial<RuleSet> = {}): RuleSet => ({
  bridge: 'br0',
  gateway,
  uplinks: ['up0'],
  enforced: ['v1', 'v2', 'v3', 'v4'],
  observed: [],
  dhcpServers: [server.ip],
  devices: [planned(good, 'admit', true), planned(evil, access), planned(peer, 'admit')],
  ...more,
});

const leak = [...Buffer.from('sallyport leak')];
const all4 = '255.255.255.255';
const udpTo = (to: string, ip: string, from = evil.mac): Uint8Array =>
  ethernet(to, from, 0x0800, ip4({ from: evilIp, to: ip, protocol: 17 }, udp(4000, 5000, leak)));
const discover = (more: Partial<Parameters<typeof dhcp>[0]> = {}, from = evil.mac): Uint8Array =>
  ethernet(everyone, from, 0x0800, ip4({ from: '0.0.0.0', to: all4, protocol: 17 }, udp(68, 67, dhcp({ chaddr: from, ...more }))));
const askGateway = ethernet(everyone, evil.mac, 0x0806, arp({ sender: evil.mac, senderIp: evilIp, targetIp: gateway.ip }));
const arpFrom = (more: Partial<Parameters<typeof arp>[0]>, to = everyone, from = evil.mac): Uint8Array =>
  ethernet(to, from, 0x0806, arp({ sender: evil.mac, senderIp: evilIp, targetIp: gateway.ip, ...more }));
const syn = (from: number, to: number, ip = gateway.ip, mac = gateway.mac): Uint8Array =>
  ethernet(mac, evil.mac, 0x0800, ip4({ from: evilIp, to: ip, protocol: 6 }, tcp(from, to)));
const dhcpTo = (mac: string, ip: string): Uint8Array =>
  ethernet(mac, evil.mac, 0x0800, ip4({ from: evilIp, to: ip, protocol: 17 }, udp(68, 67, dhcp({ chaddr: evil.mac }))));
const ra = ethernet('33:33:00:00:00:01', evil.mac, 0x86dd, icmp6(134));
const everyTag = (frame: Uint8Array): readonly Uint8Array[] => [
  tagged(frame, [0x8100, 0]),
  tagged(frame, [0x8100, 20]),
  tagged(frame, [0x88a8, 20]),
  tagged(frame, [0x9100, 20]),
  tagged(frame, [0x8100, 20], [0x8100, 30]),
  tagged(frame, [0x88a8, 20], [0x8100, 30]),
];
const controls = (from: string): readonly Uint8Array[] => [
  ethernet('01:80:c2:00:00:0e', from, 0x88cc, [2, 7, 4, 2, 0, 0, 0, 0, 1, 0, 0]), // LLDP
  ethernet('01:80:c2:00:00:0e', from, 0x88f7, [0x12, 2, 0, 54, ...leak]), // PTP peer delay
  ethernet('01:80:c2:00:00:03', from, 0x888e, [1, 1, 0, 0]), // EAPOL
  ethernet('01:80:c2:00:00:00', from, 38, [0x42, 0x42, 3, ...Array<number>(35).fill(0)]), // BPDU in LLC
  ethernet('01:80:c2:00:00:02', from, 0x8809, [1, 1, ...leak]), // LACP
  ethernet('01:15:4e:00:00:01', from, 0x88e3, [0, 1, ...leak]), // MRP
];

/** Everything tried by a host that is cut. None may arrive anywhere. */
const attacks: Readonly<Record<string, readonly Uint8Array[]>> = {
  'any TCP port of the gateway from source port 8443': [22, 80, 443, 8444, 31337].map(port => syn(8443, port)),
  "the listener's port on another address or host": [syn(1025, 8443, server.ip), syn(1025, 8443, server.ip, server.mac)],
  "the listener from another's address": [
    ethernet(gateway.mac, evil.mac, 0x0800, ip4({ from: '10.20.1.1', to: gateway.ip, protocol: 6 }, tcp(1025, 8443))),
  ],
  'plain UDP to everyone, a group, the server, the gateway': [
    udpTo(everyone, all4),
    udpTo('01:00:5e:00:00:fb', '224.0.0.251'),
    udpTo(server.mac, server.ip),
    udpTo(good.mac, '10.20.1.1'),
    udpTo(watcher.mac, '10.20.1.5'),
    udpTo(gateway.mac, gateway.ip),
  ],
  'DHCP by unicast to a host that is no known server': [
    dhcpTo(good.mac, '10.20.1.1'),
    dhcpTo(watcher.mac, '10.20.1.5'),
    dhcpTo(server.mac, '10.20.0.3'),
    dhcpTo(good.mac, server.ip),
    dhcpTo(everyone, server.ip),
    dhcpTo(server.mac, all4),
  ],
  'DHCP-shaped payload': [
    ethernet(everyone, evil.mac, 0x0800, ip4({ from: '0.0.0.0', to: all4, protocol: 17 }, udp(68, 67, leak))),
    ethernet(everyone, evil.mac, 0x0800, ip4({ from: '0.0.0.0', to: all4, protocol: 17 }, udp(68, 67, []))),
    ethernet(everyone, evil.mac, 0x0800, ip4({ from: '0.0.0.0', to: all4, protocol: 17 }, [0, 68, 0])),
    discover({ pad: 400 }),
    discover({ giaddr: evilIp }),
    discover({ hops: 1 }),
    discover({ op: 2 }),
    ethernet(everyone, evil.mac, 0x0800, ip4({ from: '10.20.1.1', to: all4, protocol: 17 }, udp(68, 67, dhcp({ chaddr: evil.mac })))),
  ],
  'an answer as if it were a DHCP server': [
    ethernet(everyone, evil.mac, 0x0800, ip4({ from: evilIp, to: all4, protocol: 17 }, udp(67, 68, dhcp({ chaddr: good.mac, op: 2 })))),
  ],
  'DHCP in the name of another': [discover({ chaddr: good.mac }), discover({ chaddr: '02:00:5e:00:00:77' })],
  'ARP that would poison': [
    arpFrom({ operation: 2, senderIp: '10.20.1.1', target: gateway.mac }, gateway.mac),
    arpFrom({ senderIp: '10.20.1.1' }),
    arpFrom({ sender: good.mac, senderIp: '10.20.1.1' }),
    arpFrom({ sender: good.mac }),
    arpFrom({ operation: 2 }, gateway.mac),
    arpFrom({ senderIp: '10.20.1.1', targetIp: '10.20.1.1' }),
    arpFrom({ targetIp: server.ip }),
    arpFrom({ targetIp: '10.20.1.1' }, good.mac),
    arpFrom({ senderIp: '0.0.0.0' }),
    arpFrom({}, server.mac),
  ],
  '150 invented ARP senders': Array.from({ length: 150 }, (_, i) =>
    ethernet(everyone, evil.mac, 0x0806, arp({ sender: evil.mac, senderIp: `10.20.9.${i}`, targetIp: gateway.ip })),
  ),
  'invented source addresses': Array.from({ length: 100 }, (_, i) =>
    ethernet(everyone, `02:99:00:00:00:${(i + 16).toString(16)}`, 0x0800, ip4({ from: evilIp, to: all4, protocol: 17 }, udp(9, 9, leak))),
  ),
  'tagged twins of the lane and of others': [discover(), askGateway, syn(1025, 8443), ra, udpTo(everyone, all4)].flatMap(everyTag),
  fragments: [0x2000, 0x0001, 0x2001, 0x8000].map(fragment =>
    ethernet(
      everyone,
      evil.mac,
      0x0800,
      ip4({ from: '0.0.0.0', to: all4, protocol: 17, fragment }, udp(68, 67, dhcp({ chaddr: evil.mac }))),
    ),
  ),
  'IP options': [
    ethernet(
      everyone,
      evil.mac,
      0x0800,
      ip4({ from: '0.0.0.0', to: all4, protocol: 17, options: [1, 1, 1, 0] }, udp(68, 67, dhcp({ chaddr: evil.mac }))),
    ),
    ethernet(
      gateway.mac,
      evil.mac,
      0x0800,
      ip4({ from: evilIp, to: gateway.ip, protocol: 6, options: [0x83, 7, 4, 10, 20, 0, 2, 0] }, tcp(1025, 8443)),
    ),
  ],
  IPv6: [
    ra,
    ethernet(everyone, evil.mac, 0x86dd, icmp6(135)),
    ethernet(gateway.mac, evil.mac, 0x86dd, icmp6(128)),
    ethernet(server.mac, evil.mac, 0x86dd, icmp6(128)),
  ],
  'other protocols': [
    ethernet(everyone, evil.mac, 0x88b6, leak),
    ethernet(server.mac, evil.mac, 0x8892, leak), // PROFINET
    ethernet(everyone, evil.mac, 40, [0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ...leak, ...leak]), // IP in LLC/SNAP
    ethernet(gateway.mac, evil.mac, 0x0800, ip4({ from: evilIp, to: gateway.ip, protocol: 1 }, [8, 0, 0, 0, ...leak])),
  ],
  'priority tags, with VLAN 0, and tags of other types': [discover(), askGateway, syn(1025, 8443), ra, udpTo(everyone, all4)].flatMap(
    frame =>
      (
        [
          [0x8100, 0],
          [0x8100, 0xe000],
          [0x8100, 0x1000],
          [0x88a8, 0],
          [0x9100, 0],
          [0x9200, 20],
          [0x88e7, 0],
        ] as const
      ).map(tag => tagged(frame, tag)),
  ),
  'tunnels, MACsec, wake-up calls, pauses and types that nobody knows': [
    0x88e5, 0x8863, 0x8864, 0x8847, 0x8848, 0x0842, 0x8808, 0x22f3, 0x6558, 0x894f, 0x9999, 0x0600,
  ].flatMap(type =>
    [everyone, server.mac, good.mac, gateway.mac, '01:00:5e:00:00:fb'].map(to => ethernet(to, evil.mac, type, [...leak, ...leak])),
  ),
  'ARP in LLC and in SNAP': [everyone, gateway.mac].flatMap(to => [
    ethernet(to, evil.mac, 36, [0xaa, 0xaa, 3, 0, 0, 0, 8, 6, ...arp({ sender: evil.mac, senderIp: evilIp, targetIp: gateway.ip })]),
    ethernet(to, evil.mac, 31, [0x98, 0x98, 3, ...arp({ sender: evil.mac, senderIp: evilIp, targetIp: gateway.ip })]),
  ]),
  'control frames': controls(evil.mac),
  "another's source address": [gateway.mac, server.mac, good.mac, peer.mac].flatMap(mac => [
    udpTo(everyone, all4, mac),
    discover({}, mac),
    ethernet(everyone, mac, 0x0806, arp({ sender: mac, senderIp: evilIp, targetIp: gateway.ip })),
    ...controls(mac),
  ]),
};

describe.skipIf(missing)('quarantine on the wire', () => {
  let lan: Lan;
  let enforcer: EnforcerProcess;
  const ears = new Map<string, Ear>();

  beforeAll(async () => {
    lan = await makeLan({ prefix: 'slpqu', devices: [good, evil, spare, peer, watcher] });
    enforcer = new EnforcerProcess(lan);
    for (const host of ['server', 'good', 'peer', 'watcher', 'spare', 'evil', 'gateway'])
      ears.set(host, await lan.receive(host, host === 'gateway' ? 'br0' : 'eth0'));
  });
  afterAll(() => lan?.close());

  /** What each host hears while `act` runs, as hex. */
  async function listen(act: () => Promise<unknown>, hosts = [...ears.keys()]): Promise<Readonly<Record<string, readonly string[]>>> {
    for (const [host, ear] of ears) await lan.heard(host, ear); // what is still on its way from before
    for (const ear of ears.values()) ear.frames.length = 0;
    await act();
    const heard: Record<string, readonly string[]> = {};
    for (const host of hosts) {
      const ear = ears.get(host);
      if (ear) heard[host] = (await lan.heard(host, ear)).map(f => Buffer.from(f).toString('hex'));
    }
    return heard;
  }
  const text = (frame: Uint8Array): string => Buffer.from(frame).toString('hex');
  const nobody = { server: [], good: [], peer: [], watcher: [], spare: [], evil: [], gateway: [] };
  const places = async (): Promise<readonly string[]> => {
    const { stdout } = await lan.exec('gateway', ['bridge', 'fdb', 'show', 'br', 'br0']);
    const macs = [good.mac, peer.mac, server.mac];
    return stdout
      .split('\n')
      .filter(l => macs.some(m => l.startsWith(m)))
      .map(l => l.split(' ').slice(0, 3).join(' '))
      .sort();
  };
  const atHome = [`${server.mac} dev up0`, `${good.mac} dev v1`, `${peer.mac} dev v4`].sort();
  const neighbours = async (): Promise<string> => (await lan.exec('gateway', ['ip', 'neigh', 'show', 'dev', 'br0'])).stdout;
  const ping = async (from: string, to: string): Promise<boolean> =>
    (await lan.exec(from, ['ping', '-c1', '-W30', to])).stdout.includes('1 received');

  it('runs with CAP_NET_ADMIN alone', async () => {
    await enforcer.until(m => m.type === 'hello', 'the enforcer is there');
    const { stdout } = await lan.exec('gateway', ['cat', `/proc/${enforcer.child.pid}/status`]);
    expect(stdout).toMatch(/^Uid:\s+61172\s+61172\s+61172\s+61172$/m);
    expect(stdout).toMatch(/^CapEff:\s+0000000000001000$/m);
    expect(stdout).toMatch(/^NoNewPrivs:\s+1$/m);
  });

  describe('while nothing is enforced', () => {
    beforeAll(() => enforcer.enforce(ruleSet('hold', { enforced: [], devices: [] })));

    it('LLDP, PTP, EAPOL, BPDU, LACP and MRP cross both ways', async () => {
      const there = await listen(() => lan.sendFrames('evil', controls(evil.mac)));
      expect(there['server']).toEqual(controls(evil.mac).map(text));
      const back = await listen(() => lan.sendFrames('server', controls(server.mac)));
      expect(back['evil']).toEqual(controls(server.mac).map(text));
    });

    it('broken IPv4, IPv6 and tagged frames cross', async () => {
      const broken = ethernet(server.mac, evil.mac, 0x0800, [0x4f, 0, 0, 9, ...leak]);
      const frames = [broken, ra, ...everyTag(udpTo(server.mac, server.ip))];
      // Kernels answer some of these, so what else is heard does not matter here.
      expect((await listen(() => lan.sendFrames('evil', frames)))['server']).toEqual(expect.arrayContaining(frames.map(text)));
    });

    it.each(Object.entries(attacks))('somebody hears %s, so that silence means something later', async (_, frames) => {
      const heard = await listen(() => lan.sendFrames('evil', frames), ['server', 'good', 'peer', 'watcher', 'spare', 'gateway']);
      const texts = new Set(Object.values(heard).flat());
      expect(frames.filter(f => !texts.has(text(f))).map(text)).toEqual([]);
    });

    it('a clone is not dropped', async () => {
      const frame = udpTo(everyone, all4, good.mac);
      expect((await listen(() => lan.sendFrames('spare', [frame])))['server']).toEqual([text(frame)]);
    });
  });

  describe.each(['hold', 'quarantine'] as const)('a device in %s', access => {
    beforeAll(async () => {
      await enforcer.enforce(ruleSet(access, { enforced: [], devices: [] })); // a new table: rates that were used up would hide a leak
      await enforcer.enforce(ruleSet(access));
      for (const host of ['gateway', 'server', 'good', 'peer', 'watcher']) await lan.exec(host, ['ip', 'neigh', 'flush', 'all']);
      for (const host of ['good', 'peer']) expect(await ping(host, server.ip)).toBe(true);
    });

    it.each(Object.entries(attacks))('reaches nobody with %s', async (_, frames) => {
      const before = await neighbours();
      expect(await listen(() => lan.sendFrames('evil', frames))).toEqual(nobody);
      expect(await places()).toEqual(atHome);
      expect(await neighbours()).toBe(before);
    });

    it('is heard by the server with DHCP, and by nobody else', async () => {
      await until(async () => (await listen(() => lan.sendFrames('evil', [discover()])))['server']?.length === 1, 'the rate allows it');
      expect(await listen(() => lan.sendFrames('evil', [discover()]))).toEqual({ ...nobody, server: [text(discover())] });
    });

    it('may ask the known server by unicast once it has answered from there', async () => {
      const answer = ethernet(good.mac, server.mac, 0x0800, ip4({ from: server.ip, to: '10.20.1.1', protocol: 17 }, udp(67, 68, leak)));
      await lan.sendFrames('server', [answer]);
      await until(
        async () => (await listen(() => lan.sendFrames('evil', [dhcpTo(server.mac, server.ip)])))['server']?.length === 1,
        'the rate allows it',
      );
    });

    it('sends no more DHCP than its rate', async () => {
      const heard = await listen(() => lan.sendFrames('evil', Array<Uint8Array>(200).fill(discover())));
      expect(heard['server']?.length).toBeLessThan(30);
    });

    it('is answered by the gateway when it asks for its address', async () => {
      const heard = await listen(() => lan.sendFrames('evil', [askGateway]));
      const reply = ethernet(
        evil.mac,
        gateway.mac,
        0x0806,
        arp({ operation: 2, sender: gateway.mac, senderIp: gateway.ip, target: evil.mac, targetIp: evilIp }),
      );
      expect(heard).toEqual({ ...nobody, gateway: [text(askGateway)], evil: [text(reply)] });
    });

    it("reaches the gateway's attestation listener", async () => {
      const listener = lan.spawn('gateway', ['socat', '-u', 'TCP-LISTEN:8443,fork,reuseaddr', 'OPEN:/dev/null']);
      await until(
        async () => (await lan.exec('evil', ['socat', '-u', 'OPEN:/dev/null', 'TCP:10.20.0.1:8443,connect-timeout=1'])).code === 0,
        'it connects',
      );
      listener.kill();
    });

    it('is reached by nobody', async () => {
      const to = (from: { mac: string; ip?: string }): readonly Uint8Array[] => [
        ethernet(evil.mac, from.mac, 0x0800, ip4({ from: '10.20.1.1', to: evilIp, protocol: 17 }, udp(7, 7, leak))),
        ethernet(everyone, from.mac, 0x0800, ip4({ from: '10.20.1.1', to: all4, protocol: 17 }, udp(7, 7, leak))),
        ethernet('01:00:5e:00:00:fb', from.mac, 0x0800, ip4({ from: '10.20.1.1', to: '224.0.0.251', protocol: 17 }, udp(5353, 5353, leak))),
        ethernet(
          everyone,
          from.mac,
          0x0806,
          arp({ sender: from.mac, senderIp: from.ip?.replace('/16', '') ?? server.ip, targetIp: evilIp }),
        ),
        ethernet('33:33:00:00:00:01', from.mac, 0x86dd, icmp6(134)),
        ethernet(evil.mac, from.mac, 0x0800, ip4({ from: server.ip, to: evilIp, protocol: 17 }, udp(67, 68, leak))),
        ethernet(
          everyone,
          from.mac,
          0x0800,
          ip4({ from: server.ip, to: all4, protocol: 17 }, udp(67, 68, dhcp({ chaddr: '02:00:5e:00:00:66', op: 2 }))),
        ),
        ...controls(from.mac),
      ];
      for (const [host, from] of [
        ['good', good],
        ['peer', peer],
        ['watcher', watcher],
        ['server', server],
      ] as const) {
        const heard = await listen(() => lan.sendFrames(host, [...to(from), ...to(from).flatMap(everyTag)]), ['evil', 'spare']);
        expect([host, heard]).toEqual([host, { evil: [], spare: [] }]);
      }
    });

    it('lets admitted devices, the server and observe ports pass among themselves, groups included', async () => {
      for (const [a, b] of [
        ['good', server.ip],
        ['server', '10.20.1.1'],
        ['good', '10.20.1.4'],
        ['peer', '10.20.1.5'],
        ['watcher', '10.20.1.1'],
        ['good', gateway.ip],
        ['gateway', '10.20.1.4'],
      ] as const)
        expect([a, b, await ping(a, b)]).toEqual([a, b, true]);
      const shout = udpTo(everyone, all4, good.mac);
      const heard = await listen(() => lan.sendFrames('good', [shout, ...controls(good.mac)]));
      for (const host of ['server', 'peer', 'watcher'])
        expect([host, heard[host]]).toEqual([host, [shout, ...controls(good.mac)].map(text)]);
      expect([heard['evil'], heard['spare']]).toEqual([[], []]);
    });
  });

  it('where one VLAN only observes, it passes both ways and the others do not, until a device there is cut', async () => {
    const observed = [{ port: 'v2', vlan: 20 }];
    await enforcer.enforce(ruleSet('hold', { observed, devices: [planned(good, 'admit', true)] }));
    const [shout, back] = [udpTo(everyone, all4), udpTo(everyone, all4, server.mac)];
    const vlan20 = (f: Uint8Array): Uint8Array => tagged(f, [0x8100, 20]);
    const others = (f: Uint8Array): readonly Uint8Array[] => everyTag(f).filter(t => !text(t).includes('81000014'));
    const there = await listen(() => lan.sendFrames('evil', [vlan20(shout), shout, ...others(shout)]), ['server']);
    expect(there).toEqual({ server: [text(vlan20(shout))] });
    expect(await listen(() => lan.sendFrames('server', [vlan20(back), back, ...others(back)]), ['evil'])).toEqual({
      evil: [text(vlan20(back))],
    });
    await enforcer.enforce(ruleSet('hold', { observed, devices: [planned(good, 'admit', true), planned(evil, 'hold')] }));
    expect(await listen(() => lan.sendFrames('evil', [vlan20(shout)]))).toEqual(nobody);
  });

  it('where a port observes untagged, unknown hosts pass and devices that are cut do not', async () => {
    const observed = [{ port: 'v2', vlan: 0 }];
    await enforcer.enforce(ruleSet('hold', { observed, devices: [planned(evil, 'hold')] }));
    const [mine, stranger] = [udpTo(everyone, all4), udpTo(everyone, all4, '02:00:5e:00:00:99')];
    expect(await listen(() => lan.sendFrames('evil', [mine, stranger]), ['server'])).toEqual({ server: [text(stranger)] });
  });
});
