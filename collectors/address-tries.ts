import { isVirtualRouterMac } from '../gateway/model/address-class.ts';
import type { Ip } from '../gateway/model/address.ts';
import type { Packet } from './packet.ts';

/** Packets of one sender that are looked at. */
const tries = 16;

/**
 * The first address that a sender uses without a hop counted is its own, as long as it has named none: taken off traffic, of files only. A few packets of
 * each sender are looked at.
 */
export class AddressTries {
  readonly #most: number;
  /** By slot: how many more packets are looked at. */
  readonly #left: Uint8Array;

  /** `isOn`: else nothing is looked at. */
  constructor(slots: number, isOn: boolean) {
    this.#most = isOn ? tries : 0;
    this.#left = new Uint8Array(slots).fill(this.#most);
  }

  /** How many numbers of senders there are. */
  get slots(): number {
    return this.#left.length;
  }

  isOver(slot: number): boolean {
    return this.#left[slot] === 0;
  }

  /** The address of an IPv4 packet that is its sender's own. `ips`: those that a sender is known by. `isOwn` tells whether a router stands between. */
  look(packet: Packet, slot: number, ips: (slot: number) => readonly Ip[], isOwn: () => boolean): Ip | undefined {
    if (packet.ipVersion !== 4 || this.#left[slot] === 0) return undefined;
    const { source, sourceIp: ip, ttl } = packet;
    if (ip === undefined) return undefined;
    const isKnown = ips(slot).some(known => !known.includes(':'));
    this.#left[slot] = isKnown ? 0 : (this.#left[slot] ?? 0) - 1;
    // Through the virtual address of routers passes what the routers send and what they pass on: neither is its own. Four hops from 64 look like 60.
    if (isKnown || ttl === 60 || isVirtualRouterMac(source) || !isOwn()) return undefined;
    this.#left[slot] = 0;
    return ip;
  }

  forget(slot: number): void {
    this.#left[slot] = this.#most;
  }
}
