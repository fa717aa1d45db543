import type { Ip, Millis } from '../model/address.ts';
import type { Binding, Device, Field } from '../model/device.ts';
import { type Fact, type FactKind, factKey, type Observation } from '../model/fact.ts';
import { type SaidField, isTrustedOver } from './field-trust.ts';
import { maxBindings, maxFacts, maxHostnames, maxIps, maxProtocols, maxServices } from './record.ts';

/** Facts by which a device does not say who it is: what others see it do, and how its stack looks. */
const notAnnouncing = [
  'seen',
  'protocol',
  'print',
  'behind',
  'acted',
  'contested',
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
  const old = device.fields[name];
  return old === undefined || isTrustedOver(name, field.source, old.source) ? withField(device, name, field) : device;
}

/** Sets a field unless a person locked it. */
export function withField(device: Device, name: keyof Device['fields'], value: Field<string>): Device {
  if (device.fields[name]?.locked === true) return device;
  return { ...device, fields: { ...device.fields, [name]: value } };
}

function withAddress(device: Device, ip: Ip, at: Millis): Device {
  const ips = [...device.ips.filter(old => old !== ip), ip].slice(-maxIps);
  const gone = new Set(device.ips.filter(old => !ips.includes(old)));
  const bindings: Binding[] = device.bindings.map(binding =>
    binding.until === undefined && binding.ip !== undefined && gone.has(binding.ip) ? { ...binding, until: at } : binding,
  );
  const known = bindings.some(binding => binding.until === undefined && binding.ip === ip);
  if (!known) bindings.push({ mac: device.mac, port: device.port, vlan: device.vlan, ip, from: at });
  return { ...device, ips, bindings: bindings.slice(-maxBindings) };
}
