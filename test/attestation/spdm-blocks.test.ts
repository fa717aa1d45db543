import { describe, expect, it } from 'vitest';
import { blocks, exchange, good, judge, mode, svn, verdict } from './spdm-world.ts';

describe('measurement blocks', () => {
  const measured = (changes: typeof blocks, without: readonly number[] = []) =>
    judge(
      exchange({
        ...good,
        blocks: [...blocks.filter(b => !without.includes(b.index) && !changes.some(c => c.index === b.index)), ...changes],
      }),
    );

  it('whose digest nobody listed are contraindicated', () => {
    expect(verdict(measured([{ index: 2, type: 1, value: new Uint8Array(32) }]))).toBe('contraindicated DIGEST_UNKNOWN');
    expect(verdict(measured([{ index: 3, type: 0x83, value: Uint8Array.of(1) }]))).toBe('contraindicated DIGEST_UNKNOWN');
  });

  it('must all be there, and none besides', () => {
    expect(verdict(measured([], [3]))).toBe('contraindicated DIGEST_UNKNOWN');
    expect(verdict(measured([{ index: 5, type: 1, value: new Uint8Array(32) }]))).toBe('contraindicated DIGEST_UNKNOWN');
    expect(verdict(measured([{ index: 0xfd, type: 0x84, value: Uint8Array.of(1, 2) }]))).toBe('contraindicated DIGEST_UNKNOWN');
    expect(verdict(measured([{ index: 6, type: 0x89, value: Uint8Array.of(1, 2) }]))).toBe('affirming');
  });

  it('cannot be given for another component', () => {
    const swapped = blocks.map(b => (b.index === 1 ? { ...b, index: 2 } : b.index === 2 ? { ...b, index: 1 } : b));
    expect(verdict(judge(exchange({ ...good, blocks: swapped })))).toBe('contraindicated DIGEST_UNKNOWN');
  });

  it('with a security version below the floor, or without one, are contraindicated; of several the lowest counts', () => {
    expect(verdict(measured([{ index: 16, type: 0x87, value: svn(5) }]))).toBe('contraindicated VERSION_DENIED');
    expect(verdict(measured([], [16]))).toBe('contraindicated VERSION_DENIED');
    expect(verdict(measured([{ index: 17, type: 0x87, value: svn(5) }]))).toBe('contraindicated VERSION_DENIED');
    expect(verdict(measured([{ index: 17, type: 0x87, value: svn(9) }]))).toBe('affirming');
  });

  it.each<readonly [string, number, number, string]>([
    ['debugged now', 4, 1, 'contraindicated DEBUG_ENABLED'],
    ['debugged since the reset', 4, 8, 'contraindicated DEBUG_ENABLED'],
    ['debugged once', 4, 16, 'warning DEBUG_ENABLED'],
    ['in recovery', 8, 0, 'contraindicated DEBUG_ENABLED'],
    ['in manufacturing', 1, 0, 'contraindicated DEBUG_ENABLED'],
    ['in validation', 2, 0, 'contraindicated DEBUG_ENABLED'],
    ['sent back', 16, 0, 'contraindicated DEBUG_ENABLED'],
    ['out of service', 32, 0, 'contraindicated DEBUG_ENABLED'],
    ['in no state', 0, 0, 'warning DEBUG_ENABLED'],
  ])('of a device %s are not affirming', (_, state, debug, expected) => {
    expect(verdict(measured([{ index: 0xfe, type: 0x85, value: mode(state, debug) }]))).toBe(expected);
  });

  it('that cannot be read are malformed, never "no measurements"', () => {
    const malformed: readonly (readonly [string, typeof blocks])[] = [
      ['a digest of the wrong length', [{ index: 2, type: 1, value: new Uint8Array(31) }]],
      ['a security version of 4 bytes', [{ index: 16, type: 0x87, value: new Uint8Array(4) }]],
      ['a mode of 8 bytes', [{ index: 0xfe, type: 0x85, value: new Uint8Array(8) }]],
      ['index 0', [{ index: 0, type: 1, value: new Uint8Array(32) }]],
      ['index 255', [{ index: 0xff, type: 1, value: new Uint8Array(32) }]],
      ['an empty version', [{ index: 4, type: 0x86, value: new Uint8Array() }]],
    ];
    for (const [what, change] of malformed) expect(verdict(measured(change)), what).toBe('contraindicated EVIDENCE_MALFORMED');
    expect(verdict(judge(exchange({ ...good, blocks: [...blocks, ...blocks.slice(0, 1)] })))).toBe('contraindicated EVIDENCE_MALFORMED');
    expect(verdict(judge(exchange({ ...good, measurementHash: 0 })))).toBe('contraindicated EVIDENCE_MALFORMED');
  });

  it('that changed while they were read, or are in another form, are not affirming', () => {
    expect(verdict(judge(exchange({ ...good, changed: true })))).toBe('warning NO_MEASUREMENTS');
    // The specification of the informational block: nobody's that we know.
    const noted = [...blocks, { index: 6, type: 0x89, value: Uint8Array.of(1, 2) }];
    const foreign = (n: string, b: Uint8Array) => (n === 'measurements' ? b.with(b.length - 8 - 2 - 32 - 8, 2) : b);
    const r = judge(exchange({ ...good, blocks: noted, unsigned: foreign }));
    expect(verdict(r)).toBe('warning NO_MEASUREMENTS');
    expect(r.checks.find(c => c.check === 'measured')?.detail).toContain('measurement 6');
  });

  it('without reference values are known and not vouched for', () => {
    const r = judge(exchange(good), { sets: [] });
    expect([verdict(r), r.assurance]).toEqual(['warning REFERENCE_MISSING', 4]);
  });
});
