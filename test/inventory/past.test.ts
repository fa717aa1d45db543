import { describe, expect, it } from 'vitest';
import { Past } from '../../gateway/inventory/past.ts';
import type { Decision } from '../../gateway/model/decision.ts';
import type { EventBody } from '../../gateway/model/event.ts';
import { fixtureViews } from '../api/fixture-views.ts';

const decision = (access: Decision['access'], admission: Decision['admission']): Decision => {
  const [view] = fixtureViews();
  if (view === undefined) throw new Error('Cannot find a decision');
  return { ...view.decision, access, admission };
};
const found = (n: number): EventBody => {
  const mac = `02:00:00:00:00:0${n}`;
  return { kind: 'device-found', device: `d${n}`, mac, port: `v${n}`, vlan: 0, zone: 'dock', seenBy: 'frames', frame: n };
};
const spoke = (n: number, at: number): EventBody => {
  const sender = { at, port: `v${n}`, vlan: 0, mac: `02:00:00:00:00:0${n}` };
  return {
    kind: 'fact-learned',
    device: `d${n}`,
    observation: { ...sender, collector: 'arp', frame: 1, fact: { kind: 'address', ip: `10.0.0.${n}` } },
  };
};
const approved: EventBody = {
  kind: 'person-decided',
  device: 'd1',
  person: { kind: 'approval', by: 'keller', reason: 'dock 7 replacement', at: 30, until: 90 },
};

/** Two devices; the first is let in at 30, released at 60 and forgotten at 80. */
const journal: readonly (readonly [number, EventBody])[] = [
  [10, found(1)],
  [10, { kind: 'decided', device: 'd1', decision: decision('hold', 'pending') }],
  [15, spoke(1, 15)],
  [30, approved],
  [30, { kind: 'decided', device: 'd1', decision: decision('admit', 'approved') }],
  [31, { kind: 'enforced', device: 'd1', enforcement: 'open' }],
  [40, found(2)],
  [40, { kind: 'decided', device: 'd2', decision: decision('hold', 'pending') }],
  [60, { kind: 'person-released', device: 'd1', by: 'huber', reason: 'gone' }],
  [60, { kind: 'decided', device: 'd1', decision: decision('hold', 'pending') }],
  [80, { kind: 'device-forgotten', device: 'd1', why: 'silent for long' }],
];
const asOf = (at: number, events = journal) => {
  const past = new Past(at);
  for (const [when, body] of events) past.take({ at: when, body });
  return past.views();
};

describe('the site as it stood', () => {
  it('has who was there then, and nobody who came later or was forgotten before', () => {
    expect([9, 10, 40, 80].map(at => asOf(at).map(({ device }) => device.id))).toEqual([[], ['d1'], ['d1', 'd2'], ['d2']]);
  });

  it('says who had let a device in and until when, also after that was taken back', () => {
    expect(asOf(29)[0]).toMatchObject({ admission: 'pending', enforcement: 'applying' });
    expect(asOf(29)[0]?.person).toBeUndefined();
    expect(asOf(59)[0]).toMatchObject({ admission: 'approved', enforcement: 'open', person: { by: 'keller', until: 90 } });
    expect(asOf(60)[0]?.person).toBeUndefined();
  });

  it('takes the latest thing that the device did itself for when it was last seen', () => {
    expect(asOf(59)[0]?.lastSeen).toBe(15);
  });

  it('goes by the time that an Event bears, though a clock that was set back wrote it later', () => {
    const setBack = [
      ...journal,
      [5, found(3)] as const,
      [6, { kind: 'decided', device: 'd3', decision: decision('hold', 'pending') }] as const,
    ];
    expect(asOf(9, setBack).map(({ device }) => device.id)).toEqual(['d3']);
    expect(asOf(4, setBack)).toEqual([]);
  });

  it('knows that the port was down', () => {
    const down: EventBody = { kind: 'port-state', port: 'v2', state: 'down', detail: '' };
    const cut = [...journal, [50, down] as const, [55, { ...down, state: 'up' }] as const];
    expect([49, 50, 55].map(at => asOf(at, cut).find(({ device }) => device.id === 'd2')?.presence)).toEqual([
      'online',
      'offline',
      'online',
    ]);
  });
});
