import { describe, expect, it } from 'vitest';
import { decode, wants } from '../../collectors/ethercat.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import type { Frame } from '../../gateway/model/frame.ts';
import * as b from '../vectors/frames/build.ts';
import { ethercatBody, ethercatVectors, identityObject, master, segment, sii, upload } from '../vectors/frames/ethercat.ts';
import { le16, le32 } from '../vectors/frames/industrial.ts';
import { hasCaptures, inCapture } from './capture-facts.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';
import { peeled } from './peeled.ts';

const modulesOf = (...frames: readonly (Uint8Array | Frame)[]): readonly string[] =>
  factsOf(segment, ...frames).flatMap(f => (f.kind === 'inventory' ? [f.text] : []));
const body = ethercatVectors['ethercat-back'].subarray(14);

describe('EtherCAT', () => {
  it('frames that no slave has touched are the master’s', () =>
    expect(factsOf(master, ethercatVectors['ethercat-sent'])).toEqual([{ kind: 'device-kind', text: 'ethercat-master' }]));

  it('frames that come back are the segment, which tells how many slaves it has and whose it is', () =>
    expect(factsOf(segment, ethercatVectors['ethercat-back'])).toEqual([
      { kind: 'device-kind', text: 'ethercat-segment' },
      { kind: 'description', text: `EtherCAT segment of 5 slaves behind ${master}` },
    ]));

  it('counters in a frame of a universal address make nobody a segment', () =>
    expect(factsOf(master, b.ethernet(master, b.broadcast, 0x88a4, body))).toEqual([]));

  it('cyclic process data is not looked at', () => {
    const cyclic = ethercatBody({ command: 12, position: 0, offset: 0, data: [1, 2], count: 3 });
    expect(wants(peeled(b.ethernet(master, b.broadcast, 0x88a4, cyclic)))).toBe(false);
    expect(protocolsOf(master, ethercatVectors['ethercat-sent'])).toEqual(['ethercat']);
  });

  it('slaves have no address: they are modules of their segment, told when the last of their numbers was read', () => {
    const plate = 'EtherCAT slave 1001: vendor 2 product 44c2c52 revision 110000 serial 1e240';
    expect(modulesOf(ethercatVectors['ethercat-sii'])).toEqual([]);
    expect(modulesOf(ethercatVectors['ethercat-sii'], ethercatVectors['ethercat-sii-rest'])).toEqual([plate]);
    expect(modulesOf(...identityObject.map((value, i) => sii(8 + 2 * i, [value])))).toEqual([plate]);
    expect(modulesOf(ethercatVectors['ethercat-identity'])).toEqual([plate]);
    expect(modulesOf(upload(0x1018, 1, identityObject.slice(0, 4).map(le32), true))).toEqual([plate]);
    expect(modulesOf(...identityObject.map((value, i) => upload(0x1018, i + 1, le32(value))))).toEqual([plate]);
    // 0 is no serial number; what was read of another slave, or long ago, is not this one's.
    expect(modulesOf(sii(12, [7, 0]))).toEqual(['EtherCAT slave 1001: revision 7']);
    expect(modulesOf(sii(8, [2, 3], { position: 7 }), sii(12, [7, 0]))).toEqual(['EtherCAT slave 1001: revision 7']);
    const late = b.frame(sii(12, [7, 9]), { number: 2, at: 1_700_000_070_000 });
    expect(modulesOf(b.frame(sii(8, [2, 3])), late)).toEqual(['EtherCAT slave 1001: revision 7 serial 9']);
  });

  it('slaves may have names and versions', () => {
    expect(modulesOf(ethercatVectors['ethercat-name'], upload(0x1009, 0, '1.0'), upload(0x100a, 0, 'FW03\0'))).toEqual([
      'EtherCAT slave 1001: name EK1100',
      'EtherCAT slave 1001: hardware 1.0',
      'EtherCAT slave 1001: software FW03',
    ]);
  });

  it('what is no identity of a slave tells none', () => {
    const name = ethercatVectors['ethercat-name'];
    for (const frame of [
      sii(14, [9], { control: 0x8140 }), // busy
      sii(14, [9], { control: 0x2140 }), // not acknowledged
      ...[7, 9, 16, 0x10008].map(word => sii(word, [1, 2])),
      upload(0x1008, 1, 'EK1100'),
      upload(0x1000, 0, [1, 2, 3, 4]),
      upload(0x1018, 5, le32(1)),
      upload(0x1018, 4, le16(1)),
      name.with(31, 0x14), // no CoE
      name.with(33, 0x20), // a question
      name.with(34, 0x80), // refused
      name.with(38, 200), // goes on in segments
      name.with(26, 200), // longer than what was read
      name.with(name.length - 2, 0), // no slave answered
    ]) {
      expect(modulesOf(frame)).toEqual([]);
      expect(drained(frame).malformed).toEqual([]);
    }
    // It is a slave's only when one has counted it, whatever others in the frame have.
    const [touched, data] = [{ command: 7, position: 5, offset: 0x0130, data: [8, 0], count: 5 }, [0, 0, 14, 0, 0, 0, 9, 0, 0, 0]];
    const read = (count: number) =>
      b.ethernet(segment, b.broadcast, 0x88a4, ethercatBody(touched, { command: 4, position: 1, offset: 0x0502, data, count }));
    expect([0, 1].map(count => modulesOf(read(count)).length)).toEqual([0, 1]);
  });

  it('more slaves than there is room for make it forget the oldest', () => {
    const said = modulesOf(
      sii(8, [2, 3], { position: 1 }),
      ...Array.from({ length: 300 }, (_, i) => sii(8, [2, 3], { position: i + 2 })),
      sii(12, [7, 9], { position: 1 }),
      sii(12, [7, 9], { position: 300 }),
    );
    expect(said).toEqual(['EtherCAT slave 0001: revision 7 serial 9', 'EtherCAT slave 012c: vendor 2 product 3 revision 7 serial 9']);
  });

  it('of one frame reads sixteen slaves, and of a segment tells so many modules as there is room for', () => {
    const serial = (n: number) => ({ command: 4, position: n, offset: 0x0502, data: [0x40, 1, 14, 0, 0, 0, ...le32(n)], count: 1 });
    const read = (from: number) =>
      b.ethernet(segment, b.broadcast, 0x88a4, ethercatBody(...Array.from({ length: 60 }, (_, i) => serial(from + i))));
    expect(modulesOf(read(1)).length).toBe(16);
    expect(modulesOf(read(1), read(101), read(201), read(301)).length).toBe(48);
  });

  it('does not decode when cut anywhere, or of another frame type', () => {
    for (let length = 0; length < body.length; length++) expect(() => decode(body.subarray(0, length)), `${length}`).toThrow(DecodeError);
    expect(() => decode(body.with(1, 0x40))).toThrow('frame type 4');
  });

  it.skipIf(!hasCaptures)('of a real segment tells its five slaves', () => {
    expect(inCapture('ICS-Pcaps/ethercat.pcap', '00:14:4f:23:98:cf')).toContainEqual({ kind: 'device-kind', text: 'ethercat-master' });
    const found = inCapture('ICS-Pcaps/ethercat.pcap', '02:14:4f:23:98:cf');
    expect(found).toContainEqual({ kind: 'description', text: 'EtherCAT segment of 5 slaves behind 00:14:4f:23:98:cf' });
    expect(found).toContainEqual({ kind: 'inventory', of: 'module', text: 'EtherCAT slave 1000: vendor 2 product 44c2c52 revision 10000' });
    expect(found.filter(f => f.kind === 'inventory')).toHaveLength(5);
  });
});
