import { mdnsResponse } from '../vectors/frames/index.ts';
import * as b from '../vectors/frames/build.ts';
import { initiation } from '../vectors/frames/remote-access.ts';
import { linux, windows } from '../vectors/frames/tcp-syn.ts';
import type { AlarmType } from '../../gateway/model/alarm.ts';
import { zone } from '../gateway/fixture.ts';
import { mudFile, mudText, mudUrl } from '../vectors/mud.ts';
import * as s from './said.ts';
import type { Wire } from './wire.ts';
import { axis, axis2, laptop, router, server, siemens, type WorldOptions } from './world.ts';

/** What happens on the wire. `options`: the site it happens at. */
export type Story = { readonly happens: (w: Wire) => unknown; readonly options?: WorldOptions };
type Meant = Story & { readonly raises: string };
/** Of one rule: what it means, as `actor victim`, what else it means, and its look-alikes by name. */
export type Scenario = Meant & {
  readonly also?: { readonly [what: string]: Meant };
  readonly isNo: { readonly [lookAlike: string]: Story['happens'] | Story };
};

/** Look-alikes that some rule must have a story for. */
export const lookAlikes = [
  'VRRP',
  'HSRP',
  'DHCP relay',
  'ARP probe',
  'DHCP re-lease',
  'failover',
  'vMotion',
  'VLAN twins',
  'PRP',
  'scanner that roams',
] as const;

const [minute, hour] = [60_000, 3_600_000];
const [axisIp, routerIp, laptopIp, serverIp] = ['10.20.0.9', '10.20.0.1', '10.20.0.50', '10.20.0.5'];
const [second, virtual] = ['00:00:0c:00:00:77', '00:00:5e:00:01:07'];
const vm = '00:50:56:00:00:07';
const many = (n: number, make: (i: number) => Uint8Array): readonly Uint8Array[] => Array.from({ length: n }, (_, i) => make(i));
const mac = (prefix: string, i: number): string =>
  `${prefix}:${[i >> 16, i >> 8, i].map(x => (x & 255).toString(16).padStart(2, '0')).join(':')}`;
const outside = (from: string): readonly Uint8Array[] => ['8.8.8.8', '9.9.9.9', '1.1.1.1', '4.4.4.4'].map(ip => s.passesOn(from, ip));
const gateway = [s.arp(router, routerIp), ...outside(router)];
/** Two routers of one group: both say so, and each says its own address. */
const group = (say: typeof s.vrrp): readonly Uint8Array[] => [
  s.arp(router, '10.20.0.2'),
  s.arp(second, '10.20.0.3'),
  say(router, '10.20.0.2', routerIp),
  say(second, '10.20.0.3', routerIp),
];
const takeOver =
  (say: typeof s.vrrp) =>
  (w: Wire): Wire => {
    w.send(group(say)).send([s.arp(axis, axisIp)]);
    for (let i = 0; i < 4; i++)
      w.send([s.arp(router, routerIp), ...outside(router)])
        .wait(5000)
        .send([s.arp(second, routerIp), ...outside(second)])
        .wait(5000);
    return w;
  };
const firmware = (text: string): Uint8Array =>
  b.ethernet(
    axis,
    b.mdnsMac,
    0x0800,
    b.ipv4(
      axisIp,
      '224.0.0.251',
      17,
      b.udp(5353, 5353, mdnsResponse([{ type: 'TXT', name: 'a._http._tcp.local', ttl: 120, data: [`fw=${text}`] }])),
      { ttl: 255 },
    ),
  );
