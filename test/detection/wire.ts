import { Dissector } from '../../collectors/dissector.ts';
import { Detector } from '../../gateway/detection/detector.ts';
import { detectionRules } from '../../gateway/detection/index.ts';
import type { DetectionRule } from '../../gateway/detection/rule.ts';
import { Intake } from '../../gateway/inventory/intake.ts';
import { Inventory } from '../../gateway/inventory/inventory.ts';
import type { EventBody } from '../../gateway/model/event.ts';
import { loadPolicy } from '../../gateway/policy/load.ts';
import { lookupsOf } from '../../gateway/policy/lookups.ts';
import { zone } from '../gateway/fixture.ts';
import * as b from '../vectors/frames/build.ts';
import { siteOf, vendorOf, type WorldOptions } from './world.ts';

/** How frames come to the port: as they are, with one tag, with two (IEEE 802.1ad). */
export const wrappings = {
  untagged: { tags: [], vlan: 0 },
  tagged: { tags: [0x8100, 30], vlan: 30 },
  QinQ: { tags: [0x88a8, 100, 0x8100, 30], vlan: 100 },
} as const;
export type Wrapping = keyof typeof wrappings;

/** A site whose ports see frames: the real sensor and all rules, with a clock of its own. */
export class Wire {
  now = 1_700_000_000_000;
  inventory = new Inventory();
  readonly events: EventBody[] = [];
  #dissector = new Dissector();
  #intake: Intake;
  readonly #wrapping: Wrapping;
  readonly #start: (inventory: Inventory) => Intake;
  #number = 0;

  constructor(
    wrapping: Wrapping,
    { learnsMs = 0, zones = [zone()], files = [], isMirror, dhcpServers, makerOf = vendorOf }: Omit<WorldOptions, 'only'> = {},
    rules: readonly DetectionRule[] = detectionRules,
  ) {
    const { policy, problems } = loadPolicy(files);
    if (policy === undefined) throw new Error(problems.map(({ text }) => text).join('\n'));
    this.#wrapping = wrapping;
    this.#start = inventory =>
      new Intake({
        inventory,
        settings: siteOf(zones, isMirror, dhcpServers),
        vendorOf: makerOf,
        rules: new Detector(rules),
        policy: lookupsOf(() => policy),
        learnsMs,
        emit: (at, event) => {
          inventory.apply({ at, body: event });
          this.events.push(event);
        },
      });
    this.#intake = this.#start(this.inventory);
  }

  /** Sensor and machine start again, with what is kept of devices. */
  restart(): this {
    this.inventory = Inventory.from(structuredClone(this.inventory.snapshot()));
    this.#dissector = new Dissector();
    this.#intake = this.#start(this.inventory);
    return this;
  }

  /** Frames on a port, a millisecond apart. `as`: wrapped otherwise than the rest. */
  send(frames: readonly Uint8Array[], port = 'v1', as: Wrapping = this.#wrapping): this {
    for (const frame of frames) {
      this.now++;
      const bytes = wrapped(frame, as);
      this.#dissector.frame({ number: ++this.#number, at: this.now, port, bytes, wireLength: bytes.length });
      const { observations } = this.#dissector.drain();
      if (observations.length > 0) this.#intake.take({ kind: 'observed', observations }, this.now);
    }
    return this;
  }

  /** Time passes, a second at a time at first, with what the sensor and the machine do each second. */
  wait(ms: number): this {
    const end = this.now + ms;
    for (let step = 1000; this.now < end; step = Math.min(step * 2, 60_000)) {
      this.#intake.take({ kind: 'sighted', sightings: this.#dissector.sightings() }, this.now);
      this.now = Math.min(end, this.now + step);
      this.#intake.tick(this.now);
    }
    return this;
  }

  get alarms(): readonly Extract<EventBody, { readonly kind: 'alarm' }>[] {
    return this.events.flatMap(event => (event.kind === 'alarm' ? [event] : []));
  }
}

function wrapped(frame: Uint8Array, as: Wrapping): Uint8Array {
  const { tags } = wrappings[as];
  return b.bytes(
    frame.subarray(0, 12),
    tags.map(value => b.u16(value)),
    frame.subarray(12),
  );
}
