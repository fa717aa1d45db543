import * as b from '../../vectors/frames/build.ts';
import { initiation } from '../../vectors/frames/remote-access.ts';
import { windows } from '../../vectors/frames/tcp-syn.ts';
import * as s from '../said.ts';
import { axisIp, hour, laptopIp, mac, many, minute, serverIp } from '../scenario.ts';
import type { Wire } from '../wire.ts';
import { axis, axis2, laptop, server } from '../world.ts';
import { day, phone, type Stories } from './story.ts';

const firmware = (who: string, text: string): Uint8Array => s.httpServer(who, axisIp, text);
const serves = (port: number): readonly Uint8Array[] => [
  s.tcp(laptop, laptopIp, axisIp, 40_000, port),
  s.tcp(axis, axisIp, laptopIp, port, 40_000, { flags: 18 }),
];
const settled = (w: Wire, ...frames: readonly Uint8Array[]): Wire => w.send(frames).wait(2 * hour);

/** How many are there, and what they offer and run. */
export const presenceStories: Stories = {
  'mac-flood': {
    for: {
      'two a second': [
        w => {
          for (let i = 0; i < 140; i++) w.send([s.plain(mac('94:12:34', i), laptopIp)]).wait(400);
          return w;
        },
        mac('94:12:34', 0),
      ],
      'interleaved with the frames of the victim': [
        w => {
          for (let i = 0; i < 140; i++) w.send([s.plain(mac('94:12:34', i), laptopIp), s.arp(axis, axisIp)]);
          return w;
        },
        mac('94:12:34', 0),
      ],
      'with addresses that are made up': [w => w.send(many(140, i => s.arp(mac('02:12:34', i), '10.20.9.1'))), mac('02:12:34', 0)],
    },
    against: {
      'fifty virtual machines start': w => w.send(many(50, i => s.arp(mac('52:54:00', i), `10.20.3.${i}`))),
      'phones of one shift come in within a quarter of an hour': {
        happens: w => {
          for (let i = 0; i < 200; i++) w.send([s.arp(phone(i), `10.20.4.${i}`)], 'v3').wait(4500);
          return w;
        },
        also: ['randomised-mac'],
      },
      'a storm of known devices after a power cut': w => {
        const line = many(200, i => s.arp(mac('94:12:34', i), `10.20.3.${i}`));
        for (let i = 0; i < line.length; i += 50) w.send(line.slice(i, i + 50)).wait(2 * minute);
        return w.wait(hour).send(line);
      },
    },
  },
  'new-service': {
    for: {
      'a shell on a camera': [w => settled(w, s.arp(axis, axisIp), ...serves(80)).send(serves(23)), axis],
      'one on a known port of another protocol': [w => settled(w, s.arp(axis, axisIp), ...serves(554)).send(serves(8080)), axis],
      'after a restart of ours': [
        w =>
          settled(w, s.arp(axis, axisIp), ...serves(80))
            .restart()
            .send([s.arp(axis, axisIp), ...serves(22)]),
        axis,
      ],
    },
    against: {
      'the known ones, asked for anew by a poller that restarts': w =>
        settled(w, s.arp(axis, axisIp), ...serves(80), ...serves(554))
          .restart()
          .send([s.arp(axis, axisIp), ...serves(554), ...serves(80)]),
      'a data connection of FTP': w => settled(w, s.arp(axis, axisIp), ...serves(21)).send(serves(50_123)),
      'a device that is new itself': w => w.send([s.arp(axis2, '10.20.0.10'), ...serves(23)]),
    },
  },
  'firmware-changed': {
    for: {
      'a downgrade': [
        w => settled(w, s.arp(axis, axisIp), s.firmware(axis, axisIp, '2.9.4')).send([s.firmware(axis, axisIp, '2.9.3')]),
        axis,
      ],
      'after a restart of ours': [
        w =>
          settled(w, s.arp(axis, axisIp), s.firmware(axis, axisIp, '2.9.4'))
            .restart()
            .send([s.firmware(axis, axisIp, '3.0')]),
        axis,
      ],
      'after a month of silence': [
        w =>
          settled(w, s.firmware(axis, axisIp, '2.9.4'))
            .wait(30 * day)
            .send([s.firmware(axis, axisIp, '2.8')]),
        axis,
      ],
    },
    against: {
      'a restart that says the same': w =>
        settled(w, s.firmware(axis, axisIp, '2.9.4'))
          .restart()
          .send([s.firmware(axis, axisIp, '2.9.4')]),
      'a version told in full': w => settled(w, s.firmware(axis, axisIp, '2.9')).send([s.firmware(axis, axisIp, '2.9.4 build 7')]),
      'a web server with a version of its own': w =>
        settled(w, s.arp(axis, axisIp), s.firmware(axis, axisIp, '2.9.4'))
          .send([firmware(axis, 'lighttpd/1.4.59')])
          .wait(hour)
          .send([firmware(axis, 'lighttpd/1.4.76')]),
    },
  },
  'remote-access-device': {
    for: {
      'WireGuard on a port of its own choice': [
        w => w.send([s.arp(laptop, laptopIp), s.udp(laptop, { from: laptopIp }, 40_000, 51_820, initiation)]).wait(minute),
        laptop,
      ],
      'through a tunnel of another VLAN': [
        w =>
          w
            .send([s.arp(laptop, laptopIp)])
            .send([s.udp(laptop, { from: laptopIp }, 51_820, 51_820, initiation)], 'v1', 'tagged')
            .wait(minute),
        laptop,
      ],
      'in pieces': [
        w => w.send([s.arp(laptop, laptopIp), ...s.pieces(s.udp(laptop, { from: laptopIp }, 51_820, 51_820, initiation), 64)]).wait(minute),
        laptop,
      ],
    },
    against: {
      'a game or another datagram of that length': w =>
        w.send([s.arp(laptop, laptopIp), s.udp(laptop, { from: laptopIp }, 51_820, 51_820, b.bytes(9, new Uint8Array(147)))]).wait(minute),
      'a TLS client': w =>
        w.send([s.arp(laptop, laptopIp), s.tcp(laptop, laptopIp, serverIp, 40_001, 443, { options: windows, ttl: 128 })]).wait(minute),
      'a host that is asked for it and says nothing': w =>
        w.send([s.arp(server, serverIp), s.udp(server, { from: serverIp }, 4000, 4001, b.bytes('x'))]).wait(minute),
    },
  },
};
