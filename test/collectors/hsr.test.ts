import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/hsr.ts';
import { gateway, host, peer } from '../vectors/frames/infrastructure.ts';
import * as v from '../vectors/frames/rings.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';

const vectors = v.ringVectors;

describe('supervision of PRP and HSR', () => {
  it('names a node on two networks', () =>
    expect(factsOf(host, vectors['prp-supervision'])).toEqual([{ kind: 'bridge', protocol: 'prp', detail: 'duplicates discarded' }]));

  it('names a RedBox, and nobody that it stands in for', () =>
    expect(factsOf(gateway, vectors['prp-redbox'])).toEqual([{ kind: 'bridge', protocol: 'prp', detail: `RedBox ${peer}` }]));

  it('is tagged in an HSR ring', () =>
    expect(factsOf(host, vectors['hsr-supervision'])).toEqual([{ kind: 'bridge', protocol: 'hsr', detail: 'ring node' }]));

  it('leaves all other frames of an HSR ring alone', () =>
    expect(drained(v.hsrTagged(host, 0x0800, new Uint8Array(40)))).toMatchObject({ malformed: [], counters: [{ identityFrames: 0 }] }));

  it('of an unknown node is malformed', () => expect(() => decode(v.supervision(99, host), { etherType: 0x88fb })).toThrow(/TLV 99/));

  it('does not decode when cut before the TLV behind its node, which may be the end', () =>
    expect(cutsThatDecode(v.supervision(20, host).subarray(0, 13), bytes => decode(bytes, { etherType: 0x88fb }))).toEqual([]));
});
