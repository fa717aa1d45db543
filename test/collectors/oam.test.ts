import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/oam.ts';
import { host } from '../vectors/frames/infrastructure.ts';
import { oam, oamVectors as vectors } from '../vectors/frames/lacp.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';

describe('Ethernet OAM', () => {
  it('tells who made the sender, not who made the other end', () =>
    expect(factsOf(host, vectors.oam)).toEqual([{ kind: 'description', text: 'Ethernet OAM of organisation 00-1e-4f, 01020304' }]));

  it('may say no more than its maker', () => {
    const plain = vectors.oam.with(30, 0).with(31, 0).with(32, 0).with(33, 0);
    expect(factsOf(host, plain)).toEqual([{ kind: 'description', text: 'Ethernet OAM of organisation 00-1e-4f' }]);
  });

  it('of other messages is known to be spoken', () => {
    expect(protocolsOf(host, vectors['oam-event'])).toEqual(['oam']);
    expect(factsOf(host, vectors['oam-event'])).toEqual([]);
  });

  it('before it knows itself tells nothing', () => expect(decode(oam.subarray(0, 4).with(3, 4))).toEqual({ code: 4 }));

  it('with parts of other lengths is malformed, with its sender', () => {
    expect(() => decode(oam.with(0, 1))).toThrow(/subtype 1/);
    for (const length of [0, 1, 15, 17, 255])
      expect(drained(vectors.oam.with(19, length)).malformed, `${length}`).toMatchObject([{ mac: host, collector: 'oam' }]);
  });

  it('does not decode when cut within what its sender says of itself', () =>
    expect(cutsThatDecode(oam.subarray(0, 20), decode)).toEqual([]));
});
