import * as b from '../vectors/frames/build.ts';
import { mudFile, mudText, mudUrl } from '../vectors/mud.ts';
import * as s from './said.ts';
import { axisIp, group, hour, laptopIp, mac, many, minute, routerIp, type Scenarios, second, serverIp, virtual } from './scenario.ts';
import type { Wire } from './wire.ts';
import { axis, axis2, laptop, ownIp, router, server, siemens } from './world.ts';

const outside = (from: string): readonly Uint8Array[] => ['8.8.8.8', '9.9.9.9', '1.1.1.1', '4.4.4.4'].map(ip => s.passesOn(from, ip));
const gateway = [s.arp(router, routerIp), ...outside(router)];
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
const scan = (i: number): Uint8Array => s.arpAsk(laptop, laptopIp, `10.20.1.${i}`);
/** As masscan sends them: from one port of its own, without options, all to the router. */
const sweep = (i: number): Uint8Array => s.tcp(laptop, laptopIp, `10.20.1.${i}`, 61_234, 4840, { ttl: 255, target: router });
const letsIn = (i: number): Uint8Array => s.tcp(router, `10.20.1.${i}`, laptopIp, 4840, 61_234, { flags: 18, ttl: 63, target: laptop });
const asksSnmp = (i: number): Uint8Array => s.udp(laptop, { from: laptopIp, to: `10.20.1.${i}` }, 40_000, 161, b.bytes('x'));
const stray = (port: number, flags: number, from = 51_000, ip = axisIp): Uint8Array => s.tcp(laptop, laptopIp, ip, from, port, { flags });
const resets = (port: number, to = 51_000, ip = axisIp): Uint8Array => s.tcp(axis, ip, laptopIp, port, to, { flags: 4, target: laptop });
const protocol = (i: number): Uint8Array => b.ethernet(laptop, axis, 0x0800, b.ipv4(laptopIp, axisIp, i, b.bytes()));
/** IGMP, tunnels, IPsec, routing and stand-in protocols, SCTP. */
const routers = [2, 4, 41, 46, 47, 50, 51, 88, 89, 97, 103, 108, 112, 115, 124, 132, 136, 137];
const mudSite = { files: [{ path: 'policies.d/mud/thermo.json', text: mudText(mudFile()) }] };
const thing = [s.discover(axis, { mud: mudUrl }), s.arp(axis, axisIp)];

/** What rules about a network mean: who answers, serves, routes, scans and writes. */
export const networkScenarios: Scenarios = {
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
    isNo: {
      'VRRP: the master speaks for the virtual address': {
        happens: w =>
          w
            .send(group(s.vrrp))
            .wait(2 * minute)
            .send([s.arpReply(router, routerIp, virtual)]),
        options: { learnsMs: minute },
      },
    },
  },
  'ip-conflict': {
    happens: w => w.send([s.arp(siemens, axisIp), s.arp(laptop, axisIp), s.arp(siemens, axisIp)]),
    raises: `${laptop} ${siemens}`,
    also: {
      'one that claims the address of the gateway itself': {
        happens: w => w.send([s.arp(laptop, laptopIp), s.arpReply(laptop, ownIp)]),
        raises: laptop,
      },
    },
    isNo: {
      'ARP probes from 0.0.0.0 for the address of the gateway itself': w => w.send([s.arp(laptop, laptopIp), s.arpProbe(laptop, ownIp)]),
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
    also: {
      'one name of another device, and no other': {
        happens: w =>
          w
            .send([s.arp(server, serverIp), s.mdns(server, serverIp, 'files'), s.arp(laptop, laptopIp), s.mdns(laptop, laptopIp, 'pc-7')])
            .send([s.llmnr(laptop, laptopIp, 'files')]),
        raises: laptop,
      },
    },
    isNo: {
      'a cluster whose name moves to the next machine': w =>
        w
          .send([s.arp(server, serverIp), s.mdns(server, serverIp, 'node-1'), s.registers(server, serverIp, 'DATA')])
          .send([s.arp(siemens, '10.20.0.6'), s.mdns(siemens, '10.20.0.6', 'srv-2'), s.llmnr(siemens, '10.20.0.6', 'data')]),
      'the second interface of a host': w =>
        w
          .send([s.arp(server, serverIp), s.mdns(server, serverIp, 'files')])
          .send([s.arp(siemens, '10.20.0.6'), s.llmnr(siemens, '10.20.0.6', 'files')]),
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
    happens: w =>
      w
        .send([s.arp(laptop, laptopIp), ...many(200, scan)])
        .wait(2000)
        .send([s.arp(laptop, laptopIp)]),
    raises: laptop,
    isNo: {
      'a router that asks for whomever packets from outside are for': w =>
        w
          .send([...gateway, ...many(200, i => s.arpAsk(router, routerIp, `10.20.1.${i}`))])
          .wait(2000)
          .send([s.arp(laptop, laptopIp)]),
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
    also: {
      'one door each fifteen seconds': {
        happens: w => {
          w.send([s.arp(laptop, laptopIp)]);
          for (let i = 0; i < 70; i++) w.send([s.tcp(laptop, laptopIp, axisIp, 40_000, 1000 + i)]).wait(15_000);
          return w;
        },
        raises: laptop,
      },
      'one port of 254 hosts within a quarter of a second (masscan), then silence': {
        happens: w =>
          w
            .send([s.arp(laptop, laptopIp), s.arp(server, serverIp), ...many(254, sweep)])
            .wait(4000)
            .send([s.arp(server, serverIp)]),
        raises: laptop,
      },
      ...Object.fromEntries(
        [
          ['ACK (nmap -sA, -sW)', 16],
          ['FIN and ACK (nmap -sM)', 17],
        ].map(([name, flags]) => [
          `segments with ${name} to many ports of one host`,
          {
            happens: (w: Wire) => {
              w.send([s.arp(laptop, laptopIp), s.arp(axis, axisIp)]);
              for (let i = 0; i < 40; i++) w.send([stray(1 + i, Number(flags)), resets(1 + i)]);
              return w;
            },
            raises: laptop,
          },
        ]),
      ),
      'all protocols above IP (nmap -sO)': {
        happens: w => w.send([s.arp(laptop, laptopIp), ...many(256, protocol)]),
        raises: laptop,
      },
    },
    isNo: {
      'half-open connections after a restart, to one port of each of two hundred controllers, and to many of a client': w => {
        w.send([s.arp(server, serverIp), s.arp(laptop, laptopIp)]);
        for (let i = 0; i < 200; i++) w.send([stray(502, 16, 40_000, `10.20.1.${i}`), resets(502, 40_000, `10.20.1.${i}`)]);
        for (let i = 0; i < 40; i++) w.send([stray(502, 16, 40_000 + i), resets(502, 40_000 + i)]);
        for (let i = 0; i < 40; i++) w.send([stray(1025 + i, 16, 502), resets(1025 + i, 502)]);
        for (let i = 0; i < 40; i++) w.send([stray(40_000 + i, 16), resets(40_000 + i)]);
        return w.wait(5000).send([s.arp(server, serverIp)]);
      },
      'a router of many protocols': w => w.send([s.arp(laptop, laptopIp), ...routers.map(protocol)]),
      'a poller of two hundred controllers that all answer (SNMP, OPC UA)': w =>
        w
          .send([s.arp(laptop, laptopIp), ...many(200, asksSnmp)])
          .send(many(200, i => (i % 2 === 0 ? sweep(i >> 1) : letsIn(i >> 1))))
          .wait(4000)
          .send([s.arp(server, serverIp)]),
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
