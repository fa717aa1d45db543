import { describe, expect, it } from 'vitest';
import { decode, wants } from '../../collectors/ethercat.ts';
import { Packet } from '../../collectors/packet.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { ethercatBody, ethercatVectors, master, segment } from '../vectors/frames/ethercat.ts';
import { hasCaptures, inCapture } from './capture-facts.ts';
import { factsOf, protocolsOf } from './observe.ts';

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
    const packet = new Packet();
    packet.peel(b.frame(b.ethernet(master, b.broadcast, 0x88a4, cyclic)));
    expect(wants(packet)).toBe(false);
    expect(protocolsOf(master, ethercatVectors['ethercat-sent'])).toEqual(['ethercat']);
  });

  it('does not decode when cut anywhere, or of another frame type', () => {
    for (let length = 0; length < body.length; length++) expect(() => decode(body.subarray(0, length)), `${length}`).toThrow(DecodeError);
    expect(() => decode(body.with(1, 0x40))).toThrow('frame type 4');
  });

  it.skipIf(!hasCaptures)('of a real segment tells its five slaves', () => {
    expect(inCapture('ICS-Pcaps/ethercat.pcap', '00:14:4f:23:98:cf')).toContainEqual({ kind: 'device-kind', text: 'ethercat-master' });
    expect(inCapture('ICS-Pcaps/ethercat.pcap', '02:14:4f:23:98:cf')).toContainEqual({
      kind: 'description',
      text: 'EtherCAT segment of 5 slaves behind 00:14:4f:23:98:cf',
    });
  });
});
