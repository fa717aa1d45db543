import { describe, expect, it } from 'vitest';
import { detectionRules } from '../../gateway/detection/index.ts';
import type { AlarmType } from '../../gateway/model/alarm.ts';
import type { Scenario, Story } from './scenario.ts';
import { lookAlikes, scenarios } from './scenarios.ts';
import { type Wrapping, Wire, wrappings } from './wire.ts';

const wrappingNames = Object.keys(wrappings) as Wrapping[];
const stories = (isNo: Scenario['isNo']): readonly (readonly [string, Story])[] =>
  Object.entries(isNo).map(([name, story]) => [name, typeof story === 'function' ? { happens: story } : story]);
const play = ({ happens, options = {} }: Story, wrapping: Wrapping, rules = detectionRules): Wire => {
  const wire = new Wire(wrapping, options, rules);
  happens(wire);
  return wire;
};

it('every rule has a story of what it means and at least one of what it does not, and every known look-alike has one', () => {
  const told = Object.entries(scenarios).filter(([, { isNo }]) => Object.keys(isNo).length > 0);
  expect(told.map(([name]) => name).toSorted()).toEqual(detectionRules.map(({ name }) => name).toSorted());
  const names = told.flatMap(([, { isNo }]) => Object.keys(isNo));
  for (const one of lookAlikes)
    expect(
      names.some(name => name.includes(one)),
      one,
    ).toBe(true);
});

it('no rule would say more if it were shown facts of all kinds', () => {
  const shownAll = detectionRules.map(({ name, spec, knownFalse, create }) => ({ name, spec, knownFalse, create }));
  const all = Object.values(scenarios).flatMap(({ also = {}, isNo, ...story }) => [
    story,
    ...Object.values(also),
    ...stories(isNo).map(([, one]) => one),
  ]);
  for (const story of all) expect(play(story, 'untagged', shownAll).alarms).toEqual(play(story, 'untagged').alarms);
});

describe.each(Object.entries(scenarios) as [AlarmType, Scenario][])('%s', (type, scenario) => {
  const of = (wire: Wire) => wire.alarms.filter(({ alarm }) => alarm === type);

  it.each(wrappingNames)('is raised %s, for the right one, in its VLAN', wrapping => {
    for (const story of [scenario, ...Object.values(scenario.also ?? {})]) {
      const raised = of(play(story, wrapping));
      const who = raised.map(({ actor, victimMac }) => [actor, victimMac].filter(part => part !== undefined).join(' '));
      expect(new Set(who)).toContain(story.raises);
      for (const { vlan } of raised) expect(vlan).toBe(wrappings[wrapping].vlan);
    }
  });

  describe.each(stories(scenario.isNo))('is no %s', (_, story) => {
    it.each(wrappingNames)('%s', wrapping => expect(of(play(story, wrapping))).toEqual([]));
  });
});
