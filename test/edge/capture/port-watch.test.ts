import { describe, expect, it } from 'vitest';
import type { Link } from '../../../gateway/edge/capture/link.ts';
import { type Look, PortWatch } from '../../../gateway/edge/capture/port-watch.ts';

const link = (kind: 'up' | 'no-carrier' | 'down', received = 0, index = 7): Link => ({ kind, index, received });
const gone: Link = { kind: 'gone' };
const states = (looks: readonly Look[]): readonly unknown[] =>
  looks.map(l => (l.restart === undefined ? l.report?.state : `${l.report?.state} restart`));
const watch = (opened = true, broken = false): PortWatch => new PortWatch('v1', opened, broken);

describe('a watched port', () => {
  it('is reported once per change', () => {
    const w = watch();
    expect(states([link('up'), link('up'), link('down'), link('down'), link('up')].map(l => w.look(l)))).toEqual([
      'up',
      undefined,
      'down',
      undefined,
      'healed',
    ]);
  });

  it('heals only when its carrier is back too', () => {
    const w = watch();
    expect(states([link('up'), link('down'), link('no-carrier'), link('up')].map(l => w.look(l)))).toEqual([
      'up',
      'down',
      'down',
      'healed',
    ]);
  });

  it('is up again, not healed, after a lost carrier: capture went on', () => {
    const w = watch();
    expect(states([link('up'), link('no-carrier'), link('up')].map(l => w.look(l)))).toEqual(['up', 'down', 'up']);
  });

  it('is healed at once when the last epoch left it broken', () => {
    expect(watch(true, true).look(link('up')).report?.state).toBe('healed');
  });

  it('asks for a restart when it comes up without a handle', () => {
    const w = watch(false);
    expect(states([gone, link('down'), link('up')].map(l => w.look(l)))).toEqual(['gone', 'down', 'undefined restart']);
    expect(w.broken).toBe(true);
  });

  it('asks for a restart when another interface has its name', () => {
    const w = watch();
    expect(states([link('up'), gone, link('down', 0, 8), link('up', 0, 8)].map(l => w.look(l)))).toEqual([
      'up',
      'gone',
      'down',
      'gone restart',
    ]);
  });

  it('reports a flap that no look saw', () => {
    const w = watch();
    expect(states([w.look(link('up')), w.broke(), w.look(link('up'))])).toEqual(['up', 'down', 'healed']);
  });

  it('asks for a restart when the interface receives for three looks and capture hears nothing', () => {
    const w = watch();
    w.look(link('up'));
    const counts = [0, 100, 200, 300].map(received => w.count(link('up', received), 5));
    expect(states(counts)).toEqual([undefined, undefined, undefined, 'down restart']);
  });

  it.each([
    ['capture hears them', [0, 100, 200, 300, 400], [0, 1, 2, 3, 4]],
    ['nothing is received', [5, 5, 5, 5, 5], [0, 0, 0, 0, 0]],
    ['the silence is shorter', [0, 100, 200, 300, 400], [0, 0, 0, 1, 1]],
  ])('is not stalled when %s', (_, received, captured) => {
    const w = watch();
    w.look(link('up'));
    expect(states(received.map((r, i) => w.count(link('up', r), captured[i] ?? 0)))).toEqual(Array(5).fill(undefined));
  });

  it('says its last state as up when healing is no news any more', () => {
    const w = watch(true, true);
    w.look(link('up'));
    expect(w.last).toEqual({ port: 'v1', state: 'up', detail: 'frames are heard' });
  });
});
