import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/hsr.ts';
import * as b from '../vectors/frames/build.ts';
import { gateway, host, hostIp, peer } from '../vectors/frames/infrastructure.ts';
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

  it('is all that its collector reads; ordinary frames in an HSR ring are read as if they had no tag', () => {
    const claim = b.arp(1, host, hostIp, '00:00:00:00:00:00', '192.0.2.1');
    const frame = v.hsrTagged(host, 0x0806, claim);
    expect(drained(frame).observations.map(o => [o.collector, o.fact])).toEqual([
      ['header', { kind: 'seen' }],
      ['arp', { kind: 'address', ip: hostIp }],
    ]);
    expect(drained(v.hsrTagged(host, 0x892f, claim), frame.subarray(0, 19)).malformed).toEqual([]);
  });

  it('of an unknown node is malformed', () => expect(() => decode(v.supervision(99, host))).toThrow(/TLV 99/));

  it('does not decode when cut before the TLV behind its node, which may be the end', () =>
    expect(cutsThatDecode(v.supervision(20, host).subarray(0, 13), decode)).toEqual([]));
});
