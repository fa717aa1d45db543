import type { Mac, PortName, Vlan } from '../gateway/model/address.ts';
import type { Fact, Observation, Said } from '../gateway/model/fact.ts';
import type { AddressTable } from './address-table.ts';
import type { SensorPorts } from './sensor-ports.ts';

const seen: Fact = { kind: 'seen' };

/** Observations until somebody takes them: what was said, with where the address speaks about which it is. */
export class Told {
  #observations: Observation[] = [];
  readonly #addresses: AddressTable;
  readonly #ports: SensorPorts;

  constructor(addresses: AddressTable, ports: SensorPorts) {
    this.#addresses = addresses;
    this.#ports = ports;
  }

  get isEmpty(): boolean {
    return this.#observations.length === 0;
  }

  /** Everything since the last call. */
  take(): readonly Observation[] {
    const observations = this.#observations;
    this.#observations = [];
    return observations;
  }

  where(slot: number): { readonly port: PortName; readonly vlan: Vlan; readonly mac: Mac } {
    const table = this.#addresses;
    return { port: this.#ports.state(table.portOf(slot)).name, vlan: table.vlanOf(slot), mac: table.macOf(slot) };
  }

  /** That the address speaks at all. */
  sight(slot: number): void {
    this.say(slot, { collector: 'header', ...this.#addresses.first(slot), fact: seen });
  }

  say(slot: number, { collector, frame, at, fact }: Said): void {
    const { port, vlan, mac } = this.where(slot);
    this.#observations.push({ at, port, vlan, mac, collector, frame, fact });
  }
}
