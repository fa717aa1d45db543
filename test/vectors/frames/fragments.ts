import * as b from './build.ts';

/** What routers and hosts make of a datagram that is too long: an untagged frame of IPv4 in parts of so many bytes of data. RFC 791 §3.2. */
export function fragments4(frame: Uint8Array, size: number, id = 7): readonly Uint8Array[] {
  const header = ((frame[14] ?? 0) & 15) * 4;
  // What stands behind the packet is padding of the frame.
  const data = frame.subarray(14 + header, 14 + (((frame[16] ?? 0) << 8) | (frame[17] ?? 0)));
  return pieces(data.length, size).map(([from, to]) => {
    const ip = frame.slice(14, 14 + header);
    ip.set([...b.u16(header + to - from), ...b.u16(id), ...b.u16((to < data.length ? 0x2000 : 0) | (from >> 3))], 2);
    return b.bytes(frame.subarray(0, 14), ip, data.subarray(from, to));
  });
}

/** The same of IPv6 without extension headers. RFC 8200 §4.5. */
export function fragments6(frame: Uint8Array, size: number, id = 7): readonly Uint8Array[] {
  const data = frame.subarray(54, 54 + (((frame[18] ?? 0) << 8) | (frame[19] ?? 0)));
  return pieces(data.length, size).map(([from, to]) => {
    const ip = frame.slice(14, 54);
    ip.set([...b.u16(8 + to - from), 44], 4);
    const fragment = b.bytes(frame[20] ?? 0, 0, b.u16(from | (to < data.length ? 1 : 0)), b.u32(id));
    return b.bytes(frame.subarray(0, 14), ip, fragment, data.subarray(from, to));
  });
}

const pieces = (length: number, size: number): readonly (readonly [from: number, to: number])[] =>
  Array.from({ length: Math.ceil(length / size) }, (_, i) => [i * size, Math.min(length, (i + 1) * size)] as const);
