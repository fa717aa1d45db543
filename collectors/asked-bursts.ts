import type { Millis } from '../gateway/model/address.ts';
import type { Deed } from './activity.ts';

/** So many distinct addresses within a minute are told, whether somebody has them or not: a newcomer has no reason to ask for so many, nobody for the more. */
const [steps, minuteMs] = [[64, 512], 60_000] as const;
/** Bits that count the addresses of one sender: of 64 one or none falls on another, of 600 some 80 do, so a count may be a little too low. */
const bits = 2048;
/** Cap: senders, some 600 bytes each. The one that asked least lately gives way; who asks for 64 a minute asks each second. */
const maxAskers = 512;

type Burst = { since: Millis; firstFrame: number; count: number; step: number; readonly seen: Uint32Array };

/** Who asks for many addresses at once. On a network where most addresses are used, whoever goes through it meets few that nobody has. */
export class AskedBursts {
  readonly #bursts = new Map<number, Burst>();

  /** Senders that are remembered, for tests. */
  get size(): number {
    return this.#bursts.size;
  }

  /** `sender` asks for `target`, an address of 32 bits or as many folded out of one; a deed when it has reached a count. */
  note(sender: number, target: number, at: Millis, frame: number): Deed | undefined {
    const burst = this.#of(sender, at, frame);
    const bit = Math.imul(target, 0x9e3779b1) >>> 21;
    const [at32, mask] = [bit >> 5, 1 << (bit & 31)];
    const word = burst.seen[at32] ?? 0;
    if ((word & mask) !== 0) return undefined;
    burst.seen[at32] = word | mask;
    burst.count++;
    const reached = steps[burst.step];
    if (reached === undefined || burst.count < reached) return undefined;
    burst.step++;
    const detail = `${reached} within a minute, answered or not, since frame ${burst.firstFrame}`;
    return { sender, fact: { kind: 'acted', action: 'scan-arp', target: 'everybody', detail } };
  }

  #of(sender: number, at: Millis, frame: number): Burst {
    const known = this.#bursts.get(sender);
    const burst = known ?? { since: at, firstFrame: frame, count: 0, step: 0, seen: new Uint32Array(bits / 32) };
    if (Math.abs(at - burst.since) > minuteMs) {
      burst.since = at;
      burst.firstFrame = frame;
      burst.count = burst.step = 0;
      burst.seen.fill(0);
    }
    this.#bursts.delete(sender);
    const [idle] = this.#bursts.keys();
    if (this.#bursts.size >= maxAskers && idle !== undefined) this.#bursts.delete(idle);
    this.#bursts.set(sender, burst);
    return burst;
  }
}
