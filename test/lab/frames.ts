/** Frames as an attacker writes them: nothing is checked, every field can be wrong. Pure. */

const hex = (text: string): readonly number[] => text.split(':').map(part => Number.parseInt(part, 16));
const ip = (text: string): readonly number[] => text.split('.').map(Number);
const u16 = (n: number): readonly number[] => [(n >> 8) & 255, n & 255];

export const everyone = 'ff:ff:ff:ff:ff:ff';

/** An Ethernet II frame; `tags` go between addresses and type, outer first: `[0x8100, 20]`. */
export function ethernet(
  to: string,
  from: string,
  type: number,
  payload: readonly number[],
  tags: readonly (readonly [number, number])[] = [],
) {
  return Uint8Array.from([
    ...hex(to),
    ...hex(from),
    ...tags.flatMap(([tpid, tci]) => [...u16(tpid), ...u16(tci)]),
    ...u16(type),
    ...payload,
  ]);
}

/** The same frame with tags put in. */
export function tagged(frame: Uint8Array, ...tags: readonly (readonly [number, number])[]): Uint8Array {
  return Uint8Array.from([...frame.subarray(0, 12), ...tags.flatMap(([tpid, tci]) => [...u16(tpid), ...u16(tci)]), ...frame.subarray(12)]);
}

type Arp = {
  readonly operation?: 1 | 2;
  readonly sender: string;
  readonly senderIp: string;
  readonly target?: string;
  readonly targetIp: string;
};

/** An ARP payload. RFC 826. */
export const arp = ({ operation = 1, sender, senderIp, target = '00:00:00:00:00:00', targetIp }: Arp): readonly number[] => [
  ...u16(1),
  ...u16(0x0800),
  6,
  4,
  ...u16(operation),
  ...hex(sender),
  ...ip(senderIp),
  ...hex(target),
  ...ip(targetIp),
];

type Ip4 = {
  readonly from: string;
  readonly to: string;
  readonly protocol: number;
  readonly options?: readonly number[];
  readonly fragment?: number;
};

/** An IPv4 packet with a right checksum. `fragment`: flags and offset as on the wire. RFC 791. */
export function ip4({ from, to, protocol, options = [], fragment = 0 }: Ip4, payload: readonly number[]): readonly number[] {
  const length = 20 + options.length;
  const head = [
    0x40 | (length / 4),
    0,
    ...u16(length + payload.length),
    0,
    1,
    ...u16(fragment),
    64,
    protocol,
    0,
    0,
    ...ip(from),
    ...ip(to),
    ...options,
  ];
  const sum = checksum(head);
  return [...head.slice(0, 10), ...u16(sum), ...head.slice(12), ...payload];
}

/** A UDP datagram without checksum (RFC 768 allows it over IPv4). */
export const udp = (from: number, to: number, payload: readonly number[]): readonly number[] => [
  ...u16(from),
  ...u16(to),
  ...u16(8 + payload.length),
  0,
  0,
  ...payload,
];

/** A TCP segment with no payload and checksum 0; `flags` as on the wire (2 SYN, 16 ACK). */
export const tcp = (from: number, to: number, flags = 2): readonly number[] => [
  ...u16(from),
  ...u16(to),
  0,
  0,
  0,
  1,
  0,
  0,
  0,
  0,
  0x50,
  flags,
  4,
  0,
  0,
  0,
  0,
  0,
];

type Dhcp = { readonly chaddr: string; readonly op?: 1 | 2; readonly giaddr?: string; readonly pad?: number; readonly hops?: number };

/** A DHCP message: DISCOVER, or OFFER when `op` is 2. RFC 2131 §2. */
export function dhcp({ chaddr, op = 1, giaddr = '0.0.0.0', pad = 0, hops = 0 }: Dhcp): readonly number[] {
  const fixed = [op, 1, 6, hops, 0x5a, 0x11, 0x90, 0x01, 0, 0, 0, 0, ...Array<number>(12).fill(0), ...ip(giaddr), ...hex(chaddr)];
  return [
    ...fixed,
    ...Array<number>(236 - fixed.length).fill(0),
    0x63,
    0x82,
    0x53,
    0x63,
    53,
    1,
    op === 1 ? 1 : 2,
    255,
    ...Array<number>(pad).fill(0),
  ];
}

const linkLocal = [0xfe, 0x80, ...Array<number>(13).fill(0), 2];
const allNodes = [0xff, 2, ...Array<number>(13).fill(0), 1];

/** ICMPv6 in IPv6 to a group; the checksum is not right, which no bridge looks at. RFC 8200, RFC 4861. */
export const icmp6 = (type: number, body: readonly number[] = Array<number>(12).fill(0)): readonly number[] => [
  ...u16(0x6000),
  ...u16(0),
  ...u16(4 + body.length),
  58,
  255,
  ...linkLocal,
  ...allNodes,
  type,
  0,
  0,
  0,
  ...body,
];

/** Internet checksum. RFC 1071. */
function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
