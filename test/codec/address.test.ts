import { describe, expect, it } from 'vitest';
import { ip6, isHostIp } from '../../gateway/codec/address.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';

/** The forms of RFC 5952 §4 and §5. */
describe('an IPv6 address is written in one form', () => {
  it.each([
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['0:0:1:0:0:0:1:1', '0:0:1::1:1'],
    ['0:1:1:1:1:1:0:0', '0:1:1:1:1:1::'],
    ['ABCD:EF:0:1:2:3:4:5', 'abcd:ef:0:1:2:3:4:5'],
  ])('%s is %s', (full, short) => expect(ip6(b.bytes(b.ip6(full)))).toBe(short));

  it('of 16 bytes and no other length', () => {
    for (const length of [0, 4, 15, 17]) expect(() => ip6(new Uint8Array(length))).toThrow(DecodeError);
  });
});

describe('an address that one host can have', () => {
  it.each(['10.20.1.7', '1.0.0.1', '126.255.255.255', '128.0.0.1', '169.254.7.7', '223.255.255.254', 'fe80::1', '2001:db8::1'])(
    'is %s',
    ip => expect(isHostIp(ip)).toBe(true),
  );
  it.each(['0.0.0.0', '127.0.0.1', '224.0.0.251', '240.0.0.1', '255.255.255.255', '::', '::1', 'ff02::1'])('is not %s', ip =>
    expect(isHostIp(ip)).toBe(false),
  );
});
