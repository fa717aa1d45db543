import type { Ip, Mac, Millis } from '../model/address.ts';

/** Addresses behind the uplinks that are kept, and for how long after they were last claimed. Milliseconds. */
const maxUpstream = 8192;
const upstreamAgeMs = 3_600_000;

/**
 * Who has which address behind the uplinks. An owner that still speaks keeps its addresses; a full table learns no more until owners
 * fall silent, so whoever was there first stays protected.
 */
export class Upstream {
  readonly #owners = new Map<Ip, Mac>();
  readonly #heardAt = new Map<Mac, Millis>();
  #news = false;

  get owners(): ReadonlyMap<Ip, Mac> {
    return this.#owners;
  }

  learn(ip: Ip, mac: Mac, now: Millis): void {
    const old = this.#owners.get(ip);
    if (old === undefined && this.#owners.size >= maxUpstream) return;
    this.#heardAt.set(mac, now);
    this.#owners.set(ip, mac);
    this.#news ||= old !== mac;
  }

  /** The owner sent something. */
  heard(mac: Mac, at: Millis): void {
    if (this.#heardAt.has(mac)) this.#heardAt.set(mac, at);
  }

  /** True once after each change of owners. */
  takeNews(): boolean {
    const news = this.#news;
    this.#news = false;
    return news;
  }

  age(now: Millis): void {
    for (const [ip, mac] of this.#owners) if (now - (this.#heardAt.get(mac) ?? 0) >= upstreamAgeMs) this.#owners.delete(ip);
    for (const [mac, at] of this.#heardAt) if (now - at >= upstreamAgeMs) this.#heardAt.delete(mac);
  }
}
