import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/ndp.ts';
import { allNodes, gateway, gatewayIp6, host, hostIp6, peer, toGroup6 } from '../vectors/frames/infrastructure.ts';
import * as v from '../vectors/frames/ndp.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';

const own = { kind: 'address', ip: 'fe80::200:5eff:fe00:5321' };
const vectors = v.ndpVectors;

describe('Neighbour Discovery', () => {
  it.each(['ndp-solicitation', 'ndp-router-solicitation'] as const)('names the address that it comes from: %s', name =>
    expect(factsOf(host, vectors[name])).toEqual([own]),
  );

  it('that only tries an address (DAD) names none', () => expect(factsOf(host, vectors['ndp-probe'])).toEqual([]));

  it('advertises the target as the sender’s own', () =>
    expect(factsOf(host, vectors['ndp-advertisement'])).toEqual([own, { kind: 'address', ip: '2001:db8::21' }]));

  it('by a proxy, without override, gives the proxy no foreign address', () =>
    expect(factsOf(peer, vectors['ndp-proxy'])).toEqual([{ kind: 'address', ip: 'fe80::200:5eff:fe00:5322' }]));

  it('for another hardware address is a claim of its sender, and no address of either', () =>
    expect(
      drained(vectors['ndp-claims-other'])
        .observations.filter(o => o.collector === 'ndp')
        .map(o => [o.mac, o.fact]),
    ).toEqual([[peer, { kind: 'claimed-mac', mac: gateway, ip: 'fe80::200:5eff:fe00:5323' }]]));

  it('that a router passed on counts for nothing', () => {
    const solicitation = v.solicitation(gatewayIp6, v.linkAddress(1, host));
    expect(factsOf(host, toGroup6(host, hostIp6, allNodes, 58, solicitation, 254))).toEqual([]);
  });

  it('that redirects names the better first hop, and who wants to be believed', () => {
    const redirects = (ip: string): Uint8Array => toGroup6(host, hostIp6, allNodes, 58, v.redirect(ip, '2001:db8:0:0:0:0:0:99'));
    expect(factsOf(host, redirects(gatewayIp6))).toEqual([
      { kind: 'router', protocol: 'redirect', ip: 'fe80::200:5eff:fe00:5323', detail: 'for 2001:db8::99' },
    ]);
    expect(factsOf(host, redirects('ff02:0:0:0:0:0:0:1'))).toEqual([]);
  });

  it('never names an address that no host can have', () => {
    for (const ip of ['ff02:0:0:0:0:0:0:1', '0:0:0:0:0:0:0:0', '0:0:0:0:0:0:0:1'])
      expect(factsOf(host, toGroup6(host, ip, allNodes, 58, v.advertisement(0x20, ip, v.linkAddress(2, host))))).toEqual([]);
  });
});

describe('a Router Advertisement', () => {
  it('names a router with lifetime, preference, prefixes and DNS servers', () =>
    expect(factsOf(gateway, vectors['ndp-router-advertisement'])).toEqual([
      { kind: 'address', ip: 'fe80::200:5eff:fe00:5323' },
      {
        kind: 'router',
        protocol: 'ra',
        ip: 'fe80::200:5eff:fe00:5323',
        detail: 'lifetime 1800 s, preference high, addresses by DHCP, prefixes 2001:db8:0:1::/64, DNS 2001:db8::53',
        isPreferred: true,
      },
    ]));

  it('from an address that is not link-local names no router (RFC 4861 §6.1.2)', () => {
    const frame = toGroup6(gateway, '2001:db8:0:0:0:0:0:1', allNodes, 58, v.routerAdvertisement(0, 1800));
    expect(factsOf(gateway, frame)).toEqual([{ kind: 'address', ip: '2001:db8::1' }]);
  });

  it('of many prefixes keeps eight', () => {
    const many = Array.from({ length: 30 }, (_, i) => v.prefix(`2001:db8:0:${i}:0:0:0:0`, 64));
    expect(decode(v.routerAdvertisement(0, 1800, many)).prefixes).toHaveLength(8);
  });
});

describe('what is no Neighbour Discovery', () => {
  it('is malformed: an option of length 0, a code, an address of another length', () => {
    const good = v.solicitation(gatewayIp6, v.linkAddress(1, host));
    expect(() => decode(good.with(25, 0))).toThrow(/option of length 0/);
    expect(() => decode(good.with(1, 1))).toThrow(/code 1/);
    expect(drained(toGroup6(host, hostIp6, allNodes, 58, good.with(25, 2))).malformed).toMatchObject([{ mac: host, collector: 'ndp' }]);
  });

  it('does not decode when cut, but before an option: those are optional', () => {
    expect(cutsThatDecode(v.solicitation(gatewayIp6, v.linkAddress(1, host)), decode)).toEqual([24]);
    expect(cutsThatDecode(v.routerAdvertisement(0, 9, v.linkAddress(1, host), v.prefix(allNodes, 64)), decode)).toEqual([16, 24]);
  });

  it('is left alone: echo and other ICMPv6', () =>
    expect(drained(toGroup6(host, hostIp6, allNodes, 58, Uint8Array.of(128, 0, 0, 0))).malformed).toEqual([]));
});
