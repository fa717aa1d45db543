import type { Ip, Millis } from '../model/address.ts';
import type { Binding, Device, Field, FieldName, KnownFact } from '../model/device.ts';
import { type Fact, type FactKind, isSameKey, type Observation } from '../model/fact.ts';
import { type SaidField, isTrustedOver } from './field-trust.ts';
import { maxBindings, maxFacts, maxHostnames, maxIps, maxProtocols, maxServices } from './record.ts';

/** Claims within so long count together; and how long after the last one an address no longer stands in for others. Milliseconds. */
const [claimsMs, standsInForMs] = [3_600_000, 24 * 3_600_000];
/** IPv4 addresses of one hour that may be its own when there are more than are kept. */
const fewClaims = 4;

/** Facts by which a device does not say who it is: what others see it do, and how its stack looks. */
const notAnnouncing = [
  'seen',
  'protocol',
  'print',
  'behind',
  'acted',
  'contested',
  'turned',
  'reaches',
  'uses-server',
  'asks',
  'talks-to',
  'resolves',
] as const;
const noAnnouncement: ReadonlySet<FactKind> = new Set(notAnnouncing);
/** What the header stage reads off ordinary traffic is no announcement either. */
const isAnnouncement = ({ fact, collector }: Observation): boolean =>
  !noAnnouncement.has(fact.kind) && collector !== 'activity' && collector !== 'header';

/** A copy that nobody else has yet: one is made for each fact, and changed until it is given away. */
type Draft = { -readonly [member in keyof Device]: Device[member] };

/** The device after one more Observation about it. Locked fields stay; the oldest entry gives way at each cap. */
export function foldFact(device: Device, observation: Observation): Device {
  const { fact, collector, frame, at } = observation;
  if (fact.kind === 'seen') return device;
  if (fact.kind === 'protocol') return withProtocol(device, fact.name);
  const next: Draft = { ...device };
  const old = device.facts.findIndex(one => isSameKey(one.fact, fact));
  next.facts = withLast(device.facts, old, knownFact(observation, sinceOf(device, old, fact)), maxFacts);
  if (isAnnouncement(observation)) next.seenBy = 'announcement';
  const field = (value: string): Field<string> => ({ value, source: collector, at, frame });
  switch (fact.kind) {
    case 'address':
      return withAddress(next, fact.ip, at);
    case 'hostname':
      return withHostname(next, field(fact.name));
    case 'vendor-class':
      return withSaid(next, 'vendorClass', field(fact.text));
    case 'device-kind':
      return withSaid(next, 'deviceKind', field(fact.text));
    case 'mud-url':
      return withSaid(next, 'mudUrl', field(fact.url));
    case 'maker':
    case 'model':
    case 'firmware':
    case 'serial':
    case 'description':
      return withSaid(next, fact.kind, field(fact.text));
    case 'service': {
      const service = `${fact.protocol}/${fact.port}`;
      const entry = fact.name === undefined ? { service } : { service, name: fact.name };
      const known = device.services.findIndex(one => one.service === service);
      next.services = withLast(device.services, known, entry, maxServices);
      return next;
    }
    // A lease is what somebody else says of the device; its address counts when the device itself uses it.
    case 'dhcp-lease':
    // Where the whole device is managed: the port that says so need not have that address.
    case 'management-address':
    case 'dhcp-parameters':
    case 'dhcp-client-id':
    case 'asks-address':
    case 'relay-agent':
    case 'inventory':
    case 'dhcp-server':
    case 'claimed-mac':
    case 'identifier':
    case 'print':
    case 'certificate':
    case 'uses-server':
    case 'neighbour':
    case 'router':
    case 'bridge':
    case 'member':
    case 'asks':
    case 'answers-for':
    case 'acted':
    case 'behind':
    case 'contested':
    case 'turned':
    case 'reaches':
    case 'talks-to':
    case 'resolves':
      return next;
  }
}

/** A site has many: each is exactly as large as what it holds. */
const knownFact = ({ collector, frame, at, fact }: Observation, since: Millis | undefined): KnownFact =>
  since === undefined ? { collector, frame, at, fact } : { collector, frame, at, since, fact };

/** An act, or a part as router, that was known is as old as it was; an act that takes the place of another one, for want of room, as old as that: it acts so since then. */
function sinceOf({ facts }: Device, old: number, fact: Fact): Millis | undefined {
  if (fact.kind !== 'acted' && fact.kind !== 'router') return undefined;
  const before = old >= 0 ? facts[old] : facts.length >= maxFacts ? facts[0] : undefined;
  return before?.fact.kind === fact.kind && (old >= 0 || fact.kind === 'acted') ? (before.since ?? before.at) : undefined;
}

/** The list with one more entry at its end, without the one at `old` (-1: with all), cut to the newest `max`. Exactly as long: a literal with `...` keeps room for sixteen more. */
function withLast<T>(list: readonly T[], old: number, entry: T, max: number): readonly T[] {
  const kept = old < 0 ? list : list.toSpliced(old, 1);
  const all = kept.toSpliced(kept.length, 0, entry);
  return all.length > max ? all.slice(-max) : all;
}

