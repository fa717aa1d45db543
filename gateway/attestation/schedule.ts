import type { DeviceId, Millis, PortName } from '../model/address.ts';
import type { AttestationResult, ChallengeOutcome } from '../model/attestation.ts';

/** Waits after the 1st, 2nd, … failed challenge; the last one repeats. Milliseconds. Kind to controllers with few sockets. */
export const backOffMs = [3_000, 10_000, 60_000, 300_000, 1_800_000] as const;
/** Challenges open at once over the whole site, and on one port: a crowd on one port must not take everybody's turn. */
export const maxOpen = 8;
export const maxOpenPerPort = 2;
/** Of them, kept free for those who go first: strangers that let us wait must not keep us from asking who is bound. */
export const reserved = 3;
/** Challenges that leave in one second, over the site and on one port. */
export const maxPerSecond = 50;
export const maxPerSecondOnPort = 20;
/** Events make a device due at once, but no sooner than this after the last that did: a link that flaps must not make us flood it. Milliseconds. */
export const eventMs = 2_000;
/** A challenge whose outcome never came is given up after this. Milliseconds. */
export const lostMs = 30_000;

/** What offers no Evidence is asked again after this. Milliseconds. */
const unable = 1_800_000;

type Standing = { nextAt: Millis; failures: number; eventAt?: Millis; open?: { id: string; at: Millis } };

/**
 * When to ask which device: once at first, again at about half of a result's life, after failures with back-off, and at once when a person
 * or a link that came up asks. One challenge per device at a time. Holds no more devices than the caller keeps (`forget`).
 */
export class ChallengeSchedule {
  readonly #standings = new Map<DeviceId, Standing>();
  readonly #open = new Map<string, { readonly device: DeviceId; readonly port: PortName }>();
  #issued = 0;
  /** What left within the last second: at most `maxPerSecond`. */
  #left: readonly { readonly at: Millis; readonly port: PortName }[] = [];

  /** True iff one more may leave on this port now. */
  hasRoom(port: PortName, first: boolean, now: Millis): boolean {
    this.#left = this.#left.filter(({ at }) => now - at < 1000);
    if (this.#open.size >= (first ? maxOpen : maxOpen - reserved) || this.#left.length >= maxPerSecond) return false;
    const onPort = (list: Iterable<{ readonly port: PortName }>): number => [...list].filter(one => one.port === port).length;
    return onPort(this.#open.values()) < maxOpenPerPort && onPort(this.#left) < maxPerSecondOnPort;
  }

  /** True iff the device should be asked now. */
  isDue(device: DeviceId, result: AttestationResult | undefined, now: Millis): boolean {
    const standing = this.#standings.get(device);
    if (standing === undefined) return result === undefined || now >= renewAt(device, result);
    return standing.open === undefined && now >= standing.nextAt;
  }

  /** Failed challenges in a row, since something spoke for another turn. */
  failuresOf(device: DeviceId): number {
    return this.#standings.get(device)?.failures ?? 0;
  }

  /** True while a challenge to the device is open. */
  isOpen(device: DeviceId): boolean {
    return this.#standings.get(device)?.open !== undefined;
  }

  /** Notes that a challenge leaves now; returns its id, unique since the start. */
  begin(device: DeviceId, port: PortName, now: Millis): string {
    this.#issued += 1;
    const id = `c${now}-${this.#issued}`;
    const standing = this.#standings.get(device) ?? { nextAt: now, failures: 0 };
    this.#standings.set(device, { ...standing, open: { id, at: now } });
    this.#open.set(id, { device, port });
    this.#left = [...this.#left, { at: now, port }];
    return id;
  }

  /** The device that an outcome belongs to; undefined for an unknown, answered or given-up challenge: each counts once. */
  finish(id: string, outcome: ChallengeOutcome, now: Millis): DeviceId | undefined {
    const device = this.#open.get(id)?.device;
    if (device === undefined) return undefined;
    this.#open.delete(id);
    this.#settle(device, outcome, now);
    return device;
  }

  /** Evidence came without being asked for: the next turn is due as if it had been. A challenge that is open goes on. */
  handedIn(device: DeviceId, outcome: ChallengeOutcome, now: Millis): void {
    if (!this.isOpen(device)) this.#settle(device, outcome, now);
  }

  #settle(device: DeviceId, outcome: ChallengeOutcome, now: Millis): void {
    const before = this.#standings.get(device);
    const failed = before?.failures ?? 0;
    const failures = outcome.kind === 'transport-failure' ? failed + 1 : outcome.kind === 'no-evidence' ? failed : 0;
    const wait = outcome.kind === 'no-evidence' ? unable : (backOffMs[Math.min(failures, backOffMs.length) - 1] ?? unable);
    const nextAt = outcome.kind === 'appraised' ? Math.max(renewAt(device, outcome.result), now + 10_000) : now + wait;
    this.#standings.set(device, { nextAt, failures, ...(before?.eventAt === undefined ? {} : { eventAt: before.eventAt }) });
  }

  /** It answered without the Evidence that it has: perhaps it has just started. Asked again as after a failure, for its grace runs. */
  askAgain(device: DeviceId, now: Millis): void {
    const standing = this.#standings.get(device);
    if (standing === undefined || standing.open !== undefined) return;
    const failures = standing.failures + 1;
    const wait = backOffMs[Math.min(failures, backOffMs.length) - 1] ?? unable;
    this.#standings.set(device, { ...standing, nextAt: now + wait, failures });
  }

  /** What it just showed is to be seen once more before it counts. */
  askSoon(device: DeviceId, at: Millis): void {
    const standing = this.#standings.get(device);
    if (standing?.open === undefined) this.#standings.set(device, { ...standing, nextAt: at, failures: 0 });
  }

  /** Makes the device due: at once where a person asks, else no sooner than `eventMs` after the last event. */
  hasten(device: DeviceId, by: 'person' | 'event', now: Millis): void {
    const standing = this.#standings.get(device);
    const last = by === 'person' ? undefined : standing?.eventAt;
    // An event that is still to come stands for those after it too: they must not put it off.
    const soonest = last === undefined ? now : last > now ? last : Math.max(now, last + eventMs);
    const nextAt = Math.min(standing?.nextAt ?? soonest, soonest);
    this.#standings.set(device, { ...standing, nextAt, failures: 0, ...(by === 'event' ? { eventAt: soonest } : {}) });
  }

  forget(device: DeviceId): void {
    const open = this.#standings.get(device)?.open;
    if (open !== undefined) this.#open.delete(open.id);
    this.#standings.delete(device);
  }

  /** Gives up challenges without an outcome, so that a dead challenger stops nobody's turn. */
  giveUp(now: Millis): void {
    for (const [device, standing] of this.#standings) {
      if (standing.open === undefined || now - standing.open.at < lostMs) continue;
      this.#open.delete(standing.open.id);
      this.#standings.set(device, { nextAt: now + backOffMs[1], failures: standing.failures + 1 });
    }
  }
}

/**
 * When a result is renewed: between 40 and 60 % of its life, where in between follows from device and instant alone. So devices that were asked together, after
 * a power cut or a change of trust, do not come back together, and the same journal gives the same turns.
 */
export function renewAt(device: DeviceId, { at, expires }: Pick<AttestationResult, 'at' | 'expires'>): Millis {
  // FNV-1a, 32 bits; its last rounds spread little, so the high bits count.
  let hash = 0x811c9dc5;
  for (const character of `${device} ${at} ${device}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return Math.floor(at + (expires - at) * (0.4 + 0.2 * (hash / 2 ** 32)));
}
