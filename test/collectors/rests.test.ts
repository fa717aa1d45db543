import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import { modbus } from '../../collectors/modbus.ts';
import { Packet } from '../../collectors/packet.ts';
import { Rests } from '../../collectors/rests.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import * as b from '../vectors/frames/build.ts';
import { device, deviceIp, station, stationIp } from '../vectors/frames/industrial.ts';
import { adu, identity } from '../vectors/frames/modbus.ts';
import { componentList, componentParts, cotpParts, moduleList } from '../vectors/frames/s7comm.ts';
import { type Endpoint, segment } from '../vectors/frames/tcp-segment.ts';

const at = 1_700_000_000_000;
const to: Endpoint = [station, stationIp, 40_000];
const said = (sequence: number, body: Uint8Array, port = 502): Uint8Array =>
  segment({ sequence, body, from: [device, deviceIp, port], to });
/** The segments of a direction, one behind the other. */
const segments = (port: number, ...bodies: readonly Uint8Array[]): readonly Uint8Array[] => {
  let next = 1000;
  return bodies.map(body => {
    next += body.length;
    return said(next - body.length, body, port);
  });
};
const cut = (body: Uint8Array, ...ats: readonly number[]): readonly Uint8Array[] =>
  [0, ...ats].map((from, i) => body.subarray(from, ats[i] ?? body.length));

function feed(frames: readonly Uint8Array[], dissector = new Dissector()) {
  frames.forEach((bytes, i) => dissector.frame(b.frame(bytes, { number: i + 1, at: at + i })));
  const { observations, malformed } = dissector.drain(true);
  return { facts: observations.filter(o => o.mac === device).map(o => o.fact), malformed };
}
const names = (facts: readonly Fact[]): readonly string[] => facts.flatMap(f => ('text' in f ? [f.text] : []));

describe('a message that goes on in the next segment', () => {
  it('is read wherever it was cut behind its head, in two and in three', () => {
    const plate = ['Schneider Electric', 'BMX P34 2020', 'v2.60'];
    expect(names(feed(segments(502, identity)).facts)).toEqual(plate);
    for (let i = 8; i < identity.length; i++) {
      const { facts, malformed } = feed(segments(502, ...cut(identity, i)));
      expect([names(facts), malformed], `at ${i}`).toEqual([plate, []]);
    }
    expect(names(feed(segments(502, ...cut(identity, 9, 20))).facts)).toEqual(plate);
    expect(names(feed(segments(502, adu([3, 2, 0, 1]), ...cut(identity, 9, 20), adu([3, 2, 0, 1]))).facts)).toEqual(plate);
  });

  it('is given up where another segment stands, in another VLAN or after long', () => {
    const [first = identity, second = identity] = cut(identity, 20);
    const late = new Dissector();
    late.frame(b.frame(said(1000, first), { at }));
    late.frame(b.frame(said(1020, second), { at: at + 11_000 }));
    expect(names(late.drain(true).observations.map(o => o.fact))).toEqual([]);
    const tagged = said(1020, second);
    for (const other of [
      said(1021, second),
      b.bytes(tagged.subarray(0, 12), b.u16(0x8100), b.u16(7), tagged.subarray(12)),
      segment({ sequence: 1020, body: second, from: [device, deviceIp, 502], to: [station, stationIp, 40_001] }),
    ]) {
      const { facts, malformed } = feed([said(1000, first), other]);
      expect(names(facts)).toEqual([]);
      expect(malformed).toContainEqual(expect.objectContaining({ mac: device, collector: 'modbus' }));
    }
  });

  it('is read although its first segment is said again in between', () => {
    const [first = identity, second = identity] = cut(identity, 20);
    expect(names(feed([said(1000, first), said(1000, first), said(1020, second)]).facts)).toHaveLength(3);
  });

  it('is malformed when its rest did not come till the end, and read all the same when it comes then', () => {
    const dissector = new Dissector();
    const [first = identity, second = identity] = cut(identity, 20);
    expect(feed([said(1000, first)], dissector).malformed).toMatchObject([{ mac: device, collector: 'modbus', count: 1 }]);
    expect(feed([], dissector).malformed).toEqual([]);
    expect(names(feed([said(1020, second)], dissector).facts)).toHaveLength(3);
  });
});

describe('a list of an S7 controller', () => {
  const told = ['S C-C2UR28922012', 'Siemens', 'CPU 315-2 PN/DP, PLC_1, station SIMATIC 300(1)'];

  it('that comes in parts, each asked for by itself, is read as a whole', () => {
    expect(names(feed(segments(102, componentList)).facts)).toEqual(told);
    const [first = componentList, ...rest] = componentParts;
    const one = feed(segments(102, first));
    expect([names(one.facts), one.malformed]).toEqual([['station SIMATIC 300(1)'], []]);
    const all = feed(segments(102, first, ...rest));
    expect(names(all.facts)).toEqual(expect.arrayContaining(told));
    expect(all.malformed).toEqual([]);
    expect(names(feed(segments(102, b.bytes(first, ...rest))).facts)).toEqual(told);
  });

  it('that ISO transport cut in two packets is read as a whole, in one segment and in two', () => {
    const whole = names(feed(segments(102, moduleList)).facts);
    expect(whole).toContain('3.2.6');
    expect(names(feed(segments(102, b.bytes(...cotpParts))).facts)).toEqual(whole);
    expect(names(feed(segments(102, ...cotpParts)).facts)).toEqual(expect.arrayContaining([...whole]));
  });
});

describe('what is held of messages', () => {
  const keep = (rests: Rests, n: number, sender: number, size = 20): boolean => {
    const packet = new Packet();
    packet.peel(b.frame(segment({ sequence: 1, body: new Uint8Array(size), from: [device, deviceIp, 502], to: [station, stationIp, n] })));
    return rests.keep(packet, modbus, sender, 0, 'cut');
  };

  it('has a cap in all and for each sender; what is given up is told', () => {
    let lost = 0;
    const rests = new Rests(() => lost++);
    keep(rests, 1, 1);
    for (let n = 2; n < 1002; n++) keep(rests, n, 2);
    expect([rests.size, lost]).toEqual([9, 1000 - 8]);
    for (let n = 2000; n < 3000; n++) keep(rests, n, n);
    expect(rests.size).toBe(64);
    rests.tell();
    rests.tell();
    expect(lost).toBe(2001);
  });

  it('is no more than 8 KiB of one', () => {
    const rests = new Rests(() => undefined);
    expect([keep(rests, 1, 1, 8192), keep(rests, 2, 1, 8193), rests.size]).toEqual([true, false, 1]);
  });
});
