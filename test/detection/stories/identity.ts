import * as b from '../../vectors/frames/build.ts';
import { ethercatVectors, master, segment } from '../../vectors/frames/ethercat.ts';
import { solicitation, linkAddress } from '../../vectors/frames/ndp.ts';
import { linux, windows } from '../../vectors/frames/tcp-syn.ts';
import * as s from '../said.ts';
import { axisIp, hour, laptopIp, mac, many, minute, routerIp, serverIp } from '../scenario.ts';
import type { Wire } from '../wire.ts';
import { axis, axis2, laptop, server, siemens } from '../world.ts';
import { day, phone, type Stories, works } from './story.ts';

const camera = [s.arp(axis, axisIp), s.discover(axis, { name: 'axis-1', parameters: [1, 3, 6, 66] })];
const lease = { name: 'pc-7', parameters: [1, 15, 3, 6, 44, 46, 47, 31, 33, 121, 249, 252, 43] };
const privacy = (who: string, n: number): Uint8Array =>
  b.ethernet(
    who,
    '33:33:ff:00:00:01',
    0x86dd,
    b.ipv6(`2001:db8:0:0:${n}:0:0:7`, 'ff02:0:0:0:0:1:ff00:1', 58, solicitation('fe80:0:0:0:0:0:0:1', linkAddress(1, who)), [], 255),
  );
const opens = (who: string, ip: string, isWindows: boolean): Uint8Array =>
  s.tcp(who, ip, serverIp, 40_001, 443, { options: isWindows ? windows : linux, ttl: isWindows ? 128 : 64 });

const carried = (w: Wire, who: string): Wire => {
  for (const port of ['v1', 'v2', 'v3', 'v1']) w.send([s.discover(who, lease), s.arp(who, laptopIp)], port).wait(10 * minute);
  return w;
};
/** Three times two laptops, by turns; the address is that of the station. */
const docked = (w: Wire, eachMs: number): Wire => {
  for (let i = 0; i < 6; i++) {
    const [name, parameters] = i % 2 === 0 ? ['pc-7', lease.parameters] : ['lt-9', [1, 28, 2, 3, 15, 6, 12]];
    w.send([s.discover(laptop, { name, parameters }), s.arp(laptop, laptopIp), opens(laptop, laptopIp, i % 2 === 0)], 'v2').wait(eachMs);
  }
  return w;
};

