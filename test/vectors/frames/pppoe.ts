import * as b from './build.ts';

/** Origin: composed here from RFC 2516 §4, §5 and RFC 1661 §2 with invented names. */
export const [concentrator, subscriber] = ['00:00:5e:00:53:31', '00:00:5e:00:53:32'];
const tag = ([type, value]: readonly [number, b.Part]): Uint8Array => {
  const body = b.bytes(value);
  return b.bytes(b.u16(type), b.u16(body.length), body);
};
export const discovery = (code: number, ...tags: readonly (readonly [type: number, value: b.Part])[]): Uint8Array => {
  const body = b.bytes(tags.map(tag));
  return b.bytes(0x11, code, b.u16(0), b.u16(body.length), body);
};
export const offer = discovery(7, [0x0101, 'plant-line'], [0x0102, 'bras-north-2'], [0x0103, [1, 2, 3, 4]], [0x0104, [5, 6]]);

/** What PPP carries from the subscriber, with its protocol. */
export const session = (protocol: number, body: Uint8Array): Uint8Array =>
  b.ethernet(subscriber, concentrator, 0x8864, b.bytes(0x11, 0, b.u16(9), b.u16(body.length + 2), b.u16(protocol), body));
const telnet = b.tcp(23, 40_000, 0x18, b.bytes('Vendor Gate G-9\r\nlogin: '));

export const pppoeVectors: { readonly [name: string]: Uint8Array } = {
  'pppoe-offer': b.ethernet(concentrator, subscriber, 0x8863, offer),
  'pppoe-initiation': b.ethernet(subscriber, b.broadcast, 0x8863, discovery(9, [0x0101, ''], [0x0103, [1, 2, 3, 4]])),
  'pppoe-session': session(0x0021, b.ipv4('192.0.2.77', '198.51.100.1', 6, telnet)),
};
