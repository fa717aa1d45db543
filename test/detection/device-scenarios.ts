import * as b from '../vectors/frames/build.ts';
import { mdnsResponse } from '../vectors/frames/index.ts';
import { initiation } from '../vectors/frames/remote-access.ts';
import { linux, windows } from '../vectors/frames/tcp-syn.ts';
import { zone } from '../gateway/fixture.ts';
import * as s from './said.ts';
import { axisIp, group, hour, laptopIp, mac, many, minute, routerIp, type Scenarios, second, serverIp, virtual } from './scenario.ts';
import type { Wire } from './wire.ts';
import { axis, axis2, laptop, router, server } from './world.ts';

const vm = '00:50:56:00:00:07';
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
const camera = [s.arp(axis, axisIp), s.discover(axis, { name: 'axis-1', parameters: [1, 3, 6, 66] })];
const { default: _, ...plainZone } = zone();
const zones = [
  { ...plainZone, name: 'cold', ports: ['v1'], prefixes: ['10.20.4.0/24'] },
  zone({ name: 'rest', prefixes: ['10.20.5.0/24'] }),
];
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

/** What rules about one device mean: who it is, where it is plugged in, what it runs. */
export const deviceScenarios: Scenarios = {
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
};
