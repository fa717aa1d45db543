import * as b from '../../vectors/frames/build.ts';
import { linux, windows } from '../../vectors/frames/tcp-syn.ts';
import * as s from '../said.ts';
import { axisIp, hour, laptopIp, mac, many, minute, routerIp, second, serverIp } from '../scenario.ts';
import type { Wire } from '../wire.ts';
import { axis, laptop, router, server, siemens } from '../world.ts';
import { neighbour, outside, routerV6, spare, type Stories, v6 } from './story.ts';

/** The address that a pair serves from, and its two halves. */
const service = '10.20.0.100';
const [one, other] = [server, siemens];
/** Two ports of one host, as their maker numbers them. */
const [first, twin] = ['00:25:90:00:00:06', '00:25:90:00:00:07'];
const works = (who: string, ip: string): Uint8Array => s.udp(who, { from: ip, to: laptopIp, target: laptop }, 5000, 5001, b.bytes('x'));
const answers = (who: string, ip: string): Uint8Array => b.ethernet(who, laptop, 0x0806, b.arp(2, who, ip, laptop, laptopIp));
/** RARP by which QEMU and VMware tell the switches where a machine is now. RFC 903. */
const rarp = (who: string): Uint8Array => b.padded(60, b.ethernet(who, b.broadcast, 0x8035, b.arp(3, who, '0.0.0.0', who, '0.0.0.0')));
/** XID by which an access point tells the switches who came to it. IEEE 802.2 §5.4.1.1.2. */
const xid = (who: string): Uint8Array => b.ethernet(who, b.broadcast, 6, b.bytes(0, 1, 0xaf, 0x81, 1, 0));
/** Windows NLB: `02-bf` in ARP, its host's number in the frame; `03-bf` of a group; an IGMP group. */
const balanced = (from: string, claimed: string, ip = service): Uint8Array =>
  b.ethernet(from, laptop, 0x0806, b.arp(2, claimed, ip, laptop, laptopIp));
const [unicast, multicast, igmp] = ['02:bf:0a:14:00:64', '03:bf:0a:14:00:64', '01:00:5e:7f:00:64'];

/** Three access points, hosts or switches, each with others behind it. */
const crowds = (w: Wire): void =>
  ['v1', 'v2', 'v3'].forEach((port, n) => {
    w.send(
      many(6, i => s.arp(mac('00:1b:1b', i + n * 50), `10.20.4.${i + n * 50}`)),
      port,
    );
  });
/** It comes, says so, works for a while, and goes to the next one. */
const goesRound = (w: Wire, who: string, stayMs: number, ...ports: readonly string[]): Wire => {
  for (const port of ports) {
    w.send([rarp(who), xid(who), s.arp(who, axisIp)], port);
    for (let ms = 0; ms < stayMs; ms += 5000) w.send([works(who, axisIp)], port).wait(5000);
  }
  return w.wait(minute);
};
/** Both speak, each every so many milliseconds. */
const both = (w: Wire, hereMs: number, thereMs: number): Wire => {
  for (let ms = 0; ms < 2 * minute; ms += 500) {
    if (ms % thereMs === 0) w.send([works(axis, axisIp)], 'v1');
    if (ms % hereMs === 0) w.send([works(axis, axisIp)], 'v2');
    w.wait(500);
  }
  return w;
};
const opens = (isWindows: boolean): Uint8Array =>
  s.tcp(laptop, laptopIp, serverIp, 40_001, 443, { options: isWindows ? windows : linux, ttl: isWindows ? 128 : 64 });
const pair = (w: Wire): Wire =>
  w.send([s.arp(one, serverIp), s.arp(other, spare), s.arp(one, service), answers(one, service)]).wait(10 * minute);
const prpNode = (w: Wire, times: number): void => {
  for (let i = 0; i < times; i++)
    for (const port of ['v1', 'v2']) w.send([s.prp(axis), s.arp(axis, axisIp), works(axis, axisIp)], port).wait(1000);
};

