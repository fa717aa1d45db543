import { describe, expect, it } from 'vitest';
import { DecodeError, Reader } from '../../gateway/codec/reader.ts';

const eight = Uint8Array.of(0x80, 1, 2, 3, 4, 5, 6, 7);

describe('the reader', () => {
  it('reads numbers as unsigned in both byte orders', () => {
    expect(new Reader(eight).u16()).toBe(0x8001);
    expect(new Reader(eight).u16le()).toBe(0x0180);
    expect(new Reader(eight).u32()).toBe(0x80010203);
    expect(new Reader(eight.toReversed()).u32le()).toBe(0x04050607);
    expect(new Reader(eight).u64()).toBe(0x8001020304050607n);
    expect(new Reader(eight.toReversed()).u64le()).toBe(0x8001020304050607n);
  });

  it('goes on where it stopped', () => {
    const r = new Reader(eight);
    expect([r.u8(), r.at, r.u8(), r.at, r.u16(), r.at, r.left]).toEqual([0x80, 1, 1, 2, 0x0203, 4, 4]);
  });

  it('says what it could not read, and where', () => {
    const r = new Reader(eight, 'ARP');
    r.skip(7);
    expect(() => r.u16()).toThrow(new DecodeError('Cannot read ARP: 2 bytes wanted, 1 left at byte 7', true));
    expect(r.u8()).toBe(7);
  });

  it('takes nothing beyond the end, and no negative or fractional count', () => {
    for (const count of [9, -1, Number.NaN, 1e300]) expect(() => new Reader(eight).take(count)).toThrow(DecodeError);
    for (const read of ['u8', 'u16', 'u32', 'u64', 'u16le', 'u32le', 'u64le'] as const)
      expect(() => new Reader(new Uint8Array(0))[read]()).toThrow(DecodeError);
  });

  it('refuses bytes that nobody read', () => {
    const r = new Reader(eight);
    r.take(6);
    expect(() => r.end()).toThrow('Cannot read message: 2 bytes left over at byte 6');
    expect(r.rest()).toEqual(Uint8Array.of(6, 7));
    expect(() => r.end()).not.toThrow();
  });
});
