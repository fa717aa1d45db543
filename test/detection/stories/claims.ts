import * as s from '../said.ts';
import { axisIp, group, hour, laptopIp, mac, many, minute, routerIp, second, serverIp, virtual } from '../scenario.ts';
import { axis, axis2, laptop, router, server, siemens } from '../world.ts';
import { chaddr, day, gateway, learnt, neighbour, outside, phone, plant, routerV6, slowly, spare, type Stories, v6 } from './story.ts';

/** Who claims what is others’, and who serves them. */
export const claimStories: Stories = {
  'arp-spoof': {
    for: {
      'by neighbour discovery': [
        w =>
          w
            .send([neighbour(router, routerV6), neighbour(axis, v6), neighbour(laptop, 'fd00:0:0:0:0:0:0:50')])
            .send([neighbour(laptop, routerV6), neighbour(laptop, v6)]),
        `${laptop} ${router}`,
      ],
      'from an address of VRRP of which no router speaks': [
        w => w.send(plant).send([s.arpReply('00:00:5e:00:01:63', routerIp), s.arpReply('00:00:5e:00:01:63', axisIp)]),
        `00:00:5e:00:01:63 ${router}`,
      ],
      'the virtual address of the routers, and that of a host': [
        w => w.send([s.arp(axis, axisIp), s.arp(virtual, routerIp)]).send([s.arpReply(laptop, routerIp), s.arpReply(laptop, axisIp)]),
        `${laptop} ${virtual}`,
        learnt(...group(s.vrrp), s.arp(virtual, routerIp)),
      ],
      'the virtual address of the routers alone, while they go on': [
        w =>
          w
            .wait(hour)
            .send([
              s.arp(laptop, laptopIp),
              s.arpReply(laptop, routerIp),
              s.arp(virtual, routerIp),
              s.arpReply(laptop, routerIp),
              s.arp(virtual, routerIp),
            ]),
        `${laptop} ${virtual}`,
        learnt(...group(s.vrrp), s.arp(virtual, routerIp)),
      ],
      'each lie between true words of the victims': [
        w =>
          w
            .send(plant)
            .send([
              s.arpReply(laptop, routerIp),
              s.arp(axis, axisIp),
              s.arp(router, routerIp),
              s.arpReply(laptop, axisIp),
              s.arp(axis, axisIp),
            ]),
        `${laptop} ${router}`,
      ],
      'after ever new claims of what is nobody’s, which the liar keeps up': [
        w => {
          const claims = many(12, i => s.arpReply(laptop, `10.20.9.${i + 1}`));
          w.send([...plant, ...claims]).wait(minute);
          return w.send([...claims, s.arpReply(laptop, routerIp), s.arpReply(laptop, axisIp), ...claims]);
        },
        `${laptop} ${router}`,
      ],
      'slowly: only the router’s, again and again, while it goes on': [
        w => {
          w.send([...plant, ...outside(router)]).wait(hour);
          for (let i = 0; i < 4; i++) w.send([s.arpReply(laptop, routerIp), s.arp(router, routerIp)]).wait(2 * minute);
          return w;
        },
        `${laptop} ${router}`,
      ],
      'after a restart of ours': [
        w =>
          w
            .send(plant)
            .restart()
            .send([s.arp(router, routerIp), s.arp(axis, axisIp)])
            .send([s.arpReply(laptop, routerIp), s.arpReply(laptop, axisIp)]),
        `${laptop} ${router}`,
      ],
    },
    against: {
      'an active server fails over to its stand-by, with both its addresses': w =>
        w
          .send([s.arp(server, serverIp), s.arp(siemens, spare)])
          .wait(10 * minute)
          .send([s.arp(siemens, serverIp), s.arp(siemens, '10.20.0.7')])
          .wait(minute),
      'a spare takes the address of the device it replaces, after it was pulled': w =>
        w
          .send([s.arp(axis, axisIp)])
          .wait(20 * minute)
          .send([s.arpProbe(axis2, axisIp), s.arp(axis2, axisIp)])
          .wait(hour),
      'routers that change their roles for hours (VRRP)': {
        happens: w => {
          for (let i = 0; i < 6; i++)
            w.send([
              s.vrrp(router, '10.20.0.2', routerIp, virtual),
              s.vrrp(second, '10.20.0.3', routerIp, virtual),
              s.arp(virtual, routerIp),
            ]).wait(hour);
          return w;
        },
        before: w => w.send(group(s.vrrp)),
      },
      'Wi-Fi phones get each other’s addresses anew by DHCP': {
        happens: w => {
          for (let i = 0; i < 6; i++)
            w.send([
              s.offer(server, serverIp, { type: 5, chaddr: phone(i % 3), yiaddr: `10.20.4.${i % 2}` }),
              s.arp(phone(i % 3), `10.20.4.${i % 2}`),
            ]).wait(10 * minute);
          return w;
        },
        before: w => w.send([s.arp(server, serverIp), s.offer(server, serverIp), ...many(3, i => s.arp(phone(i), `10.20.4.${10 + i}`))]),
        also: ['randomised-mac'],
      },
    },
  },
  'claimed-mac': {
    for: {
      'of a virtual address of which no router speaks': [
        w => w.send([...plant, s.arpReply(laptop, routerIp, '00:00:5e:00:01:63')]),
        `${laptop} 00:00:5e:00:01:63`,
      ],
      'of the routers’ own virtual address, by a host': [
        w => w.send([s.arp(laptop, laptopIp), s.arpReply(laptop, axisIp, virtual)]),
        `${laptop} ${virtual}`,
        learnt(...group(s.vrrp)),
      ],
      'in an ARP reply for another': [w => w.send([...plant, s.arpReply(laptop, axisIp, axis)]), `${laptop} ${axis}`],
      'for an address that nobody has': [
        w => w.send([...plant, s.arpReply(laptop, '10.20.0.200', '00:40:8c:99:99:99')]),
        `${laptop} 00:40:8c:99:99:99`,
      ],
      'of an address that is made up': [
        w => w.send([...plant, s.arpReply(laptop, axisIp, '02:00:00:00:00:01')]),
        `${laptop} 02:00:00:00:00:01`,
      ],
    },
    against: {
      'HSRP: the active router answers for the group': {
        happens: w => w.send([s.arpReply(router, routerIp, '00:00:0c:07:ac:07')]),
        before: w => w.send(group(s.hsrp)),
      },
      'VRRP: the other router takes over, and both answer': {
        happens: w => w.send([s.arpReply(second, routerIp, virtual), s.arpReply(router, routerIp, virtual)]).wait(hour),
        before: w => w.send(group(s.vrrp)),
      },
      'a frame from the virtual address itself': {
        happens: w => w.send([s.arpReply(virtual, routerIp, virtual), s.arpReply(virtual, routerIp, router)]),
        before: w => w.send(group(s.vrrp)),
      },
    },
  },
  'ip-conflict': {
    for: {
      'by neighbour discovery': [
        w => w.send([neighbour(siemens, v6), neighbour(laptop, v6), neighbour(siemens, v6)]),
        `${laptop} ${siemens}`,
      ],
      'on two ports': [
        w =>
          w
            .send([s.arp(siemens, axisIp)], 'v1')
            .send([s.arp(laptop, axisIp)], 'v2')
            .send([s.arp(siemens, axisIp)], 'v1'),
        `${laptop} ${siemens}`,
      ],
      'the virtual address of the routers': [
        w => w.send([s.arp(virtual, routerIp), s.arp(laptop, routerIp), s.arp(virtual, routerIp)]),
        `${laptop} ${virtual}`,
        learnt(...group(s.vrrp)),
      ],
      slowly: [
        w => {
          for (let i = 0; i < 4; i++) w.send([s.arp(i % 2 === 0 ? siemens : laptop, axisIp)]).wait(30_000);
          return w;
        },
        `${laptop} ${siemens}`,
      ],
    },
    against: {
      'a router that answers for the virtual address with its own': {
        happens: w =>
          w.send([
            s.arp(virtual, routerIp),
            s.arp(router, routerIp),
            s.arp(virtual, routerIp),
            s.arp(second, routerIp),
            s.arp(virtual, routerIp),
          ]),
        before: w => w.send(group(s.vrrp)),
      },
      'a spare with the same address': w =>
        w
          .send([s.arp(axis, axisIp)])
          .wait(5 * minute)
          .send([s.arp(axis2, axisIp), s.arp(axis2, axisIp)])
          .wait(hour),
      'a laptop that changes between its docking station and Wi-Fi with a fixed address': {
        also: ['randomised-mac'],
        happens: w =>
          w
            .send([s.arp(laptop, laptopIp)])
            .wait(4 * hour)
            .send([s.arp(phone(7), laptopIp)], 'v2')
            .wait(4 * hour),
      },
      'a bond whose active card changes': w =>
        w
          .send([s.arp(server, serverIp)])
          .wait(minute)
          .send([s.arp(siemens, serverIp), s.arpReply(siemens, serverIp), s.arp(siemens, serverIp)])
          .wait(hour),
    },
  },
  'rogue-dhcp': {
    for: {
      'it only refuses what others ask for (NAK)': [
        w => w.send([s.arp(laptop, laptopIp), s.offer(laptop, laptopIp, { type: 6 })]),
        `${laptop} ${server}`,
        learnt(s.arp(server, serverIp), s.offer(server, serverIp)),
      ],
      'from another port': [
        w => w.send([s.offer(laptop, laptopIp, { from: 6767 })]),
        `${laptop} ${server}`,
        learnt(s.offer(server, serverIp)),
      ],
      'in pieces': [w => w.send(s.pieces(s.offer(laptop, laptopIp), 64)), `${laptop} ${server}`, learnt(s.offer(server, serverIp))],
      'after a restart of ours, as the first who speaks': [
        w => w.restart().send([s.offer(laptop, laptopIp)]),
        `${laptop} ${server}`,
        learnt(s.arp(server, serverIp), s.offer(server, serverIp)),
      ],
      'with the identifier of the true one': [
        w => w.send([s.offer(laptop, serverIp, { via: laptopIp })]),
        `${laptop} ${server}`,
        learnt(s.offer(server, serverIp)),
      ],
    },
    against: {
      'a pair of servers that the settings name': {
        happens: w =>
          w.send([s.offer(server, serverIp), s.offer(siemens, spare), s.offer(server, serverIp), s.offer(siemens, spare, { type: 6 })]),
        options: { dhcpServers: [serverIp, spare] },
      },
      'a server that is set up anew in the place of the old one, after a month': {
        happens: w => w.wait(32 * day).send([s.offer(siemens, serverIp)]),
        before: w => w.send([s.offer(server, serverIp)]),
      },
      'the server of another VLAN': {
        happens: w => w.send([s.offer(siemens, '10.7.0.1')], 'v1', 'tagged'),
        before: w => w.send([s.offer(server, serverIp)], 'v1', 'untagged'),
      },
      'a router that relays what the known one says': {
        happens: w =>
          w.send([s.offer(router, serverIp, { via: routerIp, type: 5 }), s.offer(router, serverIp, { via: routerIp, type: 6 })]),
        before: w => w.send([s.offer(server, serverIp), ...gateway]),
      },
    },
  },
  'dhcp-starvation': {
    for: {
      'three clients a minute, in its own name': [w => slowly(w, 130, 20_000, i => [s.discover(laptop, { chaddr: chaddr(i) })]), laptop],
      'with ever new identifiers of one address': [
        w => slowly(w, 130, 60_000, i => [s.discover(laptop, { client: [0, i >> 8, i & 255, 7] })]),
        laptop,
      ],
      'ever new senders, one in five minutes': [w => slowly(w, 66, 5 * minute, i => [s.discover(chaddr(i))]), chaddr(0)],
      'as a relay that nobody knows': [w => w.send(many(70, i => s.discover(laptop, { chaddr: chaddr(i), giaddr: laptopIp }))), laptop],
      'with addresses of many makers': [
        w =>
          w
            .send(many(220, i => s.discover(mac(['00:1b:1b', '00:02:b3', '00:25:90', '00:40:8c'][i % 4] ?? '', i))))
            .wait(20_000)
            .wait(5000),
        mac('00:1b:1b', 0),
      ],
    },
    against: {
      'a plant that starts again after a power cut': {
        happens: w =>
          w
            .wait(day)
            .send(many(180, i => s.discover(mac('00:1b:1b', i))))
            .wait(minute)
            .send(many(180, i => s.arp(mac('00:1b:1b', i), `10.20.3.${i}`)))
            .wait(hour),
        before: w =>
          w
            .send(
              many(120, i => s.arp(mac('00:1b:1b', i), `10.20.3.${i}`)),
              'v1',
            )
            .send(
              many(60, i => s.arp(mac('00:1b:1b', 120 + i), `10.20.3.${120 + i}`)),
              'v1',
            ),
      },
      'phones at an access point, a whole day': {
        happens: w => {
          for (let i = 0; i < 250; i++) w.send([s.discover(phone(i)), s.arp(phone(i), `10.20.4.${i}`)], 'v2').wait(5 * minute);
          return w;
        },
        also: ['randomised-mac'],
      },
      'an access point in client mode with twenty handhelds that renew every hour': w =>
        slowly(w, 24 * 20, 3 * minute, i => [s.arp(laptop, laptopIp), s.discover(laptop, { chaddr: mac('00:02:b3', i % 20) })]),
      'a relay of the learning time, when the site beyond starts': {
        happens: w => w.send(many(400, i => s.discover(siemens, { chaddr: mac('00:1b:1b', i), giaddr: spare }))).wait(minute),
        before: w => w.send([s.discover(siemens, { chaddr: mac('00:1b:1b', 1), giaddr: spare })]),
      },
    },
  },
  'rogue-ra': {
    for: {
      'it passes on two packets first, as if it routed': [
        w => w.send([...outside(laptop).slice(0, 2), s.arp(laptop, laptopIp), s.advertise(laptop)]),
        `${laptop} ${router}`,
        learnt(...gateway, s.advertise(router)),
      ],
      'in pieces': [
        w => w.send([s.arp(laptop, laptopIp), ...s.pieces6(s.advertise(laptop), 8)]),
        `${laptop} ${router}`,
        learnt(...gateway, s.advertise(router)),
      ],
      'after a restart of ours': [
        w => w.restart().send([s.advertise(laptop)]),
        `${laptop} ${router}`,
        learnt(...gateway, s.advertise(router)),
      ],
      'once, with a lifetime of zero for nobody, preferred': [
        w => w.send([s.arp(laptop, laptopIp), s.advertise(laptop, 8)]).wait(minute),
        `${laptop} ${router}`,
        learnt(...gateway),
      ],
    },
    against: {
      'the router, each ten minutes': {
        happens: w => {
          for (let i = 0; i < 10; i++) w.send([s.advertise(router)]).wait(10 * minute);
          return w;
        },
        before: w => w.send([...gateway, s.advertise(router)]),
      },
      'the second router of the group takes over': {
        happens: w => w.send([s.advertise(second), ...outside(second)]).wait(hour),
        before: w => w.send([...group(s.hsrp), ...gateway, s.advertise(router)]),
      },
      'a restart of ours': {
        happens: w =>
          w
            .restart()
            .send([s.advertise(router), ...gateway])
            .wait(hour),
        before: w => w.send([...gateway, s.advertise(router)]),
      },
    },
  },
  'llmnr-poison': {
    for: {
      'slowly: one name an hour': [
        w => {
          w.send([s.mdns(laptop, laptopIp, 'pc-7')]);
          for (const name of ['files', 'printsrv', 'intranet']) w.send([s.llmnr(laptop, laptopIp, name)]).wait(50 * minute);
          return w;
        },
        laptop,
      ],
      'a bait, once': [w => w.send([s.arp(laptop, laptopIp), s.llmnr(laptop, laptopIp, 'WPAD')]), laptop],
      'by NBNS for a file server that is there': [
        w => w.send([s.mdns(laptop, laptopIp, 'pc-7'), s.nbns(laptop, laptopIp, 'FILES')]),
        laptop,
        learnt(s.mdns(server, serverIp, 'files')),
      ],
    },
    against: {
      'a router with shares that is the master browser of its segment': w =>
        w.send([
          s.registers(router, routerIp, 'GATE'),
          s.nbns(router, routerIp, '\x01\x02__MSBROWSE__\x02', routerIp, 1),
          s.nbns(router, routerIp, 'PLANT', routerIp, 0x1d),
          s.nbns(router, routerIp, 'OFFICE', routerIp, 0x1d),
        ]),
      'a print server with a queue name besides its own': w =>
        w.send([s.mdns(server, serverIp, 'prn-1'), s.llmnr(server, serverIp, 'prn-1'), s.llmnr(server, serverIp, 'labels')]),
      'a laptop by its two names': w =>
        w.send([
          s.registers(laptop, laptopIp, 'LAPTOP-7'),
          s.mdns(laptop, laptopIp, 'laptop-7'),
          s.llmnr(laptop, laptopIp, 'laptop-7.local'),
          s.nbns(laptop, laptopIp, 'LAPTOP-7'),
        ]),
      'a name after a conflict': w =>
        w.send([s.mdns(axis, axisIp, 'hall-cam'), s.mdns(axis2, '10.20.0.10', 'hall-cam-2'), s.mdns(axis2, '10.20.0.10', 'hall-cam-3')]),
    },
  },
};
