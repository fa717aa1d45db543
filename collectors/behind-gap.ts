import type { Packet } from './packet.ts';

/** Bytes of empty lines that are passed over before the first line of a text protocol, and line ends. */
const [longestGap, lineFeed, carriageReturn] = [4, 0x0a, 0x0d];

/** Where the first line of a head begins: receivers pass over empty lines before it. RFC 9112 §2.2, RFC 3261 §7.5. */
export function behindGap({ bytes: b, payload, end }: Packet): number {
  let i = payload;
  const last = Math.min(end, payload + longestGap);
  while (i < last && (b[i] === carriageReturn || b[i] === lineFeed)) i++;
  return i;
}
