import type { Millis, PortName } from '../model/address.ts';

type Bucket = { tokens: number; at: Millis; folded: number; first: boolean };

/** Events that outsiders may cause on one port at once, and how many more a second. */
export const outsiderBurst = 3000;
const outsiderPerSecond = 2;
/** Alarms of one type on one port at once, and facts of one telling kind beyond the quota; and how many more of each an hour. */
export const [alarmBurst, reserveBurst] = [256, 64];
const reservePerHour = 60;
/** Ports are ours, so they are few, and what is metered of one apart is a type or kind; the cap only guards against a wrong call. */
const maxPorts = 65_536;

/** Meters the Events that outsiders cause, per port, so that a flood fills neither memory nor disk. */
export class OutsiderQuota {
  readonly #buckets = new Map<PortName, Bucket>();
  readonly #burst: number;
  readonly #perSecond: number;

  constructor(burst = outsiderBurst, perSecond = outsiderPerSecond) {
    this.#burst = burst;
    this.#perSecond = perSecond;
  }

  /** Meters what is kept apart from the rest of a port, by `port` and what it is: slow to fill again. */
  static reserve(burst: number): OutsiderQuota {
    return new OutsiderQuota(burst, reservePerHour / 3600);
  }

  /** True iff one more Event of this port may be journalled. A refusal is counted and comes out of `recovered`. */
  take(port: PortName, now: Millis): boolean {
    const bucket = this.#bucket(port, now);
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return true;
    }
    bucket.folded += 1;
    return false;
  }

  /** True iff an Event may be journalled now, without taking it. */
  has(port: PortName, now: Millis): boolean {
    return this.#bucket(port, now).tokens >= 1;
  }

  /** True once, when a port begins to be folded: the moment for one alarm. */
  begins(port: PortName): boolean {
    const bucket = this.#buckets.get(port);
    if (bucket === undefined || bucket.folded === 0 || bucket.first) return false;
    bucket.first = true;
    return true;
  }

  /** Ports whose quota has half recovered, with what was folded meanwhile; each is told once. */
  recovered(now: Millis): readonly { readonly port: PortName; readonly count: number }[] {
    const out: { port: PortName; count: number }[] = [];
    for (const port of this.#buckets.keys()) {
      const bucket = this.#bucket(port, now);
      if (bucket.folded === 0 || bucket.tokens < Math.min(60, this.#burst / 2)) continue;
      out.push({ port, count: bucket.folded });
      bucket.folded = 0;
      bucket.first = false;
    }
    return out;
  }

  #bucket(port: PortName, now: Millis): Bucket {
    let bucket = this.#buckets.get(port);
    if (bucket === undefined) {
      if (this.#buckets.size >= maxPorts) throw new Error(`Cannot meter port ${port}: there are already ${maxPorts}`);
      bucket = { tokens: this.#burst, at: now, folded: 0, first: false };
      this.#buckets.set(port, bucket);
    }
    if (now > bucket.at) {
      bucket.tokens = Math.min(this.#burst, bucket.tokens + ((now - bucket.at) / 1000) * this.#perSecond);
      bucket.at = now;
    }
    return bucket;
  }
}