/** What pairs, bonds, clusters and machines that move do, and who imitates them. */
export const pairStories: Stories = {
  'ip-conflict': {
    for: {
      'it tells everybody, as a stand-by does, but the first goes on to answer': [
        w =>
          pair(w)
            .send([s.arp(other, service), s.arp(other, service)])
            .wait(15_000)
            .send([answers(one, service)]),
        `${other} ${one}`,
      ],
      'it tells everybody again and again, as the first does': [
        w => {
          for (let i = 0; i < 3; i++)
            w.send([s.arp(siemens, axisIp)])
              .wait(10_000)
              .send([s.arp(laptop, axisIp)])
              .wait(10_000);
          return w;
        },
        `${laptop} ${siemens}`,
      ],
      'it tells everybody once in five minutes': [
        w => {
          for (let i = 0; i < 2; i++)
            w.wait(5 * minute)
              .send([s.arp(siemens, axisIp), s.arp(laptop, axisIp)])
              .wait(10_000)
              .send([s.arp(siemens, axisIp)]);
          return w;
        },
        `${laptop} ${siemens}`,
      ],
      'it tells one alone, and the first tells everybody': [
        w =>
          w
            .send([s.arp(siemens, axisIp)])
            .wait(minute)
            .send([answers(laptop, axisIp)])
            .wait(10_000)
            .send([s.arp(siemens, axisIp)]),
        `${laptop} ${siemens}`,
      ],
      'it announces it to one alone, and the first tells everybody': [
        w =>
          w
            .send([s.arp(siemens, axisIp)])
            .wait(minute)
            .send([b.ethernet(laptop, router, 0x0806, b.arp(2, laptop, axisIp, router, axisIp))])
            .wait(10_000)
            .send([s.arp(siemens, axisIp)]),
        `${laptop} ${siemens}`,
      ],
      'it tells everybody, as a stand-by does, but the first goes on to ask for others': [
        w =>
          pair(w)
            .send([s.arp(other, service), s.arp(other, service)])
            .wait(15_000)
            .send([s.arpAsk(one, service, laptopIp)]),
        `${other} ${one}`,
      ],
      'the first defends it at once': [
        w =>
          w
            .send([s.arp(siemens, axisIp)])
            .wait(minute)
            .send([s.arp(laptop, axisIp), s.arp(siemens, axisIp)]),
        `${laptop} ${siemens}`,
      ],
    },
    against: {
      'a cluster that fails over and back: MetalLB, kube-vip, Pacemaker, ucarp': w =>
        pair(w)
          .send([s.arp(other, service), s.arp(other, service), s.arp(one, serverIp), works(one, serverIp)])
          .wait(10_000)
          .send([answers(other, service), works(one, serverIp)])
          .wait(5000)
          .send([s.arp(one, service), s.arp(one, service), s.arp(other, spare)])
          .wait(minute),
      'the same over IPv6': w =>
        w
          .send([neighbour(one, v6), neighbour(other, routerV6)])
          .wait(minute)
          .send([neighbour(other, v6)])
          .wait(10_000)
          .send([neighbour(one, v6)])
          .wait(minute),
      'controllers that swap their addresses, and back': w =>
        w
          .send([s.arp(one, serverIp), s.arp(other, spare)])
          .wait(10 * minute)
          .send([s.arp(other, serverIp), s.arp(one, spare)])
          .wait(30_000)
          .send([s.arp(one, serverIp), s.arp(other, spare)])
          .wait(minute),
      'a bond with a stand-by that has an address of its own (fail_over_mac=1), on two ports': w =>
        w
          .send([s.arp(first, serverIp), works(first, serverIp)], 'v1')
          .wait(minute)
          .send([s.arp(twin, serverIp), works(twin, serverIp)], 'v2')
          .wait(20_000)
          .send([s.arp(first, serverIp), works(first, serverIp)], 'v1')
          .wait(minute),
      'containers that start anew with the address of the last one': w => {
        for (let i = 0; i < 5; i++) w.send([s.arp(`02:42:ac:11:00:0${i}`, axisIp), works(`02:42:ac:11:00:0${i}`, axisIp)]).wait(30_000);
        return w;
      },
    },
  },
  'claimed-mac': {
    for: {
      'a group address made of the address of the router, so that switches flood what is for it': [
        w => w.send([s.arp(laptop, laptopIp), balanced(laptop, '03:bf:0a:14:00:01', routerIp)]),
        `${laptop} 03:bf:0a:14:00:01`,
        { before: w => w.send([s.arp(router, routerIp)]) },
      ],
      'a group address of Windows NLB made of another address': [
        w => w.send([s.arp(laptop, laptopIp), balanced(laptop, multicast, '10.20.0.101')]),
        `${laptop} ${multicast}`,
      ],
      'likewise of the gateway itself': [
        w => w.send([s.arp(laptop, laptopIp), balanced(laptop, '01:00:5e:7f:00:fe', '10.20.0.254')]),
        `${laptop} 01:00:5e:7f:00:fe`,
      ],
    },
    against: {
      'Windows NLB, unicast': {
        happens: w => w.send([balanced('02:01:0a:14:00:64', unicast), balanced('02:02:0a:14:00:64', unicast)]).wait(minute),
        also: ['randomised-mac'],
      },
      'Windows NLB, multicast: what it sends has its own address': w =>
        w
          .send([s.arp(one, serverIp), s.arp(other, spare), balanced(one, multicast), works(one, service), balanced(other, multicast)])
          .wait(minute),
      'Windows NLB, IGMP': w =>
        w.send([s.arp(one, serverIp), s.arp(other, spare), balanced(one, igmp), balanced(other, igmp)]).wait(minute),
    },
  },
  'hidden-router': {
    for: {
      'it comes while the gateway works, and routes after that has gone': [
        w =>
          w
            .send([s.arp(second, '10.20.0.3'), ...outside(router)])
            .wait(5 * minute)
            .send([...outside(second)]),
        `${second} ${router}`,
        { before: w => w.send([s.arp(router, routerIp), ...outside(router)]) },
      ],
      'it comes between two words of the gateway': [
        w =>
          w
            .send([s.arp(router, routerIp)])
            .wait(30_000)
            .send([s.arp(second, '10.20.0.3'), ...outside(second)]),
        `${second} ${router}`,
        { before: w => w.send([s.arp(router, routerIp), ...outside(router)]) },
      ],
      'the gateway comes back': [
        w =>
          w
            .wait(5 * minute)
            .send([s.arp(second, '10.20.0.3'), ...outside(second)])
            .wait(minute)
            .send(outside(router))
            .wait(2000)
            .send([s.passesOn(second, '7.7.7.7')]),
        `${second} ${router}`,
        { before: w => w.send([s.arp(router, routerIp), ...outside(router)]) },
      ],
    },
    against: {
      'the box is swapped': {
        happens: w =>
          w
            .wait(5 * minute)
            .send([s.arp(second, routerIp), ...outside(second)])
            .wait(hour),
        before: w => w.send([s.arp(router, routerIp), ...outside(router)]),
      },
    },
  },
  'mac-clone': {
    for: {
      'between ports with few: it went, says so, and the first goes on': [
        w => goesRound(w, axis, 30_000, 'v1', 'v2', 'v1'),
        `${axis} ${axis}`,
      ],
      'between access points: both speak twice a second': [w => both(w, 500, 1000), `${axis} ${axis}`, { before: crowds }],
      'between access points: the first seldom, the second all the time': [
        w => both(w, 500, 15_000),
        `${axis} ${axis}`,
        { before: crowds },
      ],
      'between access points: the first all the time, the second seldom': [
        w => both(w, 15_000, 500),
        `${axis} ${axis}`,
        { before: crowds },
      ],
      'behind an access point of its own, with others that came with it': [
        w => {
          w.send(
            many(6, i => s.arp(mac('00:1b:1b', i + 700), `10.20.6.${i}`)),
            'v2',
          );
          return goesRound(w, axis, 30_000, 'v1', 'v2', 'v1');
        },
        `${axis} ${axis}`,
        {
          before: w =>
            w.send(
              many(6, i => s.arp(mac('00:1b:1b', i), `10.20.4.${i}`)),
              'v1',
            ),
        },
      ],
      'it says that it has two networks, which the first never said': [
        w => {
          for (let i = 0; i < 3; i++)
            w.send([s.arp(axis, axisIp)], 'v1')
              .send([s.prp(axis), s.arp(axis, axisIp)], 'v2')
              .wait(2000);
          return w;
        },
        `${axis} ${axis}`,
        { before: w => w.send([s.prp(axis)], 'v1') },
      ],
    },
    against: {
      'a scanner that roams among three access points quickly': {
        happens: w => goesRound(w, axis, 10_000, ...Array.from({ length: 6 }, () => ['v1', 'v2', 'v3']).flat()),
        before: crowds,
      },
      'a virtual machine that moves to another host and back within minutes': {
        happens: w => goesRound(w, '52:54:00:12:34:56', 90_000, 'v1', 'v2', 'v1', 'v1'),
        before: crowds,
      },
      'PRP: both networks through ports of ours': { happens: w => prpNode(w, 30), before: w => prpNode(w, 3) },
      'PXE, then the system': w =>
        w
          .send([
            s.discover(laptop, { parameters: [1, 3, 6, 43, 60, 66, 67, 128, 129, 130, 131, 132, 133, 134, 135] }),
            s.arp(laptop, laptopIp),
          ])
          .wait(minute / 2)
          .send([
            s.discover(laptop, { name: 'pc-7', parameters: [1, 15, 3, 6, 44] }),
            opens(true),
            s.registers(laptop, laptopIp, 'PC-7', 128),
          ])
          .wait(minute),
    },
  },
  'port-move': {
    for: {
      'to a port on which it was after the learning time alone': [
        w =>
          w
            .send([s.arp(axis, axisIp)], 'v1')
            .wait(2 * minute)
            .send([s.arp(axis, axisIp)], 'v2'),
        axis,
      ],
    },
    against: {
      'a bond whose stand-by was tried in the learning time (fail_over_mac=0)': {
        happens: w =>
          w
            .wait(hour)
            .send([s.arp(first, serverIp)], 'v1')
            .wait(hour),
        before: w =>
          w
            .send([s.arp(first, serverIp)], 'v1')
            .wait(90_000)
            .send([s.arp(first, serverIp)], 'v2'),
        options: { learnsMs: 5 * minute },
      },
    },
  },
};
