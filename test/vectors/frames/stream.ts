import * as b from './build.ts';

/** Origin: composed here from RFC 9293 with invented addresses. Two hosts of one LAN, and what they send each other over TCP. */
export const client = { mac: '00:00:5e:00:53:21', ip: '192.0.2.33' } as const;
export const host = { mac: '00:00:5e:00:53:22', ip: '192.0.2.34' } as const;
export type End = { readonly mac: string; readonly ip: string };
const [syn, synAck, pushAck] = [2, 18, 24];

type Ports = { readonly port: number; readonly from?: number };
type Segment = Ports & {
  readonly source: End;
  readonly target: End;
  readonly isFromServer: boolean;
  readonly sequence: number;
  readonly flags: number;
  readonly body?: Uint8Array;
  readonly ttl?: number;
};

const tcp = ({ port, from = 40_000, isFromServer, sequence, flags, body = b.bytes() }: Segment): Uint8Array =>
  b.bytes(
    isFromServer ? [b.u16(port), b.u16(from)] : [b.u16(from), b.u16(port)],
    [b.u32(sequence), b.u32(1), 0x50, flags, b.u16(1024), b.u16(0), b.u16(0)],
    body,
  );

export const segment = (s: Segment): Uint8Array =>
  b.ethernet(s.source.mac, s.target.mac, 0x0800, b.ipv4(s.source.ip, s.target.ip, 6, tcp(s), { ttl: s.ttl ?? 64 }));

/** One segment with data of a stream whose opening was not seen. */
export const fromClient = (port: number, body: Uint8Array, over: Partial<Segment> = {}): Uint8Array =>
  segment({ port, source: client, target: host, isFromServer: false, sequence: 1, flags: pushAck, body, ...over });
export const fromServer = (port: number, body: Uint8Array, over: Partial<Segment> = {}): Uint8Array =>
  segment({ port, source: host, target: client, isFromServer: true, sequence: 1, flags: pushAck, body, ...over });

export const opening = (port: number): readonly Uint8Array[] => [
  segment({ port, source: client, target: host, isFromServer: false, sequence: 0, flags: syn }),
  segment({ port, source: host, target: client, isFromServer: true, sequence: 0, flags: synAck }),
];

/** An opened stream: what each side sends, cut into segments of `size` bytes. */
export function conversation(
  port: number,
  sent: { readonly client?: Uint8Array; readonly server?: Uint8Array },
  size = 1400,
): readonly Uint8Array[] {
  const cut = (body: Uint8Array, make: typeof fromClient): readonly Uint8Array[] =>
    Array.from({ length: Math.ceil(body.length / size) }, (_, i) =>
      make(port, body.subarray(i * size, (i + 1) * size), { sequence: 1 + i * size }),
    );
  return [...opening(port), ...cut(sent.client ?? b.bytes(), fromClient), ...cut(sent.server ?? b.bytes(), fromServer)];
}