const noNames: readonly string[] = [];
function withProtocol(device: Device, name: string): Device {
  const { protocols = noNames } = device;
  if (protocols.includes(name) || protocols.length >= maxProtocols) return device;
  return { ...device, protocols: withLast(protocols, -1, name, maxProtocols) };
}

const noFields: readonly Field<string>[] = [];
function withHostname(next: Draft, field: Field<string>): Device {
  const { hostnames = noFields } = next;
  const old = hostnames.findIndex(one => one.value === field.value);
  next.hostnames = withLast(hostnames, old, field, maxHostnames);
  return withSaid(next, 'hostname', field);
}

/** What the device says of itself takes the place of what a less trusted protocol said. */
function withSaid(next: Draft, name: SaidField, field: Field<string>): Device {
  const shown = next.fields[name];
  const old = shown?.locked === true ? shown.observed : shown;
  if (old === undefined || isTrustedOver(name, field.source, old.source)) next.fields = fieldsWith(next, name, field);
  return next;
}

/** Sets a field. Where a person locked it, what observations say is kept beside it; only a person's word replaces a person's. */
export const withField = (device: Device, name: FieldName, value: Field<string>): Device => ({
  ...device,
  fields: fieldsWith(device, name, value),
});

function fieldsWith({ fields }: Device, name: FieldName, value: Field<string>): Device['fields'] {
  const old = fields[name];
  if (old?.locked !== true && value.locked !== true) return { ...fields, [name]: value };
  const { locked: _, observed: _before, ...plain } = value;
  if (old?.locked === true && value.locked !== true) return { ...fields, [name]: { ...old, observed: plain } };
  if (old === undefined) return { ...fields, [name]: value };
  const { locked, observed, ...said } = old;
  const below = locked === true ? observed : said;
  return { ...fields, [name]: below === undefined ? value : { ...value, observed: below } };
}

/** A person gives a field back: what observations said last stands again, or nothing. */
export function unlocked(device: Device, name: FieldName): Device {
  const old = device.fields[name];
  if (old?.locked !== true) return device;
  if (old.observed !== undefined) return { ...device, fields: { ...device.fields, [name]: old.observed } };
  const { [name]: _, ...fields } = device.fields;
  return { ...device, fields };
}

/** The unspecified address, loopback, groups and broadcast are nobody's (RFC 5227 §1.1, RFC 6890). */
const isBindable = (ip: Ip): boolean =>
  ip.includes(':') ? ip !== '::' && ip !== '::1' && !ip.startsWith('ff') : !/^(0|127|22[4-9]|23\d|2[45]\d)\./.test(ip);

function withAddress(next: Draft, ip: Ip, at: Millis): Device {
  if (!isBindable(ip)) return next;
  const standIn = standsIn(next, ip, at);
  if (standIn !== undefined) return standIn;
  const ips = withLast(next.ips, next.ips.indexOf(ip), ip, maxIps);
  const bindings = closed(next, ips, at);
  const known = bindings.some(binding => binding.until === undefined && binding.ip === ip);
  const { mac, port, vlan } = next;
  next.bindings = known ? bindings : withLast(bindings, -1, { mac, port, vlan, ip, from: at }, maxBindings);
  next.ips = ips;
  return next;
}

/** Bindings to addresses that are no longer among these end now. */
function closed({ bindings, ips }: Device, left: readonly Ip[], at: Millis): readonly Binding[] {
  const gone = ips.filter(old => !left.includes(old));
  if (gone.length === 0) return bindings;
  return bindings.map(binding =>
    binding.until === undefined && binding.ip !== undefined && gone.includes(binding.ip) ? { ...binding, until: at } : binding,
  );
}

/**
 * Whoever claims one IPv4 address after the other, beyond what is kept of one device, stands in for others (proxy ARP, RFC 1027) or lies:
 * of these only the first of the hour counts as its own, and what it claims further is counted. A day without one more claim ends that.
 */
function standsIn(device: Device, ip: Ip, at: Millis): Device | undefined {
  if (ip.includes(':') || device.ips.includes(ip)) return undefined;
  const old = device.standsIn;
  if (old !== undefined && at - old.at < standsInForMs) return { ...device, standsIn: { ...old, count: old.count + 1, at } };
  if (old === undefined && device.ips.length < maxIps) return undefined;
  const { standsIn: _, ...rest } = device;
  const recent = device.ips.filter(
    own => !own.includes(':') && device.bindings.some(b => b.ip === own && b.until === undefined && at - b.from < claimsMs),
  );
  if (device.ips.length < maxIps || recent.length < fewClaims) return old === undefined ? undefined : withAddress(rest, ip, at);
  const ips = device.ips.filter(own => !recent.includes(own) || own === recent[0]);
  return { ...rest, ips, bindings: closed(device, ips, at), standsIn: { count: recent.length + 1, since: at, at } };
}
