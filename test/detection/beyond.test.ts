import { describe, expect, it } from 'vitest';
import { Beyond } from '../../gateway/inventory/beyond.ts';
import { zone } from '../gateway/fixture.ts';
import * as s from './said.ts';
import { axisIp, laptopIp, many, minute, mac, routerIp, serverIp } from './scenario.ts';
import { gateway, outside } from './stories/story.ts';
import { Wire } from './wire.ts';
import { axis, laptop, router, server, siemens } from './world.ts';

const second = 1000;
/** Router and server are behind the uplink, as in most plants, and everybody was there while the site was learnt. */
function plant(...more: readonly Uint8Array[]): Wire {
  const wire = new Wire('untagged', { learnsMs: minute });
  wire.send([s.arp(axis, axisIp), s.arp(laptop, laptopIp), s.arp(siemens, '10.20.0.30')]);
  wire.send([...gateway, s.arp(server, serverIp), ...more], 'up0').wait(2 * minute);
  wire.events.length = 0;
  return wire;
}
const told = (wire: Wire): readonly string[] =>
  wire.alarms.map(({ alarm, actor, victimMac }) => [alarm, actor, victimMac].filter(part => part !== undefined).join(' '));
const speaks = (wire: Wire, who: string, ip: string, port: string): unknown => wire.send([s.plain(who, ip)], port).wait(2 * second);

describe('who acts against hosts behind an uplink is told', () => {
  it('stands in between one of them and a device', () => {
    const wire = plant().send([s.arpReply(laptop, routerIp), s.arpReply(laptop, axisIp)]);
    expect(told(wire)).toContain(`arp-spoof ${laptop} ${router}`);
  });

  it('takes the address of the router alone, which goes on using it', () => {
    const wire = plant().send([s.arpReply(laptop, routerIp)]);
    wire.send([s.arp(router, routerIp)], 'up0');
    expect(told(wire)).toEqual(expect.arrayContaining([`arp-spoof ${laptop} ${router}`, `ip-conflict ${laptop} ${router}`]));
  });

  it('serves DHCP beside the server there, which no setting names', () => {
    const wire = plant(s.offer(server, serverIp)).send([s.offer(laptop, laptopIp)]);
    expect(told(wire)).toEqual([`rogue-dhcp ${laptop} ${server}`]);
  });

  it('serves DHCP where nobody ever did', () => {
    expect(
      told(
        plant()
          .wait(15 * minute)
          .send([s.offer(laptop, laptopIp)]),
      ),
    ).toEqual([`rogue-dhcp ${laptop}`]);
  });

  it('announces itself as IPv6 router beside the one there', () => {
    expect(told(plant(s.advertise(router)).send([s.advertise(laptop)]))).toEqual([`rogue-ra ${laptop} ${router}`]);
  });

  it('passes on frames beside the gateway there', () => {
    expect(told(plant().send(outside(laptop)))).toEqual([`hidden-router ${laptop} ${router}`]);
  });

  it('takes the hardware address of the server, while that one goes on', () => {
    const wire = plant();
    for (let i = 0; i < 4; i++) {
      speaks(wire, server, '10.20.0.77', 'v2');
      speaks(wire, server, serverIp, 'up0');
    }
    expect(told(wire)).toContain(`mac-clone ${server} ${server}`);
  });
});

describe('nothing is told', () => {
  const quiet = (wire: Wire): readonly string[] => told(wire).filter(text => !text.startsWith('new-device '));

  it('of hosts behind an uplink themselves, which are no devices', () => {
    const wire = plant(s.offer(server, serverIp), s.advertise(router));
    const others = many(40, i => s.arp(mac('00:25:90', 100 + i), `10.20.8.${i}`));
    const asks = many(300, i => s.arpAsk(server, serverIp, `10.20.9.${i % 250}`));
    wire.send([...others, ...asks, s.offer(siemens, '10.20.0.44'), s.advertise(axis), s.bpdu(server, [0, server])], 'up0').wait(minute);
    expect(told(wire)).toEqual([]);
    expect([...wire.inventory.records()].map(({ device }) => device.mac).toSorted()).toEqual([axis, laptop, siemens].toSorted());
  });

  it('of a handheld that roams to an access point on a device port, and back', () => {
    const wire = plant(s.arp(mac('00:02:b3', 9), '10.20.4.9'));
    for (const [port, rest] of [
      ['v2', 5],
      ['up0', 5],
      ['v2', 3],
    ] as const) {
      for (let i = 0; i < 20; i++) speaks(wire, mac('00:02:b3', 9), '10.20.4.9', port);
      wire.wait(rest * minute);
    }
    expect(quiet(wire)).toEqual([]);
  });

  it('of a device that moved from behind an uplink to a device port', () => {
    const wire = plant();
    for (let i = 0; i < 20; i++) speaks(wire, server, serverIp, 'v2');
    expect(quiet(wire)).toEqual([]);
  });

  it('of a second router on a device port that passed on frames while the site was learnt', () => {
    const wire = new Wire('untagged', { learnsMs: minute });
    wire
      .send([...gateway], 'up0')
      .send(outside(siemens), 'v1')
      .wait(2 * minute);
    wire.events.length = 0;
    wire.send(['5.5.5.5', '6.6.6.6', '7.7.7.7'].map(ip => s.passesOn(siemens, ip)));
    expect(told(wire)).toEqual([]);
  });

  it('of an address that goes over from a host behind the uplink to a device', () => {
    const wire = plant().send([s.arp(siemens, serverIp), s.arpReply(siemens, serverIp)]);
    expect(quiet(wire.wait(minute))).toEqual([]);
  });
});

it('a flood of hosts behind an uplink stays under the cap, and the first ones are kept', () => {
  const raised: unknown[] = [];
  const beyond = new Beyond({ zones: [zone()], vendorOf: () => undefined, watch: () => [], raise: alarms => raised.push(...alarms) });
  for (let i = 0; i < 100_000; i++)
    beyond.take(
      {
        at: i,
        port: 'up0',
        vlan: 0,
        mac: mac('02:12:34', i),
        collector: 'arp',
        frame: i,
        fact: { kind: 'address', ip: `10.1.${i >> 8}.${i & 255}` },
      },
      i,
    );
  expect(beyond.hosts.size).toBe(2048);
  expect(beyond.hosts.withIp('10.1.0.0').length).toBe(1);
  expect(raised).toEqual([]);
});
