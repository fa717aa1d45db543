import type { Millis } from '../gateway/model/address.ts';
import { etherTypes, type Packet } from './packet.ts';

/** Bytes of an untagged frame before the IP header. */
export const ethernetSize = 14;

/** Addresses and EtherType as an untagged frame has them, and what stands from the IP header up to `to`. */
export function headOf({ bytes: b, start, l3, ipVersion }: Packet, to: number): Uint8Array {
  const head = new Uint8Array(ethernetSize + to - l3);
  head.set(b.subarray(start, start + 12));
  const type = ipVersion === 4 ? etherTypes.ipv4 : etherTypes.ipv6;
  [head[12], head[13]] = [type >> 8, type & 255];
  head.set(b.subarray(l3, to), ethernetSize);
  return head;
}

/** A frame of that head with so many bytes behind it, still zero; the length in the IP header says so. RFC 791 §3.1, RFC 8200 §3. */
export function frameOf(head: Uint8Array, size: number, ipVersion: number): Uint8Array {
  const frame = new Uint8Array(head.length + size);
  frame.set(head);
  const length = head.length - ethernetSize + size - (ipVersion === 4 ? 0 : 40);
  const at = ethernetSize + (ipVersion === 4 ? 2 : 4);
  [frame[at], frame[at + 1]] = [length >> 8, length & 255];
  return frame;
}

/** Peels a frame that was put together, as one that came as the last of its parts did. */
export function peelRebuilt(whole: Packet, last: Packet, bytes: Uint8Array): Packet {
  const { number, at, port, vlan, innerVlan, segment } = last;
  whole.peel({ number, at, port, bytes, wireLength: bytes.length });
  whole.sensor = last.sensor;
  [whole.vlan, whole.innerVlan, whole.segment] = [vlan, innerVlan, segment];
  return whole;
}

type Waiting = { readonly at: Millis; readonly sender: number };
/** The most that wait in all and of one sender, and how long one waits, frame time. */
export type Room = { readonly inAll: number; readonly perSender: number; readonly ageMillis: number };

/** Makes room for one more of this sender: what is too old is given up, and where a cap is reached the oldest, of the sender itself where it is its own. */
export function makeRoom<T extends Waiting>(
  held: ReadonlyMap<string, T>,
  { sender, at }: Waiting,
  { inAll, perSender, ageMillis }: Room,
  giveUp: (key: string, one: T) => void,
): void {
  let own = 0;
  for (const [key, one] of held) {
    if (Math.abs(at - one.at) > ageMillis) giveUp(key, one);
    else if (one.sender === sender) own++;
  }
  if (own < perSender && held.size < inAll) return;
  for (const [key, one] of held) if (own < perSender || one.sender === sender) return giveUp(key, one);
}
