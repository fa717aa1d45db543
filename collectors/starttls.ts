import { tlsOffset, upgradePorts } from '../gateway/codec/starttls.ts';
import type { ClientHello, ServerHello } from '../gateway/codec/tls.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';
import { decode as decodeHello, observe as observeHello } from './tls.ts';

/** A hello, or that the connection goes on without TLS. */
type Start = { readonly client: ClientHello } | { readonly server: ServerHello } | 'none';

/** What stands from the TLS handshake on in one direction of a connection that began in the clear; undefined while it may still come. */
export function behindUpgrade(bytes: Uint8Array, packet: Packet): Uint8Array | 'none' | undefined {
  const upgrade = upgradePorts.get(packet.sourcePort) ?? upgradePorts.get(packet.targetPort);
  const at = upgrade === undefined ? 'never' : tlsOffset(upgrade, bytes, upgradePorts.has(packet.sourcePort));
  if (at === 'more') return undefined;
  return at === 'never' ? 'none' : bytes.subarray(at);
}

/** Either side's hello of TLS that begins within another protocol: mail, files, directories, databases, remote desktops. RFC 3207, RFC 2595, RFC 4217, RFC 4511 §4.14. Undefined while it may still come. */
export function decode(bytes: Uint8Array, packet: Packet): Start | undefined {
  const tls = behindUpgrade(bytes, packet);
  return tls === undefined || tls === 'none' ? tls : decodeHello(tls);
}

/** As of TLS that begins at once (tls.ts), and that it is spoken. */
export const observe = (m: Start, packet: Packet): readonly Said[] =>
  m === 'none' || !packet.isOwnAddress ? [] : [...observeHello(m, packet), { kind: 'protocol', name: 'tls' }];

/** A first byte of text, or of a binary greeting; TLS that begins at once is for tls.ts. */
export const wants = ({ bytes: b, payload: i }: Packet): boolean => (b[i] ?? 0) !== 0x16;

export const starttls = collector({
  name: 'starttls',
  spec: 'RFC 3207, RFC 2595, RFC 4217, RFC 4511 §4.14',
  matches: tcpStream(...upgradePorts.keys()),
  isProtocol: false,
  wants,
  decode,
  observe,
});
