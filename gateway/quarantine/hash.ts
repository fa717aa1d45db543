import { createHash } from 'node:crypto';
import type { Hex } from '../model/address.ts';
import type { PlannedDevice, RuleSet } from '../model/rule-set.ts';

/** A RuleSet never changes, and its hash is asked for from planning to sending; an entry goes with its RuleSet. */
const known = new WeakMap<RuleSet, Hex>();

/** SHA-256 of the canonical JSON: keys in alphabetical order, no spaces. */
export function hashRuleSet(ruleSet: RuleSet): Hex {
  const old = known.get(ruleSet);
  if (old !== undefined) return old;
  const hash = createHash('sha256').update(textOf(ruleSet)).digest('hex');
  known.set(ruleSet, hash);
  return hash;
}

/** Devices are many and all of one shape. */
function textOf({ devices, ...rest }: RuleSet): string {
  const all = canonical({ ...rest, devices: [] });
  const at = all.indexOf('"devices":[') + '"devices":['.length;
  return `${all.slice(0, at)}${devices.map(deviceText).join(',')}${all.slice(at)}`;
}

const deviceText = ({ access, bound, ips, mac, port }: PlannedDevice): string =>
  `{"access":"${access}","bound":${bound},"ips":${JSON.stringify(ips)},"mac":${JSON.stringify(mac)},"port":${JSON.stringify(port)}}`;

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(',')}}`;
}
