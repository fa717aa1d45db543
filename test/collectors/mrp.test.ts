import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/mrp.ts';
import * as b from '../vectors/frames/build.ts';
import { gateway, host } from '../vectors/frames/infrastructure.ts';
import * as v from '../vectors/frames/rings.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';

const domain = `domain ${'f'.repeat(32)}`;

describe('MRP', () => {
  it('names the manager of a ring, and whether it is closed', () => {
    expect(factsOf(gateway, v.ringVectors['mrp-test'])).toEqual([
      { kind: 'bridge', protocol: 'mrp', detail: `manager, ring closed, priority 0x8000, ${domain}` },
    ]);
    const open = b.ethernet(gateway, '01:15:4e:00:00:01', 0x88e3, v.mrpTest(0));
    expect(factsOf(gateway, open)).toMatchObject([{ detail: `manager, ring open, priority 0x8000, ${domain}` }]);
  });

  it('names a client that tells of a link; zeros before the domain are padding', () =>
    expect(factsOf(host, v.ringVectors['mrp-link-down'])).toEqual([{ kind: 'bridge', protocol: 'mrp', detail: `client, ${domain}` }]));

  it('of another version, or without its domain, is malformed, with its sender', () => {
    expect(() => decode(v.mrpTest(1).with(1, 2))).toThrow(/version 2/);
    const frame = b.ethernet(gateway, '01:15:4e:00:00:01', 0x88e3, v.mrpTest(1).subarray(0, 24));
    expect(drained(frame).malformed).toMatchObject([{ mac: gateway, collector: 'mrp' }]);
  });

  it('does not decode when cut anywhere', () => {
    expect(cutsThatDecode(v.mrpTest(1), decode)).toEqual([]);
    expect(cutsThatDecode(v.mrpLink, decode)).toEqual([]);
  });
});
