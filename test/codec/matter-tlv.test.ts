import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTlv, tagOrdered } from '../../gateway/codec/matter-tlv.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
const read = (hex: string) => decodeTlv(bytes(hex), 'test');
/** Every element type, in a structure with context and fully-qualified tags. */
const whole = `15 2400 2a 2101 feff 2702 0100000000000080 2803 2904 2a05 00008841 2b06 0000000000003040
  2c07 026869 3008 03010203 3409 360a 0401 0502 00 18 370b 0403 2401 04 18 d0 f1ff0000 0100 01 aa 18`;

/** The examples are those of the specification, Appendix A.12 "Examples". */
describe('Matter TLV', () => {
  it.each([
    ['08', { kind: 'boolean', value: false }],
    ['09', { kind: 'boolean', value: true }],
    ['00 2a', { kind: 'integer', value: 42n, signed: true }],
    ['00 ef', { kind: 'integer', value: -17n, signed: true }],
    ['04 2a', { kind: 'integer', value: 42n, signed: false }],
    ['01 2a 00', { kind: 'integer', value: 42n, signed: true }],
    ['02 f0 67 fd ff', { kind: 'integer', value: -170000n, signed: true }],
    ['03 00 90 2f 50 09 00 00 00', { kind: 'integer', value: 40000000000n, signed: true }],
    ['0c 06 48 65 6c 6c 6f 21', { kind: 'text', value: 'Hello!' }],
    ['14', { kind: 'null' }],
    ['15 18', { kind: 'structure', members: [] }],
  ])('reads %s', (hex, value) => {
    expect(read(hex)).toEqual({ tag: { kind: 'anonymous' }, value });
  });

  it('reads every element type, and each truncation throws', () => {
    const found = read(whole);
    const kinds = found.value.kind === 'structure' ? found.value.members.map(m => m.value.kind) : [];
    expect(kinds).toEqual([
      'integer',
      'integer',
      'integer',
      'boolean',
      'boolean',
      'float',
      'float',
      'text',
      'octets',
      'null',
      'array',
      'list',
      'octets',
    ]);
    for (let n = 0; n < bytes(whole).length; n++) expect(() => decodeTlv(bytes(whole).subarray(0, n), 'test')).toThrow(DecodeError);
  });

  it.each([
    ['bytes after the element', '08 09'],
    ['a reserved element type', '1f'],
    ['an end of no container', '18'],
    ['a structure member without a tag', '15 04 01 18'],
    ['a context tag twice', '15 2401 01 2401 02 18'],
    ['a profile tag twice', '15 c4 f1ff00000100 01 c4 f1ff00000100 02 18'],
    ['a tag inside an array', '16 2401 01 18'],
    ['text that is no UTF-8', '0c 01 ff'],
    ['a length of 2^64 - 1', '13 ffffffffffffffff'],
    ['a length over the bytes that are left', '10 05 00'],
    ['nesting deeper than 8', `${'16'.repeat(9)}${'18'.repeat(9)}`],
    ['more than 1024 elements', `16${'0401'.repeat(1024)}18`],
    ['more than 4096 bytes', `11 0010 ${'00'.repeat(4096)}`],
  ])('refuses %s', (_, hex) => {
    expect(() => read(hex)).toThrow(DecodeError);
  });

  it('takes what is just within the caps', () => {
    expect(read(`${'16'.repeat(8)}${'18'.repeat(8)}`).value.kind).toBe('array');
    expect(read(`16${'0401'.repeat(1023)}18`).value).toMatchObject({ kind: 'array' });
  });

  it('edited anywhere reads or throws DecodeError', () => {
    fc.assert(
      fc.property(fc.nat(), fc.uint8Array({ maxLength: 4 }), fc.integer({ min: 0, max: 4 }), (at, insert, remove) => {
        const from = bytes(whole);
        const i = at % from.length;
        try {
          decodeTlv(Uint8Array.of(...from.subarray(0, i), ...insert, ...from.subarray(i + remove)), 'test');
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a structure in tag order', () => {
  it('gives its context-tagged members and passes over tags of a vendor', () => {
    const members = tagOrdered(read('15 2401 05 3002 01 aa c4 f1ff00000100 07 18'), 'test');
    expect([...members.keys()]).toEqual([1, 2]);
  });

  it.each([
    ['tags that fall', '15 2402 05 2401 05 18'],
    ['an array', '16 18'],
    ['a tag on the structure itself', '35 01 18'],
  ])('refuses %s', (_, hex) => {
    expect(() => tagOrdered(read(hex), 'test')).toThrow(DecodeError);
  });
});
