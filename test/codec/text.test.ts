import { describe, expect, it } from 'vitest';
import { hex, ip4, ip6, isHostIp, mac } from '../../gateway/codec/address.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { decodeText } from '../../gateway/codec/text.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('text from outside', () => {
  it('keeps letters of any script', () => expect(decodeText(utf8('Drucker Büro 3 プリンタ'))).toBe('Drucker Büro 3 プリンタ'));

  it('replaces what could hide, reorder or break a line', () => {
    for (const c of ['\0', '\n', '\r', '\t', '\x1b', '\x7f', '\x85', '\u202e', '\u2066', '\u200b', '\u2028', '\ufeff'])
      expect(decodeText(utf8(`a${c}b`))).toBe('a\ufffdb');
  });

  it('replaces wrong UTF-8 and drops NULs at the end', () => {
    expect(decodeText(Uint8Array.of(0x61, 0xff, 0x62))).toBe('a\ufffdb');
    expect(decodeText(utf8('plc\0\0'))).toBe('plc');
    expect(decodeText(Uint8Array.of(0, 0))).toBe('');
  });

  it('is the same text whichever way its length takes', () => {
    const all = Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i)).join('');
    for (let end = 0; end <= all.length; end++) {
      expect(decodeText(utf8(all.slice(0, end)))).toBe(all.slice(0, end));
      expect(decodeText(utf8(`${all.slice(0, end)}\t\0`))).toBe(`${all.slice(0, end)}\ufffd`);
    }
  });

  it('is cut at 255 characters', () => {
    expect(decodeText(utf8('x'.repeat(70_000)))).toHaveLength(255);
    expect(decodeText(utf8('ü'.repeat(70_000)))).toHaveLength(255);
  });
});

describe('addresses', () => {
  it('are written in one way each', () => {
    expect(mac(Uint8Array.of(0, 0x0a, 0xff, 1, 2, 3))).toBe('00:0a:ff:01:02:03');
    expect(ip4(Uint8Array.of(192, 0, 2, 1))).toBe('192.0.2.1');
    expect(hex(Uint8Array.of(0, 255))).toBe('00ff');
    expect(() => mac(Uint8Array.of(1))).toThrow(DecodeError);
  });

  it('of IPv6 follow RFC 5952', () => {
    const of = (...groups: readonly number[]): string => ip6(Uint8Array.from(groups.flatMap(g => [g >> 8, g & 255])));
    expect(of(0, 0, 0, 0, 0, 0, 0, 0)).toBe('::');
    expect(of(0, 0, 0, 0, 0, 0, 0, 1)).toBe('::1');
    expect(of(0xfe80, 0, 0, 0, 1, 0, 0, 0xabc)).toBe('fe80::1:0:0:abc');
    expect(of(0x2001, 0xdb8, 0, 1, 1, 1, 1, 1)).toBe('2001:db8:0:1:1:1:1:1');
    expect(of(0x2001, 0xdb8, 0, 0, 1, 0, 0, 1)).toBe('2001:db8::1:0:0:1');
    expect(of(1, 2, 3, 4, 5, 6, 0, 0)).toBe('1:2:3:4:5:6::');
  });

  it('that no host can have are told apart', () => {
    for (const ip of ['0.0.0.0', '0.1.2.3', '127.0.0.1', '224.0.0.251', '255.255.255.255', '240.0.0.1', '::', '::1', 'ff02::fb'])
      expect(isHostIp(ip), ip).toBe(false);
    for (const ip of ['10.0.0.1', '169.254.1.1', '192.0.2.255', 'fe80::1', '2001:db8::1', '64:ff9b::1', '1::', '0:1::'])
      expect(isHostIp(ip), ip).toBe(true);
  });
});
