import { decodeHttpHead, type HttpHead } from '../gateway/codec/http-head.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, tcpStream, udpPorts } from './collector.ts';
import { uuidOf } from './announced.ts';
import { behindGap } from './behind-gap.ts';
import { ipProtocols, type Packet } from './packet.ts';

const sipPort = 5060;

/** Session Initiation Protocol, a datagram. RFC 3261. */
export const decode = (bytes: Uint8Array): HttpHead => decodeHttpHead(bytes, true);

/** The first message of a stream. RFC 3261 §18.3. Undefined while its head is not whole. */
export function decodeStream(bytes: Uint8Array): HttpHead | undefined {
  const head = decodeHttpHead(bytes);
  return head?.isComplete === true ? head : undefined;
}

/** A field by its name or compact form. RFC 3261 §7.3.3. */
const field = (m: HttpHead, name: string, short: string): string => m.headers.get(name) ?? m.headers.get(short) ?? '';

/**
 * User agents say what they are; proxies pass that on, so it is the sender's only when no other has touched the message: a request has one Via,
 * of the sender's address or of a name, and the Contact of a response is the sender. What answers REGISTER with one Via left is the registrar: the
 * Contact is then that of its client (RFC 3261 §10.3). Names and numbers of people are not looked at.
 */
export function observe(m: HttpHead, packet: Packet): readonly Said[] {
  const ip = packet.sourceIp;
  const version = m.start.version;
  if (version !== 'SIP/2.0' || ip === undefined || !packet.isOwnAddress) return [];
  const contact = field(m, 'contact', 'm');
  const via = field(m, 'via', 'v');
  const [vias, sentBy] = [countVias(m), hostOf(via, ' ')];
  const isOfRegistrar = vias === 1 && /\bREGISTER$/i.test(field(m, 'cseq', ''));
  const isDirect =
    m.start.kind === 'request' ? vias === 1 && (sentBy === ip || sentBy === '') : isOfRegistrar || hostOf(contact, '@', 'sip:') === ip;
  if (!isDirect) return [];
  const facts: Fact[] = [
    { kind: 'address', ip },
    { kind: 'service', protocol: packet.ipProtocol === ipProtocols.tcp ? 'tcp' : 'udp', port: packet.sourcePort, name: 'sip' },
  ];
  if (packet.sourcePort !== sipPort) facts.pop();
  const text = m.headers.get('user-agent') ?? m.headers.get('server') ?? '';
  if (text !== '') facts.push({ kind: 'description', text: text.slice(0, 255) });
  // RFC 5626 §4.1: the instance of a user agent, kept over restarts.
  const instance = contact.toLowerCase().indexOf('+sip.instance="<urn:uuid:');
  const uuid = instance < 0 ? undefined : uuidOf(contact.slice(instance + 16));
  if (uuid !== undefined) facts.push({ kind: 'identifier', scheme: 'uuid', value: uuid });
  return facts;
}

/** Via fields and the values in the first, which commas part. */
const countVias = (m: HttpHead): number =>
  m.names.filter(name => /^(?:via|v)$/i.test(name)).length + (field(m, 'via', 'v').includes(',') ? 1 : 0);

/** The host behind the first of the marks that occurs: an IPv4 address or an IPv6 one in brackets; empty when there is none. */
function hostOf(text: string, ...marks: readonly string[]): string {
  for (const mark of marks) {
    const at = text.indexOf(mark);
    const found = at < 0 ? null : /^\s*(?:\[([0-9a-f:]{2,39})\]|([0-9.]{7,15}))(?=[:;>\s,]|$)/i.exec(text.slice(at + mark.length));
    if (found !== null) return found[1]?.toLowerCase() ?? found[2] ?? '';
  }
  return '';
}

export const sip = collector({
  name: 'sip',
  spec: 'RFC 3261',
  matches: [udpPorts(sipPort), tcpStream(sipPort)],
  // Keep-alives (RFC 5626 §4.4.1 and others) are line ends, zeros or a few letters.
  // Empty lines may stand before the first one, RFC 3261 §7.5.
  wants: packet => {
    const first = packet.bytes[behindGap(packet)] ?? 0;
    return packet.end - packet.payload > 16 && first >= 0x41 && first <= 0x5a;
  },
  decode: (bytes, packet) => (packet.ipProtocol === ipProtocols.tcp ? decodeStream(bytes) : decode(bytes)),
  observe,
});