/** Who is there, and whether it is who it was. */
export const identityStories: Stories = {
  'new-device': {
    for: {
      'it only asks for a lease': [w => w.send([s.discover(siemens)]), siemens],
      'it only speaks IPv6': [w => w.send([privacy(siemens, 1)]), siemens],
      'it comes after a restart of ours': [w => w.restart().send([s.arp(siemens, '10.20.0.7')]), siemens],
      'it copies the IP address of one that is known': [w => w.send([s.arp(laptop, axisIp)]), laptop],
    },
    against: {
      'a line that starts again after a power cut': w =>
        w.wait(hour).send([s.discover(axis), s.arp(axis, axisIp), s.discover(server), s.arp(server, serverIp)]),
      'a device that speaks tagged for the first time, on a mirror': w => w.send([s.arp(axis, axisIp)], 'v1', 'tagged'),
      'a device of which nothing was heard for a month': w => w.wait(30 * day).send([s.arp(axis, axisIp)]),
      'a restart of ours': w => w.restart().send([s.arp(axis, axisIp), s.arp(server, serverIp)]),
    },
  },
  'mac-clone': {
    for: {
      'both speak by turns on two ports': [
        w =>
          works(works(w, 'v1'), 'v2')
            .send([s.arp(axis, axisIp)], 'v1')
            .wait(minute),
        `${axis} ${axis}`,
      ],
      'the second one speaks IPv6 only': [
        w =>
          works(w, 'v1')
            .send([privacy(axis, 1)], 'v2')
            .send([s.arp(axis, axisIp)], 'v1')
            .wait(minute),
        `${axis} ${axis}`,
      ],
      'another lease, another name, on the same port': [
        w =>
          w
            .send(camera)
            .wait(minute)
            .send([s.discover(axis, lease)]),
        `${axis} ${axis}`,
      ],
      'after a restart of ours, on another port': [
        w =>
          works(w, 'v1')
            .restart()
            .send([s.arp(axis, axisIp)], 'v1')
            .send([s.arp(axis, axisIp)], 'v2')
            .send([s.arp(axis, axisIp)], 'v1')
            .wait(minute),
        `${axis} ${axis}`,
      ],
    },
    against: {
      'a technician’s laptop that is carried from port to port, as ever': {
        happens: w => carried(w.wait(hour), laptop),
        before: w => carried(w, laptop),
        options: { learnsMs: hour },
      },
      'a docking station under two laptops, once both are known': {
        happens: w => docked(docked(w, 4 * hour), 4 * hour),
        before: w => docked(w, 20_000),
        options: { learnsMs: 2 * minute },
      },
      'a camera that gets new firmware, which asks DHCP for more': w =>
        w
          .send(camera)
          .wait(hour)
          .send([s.discover(axis, { name: 'axis-1', parameters: [1, 3, 6, 12, 15, 66, 67] }), s.arp(axis, axisIp)]),
      'a spare of the same model with the same IP address': w =>
        w
          .send(camera)
          .wait(hour)
          .send([s.arp(axis2, axisIp), s.discover(axis2, { name: 'axis-1', parameters: [1, 3, 6, 66] })]),
    },
  },
  'mac-clone-same-ip': {
    for: {
      'it answers with another stack and registers another name': [
        w =>
          w
            .send([...camera, opens(axis, axisIp, false)])
            .wait(2 * minute)
            .send([opens(axis, axisIp, true), s.registers(axis, axisIp, 'KALI', 128)]),
        `${axis} ${axis}`,
      ],
      'by mDNS': [
        w =>
          w
            .send([...camera, opens(axis, axisIp, false)])
            .wait(2 * minute)
            .send([opens(axis, axisIp, true), s.mdns(axis, axisIp, 'kali')]),
        `${axis} ${axis}`,
      ],
      'an hour after a restart of ours': [
        w =>
          w
            .send([...camera, opens(axis, axisIp, false)])
            .restart()
            .wait(hour)
            .send([opens(axis, axisIp, true), s.mdns(axis, axisIp, 'kali')]),
        `${axis} ${axis}`,
      ],
    },
    against: {
      'a name that a person changes': w =>
        w
          .send([...camera, opens(axis, axisIp, false)])
          .wait(hour)
          .send([s.mdns(axis, axisIp, 'cam-dock-3'), opens(axis, axisIp, false)]),
      'a panel that runs two browsers': w =>
        w
          .send([s.arp(laptop, laptopIp), s.mdns(laptop, laptopIp, 'hmi-1'), opens(laptop, laptopIp, true)])
          .wait(minute)
          .send([s.tcp(laptop, laptopIp, serverIp, 40_002, 443, { options: windows, ttl: 128 }), s.mdns(laptop, laptopIp, 'hmi-1')]),
      'a system that is set up anew after months': w =>
        w
          .send([...camera, opens(axis, axisIp, false)])
          .wait(90 * day)
          .send([opens(axis, axisIp, true)])
          .wait(hour)
          .send([s.mdns(axis, axisIp, 'cam-2')]),
    },
  },
  impersonation: {
    for: {
      'a single-board computer with the name of a camera, by DHCP': [
        w => w.send([s.discover(laptop, { name: 'axis-00408cfacade' })]),
        laptop,
      ],
      'with a domain behind it, after a restart of ours': [
        w =>
          w
            .restart()
            .send([s.arp('1a:00:00:00:00:77', axisIp), s.discover('1a:00:00:00:00:77', { name: 'axis-00408cfacade.plant.example' })]),
        '1a:00:00:00:00:77',
      ],
      'by mDNS with another case': [w => w.send([s.mdns(laptop, laptopIp, 'AXIS-00408CFACADE')]), laptop],
    },
    against: {
      'a camera with its own name': w => w.send([s.mdns(axis, axisIp, 'axis-00408c000001')]),
      'a recorder that is named after a camera’s place': w => w.send([s.mdns(server, serverIp, 'nvr-dock-00408c')]),
      'a Wi-Fi device with a random name of twelve digits': {
        happens: w => w.send([s.mdns(phone(1), laptopIp, 'a1b2c3d4e5f6')]),
        also: ['randomised-mac'],
      },
    },
  },
  'port-move': {
    for: {
      'at night, for an hour, and back': [
        w =>
          works(w, 'v1')
            .wait(hour)
            .send([s.arp(axis, axisIp)], 'v2'),
        axis,
      ],
      'with other words: it asks for a lease': [
        w =>
          works(w, 'v1')
            .wait(hour)
            .send([s.discover(axis)], 'v2'),
        axis,
      ],
      'after a restart of ours': [
        w =>
          works(w, 'v1')
            .wait(2 * minute)
            .restart()
            .send([s.arp(axis, axisIp)], 'v2'),
        axis,
      ],
    },
    against: {
      'a ring that turns round: all behind one port come by another': w => {
        const line = many(5, i => s.arp(mac('00:1b:1b', i), `10.20.3.${i}`));
        return w
          .send(line, 'v1')
          .wait(2 * minute)
          .send(line, 'v2');
      },
      'Wi-Fi roaming between two access points with many': {
        happens: w => {
          for (const port of ['v1', 'v2'])
            w.send(
              many(6, i => s.arp(phone(i + (port === 'v1' ? 0 : 50)), `10.20.4.${i + (port === 'v1' ? 0 : 50)}`)),
              port,
            );
          return w.wait(2 * minute).send([s.arp(phone(2), '10.20.4.2')], 'v2');
        },
        also: ['randomised-mac'],
      },
      'PRP: both lines of one port': w =>
        w
          .send([s.prp(axis), s.arp(axis, axisIp)])
          .wait(hour)
          .send([s.prp(axis), s.arp(axis, axisIp)]),
    },
  },
  'randomised-mac': {
    for: {
      'with the address of a known device but for that bit': [
        w => w.send([s.arp(`02${axis.slice(2)}`, laptopIp)]).wait(2000),
        `02${axis.slice(2)}`,
      ],
      'likewise of a master of EtherCAT, but it speaks IP': [
        w => w.send([s.arp(master, axisIp), ethercatVectors['ethercat-sent'], s.arp(segment, laptopIp)]).wait(2000),
        segment,
      ],
      'it takes an address as captures of raw IP have, on a network of stations': [
        w => w.send([s.arp(axis, axisIp), s.arp('52:79:0a:14:00:03', laptopIp)]),
        '52:79:0a:14:00:03',
      ],
      'it only asks for a lease': [w => w.send([s.discover(phone(3))]), phone(3)],
      'on a port on which there was none for a week': [w => w.wait(7 * day).send([s.arp(phone(4), laptopIp)], 'v3'), phone(4)],
    },
    against: {
      'libvirt, Docker and VirtualBox': w =>
        w.send([
          s.arp('52:54:00:12:34:56', laptopIp),
          s.arp('fe:54:00:12:34:56', '10.20.0.6'),
          s.arp('02:42:ac:11:00:02', '172.17.0.2'),
          s.arp('0a:00:27:00:00:01', '192.168.56.1'),
        ]),
      'a host that speaks to itself in a capture of all its interfaces': w =>
        w.send([s.arp(axis, axisIp), s.plain('52:79:7f:00:00:01', '127.0.0.1'), s.plain('52:79:00:00:00:01', '127.0.0.1')]).wait(hour),
      'nodes of DECnet': w => w.send([s.arp(axis, axisIp), s.arp('aa:00:04:00:01:04', laptopIp)]).wait(hour),
      'frames that an EtherCAT master gets back': w =>
        w.send([s.arp(master, axisIp), ethercatVectors['ethercat-sent'], ethercatVectors['ethercat-back']]).wait(hour),
      'the virtual address of HSRP for IPv6 and of GLBP': w =>
        w.send([s.arp('00:05:73:a0:00:01', routerIp), s.arp('00:07:b4:00:01:01', '10.20.0.2')]),
      'a phone of the learning time that comes back': {
        happens: w =>
          w
            .send([s.arp(phone(1), laptopIp)])
            .wait(2 * day)
            .send([s.arp(phone(1), laptopIp)]),
        options: { learnsMs: hour },
      },
    },
  },
  'stealth-device': {
    for: {
      'a tap that only sends UDP to the outside': [
        w => {
          for (let i = 0; i < 40; i++) w.send([s.plain(laptop, laptopIp)], 'v2').wait(minute);
          return w;
        },
        laptop,
      ],
      'one that sends once a minute for hours': [
        w => {
          for (let i = 0; i < 120; i++) w.send([s.plain(laptop, laptopIp)], 'v2').wait(30_000);
          return w;
        },
        laptop,
      ],
      'with a made-up address': [
        w => {
          for (let i = 0; i < 40; i++) w.send([s.plain(phone(9), laptopIp)], 'v2').wait(minute);
          return w;
        },
        phone(9),
      ],
    },
    against: {
      'a device with a fixed address that answers ARP': w => {
        for (let i = 0; i < 40; i++) w.send([s.plain(laptop, laptopIp), s.arpReply(laptop, laptopIp)]).wait(minute);
        return w;
      },
      'a sensor that speaks once a day, and asks for the server first': w => {
        for (let i = 0; i < 5; i++) w.send([s.arpAsk(laptop, laptopIp, serverIp), s.plain(laptop, laptopIp)]).wait(day);
        return w;
      },
      'a drive that says its name once, at its start': w => {
        w.send([s.mdns(laptop, laptopIp, 'drive-7')]);
        for (let i = 0; i < 40; i++) w.send([s.plain(laptop, laptopIp)]).wait(minute);
        return w;
      },
    },
  },
};
