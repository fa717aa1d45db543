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
  const o = r.part(header - 20, 'TCP: options');
  const options: number[] = [];
  let scale = 0;
  while (o.left > 0) {
    const kind = o.u8();
    options.push(kind);
    if (kind === endOfOptions) break;
    if (kind === noOperation) continue;
    const length = o.u8();
    if (length < 2) throw o.fault(`option ${kind} of ${length} bytes`);
    if (kind === windowScale) scale = o.part(length - 2, 'TCP: option').u8();
    else o.skip(length - 2);
  }
  return { flags, options, scale };
}

/** What was said of each shape: few stacks have few. The shape stands in `shape`: version, time to live, flags, scale and options. */
const prints = new Remembered<readonly Fact[]>(256);
const maxShape = 44;
const shape = new Uint8Array(maxShape);

/**
 * The print of the sender's stack: IP version, first time to live, options in order, window scale. Window and segment size are left out:
 * programs and links change them. A segment without options tells nothing of a stack.
 */
export function observe({ flags, options, scale }: ReturnType<typeof decode>, packet: Packet): readonly Fact[] {
  if (options.length === 0) return none;
  const isAnswer = (flags & tcpFlags.ack) !== 0;
  const ttl = initialTtls.find(first => packet.ttl <= first) ?? 255;
  shape[0] = packet.ipVersion;
  shape[1] = ttl;
  shape[2] = isAnswer ? 1 : 0;
  shape[3] = scale;
  for (let i = 0; i < options.length; i++) shape[4 + i] = options[i] ?? 0;
  return prints.of(shape.subarray(0, 4 + options.length), () => [
    { kind: 'print', scheme: isAnswer ? 'tcp-syn-ack' : 'tcp-syn', value: `${packet.ipVersion}:${ttl}:${options.join(',')}:${scale}` },
  ]);
}

const none: readonly Fact[] = [];

export const tcpSyn = collector({
  name: 'tcp-syn',
  spec: 'RFC 9293 §3.1',
  matches: tcpOpening,
  isProtocol: false,
  decode,
  observe,
});
