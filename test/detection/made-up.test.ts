import { expect, it } from 'vitest';
import { isOfAllMakers, maxMakers, maxRegistered, Newcomers } from '../../gateway/detection/newcomers.ts';
import * as b from '../vectors/frames/build.ts';
import { bridgeGroup, ieee8023, llc } from '../vectors/frames/infrastructure.ts';
import { redirect } from '../vectors/frames/ndp.ts';
import * as s from './said.ts';
import { axisIp, laptopIp, mac, many, minute, routerIp, second, virtual } from './scenario.ts';
import { gateway, outside, plant } from './stories/story.ts';
import { Wire } from './wire.ts';
import { axis, laptop, router, type WorldOptions } from './world.ts';

/** Ever new addresses that somebody registered, as attack tools make them: one of each maker, then the next of each. */
const registered = (i: number): string => mac(`00:18:${(i % 256).toString(16).padStart(2, '0')}`, i >> 8);
const makerOf = (address: string): string => `Maker ${address.slice(0, 8)}`;

/** A plant that has long been learnt. */
function learnt(options: Omit<WorldOptions, 'only'> = {}): Wire {
  const wire = new Wire('untagged', { learnsMs: minute, ...options });
  wire.send([...plant, ...gateway, s.advertise(router)]).wait(20 * minute);
  wire.events.length = 0;
  return wire;
}
const told = (wire: Wire, type: string): readonly string[] =>
  wire.alarms.filter(({ alarm }) => alarm === type).map(({ actor, detail }) => `${actor} ${detail}`);

it('a flood of registered addresses of all makers is one alarm, and newcomers are told no more', () => {
  const wire = learnt({ makerOf }).send(many(900, i => s.advertise(registered(i))));
  expect(told(wire, 'mac-flood')).toEqual([`${registered(0)} 256 strange addresses on v1 within a minute`]);
  expect(told(wire, 'new-device').length).toBeLessThan(maxRegistered);
});

it('a line of one maker that is plugged in is no flood, nor is a site that begins', () => {
  const line = learnt({ makerOf }).send(many(400, i => s.arp(mac('00:40:8c', i), `10.20.${3 + (i >> 8)}.${i & 255}`)));
  expect(told(line, 'mac-flood')).toEqual([]);
  const begins = new Wire('untagged', { makerOf });
  begins.send(many(900, i => s.arp(registered(i), `10.20.${3 + (i >> 8)}.${i & 255}`)));
  expect(told(begins, 'mac-flood')).toEqual([]);
});

it('ever new senders of the same are not one alarm each', () => {
  const wire = learnt().send(many(100, i => s.advertise(mac('00:02:b3', 256 + i))));
  const raised = told(wire, 'rogue-ra');
  expect(raised.length).toBeLessThan(20);
  expect(raised.at(-1)).toBe(`${mac('00:02:b3', 256)} so do ever new addresses on v1`);
});

it('counts of newcomers stay under their caps', () => {
  const newcomers = new Newcomers();
  const context = { vendorOf: makerOf, now: 3_600_000, learnsUntil: 0 };
  const one = { vlan: 0, at: 3_600_000, collector: 'arp', frame: 1, fact: { kind: 'seen' } } as const;
  let count = newcomers.note({ ...one, port: 'v1', mac: registered(0) }, context);
  for (let i = 1; i < 100_000; i++) count = newcomers.note({ ...one, port: 'v1', mac: registered(i) }, context);
  expect([count.makers.size, isOfAllMakers(count)]).toEqual([maxMakers, true]);
});

it('a topology change told by a host is told, and by a switch that is known is not', () => {
  const change = (from: string): Uint8Array => ieee8023(from, bridgeGroup, llc(0x42, b.bytes(b.u16(0), 0, 0x80)));
  expect(
    told(
      learnt()
        .send([change(laptop)])
        .wait(2000),
      'rogue-switch',
    ),
  ).toEqual([`${laptop} sends BPDUs on a device port: a topology change`]);
  const known = new Wire('untagged', { learnsMs: minute });
  known.send([s.bpdu(axis, [0x8000, router])]).wait(20 * minute);
  known.send([change(axis)]).wait(2000);
  expect(told(known, 'rogue-switch')).toEqual([]);
  expect(
    told(
      learnt()
        .send([s.bpdu(laptop, [0x8000, router])])
        .wait(2000),
      'rogue-switch',
    ).length,
  ).toBe(1);
});

const redirect4 = (from: string, ip: string, by: string): Uint8Array =>
  b.ethernet(
    from,
    axis,
    0x0800,
    b.ipv4(ip, axisIp, 1, b.bytes(5, 1, b.u16(0), b.ip4(by), b.ipv4(axisIp, '8.8.8.8', 17, b.udp(9, 9, b.bytes('x'))))),
  );
const redirect6 = (from: string): Uint8Array =>
  b.ethernet(
    from,
    axis,
    0x86dd,
    b.ipv6('fe80:0:0:0:0:0:0:5', 'fe80:0:0:0:0:0:0:1', 58, redirect('fe80:0:0:0:0:0:0:66', 'fd00:0:0:0:0:0:0:9'), [], 255),
  );

it('a host that redirects others and passes on nothing is told, of either IP', () => {
  const detail = 'as only a router may: for';
  expect(
    told(
      learnt()
        .send([redirect4(laptop, routerIp, laptopIp)])
        .wait(20_000),
      'impersonation',
    ),
  ).toEqual([`${laptop} tells hosts to send by way of ${laptopIp}, ${detail} 8.8.8.8`]);
  expect(
    told(
      learnt()
        .send([redirect6(laptop)])
        .wait(20_000),
      'impersonation',
    ),
  ).toEqual([`${laptop} tells hosts to send by way of fe80::66, ${detail} fd00::9`]);
});

it('a host that redirects one host to itself and passes on what that one sends is told all the same', () => {
  const wire = learnt().send([redirect4(laptop, routerIp, laptopIp), s.passesOn(laptop, axisIp), s.passesOn(laptop, axisIp)]);
  expect(told(wire.wait(20_000), 'impersonation')).toEqual([
    `${laptop} tells hosts to send by way of ${laptopIp}, as only a router may: for 8.8.8.8`,
  ]);
});

it('a router that redirects is not: known, or seen to pass on what it is about', () => {
  const wire = learnt().send([redirect4(router, routerIp, '10.20.0.2')]);
  wire.send([s.arp(second, '10.20.0.3'), redirect4(second, '10.20.0.3', '10.20.0.2'), ...outside(second)]).wait(20_000);
  expect(told(wire, 'impersonation')).toEqual([]);
});

it('a router that speaks from the virtual address answers for it from its own too', () => {
  const own = '10.20.0.3';
  const announce = s.vrrp(second, own, '10.20.0.33', virtual);
  const wire = learnt().send([s.arp(second, own), announce, s.arp(virtual, '10.20.0.33')]);
  const answers = (who: string): Wire => wire.send([s.arpReply(who, '10.20.0.33'), s.arp(virtual, '10.20.0.33')]).wait(2000);
  answers(second);
  expect([...told(wire, 'arp-spoof'), ...told(wire, 'ip-conflict')]).toEqual([]);
  answers(laptop);
  expect(told(wire, 'ip-conflict').map(text => text.slice(0, 17))).toEqual([laptop]);
});
