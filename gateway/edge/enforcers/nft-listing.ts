import type { RuleSet } from '../../model/rule-set.ts';
import { elementsOf, type SetName, setNames } from '../../quarantine/sets.ts';

/** Our table as the kernel has it. `elements` of each set as joined keys, sorted; `shape`: everything else, chains and rules in order. */
export type Listing = {
  readonly elements: ReadonlyMap<string, readonly string[]>;
  readonly shape: string;
  /** `chain: rules` in the order of the chains. */
  readonly rules: ReadonlyMap<string, number>;
  /** Frames that the clone guard dropped since the table was made, per port. */
  readonly clones: ReadonlyMap<string, number>;
};

/** Reads what `nft -j list table` (or `list set`) printed. Throws SyntaxError when it is no JSON. Undefined when there is no such table. */
export function readListing(json: string): Listing | undefined {
  const all = array(record(JSON.parse(json))['nftables']).map(record);
  if (!all.some(o => 'table' in o || 'set' in o)) return undefined;
  const elements = new Map<string, readonly string[]>();
  const rules = new Map<string, number>();
  let clones: ReadonlyMap<string, number> = new Map();
  for (const object of all) {
    const [set, chain, rule] = [record(object['set']), record(object['chain']), record(object['rule'])];
    if (typeof set['name'] === 'string') elements.set(set['name'], array(set['elem']).map(key).sort());
    if (set['name'] === 'clones') clones = new Map(array(set['elem']).map(e => [key(e), packets(e)]));
    if (typeof chain['name'] === 'string') rules.set(chain['name'], 0);
    if (typeof rule['chain'] === 'string') rules.set(rule['chain'], (rules.get(rule['chain']) ?? 0) + 1);
  }
  return { elements, shape: JSON.stringify(all.filter(o => !('metainfo' in o)).map(steady)), rules, clones };
}

/** Where the kernel's sets differ from a RuleSet; undefined when they do not. */
export function differs(listing: Listing, ruleSet: RuleSet): string | undefined {
  const wanted = elementsOf(ruleSet);
  const wrong = (name: SetName): boolean => {
    const [want, have] = [wanted[name].map(e => e.join(' . ')).sort(), listing.elements.get(name)];
    return have === undefined || want.length !== have.length || want.some((k, i) => k !== have[i]);
  };
  const sets = setNames.filter(wrong);
  return sets.length === 0 ? undefined : `set ${sets.join(', ')} is not as planned`;
}

/** Rules per chain that a rendered table has. */
export function countRules(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  let chain: string | undefined;
  for (const line of text.split('\n').map(l => l.trim())) {
    const name = /^chain (\w+) \{$/.exec(line)?.[1];
    if (name !== undefined) counts.set((chain = name), 0);
    else if (line === '}') chain = undefined;
    else if (chain !== undefined && !line.startsWith('type filter hook')) counts.set(chain, (counts.get(chain) ?? 0) + 1);
  }
  return counts;
}

/** What does not change by itself: handles, elements of named sets and the order inside anonymous sets are left out. */
function steady(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(steady);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([k]) => k !== 'handle' && k !== 'elem');
  return Object.fromEntries(
    entries.map(([k, v]) => [k, k === 'set' && Array.isArray(v) ? v.map(x => JSON.stringify(x)).sort() : steady(v)]),
  );
}

/** One element as text: `mac . port`, or the key of one with a timeout or counter. */
function key(element: unknown): string {
  if (typeof element === 'string' || typeof element === 'number') return String(element);
  const { concat, elem } = record(element);
  if (elem !== undefined) return key(record(elem)['val']);
  return array(concat).map(key).join(' . ');
}

function packets(element: unknown): number {
  const count = record(record(record(element)['elem'])['counter'])['packets'];
  return typeof count === 'number' ? count : 0;
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};
const array = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
