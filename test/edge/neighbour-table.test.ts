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
    const table = new NeighbourTable(
      'br0',
      () => 0,
      () => text,
    );
    expect(['10.20.1.1', '10.20.1.2', '10.20.1.3', '10.20.1.4', ''].map(ip => table.at(ip))).toEqual([
      '02:00:00:00:00:0a',
      ...[undefined, undefined, undefined, undefined],
    ]);
  });

  it('is read four times a second however often it is asked, also when the clock goes back', () => {
    let [now, reads] = [1_000_000, 0];
    const table = new NeighbourTable(
      'br0',
      () => now,
      () => [head, line('10.20.1.1', '0x2', `02:00:00:00:00:0${(reads += 1)}`)].join('\n'),
    );
    for (let n = 0; n < 10_000; n += 1) table.at('10.20.1.1');
    expect(reads).toBe(1);
    now += 250;
    expect(table.at('10.20.1.1')).toBe('02:00:00:00:00:02');
    now -= 1000;
    expect(table.at('10.20.1.1')).toBe('02:00:00:00:00:03');
  });
});
