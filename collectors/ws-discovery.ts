import { DecodeError } from '../gateway/codec/reader.ts';
import { decodeXml, type XmlElement, xmlAt } from '../gateway/codec/xml.ts';
import { visibleText } from '../gateway/model/visible-text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { askingPorts } from '../gateway/model/probe.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import { servedAt, uuidOf } from './announced.ts';
import type { Packet } from './packet.ts';

const discoveryPort = 3702;
/** Targets of a message, and words of a list in it, that are read. */
const [maxTargets, maxWords] = [16, 32];

/** Local names of device types, lower case: ONVIF Core §7.3, Web Services for Devices of Windows (print, scan, computer). */
const deviceTypes: ReadonlyMap<string, string> = new Map([
  ['networkvideotransmitter', 'camera'],
  ['networkvideodisplay', 'display'],
  ['networkvideostorage', 'recorder'],
  ['printdevicetype', 'printer'],
  ['printerservicetype', 'printer'],
  ['scandevicetype', 'scanner'],
  ['scannerservicetype', 'scanner'],
  ['computer', 'workstation'],
]);

/** Web Services Dynamic Discovery: SOAP over UDP. WS-Discovery 1.0 (2005/04) and 1.1 (OASIS 2009/01), which differ in namespaces only. */
export function decode(bytes: Uint8Array) {
  const envelope = decodeXml(bytes);
  const [body] = [xmlAt(envelope, 'Body')];
  if (envelope.name !== 'Envelope' || body === undefined) throw new DecodeError(`Cannot read SOAP: <${envelope.name}>`);
  const message = body.children[0];
  const kind = message?.name ?? '';
  // ProbeMatches and ResolveMatches hold the targets one level lower.
  const inner = message?.children.filter(child => child.name === 'ProbeMatch' || child.name === 'ResolveMatch') ?? [];
  const targets = kind === 'Hello' || kind === 'Bye' ? [message] : inner;
  return { kind, targets: targets.flatMap(t => (t === undefined ? [] : [targetOf(t)])).slice(0, maxTargets) };
}

function targetOf(e: XmlElement) {
  const words = (name: string): readonly string[] => (xmlAt(e, name)?.text ?? '').split(/\s+/, maxWords).filter(word => word !== '');
  return {
    address: xmlAt(e, 'EndpointReference', 'Address')?.text ?? '',
    types: words('Types').map(type => type.slice(type.indexOf(':') + 1).toLowerCase()),
    scopes: words('Scopes'),
    urls: words('XAddrs'),
  };
}

/** A target service says Hello or answers a search. A discovery proxy answers for others: whose URLs are all elsewhere is not the sender, nor is one of many. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  const [target, ...others] = m.targets;
  if (target === undefined || others.length > 0 || m.kind === 'Bye' || !packet.isOwnAddress) return [];
  const served = target.urls.flatMap(url => servedAt(url, 'ws-discovery', packet)).slice(0, 8);
  if (target.urls.length > 0 && served.length === 0) return [];
  const facts: Fact[] = [...served];
  const uuid = uuidOf(target.address);
  if (uuid !== undefined) facts.push({ kind: 'identifier', scheme: 'uuid', value: uuid });
  const kind = target.types.map(type => deviceTypes.get(type)).find(found => found !== undefined);
  if (kind !== undefined) facts.push({ kind: 'device-kind', text: kind });
  const [hardware, name, maker] = [scope(target.scopes, 'hardware'), scope(target.scopes, 'name'), scope(target.scopes, 'manufacturer')];
  if (hardware !== undefined) facts.push({ kind: 'model', text: hardware });
  if (name !== undefined) facts.push({ kind: 'description', text: name });
  if (maker !== undefined) facts.push({ kind: 'maker', text: maker });
  return facts;
}

/** The value of an ONVIF scope, `onvif://www.onvif.org/<key>/<value>`, percent-decoded. ONVIF Core §7.3.3.2. */
function scope(scopes: readonly string[], key: string): string | undefined {
  const start = `onvif://www.onvif.org/${key}/`;
  const found = scopes
    .find(text => text.toLowerCase().startsWith(start) && text.length > start.length)
    ?.slice(start.length, start.length + 512);
  if (found === undefined) return undefined;
  try {
    return visibleText(decodeURIComponent(found)).trim().slice(0, 255) || undefined;
  } catch (error) {
    if (error instanceof URIError) return found.slice(0, 255);
    throw error;
  }
}

export const wsDiscovery = collector({
  name: 'ws-discovery',
  spec: 'WS-Discovery 1.1, ONVIF Core §7.3',
  // SOAP-over-UDP §4 lets a device answer from any port; the other is where we ask from.
  matches: udpPorts(discoveryPort, askingPorts.wsDiscovery),
  decode,
  observe,
});
