import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodeVendorTable } from '../../gateway/inventory/vendor-file.ts';
import { VendorTable } from '../../gateway/inventory/vendor.ts';

const table = new VendorTable(
  encodeVendorTable({
    '00000C': 'Cisco Systems, Inc\n170 WEST TASMAN DRIVE\nSAN JOSE CA 95134-1706\nUnited States',
    '001BC5': 'IEEE Registration Authority\n445 Hoes Lane',
    '001BC5000': 'Converging Systems Inc.',
    '70B3D5': 'IEEE Registration Authority',
    '8C1F64': 'Block Holder',
    '8C1F640': 'Middle Block',
    '8C1F64001': 'Small  Block\nSomewhere',
    FFFFFF: 'Nobody',
  }),
);

describe('the vendor table', () => {
  it('names the organisation without its postal address', () => expect(table.lookup('00:00:0c:e1:22:51')).toBe('Cisco Systems, Inc'));

  it('prefers the longest prefix', () => {
    expect(table.lookup('8c:1f:64:00:1f:ff')).toBe('Small Block');
    expect(table.lookup('8c:1f:64:00:2f:ff')).toBe('Middle Block');
    expect(table.lookup('8c:1f:64:10:00:00')).toBe('Block Holder');
  });

  it('does not take the registrar of a block for a vendor', () => {
    expect(table.lookup('00:1b:c5:00:0f:ff')).toBe('Converging Systems Inc.');
    expect(table.lookup('00:1b:c5:00:10:00')).toBeUndefined();
  });

  it('names no vendor for a locally administered, an unknown and a wrong address', () => {
    for (const mac of ['02:00:0c:e1:22:51', 'ff:ff:ff:ff:ff:ff', '00:00:0d:00:00:00', '00:00:0c', ''])
      expect(table.lookup(mac)).toBeUndefined();
  });

  it('refuses a table that is cut or of another kind', () => {
    const bytes = encodeVendorTable({ '00000C': 'Cisco Systems, Inc' });
    expect(() => new VendorTable(bytes.subarray(0, bytes.length - 1))).toThrow(/^Cannot read vendor table: \d+ bytes instead of \d+$/);
    expect(() => new VendorTable(new Uint8Array(64))).toThrow('Cannot read vendor table: it has no such header');
  });

  it('agrees with the registry for every prefix, in the compiled size', () => {
    const source = createRequire(import.meta.url).resolve('oui-data');
    const registry = JSON.parse(readFileSync(source, 'utf8')) as Record<string, string>;
    const bytes = encodeVendorTable(registry);
    const whole = new VendorTable(bytes);
    expect(bytes.length).toBeLessThan(2_000_000);
    const wrong = Object.entries(registry).filter(([prefix, text]) => {
      const name = text.split('\n')[0]?.replace(/\s+/g, ' ').trim().slice(0, 120);
      const mac = `${prefix}000000`.slice(0, 12).toLowerCase().match(/../g)?.join(':') ?? '';
      const longer = Object.hasOwn(registry, `${prefix}0`) || Object.hasOwn(registry, `${prefix}000`);
      return (
        !longer &&
        name !== 'IEEE Registration Authority' &&
        (Number.parseInt(prefix.slice(0, 2), 16) & 3) === 0 &&
        whole.lookup(mac) !== name
      );
    });
    expect(wrong).toEqual([]);
  });
});
