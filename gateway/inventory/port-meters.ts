import type { Millis, PortName } from '../model/address.ts';
import type { AlarmType } from '../model/alarm.ts';
import type { EventBody } from '../model/event.ts';
import { deedKinds, type FactKind } from '../model/fact.ts';
import type { PortLimits } from './observe.ts';
import { OutsiderQuota, reserveBurst } from './quota.ts';

/**
 * What outsiders cause on each port, metered in three ways: everything; alarms by their type, so that one which is raised again and again buries no
 * other; and a reserve for each kind of deeds, so that nobody acts unseen in a noise that he makes himself. As many entries as ports, types and kinds.
 */
export class PortMeters {
  readonly #all: OutsiderQuota;
  readonly #alarms: OutsiderQuota;
  readonly #deeds = OutsiderQuota.reserve(reserveBurst);
  /** Ports where something is folded away, and that was told. */
  readonly #noisy = new Set<PortName>();
  readonly #emit: (now: Millis, event: EventBody) => void;

  constructor({ burst, alarms }: PortLimits, emit: (now: Millis, event: EventBody) => void) {
    this.#all = new OutsiderQuota(burst);
    this.#alarms = OutsiderQuota.reserve(alarms);
    this.#emit = emit;
  }

  /** True iff one more Event of the port may be journalled; the first refusal raises one alarm. */
  take(port: PortName, now: Millis): boolean {
    if (this.#all.take(port, now)) return true;
    if (this.#all.begins(port)) this.#flood(port, `more new addresses, facts or broken frames than port ${port} may journal`, now);
    return false;
  }

  /** The same for a fact. Whose address something is, is not a deed, but decides who is harmed. */
  takeFact(port: PortName, kind: FactKind, now: Millis): boolean {
    return this.take(port, now) || ((deedKinds.has(kind) || kind === 'address') && this.#deeds.take(`${port} ${kind}`, now));
  }

  takeAlarm(port: PortName, type: AlarmType, now: Millis): boolean {
    const key = `${port} ${type}`;
    if (this.#alarms.take(key, now)) return true;
    if (this.#alarms.begins(key)) this.#flood(port, `more alarms ${type} than port ${port} may raise; those that follow are counted`, now);
    return false;
  }

  /** Tells what was folded away on ports that have recovered. True iff facts were among it, so that the sensor should say everything again. */
  recover(now: Millis): boolean {
    const recovered = this.#all.recovered(now);
    for (const { port, count } of recovered) this.#folded(port, count, 'events beyond the quota of the port', now);
    for (const { port: key, count } of this.#alarms.recovered(now)) {
      const [port = '', type] = key.split(' ');
      this.#folded(port, count, `more alarms ${type}`, now);
    }
    return recovered.length > 0;
  }

  #folded(port: PortName, count: number, what: string, now: Millis): void {
    this.#noisy.delete(port);
    this.#emit(now, { kind: 'folded', port, count, what });
  }

  /** One alarm a port, whatever there is too much of, until that is over. */
  #flood(port: PortName, detail: string, now: Millis): void {
    if (this.#noisy.has(port)) return;
    this.#noisy.add(port);
    this.#emit(now, { kind: 'alarm', alarm: 'flood', actor: '00:00:00:00:00:00', port, detail });
  }
}
