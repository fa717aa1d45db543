import { remoteAccessProduct } from '../gateway/codec/remote-access-names.ts';
import {
  type ClientHello,
  decodeClientHello,
  decodeHandshakeStart,
  decodeServerHello,
  handshakeTypes,
  type ServerHello,
} from '../gateway/codec/tls.ts';
import { ja3, ja4 } from '../gateway/codec/tls-print.ts';
import { ofWhole } from '../gateway/codec/whole.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';
import { Remembered } from './remembered.ts';
import { tcpServiceName } from './service-names.ts';

const [handshakeRecord, major] = [22, 3];

/** True for bytes that may begin one side of a TLS handshake: a handshake record whose first message is a hello. */
export function isHello(packet: Packet): boolean {
  const { bytes: b, payload: i } = packet;
  const type = b[i + 5];
  return b[i] === handshakeRecord && b[i + 1] === major && (type === handshakeTypes.clientHello || type === handshakeTypes.serverHello);
}

/** The hello of either side of TLS over TCP, on any port. RFC 8446 §4.1, RFC 5246 §7.4.1. Undefined while it is not whole; SSL 2 is not read. */
export function decode(bytes: Uint8Array): { readonly client: ClientHello } | { readonly server: ServerHello } | undefined {
  const [hello] = decodeHandshakeStart(bytes).messages;
  if (hello === undefined) return undefined;
  return ofWhole(() =>
    hello.type === handshakeTypes.clientHello ? { client: decodeClientHello(hello.body) } : { server: decodeServerHello(hello.body) },
  );
}

/** A client shows how its stack looks and whom it asks for; a server that it speaks TLS. A router that passes on the hello of others shows nothing. */
export function observe(m: NonNullable<ReturnType<typeof decode>>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  if ('server' in m) return [{ kind: 'service', protocol: 'tcp', port: packet.sourcePort, name: serviceName(m.server, packet.sourcePort) }];
  return clientFacts(m.client, 'tcp');
}

/** Prints by all that they are made of: one program asks for many names, with keys that are never the same. */
const prints = new Remembered<readonly Fact[]>(256);
const shape = new Uint8Array(1024);

/** How TLS is carried: another program speaks it over each, so that the prints have names of their own and do not take turns. */
const carriers = {
  tcp: { id: 0, ja3: 'ja3', ja4: 'ja4', letter: 't' },
  quic: { id: 1, ja3: 'quic-ja3', ja4: 'quic-ja4', letter: 'q' },
  eap: { id: 2, ja3: 'eap-ja3', ja4: 'eap-ja4', letter: 't' },
} as const;
type Carrier = keyof typeof carriers;

function printsOf(client: ClientHello, over: Carrier): readonly Fact[] {
  const carrier = carriers[over];
  const make = (): readonly Fact[] => [
    { kind: 'print', scheme: carrier.ja3, value: ja3(client) },
    { kind: 'print', scheme: carrier.ja4, value: ja4(client, carrier.letter) },
  ];
  const { ciphers, extensions, supportedVersions, groups, pointFormats, signatureAlgorithms, alpn } = client;
  const lists = [
    [carrier.id, client.version],
    ciphers,
    extensions,
    supportedVersions,
    groups,
    pointFormats,
    signatureAlgorithms,
    alpn[0] ?? [],
  ];
  let at = 0;
  for (const list of lists) {
    if (at + 2 * list.length + 2 > shape.length) return make();
    for (let i = -1; i < list.length; i++) {
      const n = i < 0 ? list.length : (list[i] ?? 0);
      shape[at++] = n >> 8;
      shape[at++] = n;
    }
  }
  return prints.of(shape.subarray(0, at), make);
}

/** How a client's stack looks, and whom it asks for. */
export function clientFacts(client: ClientHello, over: Carrier): readonly Fact[] {
  const facts: Fact[] = [...printsOf(client, over)];
  const name = client.serverName?.toLowerCase() ?? '';
  if (name !== '') facts.push({ kind: 'asks', protocol: 'tls', name });
  const product = remoteAccessProduct(name);
  if (product !== undefined) facts.push({ kind: 'description', text: product, of: 'remote-access' });
  return facts;
}

/** By the registry, else by what was negotiated for (RFC 7301 §6). */
function serviceName({ alpn }: ServerHello, port: number): string {
  return tcpServiceName(port) ?? (alpn === 'h2' || alpn === 'http/1.1' ? 'https' : 'tls');
}

export const tls = collector({ name: 'tls', spec: 'RFC 8446', matches: tcpStream(), wants: isHello, decode, observe });
