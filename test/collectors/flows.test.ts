import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import { Flows } from '../../collectors/flows.ts';
import { Packet } from '../../collectors/packet.ts';
import * as b from '../vectors/frames/build.ts';
import { mudUrl } from '../vectors/mud.ts';

const start = 1_700_000_000_000;
const [thing, plain, gateway] = ['00:00:5e:00:53:07', '00:00:5e:00:53:08', '00:00:5e:00:53:01'];
const [thingIp, plainIp, cloudIp] = ['10.20.0.9', '10.20.0.8', '203.0.113.7'];

const ask = (source: string): Uint8Array => {
  const body = b.dhcp({
    op: 1,
    chaddr: source,
    options: [
      [53, [3]],
      [161, mudUrl],
    ],
  });
  return b.ethernet(source, b.broadcast, 0x0800, b.ipv4('0.0.0.0', '255.255.255.255', 17, b.udp(68, 67, body)));
};
const arp = (source: string, ip: string): Uint8Array =>
  b.ethernet(source, b.broadcast, 0x0806, b.arp(1, source, ip, '00:00:00:00:00:00', '10.20.0.1'));
const tcp = (from: number, to: number, flags: number, source = thing, ip = thingIp): Uint8Array =>
  b.ethernet(source, gateway, 0x0800, b.ipv4(ip, cloudIp, 6, b.tcp(from, to, flags)));
const udp = (from: number, to: number, source = thing): Uint8Array =>
  b.ethernet(source, gateway, 0x0800, b.ipv4(thingIp, cloudIp, 17, b.udp(from, to, b.bytes('x'))));
const label = (text: string): readonly (number | string)[] => [...text.split('.').flatMap(part => [part.length, part]), 0];
/** A DNS answer by way of an alias. RFC 1035 §4.1. */
const answer = (target: string, name: string, ip: string): Uint8Array => {
  const alias = b.bytes(label('edge.things.example'));
  const message = b.bytes(
    b.u16(1),
    b.u16(0x8180),
    b.u16(1),
    b.u16(2),
    0,
    0,
    0,
    0,
    label(name),
    b.u16(1),
    b.u16(1),
    0xc0,
    12,
    b.u16(5),
    b.u16(1),
    b.u32(60),
    b.u16(alias.length),
    alias,
    label('edge.things.example'),
    b.u16(1),
    b.u16(1),
    b.u32(60),
    b.u16(4),
    b.ip4(ip),
  );
  return b.ethernet(gateway, target, 0x0800, b.ipv4('10.20.0.1', thingIp, 17, b.udp(53, 40_000, message)));
};

const before = [ask(thing), arp(thing, thingIp), arp(plain, plainIp), arp(gateway, '10.20.0.1')];
/** What the frames tell of flows and names, after the thing named its MUD URL; each as text. */
function told(...frames: readonly Uint8Array[]): readonly string[] {
  const dissector = new Dissector();
  [...before, ...frames].forEach((bytes, i) => dissector.frame(b.frame(bytes, { at: start + i, number: i + 1 })));
  return dissector.drain(true).observations.flatMap(({ mac, fact }) => {
    if (fact.kind === 'resolves') return [`${mac} ${fact.name} is ${fact.ip}`];
    return fact.kind === 'talks-to' ? [`${mac} ${fact.protocol} ${fact.ownPort}>${fact.port} of ${fact.ip} ${fact.began}`] : [];
  });
}

describe('flows of those that named a MUD URL', () => {
  it('a connection is told by who opened it, once', () => {
    expect(told(tcp(40_000, 443, 2), tcp(40_001, 443, 2), tcp(40_001, 443, 0x10))).toEqual([`${thing} 6 0>443 of ${cloudIp} here`]);
    expect(told(tcp(80, 40_000, 0x12), tcp(80, 40_001, 0x12))).toEqual([`${thing} 6 80>0 of ${cloudIp} there`]);
  });

  it('a datagram by the port that stays', () =>
    expect(told(udp(40_000, 5683), udp(40_009, 5683), udp(5683, 40_000), udp(5060, 5060))).toEqual([
      `${thing} 17 0>5683 of ${cloudIp} unknown`,
      `${thing} 17 5683>0 of ${cloudIp} unknown`,
      `${thing} 17 5060>5060 of ${cloudIp} unknown`,
    ]));

  it('nothing of the others, nothing to groups, nothing that a router passes on, no echo', () => {
    const passedOn = tcp(40_000, 443, 2, thing, '198.51.100.9');
    const group = b.ethernet(thing, b.mdnsMac, 0x0800, b.ipv4(thingIp, '224.0.0.251', 17, b.udp(5353, 5353, b.bytes(0))));
    const echo = b.ethernet(thing, gateway, 0x0800, b.ipv4(thingIp, cloudIp, 1, b.bytes(8, 0, 0, 0)));
    expect(told(tcp(40_000, 443, 2, plain, plainIp), passedOn, group, echo)).toEqual([]);
  });

  it('the name that DNS answers, whatever aliases stand in between; not for others, not when it breaks off', () => {
    expect(told(answer(thing, 'Cloud.things.example', cloudIp))).toEqual([`${thing} cloud.things.example is ${cloudIp}`]);
    expect(told(answer(plain, 'cloud.things.example', cloudIp))).toEqual([]);
    const whole = answer(thing, 'cloud.things.example', cloudIp);
    for (let cut = 14; cut < whole.length; cut++) expect(told(whole.subarray(0, cut))).toEqual([]);
  });

  it('nobody is looked at as long as nobody named one, and a forgotten one no more', () => {
    const [flows, packet] = [new Flows(8), new Packet()];
    packet.peel(b.frame(tcp(40_000, 443, 2)));
    expect([flows.isOn, flows.note(packet, 3, [])]).toEqual([false, []]);
    flows.watch(3, thing);
    expect([flows.isOn, flows.note(packet, 3, []).length]).toEqual([true, 1]);
    flows.forget(3);
    expect(flows.isOn).toBe(false);
  });

  it('a flood of flows is capped for its sender, and leaves room for the facts of others', () => {
    const dissector = new Dissector();
    for (const bytes of before) dissector.frame(b.frame(bytes, { at: start }));
    const bytes = tcp(40_000, 443, 2);
    for (let i = 0; i < 100_000; i++) {
      bytes.set([i >> 8, i & 255], 32);
      dissector.frame(b.frame(bytes, { at: start + i }));
    }
    dissector.frame(b.frame(arp(plain, '10.20.0.77'), { at: start }));
    const { observations } = dissector.drain(true);
    expect(observations.filter(({ fact }) => fact.kind === 'talks-to').length).toBe(64);
    expect(observations.at(-1)).toMatchObject({ mac: plain, fact: { ip: '10.20.0.77' } });
  });
});
