import { describe, expect, it } from 'vitest';
import { decode, isCarp } from '../../collectors/carp.ts';
import * as v from '../vectors/frames/redundancy.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { factsOf } from './observe.ts';

describe('CARP', () => {
  it('names a virtual host by its hardware address; its IP addresses are hidden', () =>
    expect(factsOf(v.vrrpMac, v.redundancyVectors.carp)).toEqual([
      { kind: 'router', protocol: 'carp', detail: 'group 7, each 1 s, skew 100', mac: '00:00:5e:00:01:07', owner: '192.0.2.33' },
    ]));

  it('that has come through a router names nothing', () => expect(factsOf(v.vrrpMac, v.vrrpFrame(v.carp, 64))).toEqual([]));

  it('is no VRRP, and VRRP is none', () => {
    const is = (bytes: Uint8Array): boolean => isCarp({ bytes, payload: 0, end: bytes.length });
    expect(is(v.carp)).toBe(true);
    expect(is(v.vrrp2(7, '192.0.2.1'))).toBe(false);
    expect(is(v.vrrp2(7, ...Array.from({ length: 7 }, () => '192.0.2.1')))).toBe(false);
    expect(is(v.vrrp2(7, ...Array.from({ length: 5 }, () => '192.0.2.1')))).toBe(false);
  });

  it('of another version, or for group 0, is malformed', () => {
    expect(() => decode(v.carp.with(0, 0x31))).toThrow(/version and type 49/);
    expect(() => decode(v.carp.with(1, 0))).toThrow(/group 0/);
    expect(() => decode(Uint8Array.of(...v.carp, 0))).toThrow(/left over/);
  });

  it('does not decode when cut anywhere', () => expect(cutsThatDecode(v.carp, decode)).toEqual([]));
});
