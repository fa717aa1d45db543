import { describe, expect, it } from 'vitest';
import { ForwardingTable, maxPerPort, readEntry } from '../../../gateway/edge/enforcers/forwarding-table.ts';
import type { FromEnforcer } from '../../../gateway/edge/messages.ts';

const told = (feed: (table: ForwardingTable) => void): readonly FromEnforcer[] => {
  const heard: FromEnforcer[] = [];
  const table = new ForwardingTable('slp-none', ['up0'], entry => heard.push(entry));
  try {
    feed(table);
  } finally {
    table.stop();
  }
  return heard;
};
const line = (mac: string, port = 'v3'): string => `${mac} dev ${port} master slp-none `;

describe('readEntry', () => {
  it.each([
    ['02:00:66:00:00:00 dev v3 master br0', { deleted: false, mac: '02:00:66:00:00:00', port: 'v3', vlan: 0, bridge: 'br0' }],
    ['02:00:66:00:00:00 dev v3 vlan 20 master br0 ', { deleted: false, mac: '02:00:66:00:00:00', port: 'v3', vlan: 20, bridge: 'br0' }],
    ['Deleted 02:00:66:00:00:00 dev v3 master br0 stale', { deleted: true, mac: '02:00:66:00:00:00', port: 'v3', vlan: 0, bridge: 'br0' }],
    ['02:00:66:00:00:00 dev v3 sticky master br0 static', undefined],
    ['02:00:66:00:00:00 dev v3 master br0 permanent', undefined],
    ['33:33:00:00:00:01 dev v1 self permanent', undefined],
    ['', undefined],
  ])('%s', (text, entry) => expect(readEntry(text)).toEqual(entry));
});

describe('the forwarding table', () => {
  it('tells an address once per place, again when it moves or comes back, and never of an uplink or another bridge', () => {
    const mac = '02:00:66:00:00:00';
    const lines = [
      line(mac),
      line(mac),
      line(mac, 'v4'),
      line(mac),
      `Deleted ${line(mac)}`,
      line(mac),
      line(mac, 'up0'),
      `${mac} dev v9 master br7`,
    ];
    expect(told(t => lines.forEach(l => t.take(l))).flatMap(m => (m.type === 'forwarding-entry' ? [m.port] : []))).toEqual([
      'v3',
      'v4',
      'v3',
      'v3',
    ]);
  });
  it('a flood of 100,000 addresses on one port is told up to its cap, and other ports are still told', () => {
    const mac = (i: number): string => `02:99:${[24, 16, 8, 0].map(s => ((i >> s) & 255).toString(16).padStart(2, '0')).join(':')}`;
    const heard = told(t => {
      for (let i = 0; i < 100_000; i++) t.take(line(mac(i)));
      t.take(line('02:00:66:00:00:01', 'v4'));
    });
    expect(heard).toHaveLength(maxPerPort + 1);
    expect(heard.at(-1)).toEqual({ type: 'forwarding-entry', mac: '02:00:66:00:00:01', port: 'v4', vlan: 0 });
  });
});
