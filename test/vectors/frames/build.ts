import type { Frame } from '../../../gateway/model/frame.ts';

/** Builders of test frames, written from the RFCs; everything that the tests decode is made here or stands in `index.ts` as a literal. */
export type Part = number | string | Uint8Array | readonly Part[];
const flat = (part: Part): readonly number[] => {
  if (typeof part === 'number') return [part];
  if (typeof part === 'string') return [...new TextEncoder().encode(part)];
  return part instanceof Uint8Array ? [...part] : part.flatMap(flat);
};
/** Numbers are bytes, text is UTF-8, lists are flattened. */
export const bytes = (...parts: readonly Part[]): Uint8Array => Uint8Array.from(parts.flatMap(flat));
export const u16 = (n: number): readonly number[] => [(n >> 8) & 255, n & 255];
export const u32 = (n: number): readonly number[] => [...u16(n >>> 16), ...u16(n)];
export const mac = (text: string): readonly number[] => text.split(':').map(part => Number.parseInt(part, 16));
export const ip4 = (text: string): readonly number[] => text.split('.').map(Number);
/** Full form only: eight groups. */
export const ip6 = (text: string): readonly number[] => text.split(':').flatMap(group => u16(Number.parseInt(group, 16)));

export const broadcast = 'ff:ff:ff:ff:ff:ff';
export const mdnsMac = '01:00:5e:00:00:fb';

export const ethernet = (source: string, target: string, type: number, body: Uint8Array): Uint8Array =>
  bytes(mac(target), mac(source), u16(type), body);

export const tagged = (
  source: string,
  target: string,
  tags: readonly (readonly [type: number, vlan: number])[],
  type: number,
  body: Uint8Array,
) =>
  bytes(
    mac(target),
    mac(source),
    tags.map(([t, vlan]) => [u16(t), u16(vlan)]),
    u16(type),
    body,
  );

/** `fragment`: the flags and offset word of the header. Checksums are 0: nobody looks at them. */
export const ipv4 = (
  source: string,
  target: string,
  protocol: number,
  body: Uint8Array,
  { ttl = 64, options = [] as readonly number[], fragment = 0 } = {},
): Uint8Array =>
  bytes(
    0x45 + options.length / 4,
    0,
    u16(20 + options.length + body.length),
    u16(7),
    u16(fragment),
    ttl,
    protocol,
    u16(0),
    ip4(source),
    ip4(target),
    options,
    body,
  );

/** `extensions`: type and bytes of each extension header; byte 0 of the bytes is filled in with the next type. */
export const ipv6 = (
  source: string,
  target: string,
  protocol: number,
  body: Uint8Array,
  extensions: readonly (readonly [type: number, body: readonly number[]])[] = [],
  hopLimit = 64,
): Uint8Array => {
  const chain = extensions.flatMap(([, ext], i) => [extensions[i + 1]?.[0] ?? protocol, ...ext.slice(1)]);
  return bytes(
    0x60,
    0,
    0,
    0,
    u16(chain.length + body.length),
    extensions[0]?.[0] ?? protocol,
    hopLimit,
    ip6(source),
    ip6(target),
    chain,
    body,
  );
};

export const udp = (source: number, target: number, body: Uint8Array): Uint8Array =>
  bytes(u16(source), u16(target), u16(8 + body.length), u16(0), body);

export const tcp = (source: number, target: number, flags: number, body: Uint8Array = bytes()): Uint8Array =>
  bytes(u16(source), u16(target), u32(1), u32(1), 0x50, flags, u16(1024), u16(0), u16(0), body);

export const arp = (operation: number, sha: string, spa: string, tha: string, tpa: string): Uint8Array =>
  bytes(u16(1), u16(0x0800), 6, 4, u16(operation), mac(sha), ip4(spa), mac(tha), ip4(tpa));

export type Dhcp = {
  readonly op: 1 | 2;
  readonly chaddr: string;
  readonly options: readonly (readonly [code: number, value: Uint8Array | readonly number[] | string])[];
  readonly ciaddr?: string;
  readonly yiaddr?: string;
  readonly giaddr?: string;
  readonly sname?: Uint8Array;
  readonly file?: Uint8Array;
};
export const option = ([code, value]: Dhcp['options'][number]): Uint8Array => {
  const body = bytes(value);
  return bytes(code, body.length, body);
};
export const dhcp = ({ op, chaddr, options, ciaddr = '0.0.0.0', yiaddr = '0.0.0.0', giaddr = '0.0.0.0', sname, file }: Dhcp): Uint8Array =>
  bytes(
    [op, 1, 6, 0, u32(0x1234), u16(0), u16(0), ip4(ciaddr), ip4(yiaddr), ip4('0.0.0.0'), ip4(giaddr)],
    [mac(chaddr), new Uint8Array(10), sname ?? new Uint8Array(64), file ?? new Uint8Array(128), u32(0x63825363)],
    options.map(option),
    255,
  );

/** `body` padded with zeros to `length`, for the fields sname and file. */
export const padded = (length: number, body: Uint8Array): Uint8Array => bytes(body, new Uint8Array(length - body.length));

/** A frame on port `p1`. */
export const frame = (body: Uint8Array, over: Partial<Frame> = {}): Frame => ({
  number: 1,
  at: 1_700_000_000_000,
  port: 'p1',
  bytes: body,
  wireLength: body.length,
  ...over,
});
