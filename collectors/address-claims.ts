import type { Ip, Millis } from '../gateway/model/address.ts';

/** Caps: IP addresses that are watched, by place; a new one takes the place of an older one with the same hash. */
const places = 8192;
/** Two claims that lie further apart are no contest: an address may have been given to somebody else. Milliseconds of frame time. */
const contestMs = 60_000;
const maxSlots = 0x100000;

/** Who claimed each IP address last, and who before: so that two who claim it by turns are seen though neither says anything new. */
export class AddressClaims {
  /** Filled as addresses come, at most `places`. */
  readonly #ip = new Map<number, Ip>();
  /** The last two claimants, and when the address went over to the last one. A claimant is its slot and how often that was forgotten. */
  readonly #last = new Float64Array(places);
  readonly #before = new Float64Array(places);
  readonly #since = new Float64Array(places);
  readonly #forgotten: Uint32Array;

  constructor(slots: number) {
    this.#forgotten = new Uint32Array(slots);
  }

  /** The slot with which this one contests the address: it claimed it in between. -1 when nobody did. */
  note(slot: number, ip: Ip, at: Millis): number {
    const i = hash(ip);
    const claimant = this.#claimant(slot);
    if (this.#ip.get(i) !== ip) {
      this.#ip.set(i, ip);
      this.#last[i] = claimant;
      this.#before[i] = -1;
      this.#since[i] = at;
      return -1;
    }
    const rival = this.#last[i] ?? -1;
    if (rival === claimant) return -1;
    const isContest = this.#before[i] === claimant && Math.abs(at - (this.#since[i] ?? 0)) <= contestMs;
    this.#before[i] = rival;
    this.#last[i] = claimant;
    this.#since[i] = at;
    const other = rival % maxSlots;
    return isContest && this.#claimant(other) === rival ? other : -1;
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
