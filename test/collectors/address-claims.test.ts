import { describe, expect, it } from 'vitest';
import { AddressClaims } from '../../collectors/address-claims.ts';

const ip = '192.0.2.1';
type Turn = readonly [slot: number, atMs: number, isAnnounced?: boolean];
const claims = (...turns: readonly Turn[]): readonly number[] => {
  const table = new AddressClaims(8);
  return turns.map(([slot, at, isAnnounced]) => table.note(slot, ip, at, isAnnounced));
};
const [announced, minute] = [true, 60_000];

describe('who claims an address', () => {
  it('two by turns contest it', () => expect(claims([1, 0], [2, 10], [1, 20])).toEqual([-1, -1, 2]));
  it('one who says it again does not', () => expect(claims([1, 0], [1, 10], [1, 20])).toEqual([-1, -1, -1]));
  it('one who takes it over does not: failover, or a new lease', () => expect(claims([1, 0], [2, 10], [2, 20])).toEqual([-1, -1, -1]));
  it('one who gets it back after more than a minute does not', () => expect(claims([1, 0], [2, 10], [1, 60_011])).toEqual([-1, -1, -1]));
  it('three, each once, do not', () => expect(claims([1, 0], [2, 10], [3, 20])).toEqual([-1, -1, -1]));

  it('a pair that fails over and back does not, since both tell everybody', () => {
    expect(claims([1, 0], [2, 10, announced], [1, 5000, announced])).toEqual([-1, -1, -1]);
    expect(claims([1, 0], [2, 10], [2, 11, announced], [1, 5000, announced])).toEqual([-1, -1, -1, -1]);
  });
  it('one who defends it at once does', () => expect(claims([1, 0], [2, 10, announced], [1, 900, announced])).toEqual([-1, -1, 2]));
  it('one who goes on to answer does, whatever the other tells everybody', () =>
    expect(claims([1, 0], [2, 10, announced], [1, 5000])).toEqual([-1, -1, 2]));
  it('one who was taken from in silence does', () => expect(claims([1, 0], [2, 10], [1, 5000, announced])).toEqual([-1, -1, 2]));
  it('two who go on telling everybody do', () => {
    const [over, back, again] = [
      [2, 10, announced],
      [1, 5000, announced],
      [2, 10_000, announced],
    ] as const;
    expect(claims([1, 0], over, back, again)).toEqual([-1, -1, -1, 1]);
    expect(claims([1, 0], over, back, [2, 5 * minute, announced], [1, 5 * minute + 5000, announced])).toEqual([-1, -1, -1, -1, 2]);
    expect(claims([1, 0], over, back, [2, 15 * minute, announced], [1, 15 * minute + 5000, announced])).toEqual([-1, -1, -1, -1, -1]);
  });

  it('a forgotten sender contests nothing', () => {
    const table = new AddressClaims(8);
    table.note(1, ip, 0);
    table.note(2, ip, 10);
    table.forget(2);
    expect(table.note(1, ip, 20)).toBe(-1);
  });

  it('a flood of addresses only makes it forget others', () => {
    const table = new AddressClaims(8);
    table.note(1, ip, 0);
    for (let i = 0; i < 100_000; i++) table.note(7, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 5);
    expect([-1, 2]).toContain(table.note(1, ip, 20));
  });
});
