import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ascii, fill, fits, template, TemplateError } from '../../gateway/probing/template.ts';

const modbus = template('read device identification', '<transaction:2> 0000 0005 <unit:1> 2b 0e 01 00');
const bytes = (...all: number[]): Uint8Array => Uint8Array.from(all);

describe('a template', () => {
  it('is filled hole by hole and fits what it filled', () => {
    const filled = fill(modbus, { transaction: bytes(0x12, 0x34), unit: bytes(1) });
    expect([...filled]).toEqual([0x12, 0x34, 0, 0, 0, 5, 1, 0x2b, 0x0e, 1, 0]);
    expect(fits(modbus, filled)).toBe(true);
  });

  it('fits nothing whose fixed bytes differ, whichever byte it is', () => {
    const filled = fill(modbus, { transaction: bytes(0x12, 0x34), unit: bytes(1) });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const other = filled.slice();
        other[at] = (other[at] ?? 0) ^ change;
        return !fits(modbus, other);
      }),
    );
    expect(fits(modbus, filled.subarray(1))).toBe(false);
    expect(fits(modbus, Uint8Array.from([...filled, 0]))).toBe(false);
  });

  it('takes a hole of varying length as long as its range says', () => {
    const named = template('named', '05 <name:1-3> ff');
    expect(fits(named, bytes(5, 1, 0xff))).toBe(true);
    expect(fits(named, bytes(5, 1, 2, 3, 0xff))).toBe(true);
    expect(fits(named, bytes(5, 0xff))).toBe(false);
    expect(fits(named, bytes(5, 1, 2, 3, 4, 0xff))).toBe(false);
  });

  it('refuses a hole left empty, one it does not have, and text that is none', () => {
    expect(() => fill(modbus, { transaction: bytes(1, 2) })).toThrow(
      new TemplateError('Cannot fill read device identification: unit has no bytes, not 1–1'),
    );
    expect(() => fill(modbus, { transaction: bytes(1, 2), unit: bytes(1), more: bytes() })).toThrow(/has no hole more/);
    expect(() => template('odd', '0')).toThrow(/is no hexadecimal/);
    expect(() => template('bad hole', '<X>')).toThrow(/is no hole/);
    expect(() => template('two ways', '<a:1-2><b:1-2>')).toThrow(/two holes of varying length/);
  });
});

describe('text in a template', () => {
  it('stands as its ASCII bytes, and nothing else is text', () => {
    expect(fill(template('text', `00 ${ascii('GET\r\n')}`))).toEqual(bytes(0, 0x47, 0x45, 0x54, 0x0d, 0x0a));
    for (const text of ['é', '\0', '\t']) expect(() => ascii(text)).toThrow(TemplateError);
  });
});
