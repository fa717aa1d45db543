import { addressClass } from '../model/address-class.ts';
import type { Mac } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import type { Fact, IdentifierScheme } from '../model/fact.ts';
import type { LinkEvidence, SignName } from '../model/link.ts';
import { isCommonName, isModelName, isTelling, plainName } from './factory-settings.ts';
import type { DeviceRecord } from './record.ts';

/** A sign as one record shows it. Two records share it when `key`, which is `name` and `value`, is equal: under it they meet. */
export type Sign = {
  readonly key: string;
  readonly name: SignName;
  /** Signs of one family are one piece of evidence: a host name said twice is one name. */
  readonly family: string;
  readonly value: string;
  /** 100 links alone, 50 needs another family; `linksAt` is the sum that counts. */
  readonly weight: number;
  /** Set iff two records that differ in it cannot be one device: what is compared, `cip-serial`. */
  readonly exclusive: string | undefined;
  readonly frame: number;
};

function sign(name: SignName, value: string, weight: number, frame: number, more: { family?: string; exclusive?: string } = none): Sign {
  const { family = name, exclusive } = more;
  return { key: `${name} ${value}`, name, family, value, weight, exclusive, frame };
}
const none = {};

/** The sum of weights, the heaviest of each family, from which on two records count as one device. */
export const linksAt = 100;
const [strong, medium] = [100, 50];
/** Signs that are looked at of one record; facts are capped at 96 and names at 8 long before. */
const maxSigns = 32;

/**
 * Identifiers that tell one device from all others; medium ones are set by people or come with cloned images, so they need a second.
 * Not here, because many devices have the same or one device has many: KNX addresses, control blocks of IEC 61850, HART ids behind a
 * gateway, names of users (EAP). IP addresses, prints and vendors link nothing.
 * A DUID is made once by an installation and copied with its image (RFC 8415 §11), so it is medium too.
 */
type SchemeName = Extract<IdentifierScheme, SignName>;
type SchemeRule = { readonly weight: number; readonly family?: string; readonly exclusive?: true };
const schemes: { readonly [scheme in SchemeName]?: SchemeRule } = {
  'cip-serial': { weight: strong, exclusive: true },
  's7-serial': { weight: strong, exclusive: true },
  'bacnet-device': { weight: strong, exclusive: true },
  'snmp-engine-id': { weight: strong, exclusive: true },
  'knx-serial': { weight: strong, exclusive: true },
  duid: { weight: medium },
  uuid: { weight: medium },
  'ssh-host-key': { weight: medium },
  'mqtt-client-id': { weight: medium },
  'opcua-application-uri': { weight: medium },
  'ams-net-id': { weight: medium },
  'niagara-host': { weight: medium },
  'matter-instance': { weight: medium },
  'ptp-clock': { weight: medium },
  // A Cisco device names itself by its host name.
  'cdp-device-id': { weight: medium, family: 'hostname' },
};

/** What a record tells of itself that tells devices apart, and what it cannot be besides. Facts are as frames said them: untrusted. */
export function signsOf({ device, attestation }: DeviceRecord): readonly Sign[] {
  const { result, status } = attestation;
  const found: Sign[] = [];
  const key = result?.identity?.deviceKey;
  // A chain that failed may be somebody else's, relayed or copied: it names nobody.
  if (key !== undefined && (status === 'affirming' || status === 'warning'))
    found.push(sign('device-key', key, strong, 0, { exclusive: 'device-key' }));
  found.push(...ofAddress(device));
  for (const { value, frame } of device.hostnames ?? []) {
    const name = plainName(value);
    if (!isCommonName(name)) found.push(sign('hostname', name, medium, frame));
  }
  const names = found.length;
  let [station, stationFrame, model] = ['', 0, ''];
  for (const { fact, frame, collector } of device.facts) {
    if (fact.kind === 'identifier' && fact.scheme === 'profinet-station') [station, stationFrame] = [fact.value, frame];
    if (fact.kind === 'identifier' && fact.scheme === 'profinet-id') model = fact.value;
    const one = ofFact(fact, frame, collector, device, text => found.some(({ value }, i) => i < names && value === text));
    if (one !== undefined && isTelling(one.value)) found.push(one);
  }
  // Station names are unique among the devices that a controller reaches, which is one segment (IEC 61158-6-10, NameOfStation).
  if (station !== '' && model !== '')
    found.push(sign('profinet-device', `${device.vlan} ${station} ${model}`, strong, stationFrame, { family: 'profinet' }));
  return found.slice(0, maxSigns); // which has no room for more, unlike what was filled one by one
}

