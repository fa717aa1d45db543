import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { detectionRules } from '../../gateway/detection/index.ts';

it('every file that makes a rule is in the list, under its name', () => {
  const folder = join(import.meta.dirname, '../../gateway/detection');
  const makers = readdirSync(folder).filter(file => /^export const \w+: DetectionRule = /m.test(readFileSync(join(folder, file), 'utf8')));
  expect(makers.map(file => file.replace(/\.(ts|md)$/, '')).toSorted()).toEqual(detectionRules.map(rule => rule.name).toSorted());
});

it('every rule has a reason, a spec and the look-alikes that it must not mean', () => {
  expect(new Set(detectionRules.map(rule => rule.name)).size).toBe(detectionRules.length);
  for (const { spec, knownFalse } of detectionRules) expect([spec.length > 20, knownFalse.length > 0]).toEqual([true, true]);
});
