import { type BerElement, berInteger, berNext, berOpen } from '../gateway/codec/ber.ts';
import { netbiosName } from '../gateway/codec/netbios.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import { ofWhole } from '../gateway/codec/whole.ts';
import { collector, type Said, tcpStream, udpPorts } from './collector.ts';
import { ipProtocols, type Packet } from './packet.ts';

const kerberosPort = 88;
/** Application tags of RFC 4120 §5.10: what a client asks for at first, and what a server answers. */
const [asRequest, asReply, tgsReply, errorReply] = [0x6a, 0x6b, 0x6d, 0x7e];
const replies: readonly number[] = [asReply, tgsReply, errorReply];
/** Fields of the request and of its body, of a principal's name, and of an address: RFC 4120 §5.2.2, §5.2.5, §5.4.1. */
const [sequence, body, clientName, addresses] = [0x30, 0xa4, 0xa1, 0xa9];
const netbiosAddress = 20;
/** Longest request that is read, and elements of a list. Bytes; number. */
const [maxRequest, maxList] = [16_000, 16];

/**
 * By what machine a ticket is asked for: Windows says its NetBIOS name with the request, and a machine that asks for itself is called like that. RFC 4120 §5.4.1, §7.1.
 * Over TCP four bytes of length come first (§7.2.2): undefined while it is not whole. Who logs in is not looked at.
 */
export function decode(bytes: Uint8Array, isStream: boolean): { readonly isReply: boolean; readonly machine: string } | undefined {
  const r = new Reader(bytes, 'Kerberos');
  if (isStream) {
    const length = r.u32();
    if (length > maxRequest) throw r.fault(`length ${length}`);
    if (replies.includes(bytes[4] ?? 0)) return { isReply: true, machine: '' };
    if (length > r.left) return undefined;
  } else if (replies.includes(bytes[0] ?? 0)) return { isReply: true, machine: '' };
  return ofWhole(() => {
    const request = fieldsOf(berOpen(berOpen(r, asRequest, 'Kerberos request'), sequence, 'Kerberos request'));
    const found = fieldsOf(open(request.get(body)));
    const machine = netbiosOf(found.get(addresses)) ?? accountOf(found.get(clientName)) ?? '';
    return { isReply: false, machine };
  });
}

/** Each field of a sequence by its tag. */
function fieldsOf(r: Reader | undefined): ReadonlyMap<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  for (const { tag, content } of elementsOf(r)) found.set(tag, content);
  return found;
}

function elementsOf(r: Reader | undefined): readonly BerElement[] {
  const found: BerElement[] = [];
  while (r !== undefined && r.left > 0 && found.length < maxList) found.push(berNext(r));
  return found;
}

/** The sequence in a field. */
const open = (field: Uint8Array | undefined): Reader | undefined =>
  field === undefined ? undefined : berOpen(new Reader(field, 'Kerberos field'), sequence, 'Kerberos field');
/** The one element in a field. */
const only = (field: Uint8Array | undefined): Uint8Array =>
  field === undefined ? new Uint8Array(0) : berNext(new Reader(field, 'Kerberos field')).content;

/** RFC 4120 §7.5.3: 16 bytes as NetBIOS has them, filled with spaces. */
function netbiosOf(field: Uint8Array | undefined): string | undefined {
  for (const { content } of elementsOf(open(field))) {
    const address = fieldsOf(new Reader(content, 'Kerberos address'));
    const value = only(address.get(0xa1));
    if (berInteger(only(address.get(0xa0)), 'Kerberos address type') !== netbiosAddress || value.length !== 16) continue;
    const { text } = netbiosName(value);
    if (text !== '') return text;
  }
  return undefined;
}

/** The account of a machine ends in `$`, [MS-SAMR] §3.1.1.8.1. */
function accountOf(field: Uint8Array | undefined): string | undefined {
  const names = elementsOf(open(fieldsOf(open(field)).get(0xa1)));
  const [first] = names;
  const name = first === undefined || names.length !== 1 ? '' : decodeText(first.content);
  return /^[^$\s/@]{1,64}\$$/.test(name) ? name.slice(0, -1) : undefined;
}

export function observe(m: NonNullable<ReturnType<typeof decode>>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  const protocol = packet.ipProtocol === ipProtocols.tcp ? 'tcp' : 'udp';
  if (m.isReply) return [{ kind: 'service', protocol, port: kerberosPort, name: 'kerberos' }];
  return m.machine === '' ? [] : [{ kind: 'hostname', name: m.machine }];
}

function wants({ bytes: b, payload: i, ipProtocol, sourcePort, targetPort }: Packet): boolean {
  const tag = b[ipProtocol === ipProtocols.tcp ? i + 4 : i] ?? 0;
  return (targetPort === kerberosPort && tag === asRequest) || (sourcePort === kerberosPort && replies.includes(tag));
}

export const kerberos = collector({
  name: 'kerberos',
  spec: 'RFC 4120',
  matches: [udpPorts(kerberosPort), tcpStream(kerberosPort)],
  wants,
  decode: (bytes, { ipProtocol }) => decode(bytes, ipProtocol === ipProtocols.tcp),
  observe,
});
