import type { Ip, Mac, Millis } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import { type Fact, factKey, type Observation } from '../model/fact.ts';
import { CappedMap } from './capped-map.ts';
import type { Context } from './rule.ts';

/** Families of signs that stay together while a device stays the same. One alone changes with an update or a rename; two at once do not. */
export type Family = 'dhcp' | 'name' | 'stack' | 'tls' | 'ip';
export type Change = { readonly at: Millis; readonly frame: number; readonly text: string };
/** What changed lately behind one hardware address. */
export type Changes = { readonly [family in Family]?: Change };

/** Changes within so long count as one. Milliseconds. */
const togetherMs = 15 * 60_000;
const maxAddresses = 8192;
/** Names as NBNS cuts them. */
const nameLength = 15;

/** Boot programs ask for a lease before the system does, with signs of their own: PXE 2.1 §2.2.1, UEFI 2.10 §24.7. */
const isBooting = (device: Device): boolean => /^(PXE|HTTP)Client/.test(device.fields.vendorClass?.value ?? '');

/** Follows, for each hardware address, which families of its signs change together. At most 8192 addresses, each for 15 minutes. */
export class IdentityChanges {
  readonly #changes = new CappedMap<Mac, Changes>(maxAddresses, togetherMs);

  /** Takes an observation in; what changed lately behind its address if this changed something, else undefined. */
  observe(o: Observation, context: Context): Changes | undefined {
    const change = context
      .withMac(o.mac)
      .map(device => changeOf(device, o))
      .find(one => one !== undefined);
    if (change === undefined) return undefined;
    const [family, text] = change;
    const before = this.#changes.get(o.mac, o.at) ?? {};
    const recent = Object.fromEntries(Object.entries(before).filter(([, { at }]) => o.at - at <= togetherMs));
    const changes: Changes = { ...recent, ...only(family, { at: o.at, frame: o.frame, text }) };
    this.#changes.set(o.mac, changes, o.at);
    return changes;
  }
}

const only = (family: Family, change: Change): Changes => Object.fromEntries([[family, change]]);

function changeOf(device: Device, { fact }: Observation): readonly [family: Family, text: string] | undefined {
  if (fact.kind === 'dhcp-parameters') {
    const old = latest(device, fact);
    if (old?.kind !== 'dhcp-parameters' || isBooting(device) || isPartOf(old.options, fact.options)) return undefined;
    return ['dhcp', `asks DHCP for ${fact.options.join(',')} instead of ${old.options.join(',')}`];
  }
  if (fact.kind === 'hostname') {
    const names = (device.hostnames ?? []).map(({ value }) => shortName(value));
    const name = shortName(fact.name);
    if (names.length === 0 || name === '' || names.some(old => old.startsWith(name) || name.startsWith(old))) return undefined;
    return ['name', `calls itself ${fact.name} instead of ${device.hostnames?.at(-1)?.value}`];
  }
  if (fact.kind === 'print' && isStack(fact.scheme)) {
    const old = device.facts.flatMap(({ fact: one }) => (one.kind === 'print' && isStack(one.scheme) ? [one] : []));
    const other = old.find(one => (one.scheme === fact.scheme ? one.value !== fact.value : hops(one.value) !== hops(fact.value)));
    return other === undefined ? undefined : ['stack', `its TCP looks like ${fact.value} instead of ${other.value}`];
  }
  if (fact.kind === 'print' && fact.scheme === 'ja3') {
    const old = latest(device, fact);
    return old?.kind === 'print' && old.value !== fact.value
      ? ['tls', `its TLS looks like ${fact.value} instead of ${old.value}`]
      : undefined;
  }
  if (fact.kind === 'address' && !device.ips.includes(fact.ip) && sameFamily(fact.ip, device.ips)) return ['ip', `also uses ${fact.ip}`];
  return undefined;
}

const latest = (device: Device, fact: Fact): Fact | undefined =>
  device.facts.find(({ fact: old }) => old.kind === fact.kind && factKey(old) === factKey(fact))?.fact;
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
