import { hexAt } from '../gateway/codec/address-at.ts';
import { mayBeInitial, openInitials, type QuicInitial } from '../gateway/codec/quic.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { type ClientHello, decodeClientHello, handshakeTypes } from '../gateway/codec/tls.ts';
import { ofWhole } from '../gateway/codec/whole.ts';
import type { Millis } from '../gateway/model/address.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import { Held, senderOf } from './held.ts';
import type { Packet } from './packet.ts';
import { PerSensor } from './questions.ts';
import type { Room } from './rebuilt.ts';
import { tcpServiceName } from './service-names.ts';
import { StreamStart } from './stream-start.ts';
import { clientFacts } from './tls.ts';

/** HTTP/3 and its usual other ports, DNS over QUIC (RFC 9250 §4.1.1 and the one before it). */
const ports: readonly number[] = [443, 853, 784, 4433, 4434, 4443, 8443];
/** A client fills up the datagrams of its Initial packets to so many bytes. RFC 9000 §14.1. */
const smallest = 1200;
/** Caps: hellos that wait for their next packet, in all and of one sender, and how long they wait, frame time. */
const room: Room = { inAll: 64, perSender: 8, ageMillis: 10_000 };
/** Datagrams that are opened within a second of frame time, in all and of one sender: each takes about a tenth of a millisecond. */
const [maxPerSecond, maxOfSender] = [128, 24];

/** The ClientHellos of one sensor. A hello with post-quantum keys takes two packets. */
export class QuicHellos {
  /** By sender, port and connection. */
  readonly #waiting = new Held<StreamStart>(room);
  /** Datagrams opened in the present second, by sender: at most `maxPerSecond` entries. */
  readonly #opened = new Map<number, number>();
  #openedInAll = 0;
  #second = 0;

  /** Hellos that wait, for tests. */
  get size(): number {
    return this.#waiting.size;
  }

  /** The hello that this datagram completes. Throws DecodeError. */
  add(packet: Packet, datagram: Uint8Array): ClientHello | undefined {
    if (!this.#mayOpen(senderOf(packet), packet.at)) return undefined;
    let hello: ClientHello | undefined;
    for (const initial of openInitials(datagram)) hello ??= this.#join(packet, initial);
    return hello;
  }

  #mayOpen(sender: number, at: Millis): boolean {
    const second = Math.floor(at / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#openedInAll = 0;
      this.#opened.clear();
    }
    const own = this.#opened.get(sender) ?? 0;
    if (own >= maxOfSender || this.#openedInAll >= maxPerSecond) return false;
    this.#opened.set(sender, own + 1);
    this.#openedInAll++;
    return true;
  }

  #join(packet: Packet, { connection, pieces }: QuicInitial): ClientHello | undefined {
    if (pieces.length === 0) return undefined;
    const key = `${senderOf(packet)} ${packet.sourcePort} ${hexAt(connection, 0, connection.length)}`;
    const start = this.#waiting.find(key, packet) ?? new StreamStart();
    this.#waiting.forget(key);
    for (const { offset, bytes } of pieces) start.add(offset, bytes);
    const hello = helloOf(start.bytes);
    if (hello === undefined) this.#waiting.keep(key, packet, start);
    return hello;
  }
}

/** TLS without records: RFC 9001 §4.1.3. Undefined while it is not whole. */
function helloOf(bytes: Uint8Array): ClientHello | undefined {
  if (bytes.length < 4) return undefined;
  const r = new Reader(bytes, 'QUIC handshake');
  const type = r.u8();
  if (type !== handshakeTypes.clientHello) throw r.fault(`type ${type}`);
  const length = r.u8() * 0x10000 + r.u16();
  if (length > r.left) return undefined;
  return ofWhole(() => decodeClientHello(r.take(length)));
}

const hellos = new PerSensor(() => new QuicHellos());

/** The ClientHello of a QUIC connection, out of Initial packets, which anybody can open; or that a server answers. RFC 9000 §17.2.2, RFC 9001 §4, §5.2. */
export function decode(bytes: Uint8Array, packet: Packet, of: QuicHellos = hellos.of(packet)) {
  const isClient = ports.includes(packet.targetPort);
  if (!isClient || !packet.isOwnAddress) return { isClient };
  const client = of.add(packet, bytes);
  return client === undefined ? { isClient } : { isClient, client };
}

/** As of TLS over TCP; a server shows that it is one. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (m.client !== undefined) return clientFacts(m.client, 'quic');
  if (m.isClient || !packet.isOwnAddress) return [];
  return [{ kind: 'service', protocol: 'udp', port: packet.sourcePort, name: tcpServiceName(packet.sourcePort) ?? 'quic' }];
}

function wants(packet: Packet): boolean {
  const { bytes: b, payload: i, end } = packet;
  if (end - i < 5 || (b[i] ?? 0) < 0xc0) return false;
  if (ports.includes(packet.targetPort) && end - i < smallest) return false;
  const version = (((b[i + 1] ?? 0) << 24) | ((b[i + 2] ?? 0) << 16) | ((b[i + 3] ?? 0) << 8) | (b[i + 4] ?? 0)) >>> 0;
  return mayBeInitial(b[i] ?? 0, version);
}

/** All that a server shows is that it is one. */
const sameAs = ({ targetPort, sourcePort }: Packet): number => (ports.includes(targetPort) ? 0 : sourcePort);

export const quic = collector({
  name: 'quic',
  spec: 'RFC 9000, RFC 9001',
  matches: udpPorts(...ports),
  wants,
  sameAs,
  decode: (bytes, packet) => decode(bytes, packet),
  observe,
});
