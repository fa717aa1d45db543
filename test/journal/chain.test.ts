import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../gateway/journal/canonical.ts';
import { emptyHead, follow, link } from '../../gateway/journal/chain.ts';
import { OutsiderQuota, outsiderBurst } from '../../gateway/inventory/quota.ts';
import type { Event, EventBody } from '../../gateway/model/event.ts';

const bodies: readonly EventBody[] = [1, 2, 3, 4].map(n => ({ kind: 'port-state', port: `v${n}`, state: 'up', detail: 'link' }));
function chain(): Event[] {
  const events: Event[] = [];
  let head = emptyHead;
  for (const [n, body] of bodies.entries()) {
    const event = link(head, 1000 + n, body);
    events.push(event);
    head = { seq: event.seq, hash: event.hash };
  }
  return events;
}

describe('the hash chain', () => {
  it('is followed to its head', () => expect(follow(emptyHead, chain())).toEqual({ seq: 4, hash: chain()[3]?.hash }));

  it('names the event that was changed, in whichever member', () => {
    const changes: readonly Partial<Event>[] = [
      { at: 5 },
      { body: { kind: 'port-state', port: 'v9', state: 'up', detail: 'link' } },
      { hash: 'f'.repeat(64) },
    ];
    for (const change of changes) {
      const events = chain().map(event => (event.seq === 2 ? { ...event, ...change } : event));
      expect(() => follow(emptyHead, events)).toThrow(/event 2/);
    }
  });

  it('shows a removed, a swapped and a foreign event', () => {
    const [a, b, c, d] = chain() as [Event, Event, Event, Event];
    expect(() => follow(emptyHead, [a, c, d])).toThrow(/event 3 follows 1/);
    expect(() => follow(emptyHead, [b, a])).toThrow(/event 2 follows 0/);
    expect(() => follow(emptyHead, [a, { ...link({ seq: 1, hash: 'a'.repeat(64) }, 1, bodies[1] as EventBody) }])).toThrow(/does not link/);
  });
});

describe('canonical JSON', () => {
  it('is the same for every order of members and parses back to the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalJson({ b: 1, a: [2, null], c: undefined })).toBe('{"a":[2,null],"b":1}');
  });

  it('refuses what JSON cannot say', () => {
    for (const bad of [Number.NaN, 1n, () => 1, Symbol('x'), undefined]) expect(() => canonicalJson(bad)).toThrow(/Cannot write as JSON/);
  });
});

describe('the quota of what outsiders cause', () => {
  it('folds a flood of one port, spares the others, says it once, and tells the count when it recovers', () => {
    const quota = new OutsiderQuota();
    let journalled = 0;
    let alarms = 0;
    for (let n = 0; n < 100_000; n += 1) {
      if (quota.take('v1', 1000)) journalled += 1;
      if (quota.begins('v1')) alarms += 1;
    }
    expect([journalled, alarms]).toEqual([outsiderBurst, 1]);
    expect(quota.take('v2', 1000)).toBe(true);
    expect(quota.recovered(2000)).toEqual([]);
    expect(quota.recovered(61_000)).toEqual([{ port: 'v1', count: 100_000 - outsiderBurst }]);
    expect(quota.recovered(62_000)).toEqual([]);
  });
});