const serves = (port: number): readonly Uint8Array[] => [
  s.tcp(laptop, laptopIp, axisIp, 40_000, port),
  s.tcp(axis, axisIp, laptopIp, port, 40_000, { flags: 18 }),
];
const scan = (i: number): Uint8Array => s.arpAsk(laptop, laptopIp, `10.20.1.${i}`);
const camera = [s.arp(axis, axisIp), s.discover(axis, { name: 'axis-1', parameters: [1, 3, 6, 66] })];
const { default: _, ...plainZone } = zone();
const zones = [
  { ...plainZone, name: 'cold', ports: ['v1'], prefixes: ['10.20.4.0/24'] },
  zone({ name: 'rest', prefixes: ['10.20.5.0/24'] }),
];
const mudSite = { files: [{ path: 'policies.d/mud/thermo.json', text: mudText(mudFile()) }] };
const thing = [s.discover(axis, { mud: mudUrl }), s.arp(axis, axisIp)];
const prpNode = (w: Wire, port: string): Wire => w.send([s.prp(axis), s.arp(axis, axisIp)], port);

const leased = '10.20.0.99';
const grant = (w: Wire): Wire =>
  w.send([s.arp(server, serverIp), s.offer(server, serverIp, { type: 5, chaddr: axis, yiaddr: leased }), s.arp(axis, leased)]);
const byTurns = (w: Wire, times: number, ...frames: readonly Uint8Array[]): Wire => {
  for (let i = 0; i < times; i++) w.send(frames).wait(200);
  return w;
};
const works = (ip: string): Uint8Array => s.plain(axis, ip);
const opens = (ttl: number): Uint8Array => s.tcp(axis, axisIp, serverIp, 40_001, 443, { options: ttl === 128 ? windows : linux, ttl });

