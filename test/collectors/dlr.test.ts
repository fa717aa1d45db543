import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/dlr.ts';
import * as b from '../vectors/frames/build.ts';
import { host, hostIp, peer } from '../vectors/frames/infrastructure.ts';
import * as v from '../vectors/frames/rings.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';

const vectors = v.ringVectors;

describe('DLR', () => {
  it('names the supervisor of a ring, its address, and whether the ring is whole', () => {
    expect(factsOf(host, vectors['dlr-beacon'])).toEqual([
      { kind: 'address', ip: hostIp },
      { kind: 'bridge', protocol: 'dlr', detail: 'supervisor, ring normal, precedence 10' },
    ]);
    expect(factsOf(host, b.ethernet(host, '01:21:6c:00:00:01', 0x80e1, v.beacon(2)))).toMatchObject([
      {},
      { detail: 'supervisor, ring faulty, precedence 10' },
    ]);
  });

  it('names a node that answers its neighbour', () =>
    expect(factsOf(peer, vectors['dlr-neighbour-check-response'])).toEqual([
      { kind: 'address', ip: '192.0.2.34' },
      { kind: 'bridge', protocol: 'dlr', detail: 'node' },
    ]));

  it('names the address alone of who signs on, and none of the nodes in the list', () =>
    expect(drained(vectors['dlr-sign-on']).observations.map(o => o.fact)).toEqual([{ kind: 'seen' }, { kind: 'address', ip: hostIp }]));

  it('never names an address that no host can have', () =>
    expect(factsOf(host, b.ethernet(host, peer, 0x80e1, v.dlr(6, '0.0.0.0', 1)))).toEqual([]));

  it('of another version or type is malformed, with its sender', () => {
    expect(() => decode(v.beacon(1).with(1, 2))).toThrow(/version 2/);
    expect(drained(b.ethernet(host, peer, 0x80e1, v.dlr(11, hostIp))).malformed).toMatchObject([{ mac: host, collector: 'dlr' }]);
  });

  it('does not decode when cut before its timeout; what is behind is reserved', () =>
    expect(cutsThatDecode(v.beacon(1).subarray(0, 22), decode)).toEqual([]));
});
