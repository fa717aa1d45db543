import type { Millis, PortName } from '../model/address.ts';
import type { DeviceView } from '../model/device.ts';
import type { Event, EventBody } from '../model/event.ts';
import { Inventory } from './inventory.ts';
import { relationsOf, viewOf } from './view.ts';

/** The site as it stood at an instant: a fold over the Events until then, by the time that each bears. */
export class Past {
  readonly at: Millis;
  readonly #inventory = new Inventory();
  /** At most as many as the machine has ports. */
  readonly #down = new Set<PortName>();

  constructor(at: Millis) {
    this.at = at;
  }

  take({ at, body }: Pick<Event, 'at' | 'body'>): void {
    if (at > this.at) return;
    this.#inventory.apply({ at, body });
    if (body.kind === 'port-state') {
      if (body.state === 'down' || body.state === 'gone') this.#down.add(body.port);
      else this.#down.delete(body.port);
    }
    const record = showsLife(body) ? this.#inventory.get(body.device) : undefined;
    if (record !== undefined) record.seen = { ...record.seen, lastAt: Math.max(at, record.seen.lastAt) };
  }

  /** Every device about which something was decided by then. `lastSeen` is its latest Event; packets and bytes are not known any more. */
  views(): readonly DeviceView[] {
    return [...this.#inventory.records()].flatMap(record => {
      const view = viewOf(record, this.at, this.#down.has(record.device.port));
      return view === undefined ? [] : { ...view, ...relationsOf(this.#inventory, record) };
    });
  }
}

type SignOfLife = Extract<EventBody, { readonly kind: 'fact-learned' | 'device-moved' | 'attested' | 'attested-again' | 'key-enrolled' }>;

/** True iff the device itself must have sent something for this. */
const showsLife = (body: EventBody): body is SignOfLife =>
  body.kind === 'fact-learned' ||
  body.kind === 'device-moved' ||
  body.kind === 'attested-again' ||
  body.kind === 'key-enrolled' ||
  (body.kind === 'attested' && body.outcome.kind !== 'transport-failure');