/** Every rule with what it means and what looks like it, as frames. */
export const scenarios: { readonly [rule in AlarmType]?: Scenario } = {
  'new-device': {
    happens: w => w.send([s.arp(axis, axisIp)]),
    raises: axis,
    isNo: {
      'VLAN twins on a SPAN port': {
        happens: w =>
          w
            .send([s.arp(axis, axisIp)], 'v1', 'untagged')
            .wait(2 * minute)
            .send([s.arp(axis, axisIp)], 'v1', 'tagged'),
        options: { learnsMs: minute },
      },
      'a site that is still learnt': { happens: w => w.send([s.arp(axis, axisIp)]), options: { learnsMs: hour } },
    },
  },
  'mac-clone': {
    happens: w => w.send(camera).send([s.discover(axis, { name: 'kali', parameters: [1, 28, 2] })]),
    raises: `${axis} ${axis}`,
    also: {
      'a lease for one, while the other goes on to speak from its fixed address': {
        happens: w =>
          byTurns(
            grant(
              w
                .send([s.arp(axis, axisIp), works(axisIp)])
                .wait(2 * minute)
                .send([s.discover(axis)]),
            ),
            3,
            works(leased),
            works(axisIp),
          ),
        raises: `${axis} ${axis}`,
      },
    },
    isNo: {
      'a fixed address and a leased one from the start': w =>
        byTurns(grant(w.send([s.arp(axis, axisIp), works(axisIp), s.discover(axis)])), 5, works(leased), works(axisIp)),
      'a container with a client identifier of its own': w =>
        byTurns(
          grant(
            w
              .send([s.arp(axis, axisIp), works(axisIp)])
              .wait(2 * minute)
              .send([s.discover(axis, { client: [255, 7, 7, 7, 7] })]),
          ),
          5,
          works(leased),
          works(axisIp),
        ),
      'two fixed addresses': w =>
        byTurns(w.send([s.arp(axis, axisIp), s.arp(axis, leased)]).wait(2 * minute), 5, works(leased), works(axisIp)),
      'DHCP re-lease: an old connection still says good-bye': w =>
        grant(
          w
            .send([s.arp(axis, axisIp), works(axisIp)])
            .wait(2 * minute)
            .send([s.discover(axis)]),
        )
          .send([works(leased), works(axisIp)])
          .wait(minute)
          .send([works(leased), works(leased)]),
      'vMotion: a machine moves at once, with all its signs': w =>
        w
          .send([s.arp(vm, axisIp)])
          .send([s.arp(vm, axisIp)], 'v2')
          .wait(20 * minute)
          .send([s.arp(vm, axisIp)], 'v2')
          .wait(minute),
      'VLAN twins on a SPAN port': w => w.send(camera, 'v1', 'untagged').send(camera, 'v1', 'tagged').wait(minute),
      'DHCP re-lease: another address, the same signs': w =>
        w
          .send(camera)
          .wait(minute)
          .send([s.discover(axis, { name: 'axis-1', parameters: [1, 3, 6, 66] }), s.arp(axis, '10.20.0.99')])
          .wait(minute),
      'PRP: one address on both lines of the port': w => prpNode(prpNode(w, 'v1'), 'v1').wait(minute),
    },
  },
  'mac-clone-same-ip': {
    happens: w =>
      w
        .send([s.arp(axis, axisIp), s.mdns(axis, axisIp, 'zbr1'), s.tcp(axis, axisIp, serverIp, 40_000, 443, { options: linux })])
        .send([s.tcp(axis, axisIp, serverIp, 40_001, 443, { options: windows, ttl: 128 }), s.mdns(axis, axisIp, 'desk-7')]),
    raises: `${axis} ${axis}`,
    also: {
      'a second system speaks in between, and it alone has a name': {
        happens: w =>
          byTurns(w.send([s.arp(axis, axisIp), works(axisIp)]), 2, opens(128), s.registers(axis, axisIp, 'DESK-7', 128), works(axisIp)),
        raises: `${axis} ${axis}`,
      },
    },
    isNo: {
      'two systems on one disk, started in turn': w =>
        w
          .send([s.arp(axis, axisIp), works(axisIp), opens(64)])
          .wait(3 * minute)
          .send([opens(128), s.registers(axis, axisIp, 'DESK-7', 128)])
          .wait(3 * minute)
          .send([works(axisIp)]),
      'a DHCP re-lease by another system on the same disk': w =>
        w
          .send([s.discover(axis, { name: 'zbr1', parameters: [1, 3, 6] }), s.arp(axis, axisIp), opens(64)])
          .wait(3 * minute)
          .send([s.discover(axis, { name: 'desk-7', parameters: [1, 15, 44] }), opens(128), s.registers(axis, axisIp, 'DESK-7', 128)]),
      'a management processor that shares the addresses: it has no name': w =>
        byTurns(w.send([s.arp(axis, axisIp), s.registers(axis, axisIp, 'DESK-7')]), 5, s.plain(axis, axisIp, 128), opens(64)),
      'a guest system that shares the addresses of its named host': w =>
        byTurns(w.send([s.arp(axis, axisIp), opens(128)]), 5, opens(64), s.registers(axis, axisIp, 'DESK-7', 128)),
      'a program that sets a time to live of its own': w =>
        byTurns(w.send([s.arp(axis, axisIp), opens(64)]), 5, s.plain(axis, axisIp, 255), s.registers(axis, axisIp, 'DESK-7')),
      'a name service with a time to live of its own': w =>
        byTurns(w.send([s.arp(axis, axisIp), opens(64)]), 5, s.registers(axis, axisIp, 'DESK-7', 128), works(axisIp)),
      'a load balancer or router that passes on packets of others': w =>
        byTurns(
          w.send([s.arp(axis, axisIp), opens(64)]),
          5,
          s.passesOn(axis, '10.20.0.66'),
          opens(127),
          s.registers(axis, axisIp, 'DESK-7'),
        ),
      'an update with another time to live': w =>
        byTurns(
          w.send([s.arp(axis, axisIp), s.registers(axis, axisIp, 'ZBR1'), opens(64)]).wait(minute),
          5,
          opens(128),
          s.registers(axis, axisIp, 'ZBR1', 128),
        ),
      'an update: only its TCP changes': w =>
        w.send([
          s.arp(axis, axisIp),
          s.mdns(axis, axisIp, 'zbr1'),
          s.tcp(axis, axisIp, serverIp, 40_000, 443, { options: linux }),
          s.tcp(axis, axisIp, serverIp, 40_001, 443, { options: windows, ttl: 128 }),
        ]),
      'VLAN twins on a SPAN port': w => w.send(camera, 'v1', 'untagged').send(camera, 'v1', 'QinQ'),
    },
  },
  impersonation: {
    happens: w => w.send([s.mdns('02:40:8c:00:00:07', axisIp, 'axis-00408cfacade')]),
    raises: '02:40:8c:00:00:07',
    also: {
      'a newcomer in a group of routers': {
        happens: w =>
          w
            .send([...group(s.vrrp), ...group(s.hsrp)])
            .wait(hour)
            .send([s.arp(laptop, laptopIp), s.hsrp(laptop, laptopIp, routerIp)]),
        options: { learnsMs: minute },
        raises: `${laptop} ${router}`,
      },
      'a newcomer that speaks from the virtual address': {
        happens: w =>
          w
            .send([s.arp(router, '10.20.0.2'), s.vrrp(router, '10.20.0.2', routerIp, virtual)])
            .wait(hour)
            .send([s.arp(laptop, laptopIp), s.vrrp(laptop, laptopIp, routerIp, virtual)]),
        options: { learnsMs: minute },
        raises: `${laptop} ${virtual}`,
      },
    },
    isNo: {
      'VRRP router of the group that was silent until the first one failed': {
        happens: w =>
          w
            .send([s.arp(router, '10.20.0.2'), s.vrrp(router, '10.20.0.2', routerIp), s.arp(second, '10.20.0.3')])
            .wait(hour)
            .send([s.vrrp(second, '10.20.0.3', routerIp)]),
        options: { learnsMs: minute },
      },
      'HSRP group that is new itself': {
        happens: w =>
          w
            .send([s.arp(axis, axisIp)])
            .wait(hour)
            .send(group(s.hsrp)),
        options: { learnsMs: minute },
      },
      'a second interface of one maker': w => w.send([s.mdns(axis2, axisIp, 'axis-00408c000001')]),
    },
  },
  'port-move': {
    happens: w =>
      w
        .send([s.arp(axis, axisIp)])
        .wait(2 * minute)
        .send([s.arp(axis, axisIp)], 'v2'),
    raises: axis,
    isNo: {
      'a scanner that roams between access points': w => {
        for (const port of ['v1', 'v2'])
          w.send(
            many(4, i => s.arp(mac(port === 'v1' ? '00:1b:1b' : '00:02:b3', i), `10.20.2.${i}`)),
            port,
          );
        return w
          .send([s.arp(axis, axisIp)])
          .wait(2 * minute)
          .send([s.arp(axis, axisIp)], 'v2');
      },
      'vMotion between hosts with many machines': w => {
        for (const port of ['v1', 'v2'])
          w.send(
            many(4, i => s.arp(mac(port === 'v1' ? '00:50:56' : '00:0c:29', i), `10.20.2.${i}`)),
            port,
          );
        return w
          .send([s.arp(vm, axisIp)])
          .wait(2 * minute)
          .send([s.arp(vm, axisIp)], 'v2');
      },
    },
  },
  'randomised-mac': {
    happens: w => w.send([s.arp('1a:00:00:00:00:01', axisIp)]),
    raises: '1a:00:00:00:00:01',
    isNo: {
      'VRRP with the group’s virtual address, and containers': w =>
        w.send([s.vrrp(router, '10.20.0.2', routerIp, virtual), s.arp('02:42:ac:11:00:02', axisIp)]),
    },
  },
  'stealth-device': {
    happens: w => {
      for (let i = 0; i < 17; i++) w.send([s.plain(laptop, laptopIp)]).wait(minute);
      return w.send([s.plain(laptop, laptopIp)]).wait(minute);
    },
    raises: laptop,
    isNo: {
      'a device that once said its address': w => {
        w.send([s.arp(laptop, laptopIp)]);
        for (let i = 0; i < 18; i++) w.send([s.plain(laptop, laptopIp)]).wait(minute);
        return w;
      },
      'VLAN twins on a SPAN port: it said so in the other one': w => {
        w.send([s.arp(laptop, laptopIp)], 'v1', 'tagged');
        for (let i = 0; i < 18; i++) w.send([s.plain(laptop, laptopIp)], 'v1', 'untagged').wait(minute);
        return w;
      },
    },
  },
  'mac-flood': {
    happens: w => w.send(many(200, i => s.plain(mac('94:12:34', i), laptopIp))),
    raises: mac('94:12:34', 0),
    isNo: { 'a switch full of registered devices': w => w.send(many(200, i => s.arp(mac('00:1b:1b', i), `10.20.3.${i}`))) },
  },
  'new-service': {
    happens: w =>
      w
        .send([s.arp(axis, axisIp), ...serves(80)])
        .wait(2 * hour)
        .send(serves(23)),
    raises: axis,
    isNo: { 'a device that is new itself': w => w.send([s.arp(axis, axisIp), ...serves(80), ...serves(23)]) },
  },
  'wrong-zone': {
    happens: w => w.send([s.arp(axis, '10.20.5.9')]).wait(3 * minute),
    options: { zones },
    raises: axis,
    isNo: {
      'DHCP re-lease after a move': {
        happens: w =>
          w
            .send([s.arp(axis, '10.20.5.9')])
            .wait(20_000)
            .send([s.arp(axis, '10.20.4.9')])
            .wait(5 * minute),
        options: { zones },
      },
      'an ARP probe from 0.0.0.0 for an address of elsewhere': {
        happens: w => w.send([s.arpProbe(axis, '10.20.5.9'), s.arp(axis, '10.20.4.9')]).wait(5 * minute),
        options: { zones },
      },
    },
  },
  'firmware-changed': {
    happens: w => w.send([firmware('2.9.4'), firmware('2.8.1')]),
    raises: axis,
    isNo: { 'a version told in full later': w => w.send([firmware('2.9'), firmware('2.9.4')]) },
  },
  'remote-access-device': {
    happens: w => w.send([s.arp(laptop, laptopIp), s.udp(laptop, { from: laptopIp }, 51_820, 51_820, initiation)]).wait(minute),
    raises: laptop,
    isNo: {
      'other traffic on that port': w =>
        w.send([s.arp(laptop, laptopIp), s.udp(laptop, { from: laptopIp }, 51_820, 51_820, b.bytes('hello'))]).wait(minute),
    },
  },
  'arp-spoof': {
    happens: w =>
      w
        .send([s.arp(router, routerIp), s.arp(axis, axisIp), s.arp(laptop, laptopIp)])
        .send([s.arpReply(laptop, routerIp), s.arpReply(laptop, axisIp)]),
    raises: `${laptop} ${router}`,
    isNo: {
      'VRRP routers that take over from each other': takeOver(s.vrrp),
      'HSRP routers that take over from each other': takeOver(s.hsrp),
      'ARP probes from 0.0.0.0': w =>
        w.send([s.arp(router, routerIp), s.arp(axis, axisIp), s.arpProbe(laptop, routerIp), s.arpProbe(laptop, axisIp)]),
      'DHCP re-lease of the address of one who went': w =>
        w
          .send([s.arp(axis, axisIp)])
          .send([s.arp(laptop, laptopIp), s.offer(server, serverIp, { type: 5, chaddr: laptop, yiaddr: axisIp }), s.arp(laptop, axisIp)]),
      'failover of one address, told by gratuitous ARP': w =>
        w.send([s.arp(server, serverIp), s.arp(siemens, '10.20.0.6')]).send([s.arp(siemens, serverIp), s.arp(siemens, serverIp)]),
    },
  },
  'claimed-mac': {
    happens: w => w.send([s.arp(axis, axisIp), s.arpReply(laptop, axisIp, axis)]),
    raises: `${laptop} ${axis}`,
    isNo: { 'VRRP: the master speaks for the virtual address': w => w.send([s.arpReply(router, routerIp, virtual)]) },
  },
  'ip-conflict': {
    happens: w => w.send([s.arp(siemens, axisIp), s.arp(laptop, axisIp), s.arp(siemens, axisIp)]),
    raises: `${laptop} ${siemens}`,
    isNo: {
      'VRRP routers that take over from each other': takeOver(s.vrrp),
      'HSRP routers that take over from each other': takeOver(s.hsrp),
      'failover: the first no longer claims it': w => w.send([s.arp(server, serverIp), s.arp(siemens, serverIp), s.arp(siemens, serverIp)]),
      'ARP probes from 0.0.0.0 before it is given up': w =>
        w.send([s.arp(server, serverIp), s.arpProbe(siemens, serverIp), s.arp(server, serverIp)]),
      'VLAN twins on a SPAN port': w =>
        w
          .send([s.arp(axis, axisIp)], 'v1', 'untagged')
          .send([s.arp(axis, axisIp)], 'v1', 'tagged')
          .send([s.arp(axis, axisIp)], 'v1', 'untagged'),
    },
  },
  'rogue-dhcp': {
    happens: w => w.send([s.arp(server, serverIp), s.offer(server, serverIp), s.arp(laptop, laptopIp), s.offer(laptop, laptopIp)]),
    raises: `${laptop} ${server}`,
    isNo: {
      'a DHCP relay that passes on what the server said': w =>
        w.send([s.arp(server, serverIp), s.offer(server, serverIp), ...gateway, s.offer(router, serverIp, { via: routerIp })]),
    },
  },
  'dhcp-starvation': {
    happens: w => w.send(many(100, i => s.discover(laptop, { chaddr: mac('94:12:34', i) }))),
    raises: laptop,
    isNo: {
      'a DHCP relay with many clients': w =>
        w.send([...gateway, ...many(1500, i => s.discover(router, { chaddr: mac('00:1b:1b', i), giaddr: routerIp }))]).wait(minute),
      'a power cut: one question each, on all ports': w => {
        for (let i = 0; i < 180; i++)
          w.send([s.discover(mac('00:1b:1b', i)), s.arp(mac('00:1b:1b', i), `10.20.3.${i}`)], `v${(i % 3) + 1}`);
        return w.wait(minute);
      },
      'phones at an access point': w => {
        for (let i = 0; i < 100; i++) w.send([s.discover(mac('1a:00:00', i)), s.arp(mac('1a:00:00', i), `10.20.3.${i}`)]).wait(500);
        return w.wait(minute);
      },
    },
  },
  'rogue-ra': {
    happens: w => w.send([...gateway, s.advertise(router), s.arp(laptop, laptopIp), s.advertise(laptop)]),
    raises: `${laptop} ${router}`,
    also: {
      'one that asks to be preferred to the router': {
        happens: w => w.send([...gateway, s.arp(laptop, laptopIp), s.advertise(laptop, 8)]).wait(minute),
        raises: `${laptop} ${router}`,
      },
    },
    isNo: {
      'a router for IPv6 alone': w => w.send([...gateway, s.arp(second, '10.20.0.3'), s.advertise(second)]).wait(minute),
      'a router that asks to be preferred before it routes': w =>
        w.send([s.arp(second, '10.20.0.3'), s.advertise(second, 8), ...gateway, ...outside(second)]).wait(minute),
      'a router that asks to be preferred and routes': w => w.send([...gateway, s.advertise(router, 8)]).wait(minute),
      'VRRP: both routers of a group advertise': w => w.send([...group(s.vrrp), s.advertise(router), s.advertise(second)]),
    },
  },
  'llmnr-poison': {
    happens: w =>
      w.send([
        s.arp(laptop, laptopIp),
        s.mdns(laptop, laptopIp, 'pc-7'),
        s.llmnr(laptop, laptopIp, 'files'),
        s.nbns(laptop, laptopIp, 'PRINTER'),
      ]),
    raises: laptop,
    isNo: {
      'a host that answers for its own name': w =>
        w.send([
          s.arp(laptop, laptopIp),
          s.mdns(laptop, laptopIp, 'pc-7'),
          s.llmnr(laptop, laptopIp, 'pc-7'),
          s.nbns(laptop, laptopIp, 'PC-7'),
        ]),
      'a host of containers with a name for each service': w =>
        w.send([s.arp(server, serverIp), ...many(21, i => s.mdns(server, serverIp, `${String.fromCharCode(97 + i)}-service`))]),
      'a name server for NetBIOS': w =>
        w.send([s.arp(server, serverIp), ...['A', 'B', 'C'].map(name => s.nbns(server, serverIp, name, '10.20.0.66'))]),
    },
  },
  'rogue-switch': {
    happens: w =>
      w
        .send([s.bpdu(axis, [0x8000, router])])
        .wait(2 * minute)
        .send([s.bpdu(laptop, [0x1000, laptop])]),
    options: { learnsMs: minute },
    raises: laptop,
    also: {
      'a root where there was no tree': {
        happens: w =>
          w
            .send([s.arp(axis, axisIp)])
            .wait(minute)
            .send([s.bpdu(laptop, [0x1000, laptop])]),
        options: { isMirror: true },
        raises: laptop,
      },
      'a root that the others do not follow': {
        happens: w =>
          w
            .send([s.bpdu(laptop, [0x1000, laptop]), s.bpdu(axis, [0x8000, router])])
            .wait(10_000)
            .send([s.arp(laptop, laptopIp)])
            .wait(10_000),
        options: { isMirror: true },
        raises: `${laptop} ${router}`,
      },
    },
    isNo: {
      'a root that failed: the others follow the next one': {
        happens: w => w.send([s.bpdu(laptop, [0x1000, laptop]), s.bpdu(axis, [0x8000, router])]).wait(minute),
        options: { isMirror: true },
      },
      'a root that makes way': {
        happens: w =>
          w
            .send([s.bpdu(laptop, [0x1000, laptop]), s.bpdu(axis, [0x8000, router]), s.bpdu(laptop, [0x8000, router])])
            .wait(10_000)
            .send([s.arp(laptop, laptopIp)])
            .wait(10_000),
        options: { isMirror: true },
      },
      'a tree for one more VLAN': {
        happens: w =>
          w
            .send([s.bpdu(router, [0x1000, router])])
            .wait(minute)
            .send([s.bpdu(router, [0x1007, router])]),
        options: { isMirror: true },
      },
      'a switch that starts: it takes itself for the root': {
        happens: w =>
          w
            .send([s.bpdu(router, [0x1000, router])])
            .wait(minute)
            .send([s.bpdu(laptop, [0x8000, laptop])])
            .wait(10_000)
            .send([s.arp(router, routerIp)])
            .wait(minute),
        options: { isMirror: true },
      },
      'a switch that follows the known root': {
        happens: w => w.send([s.bpdu(axis, [0x8000, router]), s.bpdu(axis2, [0x8000, router])]),
        options: { learnsMs: minute },
      },
    },
  },
  'hidden-router': {
    happens: w => w.send(gateway).send([s.arp(laptop, laptopIp), ...outside(laptop)]),
    raises: `${laptop} ${router}`,
    also: {
      'a router that names itself by DHCP, or by RA': {
        happens: w =>
          w
            .send([...gateway, s.arp(laptop, laptopIp), s.arp(axis, axisIp), s.advertise(laptop)])
            .send([s.offer(laptop, laptopIp, { type: 5, chaddr: axis, yiaddr: axisIp, router: laptopIp }), ...outside(laptop)]),
        raises: `${laptop} ${router}`,
      },
    },
    isNo: {
      'a second router that the DHCP server names to its clients': w =>
        w
          .send([...gateway, s.arp(second, '10.20.0.3'), s.arp(server, serverIp), s.arp(axis, axisIp)])
          .send([s.offer(server, serverIp, { type: 5, chaddr: axis, yiaddr: axisIp, router: '10.20.0.3' }), ...outside(second)]),
      'VRRP routers that take over from each other': takeOver(s.vrrp),
      'HSRP routers that take over from each other': takeOver(s.hsrp),
    },
  },
  'ring-broken': {
    happens: w => w.send([s.mrp(axis, 'closed'), s.mrp(axis, 'open')]),
    raises: axis,
    isNo: { 'a ring that is built': w => w.send([s.mrp(axis, 'open'), s.mrp(axis, 'closed')]) },
  },
  'arp-scan': {
    happens: w => w.send([s.arp(laptop, laptopIp), ...many(200, scan)]),
    raises: laptop,
    isNo: {
      'a router that asks for whomever packets from outside are for': w =>
        w.send([...gateway, ...many(200, i => s.arpAsk(router, routerIp, `10.20.1.${i}`))]),
      'ARP probes of one host that looks for a free address': w => w.send(many(10, i => s.arpProbe(laptop, `169.254.1.${i}`))),
    },
  },
  'port-scan': {
    happens: w =>
      w
        .send([s.arp(laptop, laptopIp), ...many(40, i => s.tcp(laptop, laptopIp, axisIp, 40_000, 1000 + i))])
        .wait(5000)
        .send([s.tcp(laptop, laptopIp, axisIp, 40_000, 9999)]),
    raises: laptop,
    isNo: {
      'a controller that is off and tried again': w =>
        w
          .send([s.arp(laptop, laptopIp), ...many(40, i => s.tcp(laptop, laptopIp, axisIp, 40_000 + i, 502))])
          .wait(5000)
          .send([s.tcp(laptop, laptopIp, axisIp, 41_000, 502)]),
    },
  },
  'unauthorised-write': {
    happens: w => w.send([s.arp(siemens, axisIp), s.arp(laptop, laptopIp), s.modbusWrite(laptop, laptopIp, axisIp)]),
    raises: `${laptop} ${siemens}`,
    isNo: {
      reading: w => w.send([s.arp(siemens, axisIp), s.arp(laptop, laptopIp), s.modbusRead(laptop, laptopIp, axisIp)]),
      'a control system that did so while the site was learnt': {
        happens: w =>
          w
            .send([s.arp(siemens, axisIp), s.arp(server, serverIp), s.modbusWrite(server, serverIp, axisIp)])
            .wait(hour)
            .send([s.modbusWrite(server, serverIp, axisIp)]),
        options: { learnsMs: minute },
      },
    },
  },
  'mud-violation': {
    happens: w => w.send([...thing, s.tcp(axis, axisIp, '203.0.113.7', 40_000, 23)]),
    options: mudSite,
    raises: axis,
    isNo: {
      'DHCP, DNS, NTP, ARP and multicast': {
        happens: w =>
          w.send([
            ...thing,
            s.arpAsk(axis, axisIp, routerIp),
            s.mdns(axis, axisIp, 'thermo'),
            ...[53, 123].map(port => s.udp(axis, { from: axisIp, to: '8.8.8.8' }, 40_000, port, b.bytes('x'))),
          ]),
        options: mudSite,
      },
      'the same by a device without a MUD file': w => w.send([s.arp(laptop, laptopIp), s.tcp(laptop, laptopIp, '203.0.113.7', 40_000, 23)]),
    },
  },
};
