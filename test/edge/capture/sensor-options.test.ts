import { describe, expect, it } from 'vitest';
import { parseLastWords, parseSensorOptions, ringBytes } from '../../../gateway/edge/capture/sensor-options.ts';

const good = { ports: ['v1', 'enp3s0.20'], filter: 'none', user: 61171 };

describe('the options of the sensor', () => {
  it('are taken when they are whole', () => expect(parseSensorOptions(JSON.stringify(good))).toEqual(good));

  it.each([
    ['a path as port', { ...good, ports: ['../../etc'] }],
    ['a parent folder as port', { ...good, ports: ['..'] }],
    ['a name that is too long', { ...good, ports: ['sixteen-letters-'] }],
    ['no port', { ...good, ports: [] }],
    ['more than 64 ports', { ...good, ports: Array.from({ length: 65 }, (_, i) => `v${i}`) }],
    ['an unknown filter', { ...good, filter: 'udp' }],
    ['root as user', { ...good, user: 0 }],
    ['something missing', { ports: ['v1'] }],
  ])('are refused with %s', (_, options) =>
    expect(() => parseSensorOptions(JSON.stringify(options))).toThrow(/^Cannot start the sensor: /),
  );
});

describe('the last words', () => {
  const words = (text: string): readonly string[] => [...parseLastWords(Buffer.from(text).toString('base64'))];

  it('are the last whole line', () => expect(words('v1\n\nv2 v3\n')).toEqual(['v2', 'v3']));
  it('say nothing when there are none', () => expect([...parseLastWords(undefined)]).toEqual([]));
  it('do not count when they were cut', () => expect(words('v1\nv2')).toEqual(['v1']));
});

describe('the ring', () => {
  it.each([
    [1, 32],
    [4, 16],
    [8, 8],
    [64, 2],
  ])('of one of %i ports has %i MiB', (ports, mib) => expect(ringBytes(ports)).toBe(mib * 1024 * 1024));
});
