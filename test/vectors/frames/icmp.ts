import * as b from './build.ts';

/** Origin: composed from RFC 792 and RFC 1256 §3 with invented addresses. */
const [router, host] = ['00:00:5e:00:53:02', '00:00:5e:00:53:01'];

export const icmpFrame = (body: Uint8Array, { ttl = 64, ip = '192.0.2.1' } = {}): Uint8Array =>
  b.ethernet(router, host, 0x0800, b.ipv4(ip, '192.0.2.10', 1, body, { ttl }));

const message = (type: number, code: number, ...rest: readonly b.Part[]): Uint8Array => b.bytes(type, code, 0, 0, ...rest);
const original = b.ipv4('192.0.2.10', '198.51.100.7', 17, b.udp(9, 9, b.bytes()));

export const icmpVectors = {
  'icmp-echo': icmpFrame(message(8, 0, b.u16(1), b.u16(1), 'ping')),
  'icmp-unreachable': icmpFrame(message(3, 1, b.u32(0), original)),
  'icmp-redirect': icmpFrame(message(5, 1, b.ip4('192.0.2.99'), original)),
  'icmp-router-advertisement': icmpFrame(message(9, 0, 2, 2, b.u16(1800), b.ip4('192.0.2.1'), b.u32(0), b.ip4('192.0.2.2'), b.u32(10))),
} satisfies { readonly [name: string]: Uint8Array };
