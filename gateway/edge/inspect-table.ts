import { visibleText } from '../model/visible-text.ts';
import type { Inspected, InspectedDevice } from './inspect.ts';

/** Widths of the columns but the last one, which gets what is left. `ONE AS` names the device that several rows are; only where there is one. */
const linkColumn = ['ONE AS', 6] as const;
const columns: readonly (readonly [name: string, width: number])[] = [
  ['MAC', 17],
  ['IP', 15],
  ['HOSTNAME', 20],
  ['KIND', 10],
  ['VENDOR', 16],
  ['PACKETS', 8],
  ['MODEL, FIRMWARE, SERIAL', 0],
];

const cut = (text: string, width: number): string => (text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text);

function cells(device: InspectedDevice): readonly string[] {
  const { mac, ips, hostname = '', kind = '', vendor = '', packets, model, firmware, serial } = device;
  const ip = ips.find(one => !one.includes(':')) ?? ips[0] ?? '';
  const more = ips.length > 1 ? `+${ips.length - 1}` : '';
  const what = [model, firmware, serial].filter(text => text !== undefined).join(', ');
  return [mac, `${cut(ip, 15 - more.length)}${more}`, hostname, kind, vendor, String(packets), what];
}

/** The inventory for people: a line a device, cut at `width`, then the alarms and what was not understood. Nothing of it can move the cursor. */
export function inspectTable(inspected: Inspected, width: number): string {
  const isLinked = inspected.devices.some(({ macs }) => macs.length > 1);
  const shown = isLinked ? columns.toSpliced(1, 0, linkColumn) : columns;
  const line = (texts: readonly string[]): string => {
    const padded = texts.map((text, i) => {
      const size = shown[i]?.[1] ?? 0;
      const safe = visibleText(text);
      return size === 0 ? safe : cut(safe, size).padEnd(size);
    });
    return cut(padded.join(' '), width).trimEnd();
  };
  const { devices, events, malformed, unknown } = inspected;
  const told = events.filter(({ type }) => type !== 'new-device');
  return [
    line(shown.map(([name]) => name)),
    ...devices.map(device => line(isLinked ? cells(device).toSpliced(1, 0, device.macs.length > 1 ? device.id : '') : cells(device))),
    '',
    `${new Set(devices.map(({ id }) => id)).size} devices${isLinked ? ` with ${devices.length} hardware addresses` : ''}, ${told.length} alarms, ${events.length - told.length} new devices`,
    ...told.map(({ type, mac, frame, count, detail }) =>
      cut(visibleText(`${type}  ${mac}  ${frame === undefined ? '' : `frame ${frame}`}${count > 1 ? ` ×${count}` : ''}  ${detail}`), width),
    ),
    ...Object.entries(malformed).map(([name, { frames, senders, message }]) =>
      cut(visibleText(`malformed ${name}: ${frames} frames of ${senders} senders, first: ${message}`), width),
    ),
    ...Object.entries(unknown).map(([what, count]) => cut(visibleText(`${count} ${what}`), width)),
  ].join('\n');
}

/** The frame numbers behind each fact, a line each. */
export function factLines(devices: readonly InspectedDevice[]): readonly string[] {
  return devices.flatMap(({ mac, facts = [] }) =>
    facts.map(({ frame, collector, fact }) => visibleText(`${mac}  frame ${frame}  ${collector}  ${JSON.stringify(fact)}`)),
  );
}
