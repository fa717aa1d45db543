import type { Mac, Millis } from '../model/address.ts';
import type { Alarm, Arrival } from '../model/alarm.ts';
import type { Observation, Sighting } from '../model/fact.ts';
import type { ZoneSettings } from '../model/settings.ts';
import { Inventory } from './inventory.ts';
import { type Desk, observe, sight } from './observe.ts';
import { PortMeters } from './port-meters.ts';

/** Hosts behind one uplink that are kept, and what they may say at once: the longest silent give way. */
const limits = { devices: 2048, burst: 20_000, alarms: 0 } as const;

/**
 * Who is behind the uplinks, for the rules: they are no devices of ours, and nothing of them is journalled, decided or kept over a restart. But who takes their
 * addresses or serves in their place on a device port is to be seen, and mostly the router and the DHCP server of a site are there.
 */
export class Beyond {
  readonly #hosts = new Inventory(undefined, undefined, undefined, 'u');
  readonly #meters = new PortMeters(limits, () => undefined);
  readonly #desk: { -readonly [member in keyof Desk]: Desk[member] };

  /** `watch` shows the rules what is new; they raise nothing of hosts behind an uplink, but may raise who stands against them. */
  constructor(parts: {
    readonly zones: readonly ZoneSettings[];
    readonly vendorOf: (mac: Mac) => string | undefined;
    readonly watch: (observation: Observation, arrival: Arrival, now: Millis) => readonly Alarm[];
    readonly raise: (alarms: readonly Alarm[], now: Millis) => void;
  }) {
    const desk: { -readonly [member in keyof Desk]: Desk[member] } = {
      inventory: this.#hosts,
      zones: parts.zones,
      now: 0,
      linkIsDown: () => false,
      vendorOf: parts.vendorOf,
      // Which of them are one device is nobody's question.
      emit: event => {
        if (event.kind !== 'devices-linked' && event.kind !== 'devices-unlinked') this.#hosts.apply({ at: desk.now, body: event });
      },
      quota: port => this.#meters.take(port, desk.now),
      quotaOf: (port, { kind }) => this.#meters.takeFact(port, kind, desk.now),
      maxDevices: limits.devices,
      woke: () => undefined,
      watch: (observation, arrival) => parts.watch(observation, arrival, desk.now),
      raise: alarms => parts.raise(alarms, desk.now),
    };
    this.#desk = desk;
  }

  take(observation: Observation, now: Millis): void {
    this.#desk.now = now;
    observe(this.#desk, observation);
  }

  sight(sightings: readonly Sighting[]): void {
    sight(this.#hosts, sightings, () => undefined);
  }

  /** Their ids are others than those of devices. */
  get hosts(): Pick<Inventory, 'get' | 'withMac' | 'withIp' | 'withSign' | 'records' | 'size'> {
    return this.#hosts;
  }
}
