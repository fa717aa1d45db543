import type { PortName } from '../../model/address.ts';
import type { Observation } from '../../model/fact.ts';
import type { FromSensor } from '../messages.ts';

/** Observations in one message: a line stays far below what a reader accepts. */
const perMessage = 256;

/**
 * What the sensor says to the gateway. While the gateway is too far behind, observations are counted per port instead of sent, and the
 * sensor is told to send its latest facts again once there is room: nothing is lost silently. State reports are few and wait their turn.
 */
export class Outbox {
  readonly #write: (message: FromSensor) => boolean;
  readonly #resync: () => void;
  /** Observations not sent, per port. As many entries as there are ports. */
  readonly #lost = new Map<PortName, number>();
  /** The latest report per port that was not sent. As many entries as there are ports. */
  readonly #late = new Map<PortName, FromSensor>();

  /** `write` sends a message or says false. `resync` makes the latest facts come out again. */
  constructor(write: (message: FromSensor) => boolean, resync: () => void) {
    this.#write = write;
    this.#resync = resync;
  }

  /** Sends a message that is worth nothing later; the next one of its kind says it again. Says whether it went out. */
  send(message: FromSensor): boolean {
    return this.#write(message);
  }

  /** Sends a port's state; if it cannot, then the latest one when there is room. */
  report(message: Extract<FromSensor, { type: 'port' }>): void {
    this.#late.delete(message.port);
    if (!this.#write(message)) this.#late.set(message.port, message);
  }

  observe(observations: readonly Observation[]): void {
    for (let from = 0; from < observations.length; from += perMessage) {
      const some = from === 0 && observations.length <= perMessage ? observations : observations.slice(from, from + perMessage);
      if (this.#write({ type: 'observations', observations: some })) continue;
      for (const { port } of some) this.#lost.set(port, (this.#lost.get(port) ?? 0) + 1);
    }
  }

  /** Says what was lost and has it sent again. Call it each second, while the gateway reads. */
  catchUp(): void {
    for (const message of this.#late.values()) this.#write(message);
    this.#late.clear();
    if (this.#lost.size === 0) return;
    for (const [port, count] of this.#lost)
      this.#write({ type: 'overflow', port, count, what: 'observations while the gateway was behind' });
    this.#lost.clear();
    this.#resync();
  }
}
