import type { Ip, Millis } from '../model/address.ts';
import type { Binding, Device, Field, FieldName } from '../model/device.ts';
import { type Fact, type FactKind, factKey, type Observation } from '../model/fact.ts';
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

/** The device after one more Observation about it. Locked fields stay; the oldest entry gives way at each cap. */
export function foldFact(device: Device, observation: Observation): Device {
  const { fact, collector, frame, at } = observation;
  if (fact.kind === 'seen') return device;
  if (fact.kind === 'protocol') return withProtocol(device, fact.name);
  const facts = [...device.facts.filter(old => !isSameKey(old.fact, fact)), { collector, frame, at, fact }].slice(-maxFacts);
  const next: Device = { ...device, seenBy: isAnnouncement(observation) ? 'announcement' : device.seenBy, facts };
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
      return { ...next, services: [...device.services.filter(old => old.service !== service), entry].slice(-maxServices) };
    }
    // A lease is what somebody else says of the device; its address counts when the device itself uses it.
    case 'dhcp-lease':
    // Where the whole device is managed: the port that says so need not have that address.
    case 'management-address':
    case 'dhcp-parameters':
    case 'dhcp-client-id':
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

/** Kinds first: most facts differ in them already, and a key is a text to make. */
export const isSameKey = (a: Fact, b: Fact): boolean => a.kind === b.kind && factKey(a) === factKey(b);

function withProtocol(device: Device, name: string): Device {
  const protocols = device.protocols ?? [];
  return protocols.includes(name) || protocols.length >= maxProtocols ? device : { ...device, protocols: [...protocols, name] };
}

function withHostname(device: Device, field: Field<string>): Device {
  const others = (device.hostnames ?? []).filter(old => old.value !== field.value);
  return withSaid({ ...device, hostnames: [...others, field].slice(-maxHostnames) }, 'hostname', field);
}

/** What the device says of itself takes the place of what a less trusted protocol said. */
function withSaid(device: Device, name: SaidField, field: Field<string>): Device {
  const shown = device.fields[name];
  const old = shown?.locked === true ? shown.observed : shown;
  return old === undefined || isTrustedOver(name, field.source, old.source) ? withField(device, name, field) : device;
}

/** Sets a field. Where a person locked it, what observations say is kept beside it; only a person's word replaces a person's. */
export function withField(device: Device, name: FieldName, value: Field<string>): Device {
  const old = device.fields[name];
  const { locked: _, observed: _before, ...plain } = value;
  if (old?.locked === true && value.locked !== true) return put(device, name, { ...old, observed: plain });
  if (value.locked !== true || old === undefined) return put(device, name, value);
  const { locked, observed, ...said } = old;
  const below = locked === true ? observed : said;
  return put(device, name, below === undefined ? value : { ...value, observed: below });
}

const put = (device: Device, name: FieldName, value: Field<string>): Device => ({
  ...device,
  fields: { ...device.fields, [name]: value },
});

/** A person gives a field back: what observations said last stands again, or nothing. */
export function unlocked(device: Device, name: FieldName): Device {
  const old = device.fields[name];
  if (old?.locked !== true) return device;
  if (old.observed !== undefined) return put(device, name, old.observed);
  const { [name]: _, ...fields } = device.fields;
  return { ...device, fields };
}

/** The unspecified address, loopback, groups and broadcast are nobody's (RFC 5227 §1.1, RFC 6890). */
const isBindable = (ip: Ip): boolean =>
  ip.includes(':') ? ip !== '::' && ip !== '::1' && !ip.startsWith('ff') : !/^(0|127|22[4-9]|23\d|2[45]\d)\./.test(ip);

function withAddress(device: Device, ip: Ip, at: Millis): Device {
  if (!isBindable(ip)) return device;
  const standIn = standsIn(device, ip, at);
  if (standIn !== undefined) return standIn;
  const ips = [...device.ips.filter(old => old !== ip), ip].slice(-maxIps);
  const bindings = closed(device, ips, at);
  const known = bindings.some(binding => binding.until === undefined && binding.ip === ip);
  if (!known) bindings.push({ mac: device.mac, port: device.port, vlan: device.vlan, ip, from: at });
  return { ...device, ips, bindings: bindings.slice(-maxBindings) };
}

/** Bindings to addresses that are no longer among these end now. */
const closed = ({ bindings, ips }: Device, left: readonly Ip[], at: Millis): Binding[] => {
  const gone = new Set(ips.filter(old => !left.includes(old)));
  return bindings.map(binding =>
    binding.until === undefined && binding.ip !== undefined && gone.has(binding.ip) ? { ...binding, until: at } : binding,
  );
};

/**
 * Whoever claims one IPv4 address after the other, beyond what is kept of one device, stands in for others (proxy ARP, RFC 1027) or lies:
 * of these only the first of the hour counts as its own, and what it claims further is counted. A day without one more claim ends that.
 */
function standsIn(device: Device, ip: Ip, at: Millis): Device | undefined {
  if (ip.includes(':') || device.ips.includes(ip)) return undefined;
  const old = device.standsIn;
  if (old !== undefined && at - old.at < standsInForMs) return { ...device, standsIn: { ...old, count: old.count + 1, at } };
  const { standsIn: _, ...rest } = device;
  const recent = device.ips.filter(
    own => !own.includes(':') && device.bindings.some(b => b.ip === own && b.until === undefined && at - b.from < claimsMs),
  );
  if (device.ips.length < maxIps || recent.length < fewClaims) return old === undefined ? undefined : withAddress(rest, ip, at);
  const ips = device.ips.filter(own => !recent.includes(own) || own === recent[0]);
  return { ...rest, ips, bindings: closed(device, ips, at), standsIn: { count: recent.length + 1, since: at, at } };
}
