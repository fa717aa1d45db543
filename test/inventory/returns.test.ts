import { describe, expect, it } from 'vitest';
import * as s from '../detection/said.ts';
import { laptopIp, minute } from '../detection/scenario.ts';
import { Wire } from '../detection/wire.ts';
import { axis, laptop } from '../detection/world.ts';

const where = (w: Wire, mac: string): readonly (readonly [string, boolean])[] =>
  w.inventory.withMac(mac).map(({ device }) => [device.port, device.cloneOf !== undefined] as const);
const speaks = (w: Wire, port: string): Wire => w.send([s.arp(laptop, laptopIp), s.plain(laptop, laptopIp)], port);

describe('a device that comes back to a port where it was, and says nothing new', () => {
  it('is found there, though the sensor knows it', () => {
    const w = new Wire('untagged', { learnsMs: minute });
    for (const port of ['v1', 'v2', 'v1', 'v2']) {
      speaks(w, port).wait(5 * minute);
      speaks(w, port).wait(minute);
      expect(where(w, laptop)).toEqual([[port, false]]);
      expect(w.now - (w.inventory.withMac(laptop)[0]?.seen.lastAt ?? 0)).toBeLessThan(2 * minute);
    }
  });

  it('while it goes on where it is now is a clone', () => {
    const w = new Wire('untagged', { learnsMs: minute });
    for (const port of ['v1', 'v2']) {
      for (let i = 0; i < 40; i++) speaks(w, port).wait(30_000);
      w.wait(5 * minute);
    }
    for (let i = 0; i < 4; i++) speaks(speaks(w, 'v1'), 'v2').wait(5000);
    expect(
      where(w, laptop)
        .map(([port]) => port)
        .toSorted(),
    ).toEqual(['v1', 'v2']);
    expect(where(w, laptop).filter(([, isClone]) => isClone)).toHaveLength(1);
    expect(w.alarms.filter(({ alarm }) => alarm === 'mac-clone')).toMatchObject([{ actor: laptop }]);
  });

  it('is none of a frame that was counted late, and none that nobody knows', () => {
    const w = new Wire('untagged', { learnsMs: minute });
    speaks(w, 'v1').wait(5 * minute);
    speaks(speaks(w, 'v1'), 'v2').wait(10_000);
    expect(where(w, laptop)).toEqual([['v2', false]]);
    const late = new Wire('untagged', { learnsMs: minute });
    speaks(late, 'v1').wait(5 * minute);
    speaks(late, 'v2').wait(1000);
    expect(where(late, laptop)).toEqual([['v2', false]]);
    expect(where(late, axis)).toEqual([]);
  });
});
