import type { Ip, Mac, Millis } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import { type Fact, type FactKind, factKey, type Observation } from '../model/fact.ts';
import { CappedMap } from './capped-map.ts';
import type { Context } from './rule.ts';

/** Families of signs that stay together while a device stays the same. One alone changes with an update or a rename; two at once do not. */
export type Family = 'dhcp' | 'name' | 'stack' | 'tls' | 'ip';
/** `before`: the frame that said otherwise. `turn`: the sign before and after, either way round; absent for names and addresses, which the inventory remembers. */
export type Change = {
  readonly at: Millis;
  readonly frame: number;
  readonly before: number;
  readonly text: string;
  readonly turn?: string;
};
/** What changed lately behind one hardware address. */
export type Changes = { readonly [family in Family]?: Change };

/** Facts that may be such a change, or the word of a newcomer about itself that comes with one. */
export const identityFacts: readonly FactKind[] = [
  'dhcp-parameters',
  'hostname',
  'print',
  'address',
  'vendor-class',
  'model',
  'maker',
  'firmware',
  'serial',
  'description',
  'device-kind',
];

/** Changes within so long count as one. Milliseconds. */
const togetherMs = 15 * 60_000;
const maxAddresses = 8192;
/** Turns of one address that were told, and for how long they are not told again: two laptops take turns at one docking station. */
const [maxTurns, toldMs] = [8, 30 * 24 * 3_600_000];
/** Names as NBNS cuts them. */
const nameLength = 15;

/** Boot programs ask for a lease before the system does, with signs of their own: PXE 2.1 §2.2.1 asks for options 128 to 135. */
const isBootList = (options: readonly number[]): boolean => [128, 129, 130].every(option => options.includes(option));

/** Follows, for each hardware address, which families of its signs change together. At most 8192 addresses, each for 15 minutes; what was told of 8192, for a month. */
export class IdentityChanges {
  readonly #changes = new CappedMap<Mac, Changes>(maxAddresses, togetherMs);
  readonly #told = new CappedMap<Mac, readonly string[]>(maxAddresses, toldMs);

  /** What changed lately behind an address, if anything did. */
  recent(mac: Mac, now: Millis): Changes | undefined {
    return this.#changes.get(mac, now);
  }

  /** These were told: when the address turns back, and again, that is no news. */
  told(mac: Mac, changes: Changes, now: Millis): void {
    const turns = Object.values(changes).flatMap(({ turn }: Change) => turn ?? []);
    this.#told.set(mac, [...new Set([...(this.#told.get(mac, now) ?? []), ...turns])].slice(-maxTurns), now);
  }

  /** Takes an observation in; what changed lately behind its address if this changed something, else undefined. */
  observe(o: Observation, context: Context): Changes | undefined {
    let change: Found | undefined;
    for (const device of context.withMac(o.mac)) change ??= changeOf(device, o);
    if (change === undefined) return undefined;
    const [family, text, old, turn] = change;
    if (turn !== undefined && this.#told.get(o.mac, o.at)?.includes(turn) === true) return undefined;
    const before = this.#changes.get(o.mac, o.at) ?? {};
    const recent = Object.fromEntries(Object.entries(before).filter(([, { at }]) => o.at - at <= togetherMs));
    const changes: Changes = {
      ...recent,
      ...only(family, { at: o.at, frame: o.frame, before: old, text, ...(turn === undefined ? {} : { turn }) }),
    };
    this.#changes.set(o.mac, changes, o.at);
    return changes;
  }
}

const turnOf = (sign: string, a: string, b: string): string => `${sign} ${[a, b].sort().join(' ')}`;

const only = (family: Family, change: Change): Changes => Object.fromEntries([[family, change]]);

type Found = readonly [family: Family, text: string, before: number, turn?: string];

function changeOf(device: Device, { fact }: Observation): Found | undefined {
  if (fact.kind === 'dhcp-parameters') {
    const old = latest(device, fact);
    if (old?.fact.kind !== 'dhcp-parameters' || isPartOf(old.fact.options, fact.options)) return undefined;
    if (isBootList(old.fact.options) || isBootList(fact.options)) return undefined;
    return [
      'dhcp',
      `asks DHCP for ${fact.options.join(',')} instead of ${old.fact.options.join(',')}`,
      old.frame,
      turnOf('dhcp', old.fact.options.join(), fact.options.join()),
    ];
  }
  if (fact.kind === 'hostname') {
    const known = device.hostnames;
    if (known === undefined) return undefined;
    const name = shortName(fact.name);
    const isKnown = known.map(({ value }) => shortName(value)).some(old => old.startsWith(name) || name.startsWith(old));
    const last = known.at(-1);
    return last === undefined || isKnown ? undefined : ['name', `calls itself ${fact.name} instead of ${last.value}`, last.frame];
  }
  if (fact.kind === 'print' && isStack(fact.scheme)) {
    for (const { fact: old, frame } of device.facts) {
      if (old.kind !== 'print' || !isStack(old.scheme)) continue;
      const isOther = old.scheme === fact.scheme ? old.value !== fact.value : hops(old.value) !== hops(fact.value);
      if (isOther)
        return ['stack', `its TCP looks like ${fact.value} instead of ${old.value}`, frame, turnOf('stack', old.value, fact.value)];
    }
  }
  if (fact.kind === 'print' && fact.scheme === 'ja3') {
    const old = latest(device, fact);
    if (old?.fact.kind === 'print')
      return ['tls', `its TLS looks like ${fact.value} instead of ${old.fact.value}`, old.frame, turnOf('tls', old.fact.value, fact.value)];
  }
  if (fact.kind === 'address' && !device.ips.includes(fact.ip) && sameFamily(fact.ip, device.ips)) return ['ip', `also uses ${fact.ip}`, 0];
  return undefined;
}

const latest = (device: Device, fact: Fact): Device['facts'][number] | undefined =>
  device.facts.find(({ fact: old }) => old.kind === fact.kind && factKey(old) === factKey(fact));
const shortName = (name: string): string => (name.split('.', 1)[0] ?? '').toLowerCase().slice(0, nameLength);
const sameFamily = (ip: Ip, others: readonly Ip[]): boolean => others.some(other => other.includes(':') === ip.includes(':'));

/** One list holds the other: the same client asks for less with INFORM or when it renews. */
function isPartOf(a: readonly number[], b: readonly number[]): boolean {
  const [less, more] = a.length < b.length ? [a, new Set(b)] : [b, new Set(a)];
  return less.every(option => more.has(option));
}

const isStack = (scheme: string): boolean => scheme === 'tcp-syn' || scheme === 'tcp-syn-ack';
/** IP version and first time to live: the same in what a stack asks and answers. */
const hops = (print: string): string => print.split(':', 2).join(':');

/**
 * The frames that show the second identity. Mostly the later signs are the newcomer's; when they fit the maker that the address is
 * registered to, it is the earlier ones that do not belong there.
 */
export function newcomerFrames(signs: readonly Change[], o: Observation, maker: string | undefined): readonly number[] {
  const word = (maker?.split(/[^\p{L}\p{N}]+/u, 1)[0] ?? '').toLowerCase();
  const { fact } = o;
  const text = fact.kind === 'hostname' ? fact.name : 'text' in fact ? fact.text : '';
  const isGenuine = word.length >= 3 && text.toLowerCase().includes(word) && signs.some(({ frame }) => frame === o.frame);
  return signs.map(({ frame, before }) => (isGenuine && frame === o.frame && before > 0 ? before : frame));
}
