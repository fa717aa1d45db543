import { hexAt } from '../gateway/codec/address-at.ts';
import type { Mac, Millis, PortName, Vlan } from '../gateway/model/address.ts';
import type { Collector } from './collector.ts';
import { Packet } from './packet.ts';
import { frameOf, headOf, makeRoom, peelRebuilt, type Room } from './rebuilt.ts';

/** Caps: messages that wait for their next segment, in all and of one sender; bytes of one; and how long it waits, frame time. */
const room: Room = { inAll: 64, perSender: 8, ageMillis: 10_000 };
const maxBytes = 8192;

/** A message that was not whole. `message`: what to say of it when its rest does not come; undefined when it was read as far as it came. */
export type Rest = {
  readonly at: Millis;
  readonly port: PortName;
  readonly vlan: Vlan;
  readonly source: Mac;
  readonly collector: Collector;
  readonly message: string | undefined;
};
type Held = Rest & {
  readonly sender: number;
  readonly ports: number;
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  /** Sequence number of the next byte. */
  readonly next: number;
  isTold: boolean;
};

/**
 * Messages of collectors of TCP segments (`tcpPorts`) that go on in the next segment of their direction. RFC 9293 §3.4: it must be the very next one;
 * what comes out of order is given up. A flood only makes it forget others. Until one waits, a segment costs nothing.
 */
export class Rests {
  /** By place, addresses and ports, the oldest first. */
  readonly #held = new Map<string, Held>();
  /** How many of them have both ports like that: few segments are looked at further. */
  readonly #ports = new Map<number, number>();
  readonly #whole = new Packet();
  readonly #lost: (rest: Rest, message: string) => void;

  /** `lost` is called for what is given up and has something to say. */
  constructor(lost: (rest: Rest, message: string) => void) {
    this.#lost = lost;
  }

  /** Messages that wait, for tests. */
  get size(): number {
    return this.#held.size;
  }

  /** Keeps the body of a segment until the next one comes. False when it is too long to be kept. */
  keep(packet: Packet, collector: Collector, sender: number, place: number, message?: string): boolean {
    const { bytes: b, payload, end, at, port, vlan, source } = packet;
    if (packet.isCut || end - payload > maxBytes || end === payload) return false;
    makeRoom(this.#held, { sender, at }, room, (old, one) => this.#giveUp(old, one));
    const held: Held = {
      ...{ at, port, vlan, source, collector, message, sender },
      ports: portsOf(packet),
      head: headOf(packet, payload),
      body: b.slice(payload, end),
      next: (sequenceOf(packet) + end - payload) >>> 0,
      isTold: false,
    };
    const key = keyOf(packet, place);
    this.#forget(key);
    this.#held.set(key, held);
    this.#ports.set(held.ports, (this.#ports.get(held.ports) ?? 0) + 1);
    return true;
  }

  /** The message that this segment goes on with, behind what was kept of it: valid until the next one. */
  next(packet: Packet, place: number): { readonly collector: Collector; readonly whole: Packet } | undefined {
    if (this.#held.size === 0 || !this.#ports.has(portsOf(packet))) return undefined;
    const key = keyOf(packet, place);
    const held = this.#held.get(key);
    if (held === undefined || sequenceOf(packet) !== held.next) return undefined;
    this.#forget(key);
    if (Math.abs(packet.at - held.at) > room.ageMillis || packet.isCut) {
      this.#tell(held);
      return undefined;
    }
    const bytes = frameOf(held.head, held.body.length + packet.end - packet.payload, packet.ipVersion);
    bytes.set(held.body, held.head.length);
    bytes.set(packet.bytes.subarray(packet.payload, packet.end), held.head.length + held.body.length);
    return { collector: held.collector, whole: peelRebuilt(this.#whole, packet, bytes) };
  }

  /** Tells what still waits, each once: it may be the end of the capture. */
  tell(): void {
    for (const held of this.#held.values()) this.#tell(held);
  }

  #tell(held: Held): void {
    if (held.message !== undefined && !held.isTold) this.#lost(held, held.message);
    held.isTold = true;
  }

  #giveUp(key: string, held: Held): void {
    this.#tell(held);
    this.#forget(key);
  }

  #forget(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    const left = (this.#ports.get(held.ports) ?? 1) - 1;
    if (left === 0) this.#ports.delete(held.ports);
    else this.#ports.set(held.ports, left);
  }
}

const keyOf = ({ bytes: b, l3, l4, ipVersion }: Packet, place: number): string =>
  `${place} ${ipVersion === 4 ? hexAt(b, l3 + 12, l3 + 20) : hexAt(b, l3 + 8, l3 + 40)} ${hexAt(b, l4, l4 + 4)}`;

const portsOf = ({ sourcePort, targetPort }: Packet): number => ((sourcePort << 16) | targetPort) >>> 0;

function sequenceOf({ bytes: b, l4: i }: Packet): number {
  return (((b[i + 4] ?? 0) << 24) | ((b[i + 5] ?? 0) << 16) | ((b[i + 6] ?? 0) << 8) | (b[i + 7] ?? 0)) >>> 0;
}
