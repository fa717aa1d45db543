import type { Ip, Millis } from '../../model/address.ts';
import type { SwitchReading, SwitchSettings } from '../../model/switch.ts';
import type { FromSwitchReader, ToSwitchReader } from '../messages.ts';

/** A reading of which nothing was heard for so long is lost: its process ended. Milliseconds. */
const lostMs = 120_000;
/** Readings under way at once. */
const maxReadings = 4;

/** When which listed switch is read. It holds the credentials, in memory only; the reading process gets them with each order. */
export class SwitchPoller {
  readonly #switches: readonly SwitchSettings[];
  readonly #send: (message: ToSwitchReader) => void;
  readonly #done: (switchIp: Ip, reading: SwitchReading) => void;
  /** Of listed switches only, all three. */
  readonly #startedAt = new Map<Ip, Millis>();
  readonly #nextAt = new Map<Ip, Millis>();
  readonly #faults = new Map<Ip, string>();

  constructor(
    switches: readonly SwitchSettings[],
    edge: { readonly send: (message: ToSwitchReader) => void; readonly done: (switchIp: Ip, reading: SwitchReading) => void },
  ) {
    this.#switches = switches;
    this.#send = edge.send;
    this.#done = edge.done;
  }

  /** Which switches could not be read last, and why; empty when all could. */
  get faults(): string {
    return [...this.#faults.values()].join('; ');
  }

  /** To be called about each second. */
  tick(now: Millis): void {
    for (const [ip, at] of this.#startedAt) if (now - at > lostMs) this.#startedAt.delete(ip);
    for (const { ip, intervalSeconds, ...access } of this.#switches) {
      if (this.#startedAt.size >= maxReadings) return;
      if (this.#startedAt.has(ip) || now < (this.#nextAt.get(ip) ?? 0)) continue;
      this.#startedAt.set(ip, now);
      this.#nextAt.set(ip, now + intervalSeconds * 1000);
      this.#send({ type: 'read', switchIp: ip, access });
    }
  }

  /** What the process said, its shape checked. A reading that nobody ordered is dropped. */
  heard(message: FromSwitchReader): void {
    if (message.type === 'hello') this.#lost();
    else if (message.type === 'switch' && this.#startedAt.delete(message.switchIp)) {
      const { switchIp, reading } = message;
      if (reading.kind === 'read') this.#faults.delete(switchIp);
      else this.#faults.set(switchIp, `${switchIp} ${reading.kind}: ${reading.detail}`);
      this.#done(switchIp, reading);
    }
  }

  /** A new process knows nothing of the readings of the old one. */
  #lost(): void {
    for (const ip of this.#startedAt.keys()) this.#nextAt.delete(ip);
    this.#startedAt.clear();
  }
}
