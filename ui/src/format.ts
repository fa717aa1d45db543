import { visibleText } from '../../gateway/api/contract.ts';
import type { DeviceRow } from '../../gateway/api/contract.ts';

/** How a device is called: its own name, else what it is, else its address. Safe to show. */
export function nameOf(row: DeviceRow): string {
  const what = [row.vendor, row.model ?? row.kind].filter(part => part !== undefined).join(' ');
  return visibleText(row.hostname ?? (what === '' ? row.mac : what));
}

/** What a device is. Safe to show. */
export const whatOf = (row: DeviceRow): string =>
  visibleText([row.vendor, row.model, row.kind].filter(part => part !== undefined).join(' · ')) || 'unknown kind';

export const whereOf = (row: DeviceRow): string => `${row.port} · ${row.vlan === 0 ? 'untagged' : `VLAN ${row.vlan}`}`;

/** How long ago, in the largest unit. */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 5) return 'now';
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} d ago`;
}

/** How long from now. */
export function left(until: number, now: number): string {
  const minutes = Math.round((until - now) / 60_000);
  if (minutes <= 0) return 'ended';
  if (minutes < 90) return `${minutes} min left`;
  return minutes < 2_880 ? `${Math.round(minutes / 60)} h left` : `${Math.round(minutes / 1440)} d left`;
}

const pad = (n: number) => String(n).padStart(2, '0');
/** Local date and time with the offset, so that two people in two zones mean the same instant. */
export function when(at: number): string {
  const d = new Date(at);
  const offset = -d.getTimezoneOffset();
  const sign = offset < 0 ? '−' : '+';
  const zone = offset === 0 ? 'UTC' : `UTC${sign}${pad(Math.floor(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`;
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())} ${zone}`;
}

/** `sha-256:91c4a2…e07b`: the ends are what people compare. Short text stays whole. */
export function shortDigest(text: string): string {
  return text.replace(/[0-9a-f]{24,}/gi, hex => `${hex.slice(0, 8)}…${hex.slice(-8)}`);
}

/** What a search looks at; each word must be somewhere. Addresses match in any spelling. */
export function matches(row: DeviceRow, search: string): boolean {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '');
  if (words.length === 0) return true;
  const text = [
    row.id,
    row.badge,
    row.hostname,
    row.vendor,
    row.model,
    row.kind,
    row.serial,
    row.mac,
    ...row.ips,
    row.port,
    row.zone,
    row.reason,
    row.rule.name,
  ]
    .join(' ')
    .toLowerCase();
  const bareMac = row.mac.replaceAll(':', '');
  return words.every(
    word =>
      text.includes(word) || (/^[0-9a-f]{2,4}([:.-][0-9a-f]{1,4})+[:.-]?$/.test(word) && bareMac.includes(word.replace(/[:.-]/g, ''))),
  );
}
