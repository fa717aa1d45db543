import type { Ip, Millis } from '../model/address.ts';
import type { Binding, Device, Field } from '../model/device.ts';
import { type Observation, factKey } from '../model/fact.ts';
import { maxBindings, maxFacts, maxIps, maxServices } from './record.ts';

/** The device after one more Observation about it. Locked fields stay; the oldest entry gives way at each cap. */
export function foldFact(device: Device, observation: Observation): Device {
  const { fact, collector, frame, at } = observation;
  if (fact.kind === 'seen') return device;
  const key = factKey(fact);
  const facts = [...device.facts.filter(old => factKey(old.fact) !== key), { collector, frame, at, fact }].slice(-maxFacts);
  const next: Device = { ...device, seenBy: 'announcement', facts };
  const field = (value: string): Field<string> => ({ value, source: collector, at, frame });
  switch (fact.kind) {
    case 'address':
      return withAddress(next, fact.ip, at);
    case 'hostname':
      return withField(next, 'hostname', field(fact.name));
    case 'vendor-class':
      return withField(next, 'vendorClass', field(fact.text));
    case 'model':
      return withField(next, 'model', field(fact.text));
    case 'mud-url':
      return withField(next, 'mudUrl', field(fact.url));
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
    case 'protocol':
    case 'maker':
    case 'firmware':
    case 'serial':
    case 'description':
    case 'device-kind':
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
      return next;
  }
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
