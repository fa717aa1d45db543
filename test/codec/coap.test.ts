import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockOf, blockValue, coapUint, decodeCoap, encodeCoap, uintOf } from '../../gateway/codec/coap.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';

const bytes = (most: number) => fc.uint8Array({ maxLength: most });
const message = fc.record({
  type: fc.integer({ min: 0, max: 3 }),
  code: fc.integer({ min: 1, max: 255 }),
  messageId: fc.integer({ min: 0, max: 65_535 }),
  token: bytes(8),
  options: fc.dictionary(fc.integer({ min: 1, max: 65_804 }).map(String), fc.array(bytes(300), { minLength: 1, maxLength: 3 }), {
    maxKeys: 6,
  }),
  payload: bytes(40),
});

describe('CoAP', () => {
  it('reads the example of RFC 7252, appendix A, figure 16, and writes it', () => {
    // CON GET /temperature, message id 0x7d34.
    const datagram = Uint8Array.from(Buffer.from('44017d34bb74656d7065726174757265'.replace('44', '40'), 'hex'));
    const read = decodeCoap(datagram);
    expect(read).toMatchObject({ type: 0, code: 1, messageId: 0x7d34 });
    expect(new TextDecoder().decode(read.options.get(11)?.[0])).toBe('temperature');
    expect(encodeCoap(read)).toEqual(datagram);
  });

  it('writes what it reads, with options of every length and distance', () => {
    fc.assert(
      fc.property(message, ({ options, ...m }) => {
        const all = new Map(Object.entries(options).map(([number, values]) => [Number(number), values]));
        const read = decodeCoap(encodeCoap({ ...m, options: all }));
        expect(read).toMatchObject(m);
        expect([...read.options].toSorted(([a], [b]) => a - b)).toEqual([...all].toSorted(([a], [b]) => a - b));
      }),
      { numRuns: 300 },
    );
  });

  it('refuses each truncation but at the border of an option, and any edit decodes or throws DecodeError', () => {
    const whole = encodeCoap({
      type: 0,
      code: 5,
      messageId: 9,
      token: new Uint8Array(8),
      options: new Map([[11, [new Uint8Array(20)]]]),
      payload: new Uint8Array(3),
    });
    const cuts = Array.from({ length: whole.length }, (_, n) => whole.subarray(0, n)).filter(cut => {
      try {
        decodeCoap(cut);
        return true;
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        return false;
      }
    });
    // After the token, after the option, and within the payload.
    expect(cuts.map(cut => cut.length)).toEqual([12, 34, 36, 37]);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        try {
          decodeCoap(whole.with(at, byte));
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('reads and writes blocks and numbers as short as they go', () => {
    expect([0, 1, 255, 256, 263, 65_536, 2 ** 32 - 1].map(n => uintOf(coapUint(n)))).toEqual([0, 1, 255, 256, 263, 65_536, 2 ** 32 - 1]);
    expect(coapUint(0)).toHaveLength(0);
    for (const block of [
      { number: 0, more: false, size: 16 },
      { number: 15, more: true, size: 1024 },
      { number: 70_000, more: true, size: 64 },
    ])
      expect(blockOf(blockValue(block))).toEqual(block);
    expect(blockOf(Uint8Array.of(0x0f))).toBeUndefined();
    expect(blockOf(new Uint8Array(4))).toBeUndefined();
    expect(blockOf(undefined)).toBeUndefined();
  });
});
