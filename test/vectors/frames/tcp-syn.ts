import * as b from './build.ts';

/** Origin: composed from RFC 9293 §3.1 and RFC 7323; the option orders are those that Linux and Windows send, measured in the lab. */
const [pc, server] = ['00:00:5e:00:53:01', '00:00:5e:00:53:02'];
const [syn, synAck] = [2, 18];

/** Header of a segment with these options; padded to whole words with end-of-options. */
export function segment(from: number, to: number, flags: number, options: readonly number[]): Uint8Array {
  const padded = [...options, ...Array.from({ length: (4 - (options.length % 4)) % 4 }, () => 0)];
  const offset = (5 + padded.length / 4) << 4;
  return b.bytes(b.u16(from), b.u16(to), b.u32(1), b.u32(0), offset, flags, b.u16(64_240), b.u16(0), b.u16(0), padded);
}

/** Such a segment on its way to a server. */
export const opening = (flags: number, options: readonly number[], { ttl = 64, source = pc } = {}): Uint8Array =>
  b.ethernet(source, server, 0x0800, b.ipv4('192.0.2.10', '192.0.2.1', 6, segment(40_000, 443, flags, options), { ttl }));

export const linux = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7] as const;
export const windows = [2, 4, 5, 180, 1, 3, 3, 8, 1, 1, 4, 2] as const;

export const tcpSynVectors: Readonly<Record<string, Uint8Array>> = {
  'tcp-syn-linux': opening(syn, linux),
  'tcp-syn-windows': opening(syn, windows, { ttl: 128 }),
  'tcp-syn-ack': opening(synAck, linux),
};
