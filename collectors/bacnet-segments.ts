import { hexAt } from '../gateway/codec/address-at.ts';
import type { BacnetSegment } from '../gateway/codec/bacnet.ts';
import { concat } from '../gateway/codec/bytes.ts';
import { Held } from './held.ts';
import type { Packet } from './packet.ts';
import type { Room } from './rebuilt.ts';

/** Caps: answers that are put together, in all and of one sender, and how long one waits for its next part, frame time; bytes and parts of one. */
const room: Room = { inAll: 32, perSender: 4, ageMillis: 10_000 };
const [maxBytes, maxParts] = [16_384, 512];

type Parts = { readonly parts: readonly Uint8Array[]; readonly bytes: number };
const nothing: Parts = { parts: [], bytes: 0 };

/** Answers of BACnet that come in several parts, in their order: who asks gets them one after the other. ASHRAE 135 §5.2. */
export class BacnetSegments {
  /** By who answers whom, invoke id and service. */
  readonly #held = new Held<Parts>(room);

  /** Answers that wait, for tests. */
  get size(): number {
    return this.#held.size;
  }

  /** Takes in a part: what the service answered, when this was the last. A part that is said again changes nothing; where one is missing all are given up. */
  add(packet: Packet, { invoke, sequence, isLast, service, data }: BacnetSegment): Uint8Array | undefined {
    const key = `${who(packet)} ${invoke} ${service}`;
    const held = this.#held.find(key, packet);
    const behind = (sequence - (held?.parts.length ?? 0)) & 255;
    const isNext = behind === 0;
    if (held !== undefined && !isNext && sequence !== 0 && behind > 127) return undefined;
    this.#held.forget(key);
    if (!isNext && sequence !== 0) return undefined;
    const { parts, bytes } = isNext && held !== undefined ? held : nothing;
    if (bytes + data.length > maxBytes || parts.length >= maxParts) return undefined;
    if (isLast) return concat(...parts, data);
    this.#held.keep(key, packet, { parts: [...parts, data.slice()], bytes: bytes + data.length });
    return undefined;
  }
}

/** Hardware addresses, and of IP its addresses and ports too. */
function who({ bytes: b, start, l3, l4, ipVersion }: Packet): string {
  const ends = hexAt(b, start, start + 12);
  return ipVersion === 0
    ? ends
    : `${ends} ${ipVersion === 4 ? hexAt(b, l3 + 12, l3 + 20) : hexAt(b, l3 + 8, l3 + 40)} ${hexAt(b, l4, l4 + 4)}`;
}
