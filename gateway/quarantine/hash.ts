import { createHash } from 'node:crypto';
import type { Hex } from '../model/address.ts';
import type { RuleSet } from '../model/rule-set.ts';

/** SHA-256 of the canonical JSON: keys in alphabetical order, no spaces. */
export function hashRuleSet(ruleSet: RuleSet): Hex {
  return createHash('sha256').update(canonical(ruleSet)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(',')}}`;
}
