import { counted } from '../model/counted.ts';
import type { Coverage } from '../model/coverage.ts';
import { fit, tableLines, wrap } from '../model/terminal-text.ts';
import { visibleText } from '../model/visible-text.ts';
import type { Inspected, InspectedDevice, InspectedEvent } from './inspect.ts';

/** Together 80 columns with the blanks between them: what a terminal has at least. */
const columns = [
  { head: '', least: 1 },
  { head: 'IP', least: 15 },
  { head: 'MAC', least: 17 },
  { head: 'NAME', least: 9 },
  { head: 'KIND', least: 8 },
  { head: 'VENDOR', least: 8 },
  { head: 'MODEL, FIRMWARE, SERIAL', least: 10 },
  { head: 'FRAMES', least: 5, right: true },
] as const;
/** Text of one cell that is looked at: names from the network may be as long as a frame. */
const maxCell = 120;
/** Lines of malformed and unknown that the table shows; JSON has all. */
const maxLines = 12;

/** What an alarm is about besides that somebody is there, which of a capture is everybody. */
const isAlarm = ({ type }: InspectedEvent): boolean => type !== 'new-device';

/** The number of an IPv4 address, so that .9 comes before .10; devices without one come last, by hardware address. */
function orderOf({ ips, mac }: InspectedDevice): string {
  const ip = ips.find(one => !one.includes(':'));
  return ip === undefined
    ? `9 ${mac}`
    : ip
        .split('.')
        .map(part => part.padStart(3, '0'))
        .join('.');
}

/** At most five characters: 147668 is `147k`. */
function short(n: number): string {
  if (n < 100_000) return String(n);
  return n < 1_000_000 ? `${Math.floor(n / 1000)}k` : `${(n / 1_000_000).toFixed(n < 10_000_000 ? 1 : 0)}M`;
}

function cells(device: InspectedDevice, isNamed: boolean): readonly string[] {
  const { mac, ips, hostname = '', kind = '', vendor = '', packets, model, firmware, serial } = device;
  const ip = ips.find(one => !one.includes(':')) ?? ips[0] ?? '';
  const what = [model, firmware, serial].filter(text => text !== undefined).join(', ');
  const texts = [ips.length > 1 ? `${ip} +${ips.length - 1}` : ip, mac, hostname, kind, vendor, what];
  return [isNamed ? '!' : '', ...texts.map(text => visibleText(text.slice(0, maxCell))), short(packets)];
}

/**
 * The inventory for people: a line a device by address, `!` before those that an alarm names; then the alarms, what cannot be seen, what was not
 * understood, and the sum in the last line. No line is wider than `width` columns (0: as wide as it needs), and nothing in it can move the cursor.
 */
export function inspectTable(inspected: Inspected, width: number): string {
  const { devices, events, malformed, unknown, coverage } = inspected;
  const alarms = events.filter(isAlarm);
  const named = new Set(alarms.map(({ mac }) => mac));
  const names = new Map(devices.flatMap(({ mac, hostname }) => (hostname === undefined ? [] : [[mac, hostname]])));
  const rows = devices
    .map(device => ({ device, order: orderOf(device) }))
    .toSorted((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ device }) => cells(device, named.has(device.mac)));
  const cut = (text: string): string => (width === 0 ? text : fit(text, width));
  const broken = Object.entries(malformed).map(
    ([name, { frames, senders, message }]) => `${name}: ${counted(frames, 'frame')} of ${counted(senders, 'sender')}, first: ${message}`,
  );
  const unread = Object.entries(unknown).map(([what, frames]) => `${String(frames).padStart(8)}  ${what}`);
  return [
    ...(devices.length === 0 ? [] : tableLines(columns, rows, width)),
    ...section(
      'ALARMS',
      alarms.flatMap(alarm => wrap(visibleText(alarmText(alarm, names)), width, '  ', '      ')),
    ),
    ...section(
      'ONE DEVICE',
      capped(groups(devices)).map(text => cut(`  ${visibleText(text)}`)),
    ),
    ...section('NOT SEEN', notSeen(coverage, width)),
    ...section(
      'MALFORMED',
      capped(broken).map(text => cut(`  ${visibleText(text)}`)),
    ),
    ...section(
      'NOT UNDERSTOOD',
      capped(unread).map(text => cut(visibleText(text))),
    ),
    ...(devices.length === 0 ? [] : ['']),
    ...wrap(visibleText(summary(inspected, alarms.length)), width, ''),
  ].join('\n');
}

const section = (title: string, lines: readonly string[]): readonly string[] => (lines.length === 0 ? [] : ['', title, ...lines]);
const capped = (lines: readonly string[]): readonly string[] =>
  lines.length <= maxLines ? lines : [...lines.slice(0, maxLines), `          … and ${lines.length - maxLines} more, see --json`];

/** Addresses that count as one device, a line each. */
function groups(devices: readonly InspectedDevice[]): readonly string[] {
  const linked = Map.groupBy(
    devices.filter(({ macs }) => macs.length > 1),
    ({ id }) => id,
  );
  return [...linked].map(([id, rows]) => `${id}: ${rows.map(({ mac }) => mac).join(' = ')}`);
}

/** Times are those of the capture, in UTC. */
function alarmText({ type, mac, victim, at, frame, count: times, detail }: InspectedEvent, names: ReadonlyMap<string, string>): string {
  const who = (address: string): string => `${address}${names.has(address) ? ` (${names.get(address)})` : ''}`;
  const where = frame === undefined ? '' : `, frame ${frame}`;
  const against = victim === undefined || victim === mac ? '' : ` against ${who(victim)}`;
  return `${type} by ${who(mac)}${against} at ${at.slice(11, 19)}${where}${times > 1 ? `, ${times} times` : ''}: ${detail}`;
}

const notSeen = ({ gaps }: Coverage, width: number): readonly string[] =>
  gaps.slice(0, maxLines).flatMap(gap => wrap(visibleText(`${gap.notSeen}.`), width, '  ', '      '));

function summary({ devices }: Inspected, alarms: number): string {
  const frames = devices.reduce((sum, { packets }) => sum + packets, 0);
  if (devices.length === 0) return 'No device: the capture holds no frame with a sender';
  const first = devices.reduce((least, { firstSeen }) => (firstSeen < least ? firstSeen : least), '9');
  const last = devices.reduce((most, { lastSeen }) => (lastSeen > most ? lastSeen : most), '');
  const seconds = (Date.parse(last) - Date.parse(first)) / 1000;
  const span = seconds < 120 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`;
  return `${counted(devices.length, 'address')}, ${counted(alarms, 'alarm')}, ${counted(frames, 'frame')} in ${span} from ${first.slice(0, 19).replace('T', ' ')} UTC`;
}

/** The frame numbers behind each fact, a line each, cut at `width` columns (0: not at all). */
export function factLines(devices: readonly InspectedDevice[], width: number): readonly string[] {
  return devices.flatMap(({ mac, facts = [] }) =>
    facts.map(({ frame, collector, fact }) => {
      const { kind, ...rest } = fact;
      const said = Object.entries(rest)
        .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(' ');
      const line = visibleText(`${mac}  frame ${frame}  ${collector}  ${kind}${said === '' ? '' : `  ${said}`}`);
      return width === 0 ? line : fit(line, width);
    }),
  );
}
