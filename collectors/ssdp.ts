import { decodeHttpHead, type HttpHead } from '../gateway/codec/http-head.ts';
import type { DescriptionOf, Fact } from '../gateway/model/fact.ts';
import { askingPorts } from '../gateway/model/probe.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import { servedAt, uuidOf } from './announced.ts';
import type { Packet } from './packet.ts';

const ssdpPort = 1900;

/** What the device types of the UPnP Forum's device control protocols are in our words, lower case. */
const deviceTypes: ReadonlyMap<string, string> = new Map([
  ['internetgatewaydevice', 'router'],
  ['wlanaccesspointdevice', 'access-point'],
  ['mediarenderer', 'media-player'],
  ['mediaserver', 'media-server'],
  ['printer', 'printer'],
  ['scanner', 'scanner'],
  ['digitalsecuritycamera', 'camera'],
  ['zoneplayer', 'media-player'],
  ['dimmablelight', 'light'],
  ['binarylight', 'light'],
  ['hvac_system', 'hvac'],
  ['solarprotectionblind', 'blind'],
  ['tvdevice', 'display'],
]);

/** Simple Service Discovery Protocol. UPnP Device Architecture 2.0 §1. */
export const decode = (bytes: Uint8Array): HttpHead => decodeHttpHead(bytes, true);

/**
 * A device announces itself (NOTIFY) or answers a search. Its UUID is that of the root device: the devices embedded in it have others. A search tells
 * of the asker what program it is.
 */
export function observe(m: HttpHead, packet: Packet): readonly Said[] {
  const header = (name: string): string => m.headers.get(name) ?? '';
  if (!packet.isOwnAddress) return [];
  if (m.start.kind === 'request' && m.start.method === 'M-SEARCH') return described(header('user-agent'), 'ssdp-user-agent');
  // Devices may answer from any port (§1.3.3): what comes to where we ask from is an answer too.
  const isToAsker = packet.sourcePort === ssdpPort || packet.targetPort === askingPorts.ssdp;
  const isAnswer = m.start.kind === 'response' && m.start.status === 200 && isToAsker;
  const isAlive = m.start.kind === 'request' && m.start.method === 'NOTIFY' && header('nts') !== 'ssdp:byebye';
  if (!isAnswer && !isAlive) return [];
  const type = isAnswer ? header('st') : header('nt');
  const facts: Fact[] = [...servedAt(header('location'), 'upnp', packet), ...described(header('server'))];
  const kind = kindOf(type);
  if (kind !== undefined) facts.push({ kind: 'device-kind', text: kind });
  const uuid = type.toLowerCase() === 'upnp:rootdevice' || kind !== undefined ? uuidOf(header('usn')) : undefined;
  if (uuid !== undefined) facts.push({ kind: 'identifier', scheme: 'uuid', value: uuid });
  return facts;
}

const described = (text: string, of?: DescriptionOf): readonly Fact[] =>
  text === '' ? [] : [{ kind: 'description', text: text.slice(0, 255), ...(of && { of }) }];

/** What a device of this type is, `urn:schemas-upnp-org:device:<type>:<version>`, in our words. */
export function kindOf(type: string): string | undefined {
  const parts = type.toLowerCase().split(':', 5);
  return parts[0] === 'urn' && parts[2] === 'device' ? deviceTypes.get(parts[3] ?? '') : undefined;
}

export const ssdp = collector({
  name: 'ssdp',
  spec: 'UPnP Device Architecture 2.0 §1',
  matches: udpPorts(ssdpPort, askingPorts.ssdp),
  decode,
  observe,
});
