import type { PortName } from '../../model/address.ts';
import type { FromSensor } from '../messages.ts';

/**
 * What the sensor says to the gateway. While the gateway is too far behind, observations are counted per port instead of sent, and the
 * sensor is told to send its latest facts again once there is room: nothing is lost silently. State reports are few and wait their turn.
 */
export class Outbox {
  readonly #write: (message: FromSensor) => boolean;
  readonly #writeWhenQuiet: (message: FromSensor) => boolean;
  readonly #resync: () => void;
  /** Observations and sightings not sent, per port. As many entries as there are ports. */
  readonly #lost = new Map<PortName, number>();
  /** The latest report per port that was not sent. As many entries as there are ports. */
  readonly #late = new Map<PortName, FromSensor>();

  /** `writeWhenQuiet` refuses sooner than `write`, so that catching up does not fill the queue at once. */
  constructor(write: (message: FromSensor) => boolean, writeWhenQuiet: (message: FromSensor) => boolean, resync: () => void) {
    this.#write = write;
    this.#writeWhenQuiet = writeWhenQuiet;
    this.#resync = resync;
  }

  send(message: FromSensor): void {
    if (this.#write(message)) return;
    switch (message.type) {
      case 'observations':
        for (const o of message.observations) this.#lose(o.port, 1);
        return;
      case 'malformed':
        for (const m of message.malformed) this.#lose(m.port, m.count);
        return;
      case 'overflow':
        this.#lose(message.port, message.count);
        return;
      case 'port':
        this.#late.set(message.port, message);
        return;
      case 'hello': // cannot be refused: it is the first
      case 'sightings': // totals, sent again each second
      case 'counters':
        return;
    }
  }

  /** Called each second: says what was lost and has it sent again, once the gateway reads. */
  catchUp(): void {
    for (const [port, message] of this.#late) {
      if (!this.#writeWhenQuiet(message)) return;
      this.#late.delete(port);
    }
    if (this.#lost.size === 0) return;
    for (const [port, count] of this.#lost) {
      if (!this.#writeWhenQuiet({ type: 'overflow', port, count, what: 'observations while the gateway was behind' })) return;
      this.#lost.delete(port);
    }
    this.#resync();
  }

  #lose(port: PortName, count: number): void {
    this.#lost.set(port, (this.#lost.get(port) ?? 0) + count);
  }
}
