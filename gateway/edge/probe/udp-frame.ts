import type { Ip, Mac } from '../../model/address.ts';

export type UdpFrom = { readonly mac: Mac; readonly ip: Ip; readonly port: number };

/**
 * A datagram to a group or broadcast address as a whole frame, so that it leaves by chosen ports. The hardware address is the group's
 * (RFC 1112 §6.4), else everybody's. TTL 1: it stays on this link.
 */
export function udpFrame(from: UdpFrom, to: { readonly ip: Ip; readonly port: number }, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(42 + payload.length);
  const view = new DataView(frame.buffer);
  const [source, destination] = [octets(from.ip), octets(to.ip)];
  const [a = 0, b = 0, c = 0, d = 0] = destination;
  frame.set(a >= 224 && a < 240 ? [0x01, 0x00, 0x5e, b & 0x7f, c, d] : [255, 255, 255, 255, 255, 255], 0);
  frame.set(
    from.mac.split(':').map(part => Number.parseInt(part, 16)),
    6,
  );
  view.setUint16(12, 0x0800);
  // IPv4 (RFC 791 §3.1): no options, do not fragment.
  view.setUint8(14, 0x45);
  view.setUint16(16, 28 + payload.length);
  view.setUint16(20, 0x4000);
  view.setUint8(22, 1);
  view.setUint8(23, 17);
  frame.set(source, 26);
  frame.set(destination, 30);
  view.setUint16(24, checksum(frame.subarray(14, 34)));
  // UDP (RFC 768); its checksum covers a pseudo header of addresses, protocol and length.
  view.setUint16(34, from.port);
  view.setUint16(36, to.port);
  view.setUint16(38, 8 + payload.length);
  frame.set(payload, 42);
  const pseudo = Uint8Array.from([...source, ...destination, 0, 17, (8 + payload.length) >> 8, (8 + payload.length) & 255]);
  view.setUint16(40, checksum(pseudo, frame.subarray(34)) || 0xffff);
  return frame;
}

const octets = (ip: Ip): readonly number[] => ip.split('.').map(Number);

/** RFC 1071; an odd last byte counts as the high one. All parts but the last have an even length. */
function checksum(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) for (let n = 0; n < part.length; n += 2) sum += ((part[n] ?? 0) << 8) | (part[n + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
