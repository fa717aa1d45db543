import { describe, expect, it } from 'vitest';
import type { Inspected, InspectedDevice, InspectedEvent } from '../../gateway/edge/inspect.ts';
import { factLines, inspectTable } from '../../gateway/edge/inspect-table.ts';
import { displayWidth } from '../../gateway/model/terminal-text.ts';

const device = (n: number, more: Partial<InspectedDevice> = {}): InspectedDevice => ({
  id: `d${n}`,
  mac: `00:00:5e:00:53:0${n}`,
  macs: [],
  ips: [`192.0.2.${n}`],
  hostnames: [],
  protocols: [],
  packets: n,
  bytes: 60 * n,
  firstSeen: '2026-03-01T06:00:00.000Z',
  lastSeen: '2026-03-01T06:05:00.000Z',
  ...more,
});
const event = (type: string, mac: string, more: Partial<InspectedEvent> = {}): InspectedEvent => ({
  type,
  mac,
  at: '2026-03-01T06:01:02.000Z',
  detail: 'does it',
  lastAt: '2026-03-01T06:01:02.000Z',
  count: 1,
  frames: [],
  ...more,
});
const inspected = (devices: readonly InspectedDevice[], more: Partial<Inspected> = {}): Inspected => ({
  devices,
  events: [],
  malformed: {},
  unknown: {},
  coverage: { ports: [], vlans: [], gaps: [] },
  ...more,
});
/** Names as an outsider may send them. */
const hostile = [
  'x'.repeat(4000),
  'a\u001b[2J\u001b]0;owned\u0007b\r\nc\td',
  '\u202Eevil\u202C',
  '溶接ロボット第三号機の制御装置',
  `z${'\u0336'.repeat(900)}algo`,
  '👩‍🏭 welder 👩‍🏭',
];

describe('the table of an inspected capture', () => {
  it.each([80, 100, 132, 200])('fits %i columns whatever the names are, one line a device, nothing that moves the cursor', width => {
    const devices = hostile.map((text, i) =>
      device(i + 1, {
        hostname: text,
        vendor: text,
        model: text,
        serial: text,
        kind: text,
        ips: ['2001:db8:1234:5678:9abc:def0:1234:5678', '192.0.2.1'],
      }),
    );
    const events = hostile.map(text => event('arp-spoof', '00:00:5e:00:53:01', { detail: text, victim: text, frame: 7 }));
    const malformed = { [hostile[1] ?? '']: { frames: 1, senders: 1, message: hostile[0] ?? '' } };
    const text = inspectTable(inspected(devices, { events, malformed, unknown: { [hostile[0] ?? '']: 3 } }), width);
    for (const line of text.split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(width);
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
    expect(text.split('\n').filter(line => /00:00:5e:00:53:0[1-6]\b/.test(line) && !line.startsWith('  arp-spoof'))).toHaveLength(6);
  });

  it('shows whole MAC and IPv4 addresses even in 80 columns, and more where there is room', () => {
    const wide = device(7, {
      ips: ['192.168.100.200'],
      hostname: 'dock-7-controller',
      vendor: 'Schneider Electric',
      model: 'BMX P34 2020',
    });
    expect(inspectTable(inspected([wide]), 80)).toContain('192.168.100.200 00:00:5e:00:53:07 dock-7-c');
    expect(inspectTable(inspected([wide]), 120)).toMatch(/dock-7-controller +Schneider Electric BMX P34 2020 +7$/m);
  });

  it('goes by IPv4 address as a number, those without one last, with a mark before whom an alarm names', () => {
    const devices = [device(9), device(2, { ips: ['fe80::1'] }), device(3, { ips: ['192.0.2.10', '192.0.2.11'] })];
    const events = [event('new-device', devices[0]?.mac ?? ''), event('arp-scan', devices[2]?.mac ?? '', { count: 3, frame: 12 })];
    const lines = inspectTable(inspected(devices, { events }), 100).split('\n');
    expect(lines.slice(1, 4).map(line => line.replace(/ {2,}/g, ' ').trimEnd())).toEqual([
      ' 192.0.2.9 00:00:5e:00:53:09 9',
      '! 192.0.2.10 +1 00:00:5e:00:53:03 3',
      ' fe80::1 00:00:5e:00:53:02 2',
    ]);
    expect(lines).toContain('  arp-scan by 00:00:5e:00:53:03 at 06:01:02, frame 12, 3 times: does it');
    expect(lines.at(-1)).toBe('3 addresses, 1 alarm, 14 frames in 5 min from 2026-03-01 06:00:00 UTC');
  });

  it('says what cannot be seen, and of what was not understood the first lines', () => {
    const gap = { kind: 'mirror', count: 1, devices: [], notSeen: 'The place is not seen', toDo: 'x' } as const;
    const unknown = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`UDP port ${i}`, i]));
    const text = inspectTable(inspected([device(1)], { unknown, coverage: { ports: [], vlans: [], gaps: [gap] } }), 80);
    expect(text).toContain('NOT SEEN\n  The place is not seen.\n');
    expect(text).toContain('… and 8 more, see --json');
  });

  it('says that there is nobody', () =>
    expect(inspectTable(inspected([]), 80)).toBe('No device: the capture holds no frame with a sender'));
});

it('the frames behind facts are one line each, cut on a terminal', () => {
  const facts = [{ frame: 4, collector: 'dhcpv4', fact: { kind: 'hostname', name: 'a\u001bb'.padEnd(300, 'x') } }] as const;
  const [whole = ''] = factLines([device(1, { facts })], 0);
  expect(whole).toMatch(/^00:00:5e:00:53:01 {2}frame 4 {2}dhcpv4 {2}hostname {2}name=a\uFFFDbx+$/);
  expect(factLines([device(1, { facts })], 80)[0]).toHaveLength(80);
});
