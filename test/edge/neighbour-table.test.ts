import { describe, expect, it } from 'vitest';
import { NeighbourTable } from '../../gateway/edge/neighbour-table.ts';

const head = 'IP address       HW type     Flags       HW address            Mask     Device';
const line = (ip: string, flags: string, mac: string, device = 'br0') =>
  `${ip.padEnd(17)}0x1         ${flags}         ${mac}     *        ${device}`;

describe('the neighbour at an address', () => {
  it('is read from complete entries of the bridge, and from no others', () => {
    const text = [
      head,
      line('10.20.1.1', '0x6', '02:00:00:00:00:0A'),
      line('10.20.1.2', '0x0', '00:00:00:00:00:00'),
      line('10.20.1.3', '0x2', '02:00:00:00:00:0c', 'eth9'),
      '',
    ].join('\n');
    const table = new NeighbourTable('br0', () => 0, { ip4: () => text, ip6: () => '' });
    expect(['10.20.1.1', '10.20.1.2', '10.20.1.3', '10.20.1.4', ''].map(ip => table.at(ip))).toEqual([
      '02:00:00:00:00:0a',
      ...[undefined, undefined, undefined, undefined],
    ]);
  });

  it('is read four times a second however often it is asked, also when the clock goes back', () => {
    let [now, reads] = [1_000_000, 0];
    const table = new NeighbourTable('br0', () => now, {
      ip4: () => [head, line('10.20.1.1', '0x2', `02:00:00:00:00:0${(reads += 1)}`)].join('\n'),
      ip6: () => '',
    });
    for (let n = 0; n < 10_000; n += 1) table.at('10.20.1.1');
    expect(reads).toBe(1);
    now += 250;
    expect(table.at('10.20.1.1')).toBe('02:00:00:00:00:02');
    now -= 1000;
    expect(table.at('10.20.1.1')).toBe('02:00:00:00:00:03');
  });

  it('of IPv6 is what the kernel says of the bridge, twice a second at most, and nobody who has not answered', () => {
    let [now, reads] = [1_000_000, 0];
    const lines = [
      'fe80::7 lladdr 02:00:00:00:00:0a REACHABLE ',
      'fd00:20::7 lladdr 02:00:00:00:00:0b PERMANENT proto 83 ',
      'fe80::8 lladdr 02:00:00:00:00:0c router STALE ',
      'fe80::9  FAILED ',
      'fe80::a  INCOMPLETE ',
      'fe80::b lladdr 02:00:00:00:00:0d FAILED ',
    ];
    const ip6 = (bridge: string): string => ((reads += 1), bridge === 'br0' ? lines.join('\n') : '');
    const table = new NeighbourTable('br0', () => now, { ip4: () => head, ip6 });
    const at = (...ips: readonly string[]) => ips.map(ip => table.at(ip));
    expect(at('fe80::7', 'fd00:20::7', 'fe80::8')).toEqual(['a', 'b', 'c'].map(last => `02:00:00:00:00:0${last}`));
    expect(at('fe80::9', 'fe80::a', 'fe80::b', 'fe80::', '::ffff:10.20.1.1')).toEqual(Array(5).fill(undefined));
    for (let n = 0; n < 10_000; n += 1) table.at('fe80::7');
    expect(reads).toBe(1);
    now += 500;
    table.at('fe80::7');
    expect(reads).toBe(2);
  });

  it('is nobody where the kernel cannot be asked', () => {
    expect(new NeighbourTable('no-such-bridge', () => 0).at('fe80::7')).toBeUndefined();
  });
});
