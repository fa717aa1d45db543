import { attachmentText, visibleText } from '../../gateway/api/contract.ts';
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

/** Where a listed switch says that it is plugged in. Safe to show. */
export const switchOf = ({ attachedTo }: DeviceRow): string | undefined =>
  attachedTo === undefined ? undefined : visibleText(attachmentText(attachedTo));

/** How long ago, in the largest unit. */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 5) return 'now';
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} d ago`;
}

/** Who decided it and until when, where a person did: `by keller until …`. Safe to show. */
export function personOfRow({ by, until, admission }: DeviceRow): string | undefined {
  if (by === undefined) return undefined;
  const end = until !== undefined ? `until ${when(until)}` : admission === 'blocked' ? 'until somebody releases it' : 'for good';
  return `by ${visibleText(by)} ${end}`;
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

/** Remembers what was made of a row for as long as the row lives; a changed row is another object. */
export function once<T>(make: (row: DeviceRow) => T): (row: DeviceRow) => T {
  const made = new WeakMap<DeviceRow, T>();
  return row => {
    const known = made.get(row);
    if (known !== undefined) return known;
    const fresh = make(row);
    made.set(row, fresh);
    return fresh;
  };
}

const searched = once(row =>
  [
    row.id,
    row.group,
    row.badge,
    row.hostname,
    row.vendor,
    row.model,
    row.kind,
    row.serial,
    row.mac,
    ...row.ips,
    row.port,
    row.attachedTo?.switchName,
    row.attachedTo?.port,
    row.attachedTo?.alias,
    row.zone,
    row.reason,
    row.rule.name,
    row.by,
  ]
    .join(' ')
    .toLowerCase(),
);
/** A word that may be a part of a MAC in another spelling: `02-00-5E`, `0200.5e`. */
const macPart = /^[0-9a-f]{2,4}([:.-][0-9a-f]{1,4})+[:.-]?$/;

/** Whether each word of a search is somewhere in the row. Addresses match in any spelling. */
export function matches(row: DeviceRow, search: string): boolean {
  if (search === '') return true;
  const words = search.toLowerCase().split(/\s+/);
  return words.every(
    word => searched(row).includes(word) || (macPart.test(word) && row.mac.replaceAll(':', '').includes(word.replace(/[:.-]/g, ''))),
  );
}