function ofFact(fact: Fact, frame: number, collector: string, device: Device, isName: (text: string) => boolean): Sign | undefined {
  if (fact.kind === 'identifier') return ofIdentifier(fact.scheme, fact.value, frame, device);
  if (fact.kind === 'dhcp-client-id') return clientId(fact.id, frame, device.mac, isName);
  if (fact.kind === 'certificate' && fact.role === 'server') return sign('tls-key', fact.key, medium, frame);
  // Two protocols may number a device each in its own way, so only the words of one are compared.
  if (fact.kind === 'serial') return sign('serial', fact.text, 0, frame, { exclusive: `serial ${collector}` });
  return undefined;
}

const isScheme = (scheme: IdentifierScheme): scheme is SchemeName => scheme in schemes;

function ofIdentifier(scheme: IdentifierScheme, said: string, frame: number, device: Device): Sign | undefined {
  if (scheme === 'lldp-chassis') return chassis(said, frame, device);
  const rule = isScheme(scheme) ? schemes[scheme] : undefined;
  if (rule === undefined || !isScheme(scheme)) return undefined;
  const value = scheme === 'cdp-device-id' ? plainName(said) : said;
  // A host has one DUID of a kind; its boot program brings one of another kind.
  const exclusive = scheme === 'duid' ? `duid ${value.slice(0, 4)}` : rule.exclusive === true ? scheme : undefined;
  const { family = scheme } = rule;
  const weight = scheme === 'snmp-engine-id' ? ofEngine(said) : rule.weight;
  return sign(scheme, value, weight, frame, exclusive === undefined ? { family } : { family, exclusive });
}

const isMac = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
/**
 * IEEE 802.1AB §8.5.2: the chassis, unique in its network. Network cards that speak LLDP by themselves name their own address, so that two
 * addresses do not contradict each other. A text without a number in it, an IP address or the name of its model is a default rather than a name; one that
 * spells the name of the system says no more than that.
 */
function chassis(value: string, frame: number, device: Device): Sign | undefined {
  if (isMac.test(value)) return sign('lldp-chassis', value, strong, frame);
  const plain = plainName(value);
  if (isCommonName(plain)) return undefined;
  const isDefault = value.length < 6 || !/\d/.test(value) || isIp.test(value) || isModelName(device, value);
  const isName = device.hostnames?.some(({ value: name }) => plainName(name) === plain) === true;
  return sign('lldp-chassis', value, isDefault ? medium : strong, frame, isName && isDefault ? { family: 'hostname' } : {});
}
const isIp = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:]*)$/i;

/**
 * RFC 3411 §5, SnmpEngineID: one made of a hardware address (format 3), and the random one of net-snmp, tell a device from all others. IP addresses, texts
 * and octets are set by people and by makers, for all units alike.
 */
function ofEngine(hex: string): number {
  const isOfMac = hex.slice(8, 10) === '03' && isTelling(hex.slice(10));
  return isOfMac || hex.startsWith('80001f8880') ? strong : medium;
}

/** RFC 2132 §9.14, RFC 4361 §6.1. One that is made of the own address tells of no other interface; one that spells the host name is that. */
function clientId(id: string, frame: number, own: Mac, isName: (text: string) => boolean): Sign | undefined {
  if (id === `01${own.replaceAll(':', '')}`) return undefined;
  // Behind the number of the interface stands the DUID of the host.
  if (id.startsWith('ff') && id.length >= 14) return sign('duid', id.slice(10), medium, frame);
  const text = plainName(String.fromCharCode(...(id.match(/../g) ?? []).map(byte => Number.parseInt(byte, 16)).filter(code => code > 1)));
  return isName(text) || (text !== '' && isCommonName(text)) ? undefined : sign('dhcp-client-id', id, medium, frame);
}

/** Signs that lie in the hardware address itself. */
function ofAddress({ mac, port, vlan, protocols = [] }: Device): readonly Sign[] {
  // One interface of a router in several VLANs. Elsewhere the same address is a clone or has moved.
  const own = addressClass(mac) === 'registered' ? [sign('mac', mac, strong, 0)] : [];
  if (!protocols.includes('ethercat')) return own;
  // The last EtherCAT slave sets the local bit of the source address before frames go back (ETG.1000.4 §4.5).
  const first = (Number.parseInt(mac.slice(0, 2), 16) & ~2).toString(16).padStart(2, '0');
  return [...own, sign('ethercat-twin', `${port} ${vlan} ${first}${mac.slice(2)}`, strong, 0)];
}

/** Facts whose news may link or part; for all others nothing is looked at. */
export const tellsApart = (fact: Fact): boolean =>
  fact.kind === 'identifier' ||
  fact.kind === 'hostname' ||
  fact.kind === 'dhcp-client-id' ||
  fact.kind === 'certificate' ||
  fact.kind === 'serial' ||
  fact.kind === 'model' ||
  (fact.kind === 'description' && fact.of === undefined) ||
  (fact.kind === 'router' && fact.mac !== undefined) ||
  (fact.kind === 'protocol' && fact.name === 'ethercat');

/** `key` of the sign that it was. */
export const evidenceKey = ({ sign, value }: LinkEvidence): string => `${sign} ${value}`;
