import type { DeviceRow } from './contract.ts';
import { visibleText } from './contract.ts';

/** What a person typed names exactly one device, several, or none. */
export type Found =
  | { readonly kind: 'one'; readonly row: DeviceRow }
  | { readonly kind: 'several'; readonly rows: readonly DeviceRow[] }
  | { readonly kind: 'none' };

/** A MAC in any spelling (`02-00-5E-10-00-03`, `0200.5e10.0003`, bare) as 12 digits; undefined when it is none. */
function macDigits(text: string): string | undefined {
  if (!/^[0-9a-f]{1,4}([:.-][0-9a-f]{1,4})+$|^[0-9a-f]{12}$/i.test(text)) return undefined;
  const parts = text.toLowerCase().split(/[:.-]/);
  const width = parts.length === 6 ? 2 : parts.length === 3 ? 4 : 12;
  const digits = parts.map(part => part.padStart(width, '0')).join('');
  return digits.length === 12 ? digits : undefined;
}

/** Finds a device by id, MAC in any spelling, IP address, serial or hostname; the first of these that names any decides. */
export function findDevice(rows: readonly DeviceRow[], typed: string): Found {
  const wanted = typed.trim().toLowerCase();
  const mac = macDigits(wanted);
  const ways: readonly ((row: DeviceRow) => boolean)[] = [
    row => row.id === wanted,
    row => mac !== undefined && row.mac.replaceAll(':', '') === mac,
    row => row.ips.includes(wanted),
    row => row.serial?.toLowerCase() === wanted,
    row => row.hostname?.toLowerCase() === wanted,
  ];
  for (const way of ways) {
    const found = rows.filter(way);
    if (found[0] !== undefined) return found.length === 1 ? { kind: 'one', row: found[0] } : { kind: 'several', rows: found };
  }
  return { kind: 'none' };
}

/** One line that tells candidates apart. */
export const candidate = (row: DeviceRow): string =>
  visibleText(`${row.id}  ${row.mac}  ${row.ips.at(-1) ?? 'no address'}  port ${row.port}  ${row.hostname ?? row.vendor ?? ''}`.trimEnd());
