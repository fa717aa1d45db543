import { describe, expect, it } from 'vitest';
import { detectionRules } from '../../../gateway/detection/index.ts';
import * as s from '../said.ts';
import { minute } from '../scenario.ts';
import { Wire, type Wrapping, wrappings } from '../wire.ts';
import { claimStories } from './claims.ts';
import { identityStories } from './identity.ts';
import { networkStories } from './network.ts';
import { pairStories } from './pairs.ts';
import { presenceStories } from './presence.ts';
import type { Stories } from './story.ts';

const merged = (...all: readonly Stories[]): Stories =>
  all.reduce((before, more) => {
    const both = Object.entries(more).map(([rule, { for: meant, against }]) => {
      const old = Object.entries(before).find(([name]) => name === rule)?.[1];
      return [rule, { for: { ...old?.for, ...meant }, against: { ...old?.against, ...against } }] as const;
    });
    return { ...before, ...Object.fromEntries(both) };
  }, {});
const stories = merged(identityStories, presenceStories, claimStories, networkStories, pairStories);
const names = Object.keys(wrappings) as Wrapping[];
/** Frames come untagged, tagged and with two tags by turns. */
const wrappingOf = (i: number): Wrapping => names[i % names.length] ?? 'untagged';
type Happens = (w: Wire) => unknown;

/** A site that has been learnt for a minute with one device on a port of its own; then the story, and what is told from then on. */
function play(i: number, happens: Happens, { before, options = {} }: { readonly before?: Happens; readonly options?: object } = {}): Wire {
  const wire = new Wire(wrappingOf(i), { learnsMs: minute, ...options });
  wire.send([s.arp('00:00:5e:00:53:99', '10.20.0.250')], 'v3');
  before?.(wire);
  wire.wait(2 * minute);
  wire.events.length = 0;
  happens(wire);
  return wire;
}

it('every rule has three stories for it and three against it', () => {
  const told = Object.entries(stories).filter(([, one]) => Object.keys(one.for).length >= 3 && Object.keys(one.against).length >= 3);
  expect(told.map(([name]) => name).toSorted()).toEqual(detectionRules.map(({ name }) => name).toSorted());
});

describe.each(Object.entries(stories))('%s', (rule, { for: meant, against }) => {
  it.each(Object.entries(meant).map(([name, story], i) => [name, story, i] as const))('is told: %s', (_, [happens, raises, around], i) => {
    const raised = play(i, happens, around).alarms.filter(({ alarm }) => alarm === rule);
    expect(raised.map(({ actor, victimMac }) => [actor, victimMac].filter(part => part !== undefined).join(' '))).toContain(raises);
  });

  it.each(Object.entries(against).map(([name, story], i) => [name, story, i] as const))('nothing is told: %s', (_, story, i) => {
    const { happens, also = [], ...around } = typeof story === 'function' ? { happens: story } : story;
    const raised = play(i, happens, around).alarms.map(({ alarm, actor, detail }) => `${alarm} ${actor} ${detail}`);
    const isRight = (text: string): boolean => ['new-device', ...also].some(type => text.startsWith(`${type} `));
    expect(raised.filter(text => !isRight(text))).toEqual([]);
  });
});
