import { hex } from '../codec/address.ts';
import { askingPorts } from '../model/probe.ts';
import { listens, probe } from './probe.ts';
import { ascii, fill, template } from './template.ts';

/**
 * SOAP envelope of a Probe (WS-Discovery 1.0, 2005/04, §5.2, which ONVIF Core §7 and Windows speak): to everybody, the action, a message id of our own,
 * and which types are meant, none for all.
 */
const envelope = (types: string): string =>
  ascii(
    '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"' +
      ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">' +
      '<s:Header><a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>' +
      '<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action><a:MessageID>urn:uuid:',
  ) +
  '<uuid:36>' +
  ascii(`</a:MessageID></s:Header><s:Body><d:Probe>${types}</d:Probe></s:Body></s:Envelope>`);

/** One type, its prefix declared where it is used. */
const typed = (prefix: string, namespace: string, name: string): string =>
  envelope(`<d:Types xmlns:${prefix}="${namespace}">${prefix}:${name}</d:Types>`);

/**
 * Everybody is asked, and once more by type video devices (ONVIF Core §7.3.1) and devices of the Devices Profile (DPWS §3.3): some answer to nothing but
 * their type. The prefix `wsdp` is that of Windows; wsdd knows no other.
 */
const requests = [
  template('ws-discovery probe for everything', envelope('')),
  template('ws-discovery probe for video devices', typed('n', 'http://www.onvif.org/ver10/network/wsdl', 'NetworkVideoTransmitter')),
  template('ws-discovery probe for devices', typed('wsdp', 'http://schemas.xmlsoap.org/ws/2006/02/devprof', 'Device')),
];

/** Lets cameras, printers and Windows hosts answer. They do so from any port, so the question leaves from one by which the collector knows the answer. */
export const wsdProbe = probe({
  name: 'wsd-probe',
  spec: 'WS-Discovery 1.0 §5.2',
  reach: 'broadcast',
  medium: { kind: 'udp', to: '239.255.255.250', port: 3702, localPort: askingPorts.wsDiscovery },
  templates: requests,
  waitMs: 4_000,
  proofs: [],
  begin: ({ nonce }) => ({
    kind: 'send',
    messages: requests.map((one, i) => fill(one, { uuid: uuid(nonce, i) })),
    state: undefined,
  }),
  next: listens,
});

/** A random UUID (RFC 9562 §5.4) as text; `number` makes those of one nonce differ. */
function uuid(nonce: Uint8Array, number: number): Uint8Array {
  const bytes = nonce.slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  bytes[15] = ((bytes[15] ?? 0) + number) & 255;
  const text = hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  return Uint8Array.from(text, letter => letter.charCodeAt(0));
}
