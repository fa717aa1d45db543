import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ip6 } from '../../gateway/codec/address.ts';
import { inPrefix6, ip6Bytes, isLanHost6, isLinkLocal6, ownFor } from '../../gateway/codec/ip6.ts';

const bytes = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 }).map(list => Uint8Array.from(list)),
);

describe('the text of an IPv6 address', () => {
  it('goes back to the bytes that it was made of', () => {
    const holds = (b: Uint8Array): void => {
      expect(ip6Bytes(ip6(b))).toEqual(b);
    };
    fc.assert(fc.property(bytes, holds));
  });
  it.each([
    ['a longer form of an address', ['fe80:0::1', 'FE80::1', 'fe80:0:0:0:0:0:0:1', 'fd00::0:1', '::0', 'fd00:0:1:0::1']],
    ['a zone', ['fe80::1%br0', 'fe80::1%eth0']],
    [
      'what is none',
      ['', ':', '1', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', '1:2:3:4:5:6:7:8::', '10.0.0.1', 'g::1'],
    ],
    ['an IPv4 address in it', ['::ffff:10.0.0.1', '64:ff9b::10.0.0.1']],
  ])('%s is not one', (_, texts) => {
    for (const text of texts) expect([text, ip6Bytes(text)]).toEqual([text, undefined]);
  });
  it('is only one where Node says so too', () => {
    const text = fc.stringMatching(/^[0-9a-f:]{2,20}$/);
    fc.assert(fc.property(text, t => ip6Bytes(t) === undefined || isIPv6(t)));
  });
});

describe('an address that a host of a LAN can have', () => {
  it.each(['fe80::1', 'fd00:20::2', 'fc00::1', '2001:db8::1', '2a02:1234::5', '2001:1::1', '3fff::1'])('%s', ip =>
    expect(isLanHost6(ip)).toBe(true),
  );
  it.each([
    ['unspecified, loopback, IPv4-compatible', ['::', '::1', '::a00:1']],
    ['IPv4-mapped and -translated', ['::ffff:a00:1', '::ffff:0:a00:1', '64:ff9b::a00:1', '64:ff9b:1::a00:1']],
    ['6to4 and Teredo', ['2002:a00:1::1', '2002::', '2001::1', '2001:0:a00:1::']],
    ['groups, site-local, not of one link', ['ff02::1', 'ff05::2', 'fec0::1', 'fe80:0:0:1::1', 'febf::1', '100::1', '4000::1']],
    ['no IPv6 address, or one with a zone', ['10.20.0.1', 'fe80::1%br0', '']],
  ])('is none of these: %s', (_, ips) => {
    for (const ip of ips) expect([ip, isLanHost6(ip)]).toEqual([ip, false]);
  });
  it('is link-local only within the one /64', () => {
    expect(['fe80::1', 'fe80:0:0:1::1', 'fe80::1:2:3:4:5', 'fe81::1', 'fd00::1'].map(isLinkLocal6)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('a prefix', () => {
  it('has what its bits say, whatever follows them', () => {
    expect(inPrefix6('fd00:20::2', 'fd00:20::1/64')).toBe(true);
    expect(inPrefix6('fd00:20:0:1::2', 'fd00:20::1/64')).toBe(false);
    expect(inPrefix6('fd00:20:0:1::2', 'fd00:20::1/63')).toBe(true);
    expect(inPrefix6('fd00::1', '::/0')).toBe(true);
    expect(inPrefix6('fd00::1', 'fd00::1/128')).toBe(true);
    expect(inPrefix6('fd00::2', 'fd00::1/128')).toBe(false);
    for (const bad of ['fd00::/129', 'fd00::', 'fd00::/', '10.0.0.0/8', 'fd00::/-1', 'fd00::/1e1'])
      expect(inPrefix6('fd00::1', bad)).toBe(false);
  });
});

describe('the own address from which a host is reached', () => {
  const own = [
    { ip: 'fe80::ff:fe00:1', prefix: 'fe80::ff:fe00:1/64' },
    { ip: 'fd00:20::1', prefix: 'fd00:20::1/64' },
    { ip: 'fd00:20::5:0:0:1', prefix: 'fd00:20::5:0:0:1/80' },
  ];
  const from = (ip: string): string | undefined => ownFor(ip, own)?.ip;
  it('is of the same network, the narrowest', () => {
    expect(from('fe80::2')).toBe('fe80::ff:fe00:1');
    expect(from('fd00:20::2')).toBe('fd00:20::1');
    expect(from('fd00:20::5:0:0:2')).toBe('fd00:20::5:0:0:1');
  });
  it('is none for what is of no network of ours, our own, or no host', () => {
    for (const ip of [
      'fd00:21::2',
      '2001:db8::1',
      'fe80::ff:fe00:1',
      'fd00:20::1',
      '::1',
      'ff02::1',
      '10.20.0.9',
      '::ffff:a14:9',
      'fe80::2%br0',
    ])
      expect([ip, from(ip)]).toEqual([ip, undefined]);
  });
  it('is none for what leads to another address, however wide our network is', () => {
    const wide = [{ ip: '2a00::1', prefix: '2a00::1/3' }];
    expect(['2002:a14:107::1', '2001:0:a14:107::1', '2a00::7'].map(ip => ownFor(ip, wide)?.ip)).toEqual([undefined, undefined, '2a00::1']);
  });
  it('is none for anycast addresses: of the routers, and the reserved ones', () => {
    for (const ip of ['fd00:20::', 'fe80::', 'fd00:20::fdff:ffff:ffff:ff80', 'fd00:20::ffff:ffff:ffff:fffe', 'fd00:20:0:0:5::'])
      expect([ip, from(ip)]).toEqual([ip, undefined]);
    expect(from('fd00:20::fdff:ffff:ffff:ff7f')).toBe('fd00:20::1');
  });
});
