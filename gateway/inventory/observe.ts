import type { DeviceId, Mac, Millis, PortName, Vlan } from '../model/address.ts';
import type { SeenBy } from '../model/device.ts';
import type { EventBody } from '../model/event.ts';
import { type Observation, type Sighting, factKey } from '../model/fact.ts';
import type { ZoneSettings } from '../model/settings.ts';
import { identify } from './identify.ts';
import type { Inventory } from './inventory.ts';
import type { DeviceRecord } from './record.ts';
import { zoneOf } from './zone.ts';

/** The most devices of one port; beyond it the longest silent undecided one gives way, else the new address is only counted. */
export const maxDevicesPerPort = 1024;
/** An undecided device may give way after so much silence. Milliseconds. */
export const mayGiveWayMs = 600_000;

/** What the machine lends to the functions here: state to read, and how to journal. `emit` folds the Event in at once. */
export type Desk = {
  readonly inventory: Inventory;
  readonly zones: readonly ZoneSettings[];
  readonly now: Millis;
  readonly linkIsDown: (port: PortName) => boolean;
  readonly vendorOf: (mac: Mac) => string | undefined;
  readonly emit: (event: EventBody) => void;
  /** False when the port's quota for what outsiders cause is used up; the refusal is counted. */
  readonly quota: (port: PortName) => boolean;
};

type Place = { readonly mac: Mac; readonly port: PortName; readonly vlan: Vlan };

/** The device at an address on a port, found or moved here when need be. Undefined when caps forbid a new one. */
export function locate(desk: Desk, place: Place, seenBy: SeenBy, collector: string, frame: number): DeviceRecord | undefined {
  const who = identify(desk.inventory, place, desk.now, desk.linkIsDown);
  const zone = zoneOf(desk.zones, { port: place.port, vlan: place.vlan, ips: [] }).name;
  switch (who.kind) {
    case 'known':
      return who.record;
    case 'moved': {
      if (!desk.quota(place.port)) return undefined;
      const { id, port } = who.record.device;
      desk.emit({ kind: 'device-moved', device: id, from: port, to: place.port, zone });
      return who.record;
    }
    case 'new': {
      if (!desk.quota(place.port) || !makeRoom(desk, place.port)) return undefined;
      const device = desk.inventory.nextDeviceId;
      const victim = who.cloneOf?.device;
      desk.emit({ kind: 'device-found', device, ...place, zone, seenBy, frame, ...(victim === undefined ? {} : { cloneOf: victim.id }) });
      const vendor = desk.vendorOf(place.mac);
      if (vendor !== undefined)
        desk.emit({ kind: 'field-set', device, field: 'vendor', value: { value: vendor, source: 'ieee-registry', at: desk.now, frame } });
      if (victim !== undefined)
        desk.emit({
          kind: 'alarm',
          alarm: 'mac-clone',
          actor: place.mac,
          port: place.port,
          device,
          victim: victim.id,
          detail: `${place.mac} of ${victim.id} on ${victim.port} also speaks on ${place.port} (${collector})`,
        });
      return desk.inventory.get(device);
    }
  }
}

/** Takes one Observation in. Returns the device it concerns, and whether it said anything new. */
export function observe(desk: Desk, observation: Observation): { readonly device: DeviceId; readonly changed: boolean } | undefined {
  const { mac, port, vlan, fact, collector, frame, at } = observation;
  const before = desk.inventory.at(mac, port, vlan);
  const record = locate(desk, { mac, port, vlan }, 'frames', collector, frame);
  if (record === undefined) return undefined;
  const id = record.device.id;
  record.seen.lastAt = Math.max(record.seen.lastAt, at);
  const found = before === undefined;
  if (fact.kind === 'seen' || isKnown(record, observation)) return { device: id, changed: found };
  if (!desk.quota(port)) return { device: id, changed: found };
  desk.emit({ kind: 'fact-learned', device: id, observation });
  if (fact.kind === 'claimed-mac')
    desk.emit({
      kind: 'alarm',
      alarm: 'claimed-mac',
      actor: mac,
      port,
      device: id,
      detail: `${mac} says that ${fact.ip} is at ${fact.mac}`,
    });
  return { device: id, changed: true };
}

/** True iff the device's latest fact of that key says the same, and its address is still the newest. */
function isKnown(record: DeviceRecord, { fact }: Observation): boolean {
  const key = factKey(fact);
  const old = record.device.facts.find(entry => factKey(entry.fact) === key);
  return old !== undefined && JSON.stringify(old.fact) === JSON.stringify(fact);
}

/** True iff the port may have one more device. An undecided one that has long been silent is forgotten for it. */
function makeRoom(desk: Desk, port: PortName): boolean {
  if (desk.inventory.countOn(port) < maxDevicesPerPort) return true;
  const here = [...desk.inventory.records()].filter(({ device }) => device.port === port);
  const idle = here
    .filter(({ person, decision, seen }) => person === undefined && decision?.access !== 'admit' && desk.now - seen.lastAt > mayGiveWayMs)
    .sort((a, b) => a.seen.lastAt - b.seen.lastAt)[0];
  if (idle === undefined) return false;
  desk.emit({
    kind: 'device-forgotten',
    device: idle.device.id,
    why: `silent, undecided, and port ${port} has ${maxDevicesPerPort} devices`,
  });
  return true;
}

/** Takes in an address that the bridge learnt. It makes a device known that no capture showed. */
export function observeForwardingEntry(
  desk: Desk,
  { mac, port, vlan }: Place,
): { readonly device: DeviceId; readonly changed: boolean } | undefined {
  const known = desk.inventory.at(mac, port, vlan) !== undefined;
  const record = locate(desk, { mac, port, vlan }, 'forwarding-table', 'forwarding-table', 0);
  if (record === undefined) return undefined;
  record.seen.lastAt = Math.max(record.seen.lastAt, desk.now);
  return { device: record.device.id, changed: !known };
}

/** Adds rolled-up counters to the devices they are about; counters of unknown addresses are of no use. */
export function sight(inventory: Inventory, sightings: readonly Sighting[]): void {
  for (const { mac, port, vlan, packets, bytes, lastAt } of sightings) {
    const record = inventory.at(mac, port, vlan);
    if (record === undefined) continue;
    const { seen } = record;
    record.seen = { lastAt: Math.max(seen.lastAt, lastAt), packets: seen.packets + packets, bytes: seen.bytes + bytes };
  }
}
