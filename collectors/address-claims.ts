import type { Ip, Millis } from '../gateway/model/address.ts';
import { types as neighbourTypes } from './ndp.ts';
import { etherTypes, ipProtocols, type Packet } from './packet.ts';

/** Caps: IP addresses that are watched, by place; a new one takes the place of an older one with the same hash. */
const places = 8192;
/** Two claims that lie further apart are no contest: an address may have been given to somebody else. Milliseconds of frame time. */
const contestMs = 60_000;
/** Who still has the address defends it at once (RFC 5227 §2.4); a partner that failed needs longer to come back. Milliseconds. */
const defendsMs = 1000;
/** An address fails back once within so long: more often, two go on claiming it. Milliseconds. */
const failbackMs = 600_000;
const maxSlots = 0x100000;

/** Who claimed each IP address last, and who before: so that two who claim it by turns are seen though neither says anything new. */
export class AddressClaims {
  /** Filled as addresses come, at most `places`. */
  readonly #ip = new Map<number, Ip>();
  /** The last two claimants, and when the address went over to the last one. A claimant is its slot and how often that was forgotten. */
  readonly #last = new Float64Array(places);
  readonly #before = new Float64Array(places);
  readonly #since = new Float64Array(places);
  /** 1 where the last one told everybody. */
  readonly #isAnnounced = new Uint8Array(places);
  readonly #failedBackAt = new Float64Array(places);
  readonly #forgotten: Uint32Array;

  constructor(slots: number) {
    this.#forgotten = new Uint32Array(slots);
  }

  /**
   * The slot with which this one contests the address: it claimed it in between. -1 when nobody did, or when both told everybody that they took it over, as a
   * pair does that fails over and back (VRRP, CARP, a bond with a stand-by, clusters). Who answers questions meanwhile has not failed.
   */
  note(slot: number, ip: Ip, at: Millis, isAnnounced = false): number {
    const i = hash(ip);
    const claimant = this.#claimant(slot);
    if (this.#ip.get(i) !== ip) {
      this.#ip.set(i, ip);
      this.#failedBackAt[i] = -Infinity;
      this.#turn(i, -1, claimant, at, isAnnounced);
      return -1;
    }
    const rival = this.#last[i] ?? -1;
    if (rival === claimant) {
      if (isAnnounced) this.#isAnnounced[i] = 1;
      return -1;
    }
    const held = Math.abs(at - (this.#since[i] ?? 0));
    const isReturn = this.#before[i] === claimant && held <= contestMs;
    const isFailback = isReturn && isAnnounced && held >= defendsMs && this.#mayFailBack(i, at);
    if (isFailback) this.#failedBackAt[i] = at;
    this.#turn(i, rival, claimant, at, isAnnounced);
    const other = rival % maxSlots;
    return isReturn && !isFailback && this.#claimant(other) === rival ? other : -1;
  }

  #mayFailBack(i: number, at: Millis): boolean {
    return this.#isAnnounced[i] === 1 && Math.abs(at - (this.#failedBackAt[i] ?? -Infinity)) > failbackMs;
  }

  #turn(i: number, before: number, last: number, at: Millis, isAnnounced: boolean): void {
    this.#before[i] = before;
    this.#last[i] = last;
    this.#since[i] = at;
    this.#isAnnounced[i] = isAnnounced ? 1 : 0;
  }

  /** The slot has another sender now. */
  forget(slot: number): void {
    this.#forgotten[slot] = (this.#forgotten[slot] ?? 0) + 1;
  }

  #claimant(slot: number): number {
    return (this.#forgotten[slot] ?? 0) * maxSlots + slot;
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value ^ (value >>> 15)) & (places - 1);
}

/** Where an ARP for IPv4 over Ethernet says the address of its sender, and the one that it asks for. RFC 826. */
const [senderIp, targetIp, arpLength] = [14, 24, 28];

/** True iff it tells everybody who has an address, without being asked: an ARP announcement (RFC 5227 §2.3), an unsolicited advertisement (RFC 4861 §7.2.6). */
export function isAnnouncement({ bytes: b, start, etherType, ipProtocol, payload: i, end }: Packet): boolean {
  if (((b[start] ?? 0) & 1) === 0) return false;
  if (ipProtocol === ipProtocols.icmpv6) return b[i] === neighbourTypes.neighbourAdvertisement;
  return etherType === etherTypes.arp && end - i >= arpLength && [0, 1, 2, 3].every(n => b[i + senderIp + n] === b[i + targetIp + n]);
}
