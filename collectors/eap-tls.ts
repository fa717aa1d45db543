import { Reader } from '../gateway/codec/reader.ts';
import { type ClientHello, decodeClientHello, decodeHandshakeStart, handshakeTypes, ownCertificate } from '../gateway/codec/tls.ts';
import { ofWhole } from '../gateway/codec/whole.ts';
import { type Certificate, decodeCertificate } from '../gateway/codec/x509.ts';
import { collector, etherType, type Said } from './collector.ts';
import { eapCodes, eapolType, packetTypes } from './eapol.ts';
import { Held, senderOf } from './held.ts';
import type { Packet } from './packet.ts';
import { PerSensor } from './questions.ts';
import type { Room } from './rebuilt.ts';
import { maxStart, StreamStart } from './stream-start.ts';
import { clientFacts } from './tls.ts';
import { certificateFact } from './tls-certificate.ts';

/** Methods that carry TLS in fragments of one form: TLS, TTLS, PEAP, FAST, TEAP. RFC 5216, RFC 5281 §9.1, RFC 4851 §4.1, RFC 7170 §4.1. */
const methods: readonly number[] = [13, 21, 25, 43, 55];
/** RFC 5216 §3.1; the last is TEAP's: a length more, of what is no TLS. The low bits are versions. */
const flagsOf = { length: 0x80, more: 0x40, start: 0x20, outer: 0x10 } as const;
const teap = 55;
const handshakeRecord = 22;

/** Caps: messages that wait for their next fragment, in all and of one sender, and how long they wait, frame time. Each holds at most `maxStart` bytes. */
const room: Room = { inAll: 64, perSender: 8, ageMillis: 60_000 };

type Fragment = {
  readonly code: number;
  readonly id: number;
  readonly isStart: boolean;
  readonly goesOn: boolean;
  readonly data: Uint8Array;
};
/** What came so far, with the id of the latest fragment. */
type Waiting = { readonly id: number; readonly start: StreamStart };

/** TLS messages of one sensor that come in fragments. */
export class EapMessages {
  /** By who speaks to whom. */
  readonly #waiting = new Held<Waiting>(room);

  /** Messages that wait, for tests. */
  get size(): number {
    return this.#waiting.size;
  }

  /** The message that this fragment ends, or as much of it as is kept; undefined while more is to come. */
  add(packet: Packet, { code, id, isStart, goesOn, data }: Fragment): Uint8Array | undefined {
    const key = `${senderOf(packet)} ${packet.target} ${code}`;
    const known = this.#waiting.find(key, packet);
    if (known?.id === id) return undefined; // sent again: RFC 3748 §4.1
    // What has no data starts the method, or asks for the next fragment.
    if (isStart || data.length === 0 || (known === undefined && data[0] !== handshakeRecord)) return undefined;
    this.#waiting.forget(key);
    const { start } = known ?? { start: new StreamStart() };
    start.add(start.length, data);
    if (!goesOn || start.length >= maxStart) return start.bytes;
    this.#waiting.keep(key, packet, { id, start });
    return undefined;
  }
}

/** One fragment out of an EAPOL frame that `wants` took. */
function fragmentOf(bytes: Uint8Array): Fragment {
  const frame = new Reader(bytes, 'EAPOL');
  frame.skip(2);
  const body = new Reader(frame.take(frame.u16()), 'EAP');
  const [code, id, length] = [body.u8(), body.u8(), body.u16()];
  if (length < 6) throw body.fault(`length ${length}`);
  const r = new Reader(body.take(length - 4), 'EAP-TLS');
  const [method, flags] = [r.u8(), r.u8()];
  if ((flags & flagsOf.length) !== 0) r.skip(4);
  const isOuter = method === teap && (flags & flagsOf.outer) !== 0;
  if (isOuter) r.skip(4);
  const data = isOuter ? new Uint8Array(0) : r.rest();
  return { code, id, isStart: (flags & flagsOf.start) !== 0, goesOn: (flags & flagsOf.more) !== 0, data };
}

const messages = new PerSensor(() => new EapMessages());

type Shown = { readonly role: 'client' | 'server'; readonly client?: ClientHello; readonly certificate?: Certificate };

/** How a supplicant says hello, and the certificate that it or its authenticator shows where TLS is below 1.3: RFC 5216 §2.1. Nothing in it is verified. */
export function decode(bytes: Uint8Array, packet: Packet, of: EapMessages = messages.of(packet)): Shown {
  const fragment = fragmentOf(bytes);
  const role = fragment.code === eapCodes.response ? 'client' : 'server';
  const whole = of.add(packet, fragment);
  const shown = whole === undefined ? [] : decodeHandshakeStart(whole).messages;
  const hello = role === 'client' ? shown.find(({ type }) => type === handshakeTypes.clientHello) : undefined;
  const chain = shown.find(({ type }) => type === handshakeTypes.certificate);
  return ofWhole(() => {
    const der = chain && ownCertificate(chain.body);
    return {
      role,
      ...(hello === undefined ? {} : { client: decodeClientHello(hello.body) }),
      ...(der === undefined ? {} : { certificate: decodeCertificate(der.slice()) }),
    };
  });
}

const observe = (m: Shown): readonly Said[] => [...(m.client === undefined ? [] : clientFacts(m.client, 'eap')), ...certificateFact(m)];

function wants({ bytes: b, payload: i }: Packet): boolean {
  const code = b[i + 4];
  return b[i + 1] === packetTypes.eap && (code === eapCodes.request || code === eapCodes.response) && methods.includes(b[i + 8] ?? 0);
}

export const eapTls = collector({
  name: 'eap-tls',
  spec: 'RFC 5216',
  matches: etherType(eapolType),
  isProtocol: false,
  wants,
  decode: (bytes, packet) => decode(bytes, packet),
  observe,
});
