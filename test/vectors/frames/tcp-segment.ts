import * as b from './build.ts';
import { plc, server } from './index.ts';

export const flags = { fin: 1, syn: 2, rst: 4, push: 8, ack: 16 } as const;

export type Endpoint = readonly [mac: string, ip: string, port: number];

export type Segment = {
  readonly sequence: number;
  readonly flags?: number;
  readonly body?: Uint8Array | string;
  readonly from?: Endpoint;
  readonly to?: Endpoint;
  readonly ttl?: number;
  readonly window?: number;
  /** Padded to four bytes by the caller. */
  readonly options?: readonly number[];
};

/** The client and server of the examples. */
export const client: Endpoint = [server, '192.0.2.1', 40_000];
export const host: Endpoint = [plc, '192.0.2.10', 9999];

/** An Ethernet frame with one TCP segment over IPv4. RFC 9293 §3.1. Sequence numbers wrap around. */
export function segment({
  sequence,
  flags: f = flags.ack,
  body = '',
  from,
  to,
  ttl = 64,
  window = 1024,
  options = [],
}: Segment): Uint8Array {
  const [source, target] = [from ?? client, to ?? host];
  const header = b.bytes(
    b.u16(source[2]),
    b.u16(target[2]),
    b.u32(sequence >>> 0),
    b.u32(1),
    (5 + options.length / 4) << 4,
    f,
    b.u16(window),
  );
  const tcp = b.bytes(header, b.u32(0), options, body);
  return b.ethernet(source[0], target[0], 0x0800, b.ipv4(source[1], target[1], 6, tcp, { ttl }));
}
