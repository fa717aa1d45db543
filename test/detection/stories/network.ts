import * as b from '../../vectors/frames/build.ts';
import * as s from '../said.ts';
import { axisIp, group, hour, laptopIp, mac, many, minute, routerIp, second, serverIp, virtual } from '../scenario.ts';
import { axis, axis2, laptop, router, server, siemens } from '../world.ts';
import {
  asks,
  cold,
  day,
  each,
  gateway,
  knock,
  learnt,
  mudSite,
  neighbour,
  opensBehind,
  outside,
  phone,
  rest,
  setName,
  slowly,
  spare,
  switchUp,
  thing,
  type Stories,
  v6,
  write,
} from './story.ts';

/** Who switches and routes, looks around and acts. */
export const networkStories: Stories = {
  'rogue-switch': {
    for: {
      'it follows the known root, on a device port': [w => w.send([s.bpdu(laptop, [0x8000, router])]), laptop, learnt(...switchUp)],
      'after a restart of ours': [w => w.restart().send([s.bpdu(laptop, [0x1000, laptop])]), laptop, learnt(...switchUp)],
      'on another port': [w => w.send([s.bpdu(laptop, [0, laptop])], 'v2'), laptop, learnt(...switchUp)],
    },
    against: {
      'a switch that restarts: a topology change': {
        happens: w =>
          w
            .wait(10 * minute)
            .send([s.bpdu(axis, [0x8000, axis])])
            .wait(2000)
            .send([...switchUp])
            .wait(minute),
        before: w => w.send([...switchUp]),
      },
      'a restart of ours': {
        happens: w =>
          w
            .restart()
            .send([...switchUp])
            .wait(hour),
        before: w => w.send([...switchUp]),
      },
      'the root fails, another one of the site takes over': {
        happens: w =>
          w
            .wait(minute)
            .send([s.bpdu(axis2, [0x8000, axis2]), s.bpdu(axis, [0x8000, axis2])])
            .wait(minute),
        before: w => w.send([s.bpdu(axis, [0x8000, router]), s.bpdu(axis2, [0x8000, router])]),
        options: { isMirror: true },
      },
    },
  },
  'hidden-router': {
    for: {
      'a NAT router before a Windows and a Linux host': [
        w =>
          w
            .send([s.arp(laptop, laptopIp), s.plain(laptop, laptopIp, 63)])
            .wait(2 * minute)
            .send([s.plain(laptop, laptopIp, 127)]),
        laptop,
      ],
      'the same by TCP alone, an hour apart': [
        w =>
          w
            .send([s.arp(laptop, laptopIp), opensBehind(63)])
            .wait(hour)
            .send([opensBehind(127)]),
        laptop,
      ],
      'from an address of VRRP of which no router speaks': [
        w => w.send([...gateway, s.arp('00:00:5e:00:01:63', laptopIp), ...outside('00:00:5e:00:01:63')]),
        `00:00:5e:00:01:63 ${router}`,
      ],
      'it waits with the third address until the gateway speaks': [
        w =>
          w
            .send([s.arp(laptop, laptopIp), ...outside(laptop).slice(0, 3), ...gateway])
            .wait(minute)
            .send([s.passesOn(laptop, '203.0.113.9')]),
        `${laptop} ${router}`,
      ],
    },
    against: {
      'a server of containers': w =>
        slowly(w, 30, minute, i => [s.arp(laptop, laptopIp), s.plain(laptop, laptopIp, i % 2 === 0 ? 64 : 63), opensBehind(63)]),
      'somebody looks for the way (traceroute)': w =>
        w.send([s.arp(laptop, laptopIp), s.plain(laptop, laptopIp, 63), ...many(30, i => s.plain(laptop, laptopIp, i + 1))]),
      'the NAT router of the learning time': {
        happens: w =>
          w
            .wait(2 * minute)
            .restart()
            .send([s.plain(laptop, laptopIp, 63)])
            .wait(2 * minute)
            .send([s.plain(laptop, laptopIp, 127)]),
        before: w => w.send([s.arp(laptop, laptopIp), s.plain(laptop, laptopIp, 63), s.plain(laptop, laptopIp, 127)]),
      },
      'two routers that pass on frames from the virtual address': {
        happens: w => w.send([...outside(virtual), ...outside(router), ...outside(second)]).wait(hour),
        before: w => w.send([...group(s.vrrp), s.arp(virtual, routerIp)]),
      },
      'the gateway with hosts that call from inside': {
        happens: w => w.wait(2 * minute).send([s.plain(router, routerIp, 63), s.plain(router, routerIp, 127)]),
        before: w => w.send(gateway),
      },
    },
  },
  'ring-broken': {
    for: {
      'it opens after a month': [w => w.wait(30 * day).send([s.mrp(axis, 'open')]), axis, learnt(s.mrp(axis, 'closed'))],
      'after a restart of ours': [w => w.restart().send([s.mrp(axis, 'open')]), axis, learnt(s.mrp(axis, 'closed'))],
      'again, after it was mended': [
        w =>
          w
            .send([s.mrp(axis, 'open'), s.mrp(axis, 'closed')])
            .wait(2 * day)
            .send([s.mrp(axis, 'open')]),
        axis,
        learnt(s.mrp(axis, 'closed')),
      ],
    },
    against: {
      'it says that it is closed, again and again': {
        happens: w => slowly(w, 20, minute, () => [s.mrp(axis, 'closed')]),
        before: w => w.send([s.mrp(axis, 'closed')]),
      },
      'a restart of ours': { happens: w => w.restart().send([s.mrp(axis, 'closed')]), before: w => w.send([s.mrp(axis, 'closed')]) },
      'a second ring that is built': {
        happens: w => w.send([s.mrp(axis2, 'open'), s.mrp(axis2, 'closed')]),
        before: w => w.send([s.mrp(axis, 'closed')]),
      },
    },
  },
  'arp-scan': {
    for: {
      'twelve a minute': [w => slowly(w, 70, 5000, i => [asks(laptop, laptopIp, i)]), laptop],
      'one in fifteen minutes': [w => slowly(w, 70, 15 * minute, i => [asks(laptop, laptopIp, i)]), laptop],
      'from no address, from two ports': [
        w => {
          for (let i = 0; i < 40; i++) w.send([s.arpProbe(laptop, `10.20.1.${i}`)], i % 2 === 0 ? 'v1' : 'v2');
          return w.wait(2000).send([s.arp(server, serverIp)]);
        },
        laptop,
      ],
      'between frames of those who live there': [
        w =>
          w
            .send([
              ...each(40, i => [s.arp(mac('00:1b:1b', i), `10.20.1.${i}`), asks(laptop, laptopIp, i), asks(laptop, laptopIp, 100 + i)]),
            ])
            .wait(2000)
            .send([s.arp(server, serverIp)]),
        laptop,
      ],
      'a newcomer, through a network where everybody answers': [
        w =>
          w.send(many(100, i => s.arp(mac('00:1b:1b', i), `10.20.1.${i}`))).send(
            many(100, i => asks(laptop, laptopIp, i)),
            'v2',
          ),
        laptop,
      ],
      'it passes on two packets first, as if it routed': [
        w =>
          w
            .send([s.arp(laptop, laptopIp), ...outside(laptop).slice(0, 2), ...many(40, i => asks(laptop, laptopIp, i))])
            .wait(2000)
            .send([s.arp(server, serverIp)]),
        laptop,
      ],
    },
    against: {
      'a server that asks for two hundred living hosts each minute': {
        happens: w => slowly(w, 30, minute, () => many(200, i => asks(server, serverIp, i))),
        before: w => {
          w.send([s.arp(server, serverIp)]);
          for (const port of ['v1', 'v2'])
            w.send(
              many(100, i => s.arp(mac(port === 'v1' ? '00:1b:1b' : '00:02:b3', i), `10.20.1.${port === 'v1' ? i : 100 + i}`)),
              port,
            );
          return w;
        },
      },
      'a poller that starts again in the night, all its controllers being off': {
        happens: w => slowly(w.wait(2 * day).restart(), 20, minute, () => many(100, i => asks(server, serverIp, i))),
        before: w => w.send([s.arp(server, serverIp), ...many(100, i => s.arp(mac('00:1b:1b', i), `10.20.1.${i}`))]),
      },
      'a router whose table of neighbours is empty': {
        happens: w =>
          w
            .send(many(200, i => asks(router, routerIp, i)))
            .wait(2000)
            .send([s.arp(server, serverIp)]),
        before: w => w.send(gateway),
      },
      'a DHCP server that asks before it leases': {
        happens: w =>
          slowly(w, 120, minute, i => [
            asks(server, serverIp, i),
            s.offer(server, serverIp, { type: 5, chaddr: phone(i), yiaddr: `10.20.1.${i}` }),
            s.arp(phone(i), `10.20.1.${i}`),
          ]),
        before: w => w.send([s.arp(server, serverIp), s.offer(server, serverIp)]),
        also: ['randomised-mac'],
      },
    },
  },
  'port-scan': {
    for: {
      'four doors a minute': [w => slowly(w, 70, 15_000, i => [knock(i)]), laptop],
      'with a refusal each': [
        w =>
          w
            .send(each(20, i => [knock(i), s.tcp(axis, axisIp, laptopIp, 1000 + i, 40_000 + i, { flags: 20, target: laptop })]))
            .wait(5000)
            .send([knock(30)]),
        laptop,
      ],
      'with segments that open nothing (FIN)': [
        w =>
          w
            .send([s.arp(laptop, laptopIp), ...many(20, i => s.tcp(laptop, laptopIp, axisIp, 40_000, 1000 + i, { flags: 1 }))])
            .wait(5000)
            .send([s.tcp(laptop, laptopIp, axisIp, 40_000, 2000, { flags: 1 })]),
        laptop,
      ],
      'among connections that are let in': [
        w =>
          w
            .send(
              each(40, i => [
                knock(i),
                s.tcp(laptop, laptopIp, serverIp, 50_000 + i, 443),
                s.tcp(server, serverIp, laptopIp, 443, 50_000 + i, { flags: 18 }),
              ]),
            )
            .wait(5000)
            .send([knock(99)]),
        laptop,
      ],
    },
    against: {
      'a poller whose twelve controllers are off': w =>
        slowly(w.send([s.arp(laptop, laptopIp)]), 60, minute, i => many(12, k => s.tcp(laptop, laptopIp, `10.20.1.${k}`, 40_000 + i, 502))),
      'a poller of a plant that is shut down for the weekend': {
        happens: w => slowly(w.wait(10 * minute), 30, minute, i => many(60, k => s.tcp(laptop, laptopIp, `10.20.1.${k}`, 41_000 + i, 502))),
        before: w =>
          w.send(
            each(60, k => [
              s.arp(laptop, laptopIp),
              s.tcp(laptop, laptopIp, `10.20.1.${k}`, 40_000, 502),
              s.tcp(mac('00:1b:1b', k), `10.20.1.${k}`, laptopIp, 502, 40_000, { flags: 18, target: laptop }),
            ]),
          ),
      },
      'a browser that calls home in vain': w =>
        slowly(w.send([s.arp(laptop, laptopIp)]), 60, minute, i => [s.tcp(laptop, laptopIp, `203.0.113.${i % 10}`, 40_000 + i, 443)]),
      'a server of many clients': w =>
        w
          .send(
            each(200, i => [
              s.tcp(laptop, laptopIp, `10.20.1.${i}`, 40_000, 502),
              s.tcp(mac('00:1b:1b', i), `10.20.1.${i}`, laptopIp, 502, 40_000, { flags: 18, target: laptop }),
            ]),
          )
          .wait(5000),
    },
  },
  'unauthorised-write': {
    for: {
      'from the address of the control system, but another device': [
        w => w.send([write(laptop, serverIp)]),
        `${laptop} ${axis}`,
        learnt(s.arp(axis, axisIp), s.arp(server, serverIp), write(server, serverIp)),
      ],
      'a new name by PROFINET': [
        w => w.send([s.arp(laptop, laptopIp), setName(laptop, axis)]),
        `${laptop} ${axis}`,
        learnt(s.arp(axis, axisIp)),
      ],
      'the usual engineer writes to another controller': [
        w => w.send([s.arp(siemens, spare), s.modbusWrite(server, serverIp, spare)]),
        `${server} ${siemens}`,
        learnt(s.arp(axis, axisIp), s.arp(server, serverIp), write(server, serverIp)),
      ],
    },
    against: {
      'the usual engineer, after a long silence and a restart of ours': {
        happens: w =>
          w
            .wait(40 * day)
            .restart()
            .send([s.arp(server, serverIp), write(server, serverIp)]),
        before: w => w.send([s.arp(axis, axisIp), s.arp(server, serverIp), write(server, serverIp)]),
      },
      'the usual engineer, in other words by turns': {
        happens: w => slowly(w, 6, hour, i => [s.modbusWrite(server, serverIp, axisIp, i % 2 === 0 ? 6 : 16)]),
        before: w => w.send([s.arp(axis, axisIp), s.arp(server, serverIp), write(server, serverIp)]),
      },
      'a poller that reads': w => w.send([s.arp(axis, axisIp), s.arp(laptop, laptopIp), s.modbusRead(laptop, laptopIp, axisIp)]),
    },
  },
  'mud-violation': {
    for: {
      'a shell to the outside': [w => w.send([s.tcp(axis, axisIp, '203.0.113.7', 40_000, 23)]), axis, mudSite],
      'by a datagram': [w => w.send([s.udp(axis, { from: axisIp, to: '203.0.113.7' }, 40_000, 4444, b.bytes('x'))]), axis, mudSite],
      'after a restart of ours': [w => w.restart().send([...thing, s.tcp(axis, axisIp, '203.0.113.7', 40_000, 23)]), axis, mudSite],
    },
    against: {
      'time and names': {
        happens: w => w.send([123, 53].map(port => s.udp(axis, { from: axisIp, to: serverIp }, 40_000, port, b.bytes('x')))),
        ...mudSite,
      },
      'search for cameras by all others (WS-Discovery)': {
        happens: w =>
          slowly(w, 5, minute, () => [
            s.udp(laptop, { from: laptopIp, to: '239.255.255.250', target: '01:00:5e:7f:ff:fa' }, 40_000, 3702, b.bytes('x')),
            s.udp(axis, { from: axisIp, to: laptopIp }, 3702, 40_000, b.bytes('x')),
          ]),
        ...mudSite,
      },
      'another device does it': {
        happens: w => w.send([s.arp(laptop, laptopIp), s.tcp(laptop, laptopIp, '203.0.113.7', 40_000, 23)]),
        ...mudSite,
      },
    },
  },
  'wrong-zone': {
    for: {
      'an address of another zone': [w => w.send([s.arp(axis, '10.20.5.9')]).wait(3 * minute), axis, { options: { zones: [cold, rest] } }],
      'an address of no zone': [w => w.send([s.arp(axis, '192.168.1.7')]).wait(3 * minute), axis, { options: { zones: [cold, rest] } }],
      'after it had one of its own': [
        w =>
          w
            .send([s.arp(axis, '10.20.4.9')])
            .wait(hour)
            .send([s.arp(axis, '10.20.5.9')])
            .wait(3 * minute),
        axis,
        { options: { zones: [cold, rest] } },
      ],
    },
    against: {
      'an address of its link while there is no DHCP': {
        happens: w => w.send([s.arp(axis, '169.254.3.4')]).wait(hour),
        options: { zones: [cold, rest] },
      },
      'an IPv6 address, of which the zones say nothing': {
        happens: w => w.send([s.arp(axis, '10.20.4.9'), neighbour(axis, v6)]).wait(hour),
        options: { zones: [cold, rest] },
      },
      'a router with an address of each': {
        happens: w => w.send([...outside(router), s.arp(router, '10.20.4.1'), s.arp(router, '10.20.5.1')]).wait(hour),
        before: w => w.send([...outside(router), s.arp(router, '10.20.4.1')]),
        options: { zones: [cold, rest] },
      },
    },
  },
};
