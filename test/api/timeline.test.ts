import { describe, expect, it } from 'vitest';
import { withoutRepeats } from '../../gateway/api/timeline.ts';
import type { Event, EventBody } from '../../gateway/model/event.ts';
import { key } from './fixture-words.ts';

const asked: EventBody = { kind: 'challenged', device: 'd1', challenge: 'c', target: '10.0.0.1 tls port 8443' };
const again: EventBody = { kind: 'attested-again', device: 'd1', challenge: 'c', expires: 1 };
const cut: EventBody = { kind: 'enforced', device: 'd1', enforcement: 'held' };
const numbered = (...bodies: readonly EventBody[]): readonly Event[] =>
  bodies.map((body, n) => ({ seq: n + 1, at: n, prev: key(1), hash: key(2), body }));
const left = (...bodies: readonly EventBody[]) => withoutRepeats(numbered(...bodies)).map(({ seq }) => seq);

describe('a timeline', () => {
  it('keeps of what repeats the newest of each kind, and everything between', () => {
    expect(left(asked, again, asked, again, cut, asked, again, asked)).toEqual([3, 4, 5, 7, 8]);
  });

  it('loses nothing that does not repeat', () => {
    expect(left(cut, cut, asked, cut, again)).toEqual([1, 2, 3, 4, 5]);
    expect(left()).toEqual([]);
  });
});
