import { Reader } from '../gateway/codec/reader.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, tcpOpening } from './collector.ts';
import { type Packet, tcpFlags } from './packet.ts';
import { Remembered } from './remembered.ts';

/** Option kinds, RFC 9293 §3.2, RFC 7323 §2.2. */
const [endOfOptions, noOperation, windowScale] = [0, 1, 3];
/** Times to live that systems set: the next one above what is seen is taken. */
const initialTtls = [32, 64, 128, 255] as const;

/** The first segment of a TCP connection, and its answer: options in their order. RFC 9293 §3.1. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'TCP');
  r.skip(12); // ports, sequence and acknowledgement number
  const header = (r.u8() >> 4) * 4;
  const flags = r.u8();
  r.skip(6); // window, checksum, urgent pointer
  if (header < 20) throw r.fault(`header of ${header} bytes`);
  return { flags, ...optionsOf(r.take(header - 20)) };
}

/** What options say, by their bytes: few stacks have few shapes. */
const shapes = new Remembered<{ readonly options: readonly number[]; readonly scale: number }>(256);

const optionsOf = (bytes: Uint8Array) => shapes.of(bytes, () => decodeOptions(bytes));

function decodeOptions(bytes: Uint8Array) {
  const o = new Reader(bytes, 'TCP: options');
  const options: number[] = [];
  let scale = 0;
  while (o.left > 0) {
    const kind = o.u8();
    options.push(kind);
    if (kind === endOfOptions) break;
    if (kind === noOperation) continue;
    const length = o.u8();
    if (length < 2) throw o.fault(`option ${kind} of ${length} bytes`);
    const value = new Reader(o.take(length - 2), 'TCP: option');
    if (kind === windowScale) scale = value.u8();
  }
  return { options, scale };
}

/**
 * The print of the sender's stack: IP version, first time to live, options in order, window scale. Window and segment size are left out:
 * programs and links change them. A segment without options tells nothing of a stack.
 */
export function observe({ flags, options, scale }: ReturnType<typeof decode>, packet: Packet): readonly Fact[] {
  if (options.length === 0) return [];
  const ttl = initialTtls.find(first => packet.ttl <= first) ?? 255;
  const value = `${packet.ipVersion}:${ttl}:${options.join(',')}:${scale}`;
  return [{ kind: 'print', scheme: (flags & tcpFlags.ack) === 0 ? 'tcp-syn' : 'tcp-syn-ack', value }];
}

export const tcpSyn = collector({
  name: 'tcp-syn',
  spec: 'RFC 9293 §3.1',
  matches: tcpOpening,
  isProtocol: false,
  decode,
  observe,
});
