import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/ubiquiti.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { gateway2, networkGearVectors as vectors, radio1, ubiquiti } from '../vectors/frames/network-gear.ts';
import { datagram, host, hostIp } from '../vectors/frames/udp.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';

const sent = (body: Uint8Array, ttl = 64) => factsOf(host, datagram(10_001, 10_001, body, { ttl }));

describe('Ubiquiti discovery', () => {
  it('of either version tells address, name, model and firmware of its sender', () => {
    expect(factsOf(host, vectors['ubiquiti-2'] ?? b.bytes())).toEqual([
      { kind: 'address', ip: hostIp },
      { kind: 'hostname', name: 'hall-gate' },
      { kind: 'maker', text: 'Ubiquiti' },
      { kind: 'model', text: 'UGW9' },
      { kind: 'firmware', text: '4.4.57.5578372' },
    ]);
    expect(factsOf(host, vectors['ubiquiti-1'] ?? b.bytes())).toEqual([
      { kind: 'address', ip: hostIp },
      { kind: 'hostname', name: 'mast' },
      { kind: 'maker', text: 'Ubiquiti' },
      { kind: 'model', text: 'NanoStation M9' },
      { kind: 'firmware', text: '6.3.11.33396.230307.1436' },
    ]);
  });

  it('tells a platform without a model, and firmware that has no version in its name', () =>
    expect(sent(ubiquiti(1, 0, [12, 'N9N'], [3, 'factory'])).slice(1)).toEqual([
      { kind: 'model', text: 'N9N' },
      { kind: 'firmware', text: 'factory' },
    ]));

  it('is told from what else uses the port; a question tells nothing, nor does what a router passes on', () => {
    for (const body of [b.bytes(1, 0, 0, 0), b.bytes(3, gateway2.subarray(1)), b.bytes(gateway2, 0), b.bytes('hello there')]) {
      const frame = datagram(10_001, 10_001, body);
      expect([factsOf(host, frame), protocolsOf(host, frame), drained(frame).malformed]).toEqual([[], [], []]);
    }
    expect(sent(radio1, 63)).toEqual([]);
    for (const body of [gateway2.with(0, 3), b.bytes(gateway2, 0)]) expect(() => decode(body)).toThrow(DecodeError);
  });

  it('of many entries reads forty-eight', () => {
    const many = Array.from({ length: 60 }, (_, i) => [11, `n${i}`] as const);
    expect(decode(ubiquiti(2, 6, ...many)).hostname).toBe('n47');
  });

  it('cut anywhere is malformed', () => {
    for (const whole of [gateway2, radio1]) expect(cutsThatDecode(whole, decode)).toEqual([]);
  });
});
