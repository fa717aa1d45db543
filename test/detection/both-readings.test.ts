import { describe, expect, it } from 'vitest';
import { linux, windows } from '../vectors/frames/tcp-syn.ts';
import * as b from '../vectors/frames/build.ts';
import * as s from './said.ts';
import { axisIp, laptopIp, minute, serverIp } from './scenario.ts';
import { Wire } from './wire.ts';
import { axis, axis2, laptop, router, server, siemens } from './world.ts';

/** What is harmless in some plants and looks on the wire as an attack does: it is told, and the person who reads it is told both. */
const [first, twin] = ['00:25:90:00:00:06', '00:25:90:00:00:07'];
const answers = (who: string, ip: string, asker: string): Uint8Array => b.ethernet(who, asker, 0x0806, b.arp(2, who, ip, asker, laptopIp));
const works = (who: string, ip = serverIp): Uint8Array => s.plain(who, ip);
const byTurns = (w: Wire, times: number, everyMs: number, here: readonly Uint8Array[], there: readonly Uint8Array[]): Wire => {
  for (let i = 0; i < times; i++) w.send(here, 'v1').send(there, 'v2').wait(everyMs);
  return w;
};
const boots = (w: Wire, name: string, parameters: readonly number[], isWindows: boolean): Wire =>
  w
    .send([
      s.discover(laptop, { name, parameters }),
      s.arp(laptop, laptopIp),
      s.tcp(laptop, laptopIp, serverIp, 40_001, 443, { options: isWindows ? windows : linux, ttl: isWindows ? 128 : 64 }),
    ])
    .wait(3 * minute);

type Case = readonly [name: string, alarm: string, says: string, happens: (w: Wire) => Wire];
const cases: readonly Case[] = [
  [
    'a bond that balances both ways (balance-alb)',
    'ip-conflict',
    'a bond that balances',
    w => byTurns(w, 3, 20_000, [s.arp(first, serverIp), answers(first, serverIp, laptop)], [answers(twin, serverIp, axis)]),
  ],
  [
    'a host with two cards in one network, each of which answers for both',
    'ip-conflict',
    'both are ports of one host',
    w => byTurns(w, 3, minute / 2, [answers(first, serverIp, laptop)], [answers(twin, serverIp, laptop)]),
  ],
  [
    'a bond that sends by turns (balance-rr), or an aggregated link (802.3ad)',
    'mac-clone',
    'ports of one host (a bond)',
    w => byTurns(w, 5, 2000, [s.arp(first, serverIp), works(first)], [works(first)]),
  ],
  [
    'a machine that moves to another host and back, where few share a port',
    'mac-clone',
    'it went there and came back',
    w => {
      for (const port of ['v1', 'v2', 'v1']) w.send([s.arp(axis, axisIp)], port).wait(minute / 2);
      return w;
    },
  ],
  [
    'the second port of a bond that only sends by it (balance-tlb)',
    'stealth-device',
    'a port of a bond',
    w => byTurns(w, 40, minute / 2, [s.arp(first, serverIp)], [works(twin)]),
  ],
  [
    'the third node of a cluster takes over from two',
    'arp-spoof',
    'a cluster',
    w => w.send([s.arp(server, '10.20.0.100'), s.arp(siemens, '10.20.0.101'), s.arp(axis2, '10.20.0.100'), s.arp(axis2, '10.20.0.101')]),
  ],
  [
    'a sleep proxy answers for two that went to sleep',
    'arp-spoof',
    'a sleep proxy',
    w => w.send([s.arp(laptop, laptopIp), s.arp(axis, axisIp), s.arp(server, laptopIp), s.arp(server, axisIp)]),
  ],
  [
    'two systems on one disk',
    'mac-clone',
    'it started another system',
    w => boots(boots(w, 'tux', [1, 28, 2, 3, 15, 6, 12], false), 'win-7', [1, 15, 3, 6, 44, 46, 47], true),
  ],
  [
    'a new installation with a fixed address',
    'mac-clone-same-ip',
    'it started another system',
    w =>
      w.send([
        s.arp(axis, axisIp),
        s.mdns(axis, axisIp, 'old-7'),
        s.tcp(axis, axisIp, serverIp, 40_000, 443, { options: linux }),
        s.tcp(axis, axisIp, serverIp, 40_001, 443, { options: windows, ttl: 128 }),
        s.mdns(axis, axisIp, 'new-9'),
      ]),
  ],
];

describe('what frames do not tell apart is told, with both readings', () => {
  it.each(cases)('%s', (_, alarm, says, happens) => {
    const wire = new Wire('untagged', { learnsMs: minute });
    wire.send([s.arp(router, '10.20.0.1')], 'v3').wait(2 * minute);
    const told = happens(wire).alarms.filter(one => one.alarm === alarm);
    expect(told.map(({ detail }) => detail)).not.toEqual([]);
    for (const { detail } of told) expect(detail).toContain(says);
  });
});
