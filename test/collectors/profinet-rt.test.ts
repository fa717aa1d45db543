import { describe, expect, it } from 'vitest';
import { Packet } from '../../collectors/packet.ts';
import { decode, wants } from '../../collectors/profinet-rt.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { device, station } from '../vectors/frames/industrial.ts';
import { cyclic, profinetRtVectors } from '../vectors/frames/profinet-rt.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';

const rt = (body: Uint8Array): Uint8Array => b.ethernet(device, station, 0x8892, body);

describe('PROFINET cyclic data', () => {
  it('is recognised, and tells no more', () => {
    expect(protocolsOf(device, profinetRtVectors['profinet-rt'])).toEqual(['profinet-rt']);
    expect(factsOf(device, profinetRtVectors['profinet-rt'])).toEqual([]);
  });

  it('of a device that sends each millisecond is looked at for 64 ms in 2 s', () => {
    const packet = new Packet();
    const isLookedAt = (i: number): boolean => packet.peel(b.frame(rt(cyclic(0x8000, i * 32)))) && wants(packet);
    expect(Array.from({ length: 2048 }, (_, i) => i).filter(isLookedAt)).toEqual(Array.from({ length: 64 }, (_, i) => i));
  });

  it('is not DCP, whose frame ids are higher', () => {
    expect(protocolsOf(device, rt(cyclic(0xfe02, 0)))).not.toContain('profinet-rt');
    expect(drained(rt(cyclic(0x0020, 0))).malformed.filter(m => m.collector === 'profinet-rt')).toEqual([]);
  });

  it('does not decode without its trailer', () => {
    for (let length = 0; length < 6; length++) expect(() => decode(cyclic(0x8000, 0).subarray(0, length))).toThrow(DecodeError);
    expect(() => decode(cyclic(0xfefe, 0))).toThrow('frame id');
  });
});
