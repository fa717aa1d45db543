import { describe, expect, it } from 'vitest';
import { ipBytes, isInNetwork, isLocalIp, prefixOf } from '../../gateway/codec/network.ts';

describe('addresses and prefixes in text', () => {
  it.each([
    ['192.0.2.1', [192, 0, 2, 1]],
    ['::', Array.from({ length: 16 }, () => 0)],
    ['2001:db8::1', [0x20, 1, 0xd, 0xb8, ...Array.from({ length: 11 }, () => 0), 1]],
    ['1:2:3:4:5:6:7::', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0]],
  ])('%s is an address', (text, bytes) => expect(ipBytes(text)).toEqual(bytes));

  it.each(['', '1.2.3', '1.2.3.256', '01.2.3.4', '1:2', '1::2::3', ':1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8::', 'fe80::1%eth0', '12345::'])(
    '%j is none',
    text => expect(ipBytes(text)).toBeUndefined(),
  );

  it.each(['1.2.3.4', '1.2.3.4/33', '1.2.3.4/-1', '1.2.3.4/8/8', '::/129', 'x/8'])('%j is no prefix', text =>
    expect(prefixOf(text)).toBeUndefined(),
  );

  it.each([
    ['10.20.4.9', '10.20.4.0/24', true],
    ['10.20.5.9', '10.20.4.0/24', false],
    ['10.20.5.9', '10.20.4.0/23', true],
    ['203.0.113.1', '0.0.0.0/0', true],
    ['2001:db8:1::1', '2001:db8::/33', true],
    ['2001:db8:8000::1', '2001:db8::/33', false],
    ['10.0.0.1', '::/0', false],
  ])('%s in %s: %s', (ip, prefix, is) => expect(isInNetwork(ip, prefix)).toBe(is));

  it.each([
    ['10.1.2.3', true],
    ['172.32.0.1', false],
    ['fe80::1', true],
    ['fd00::1', true],
    ['2001:db8::1', false],
  ])('%s is local: %s', (ip, is) => expect(isLocalIp(ip)).toBe(is));
});
