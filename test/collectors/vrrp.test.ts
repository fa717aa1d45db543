import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/vrrp.ts';
import * as b from '../vectors/frames/build.ts';
import * as v from '../vectors/frames/redundancy.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';

const vectors = v.redundancyVectors;
const over = (ipVersion: 4 | 6) => (bytes: Uint8Array) => decode(bytes, { ipVersion });

describe('VRRP', () => {
  it('version 2 names a router for each virtual address', () =>
    expect(factsOf(v.vrrpMac, vectors['vrrp-version-2'])).toEqual(
      ['192.0.2.1', '192.0.2.2'].map(ip => ({
        kind: 'router',
        protocol: 'vrrp',
        detail: 'group 7, priority 100, version 2',
        ip,
        mac: '00:00:5e:00:01:07',
        owner: '192.0.2.33',
      })),
    ));

  it('version 3 is for IPv4 and IPv6, which have virtual hardware addresses of their own', () => {
    expect(factsOf(v.vrrpMac, vectors['vrrp-version-3'])).toMatchObject([{ ip: '192.0.2.1', mac: '00:00:5e:00:01:07' }]);
    expect(factsOf('00:00:5e:00:02:07', vectors['vrrp-ipv6'])).toMatchObject([
      { ip: 'fe80::1', mac: '00:00:5e:00:02:07' },
      { ip: '2001:db8::1' },
    ]);
  });

  it('is told apart from CARP, also with seven addresses', () => {
    const carp = drained(vectors.carp);
    expect(carp.observations.map(o => o.collector).filter(name => name !== 'header')).toEqual(['carp']);
    expect(carp.malformed).toEqual([]);
    const seven = v.vrrpFrame(v.vrrp2(100, ...Array.from({ length: 7 }, (_, i) => `192.0.2.${i + 1}`)));
    expect(new Set(drained(seven).observations.map(o => o.collector))).toEqual(new Set(['header', 'vrrp']));
  });

  it('that has come through a router, or takes leave, names nothing', () => {
    expect(factsOf(v.vrrpMac, v.vrrpFrame(v.vrrp2(100, '192.0.2.1'), 254))).toEqual([]);
    expect(factsOf(v.vrrpMac, v.vrrpFrame(v.vrrp2(0, '192.0.2.1')))).toEqual([]);
  });

  it('of another version or type, or for no router or address, is malformed', () => {
    const good = v.vrrp3(b.ip4('192.0.2.1'));
    for (const [at, value] of [
      [0, 0x41],
      [0, 0x32],
      [1, 0],
      [3, 0],
    ] as const)
      expect(drained(v.vrrpFrame(good.with(at, value))).malformed).toMatchObject([{ mac: v.vrrpMac, collector: 'vrrp' }]);
  });

  it('does not decode when cut anywhere', () => {
    expect(cutsThatDecode(v.vrrp2(100, '192.0.2.1'), over(4))).toEqual([]);
    expect(cutsThatDecode(v.vrrp3(b.ip6('fe80:0:0:0:0:0:0:1')), over(6))).toEqual([]);
  });
});
