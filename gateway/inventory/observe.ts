import type { DeviceId, Mac, Millis, PortName, Vlan } from '../model/address.ts';
import type { Alarm, Arrival } from '../model/alarm.ts';
import type { Device, SeenBy } from '../model/device.ts';
import type { EventBody } from '../model/event.ts';
import { type Fact, isSameFact, isSameKey, type Observation, type Sighting } from '../model/fact.ts';
import type { ZoneSettings } from '../model/settings.ts';
import { identify } from './identify.ts';
import type { Inventory } from './inventory.ts';
import { relink } from './linking.ts';
import { alarmBurst, outsiderBurst } from './quota.ts';
import type { DeviceRecord } from './record.ts';
import { tellsApart } from './signs.ts';
import { silentMs } from './view.ts';
import { zoneOf } from './zone.ts';

/** How many devices and Events one port may have, and alarms of one type; a capture file is one port for a whole site. */
export type PortLimits = { readonly devices: number; readonly burst: number; readonly alarms: number };
export const livePort: PortLimits = { devices: 1024, burst: outsiderBurst, alarms: alarmBurst };
/** An undecided device may give way after so much silence; one that failed its proof not before a month: a flood must not make us forget it. Milliseconds. */
const mayGiveWayMs = 600_000;
const failedGivesWayMs = 30 * 24 * 3_600_000;

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
  /** The same for a fact: of what is an act rather than a word there is a reserve, so that nobody acts unseen after a flood. */
  readonly quotaOf: (port: PortName, fact: Fact) => boolean;
  /** The most devices of one port; beyond it the longest silent undecided one gives way, else the new address is only counted. */
  readonly maxDevices: number;
  /** Told of a device that speaks after a long silence. */
  readonly woke: (device: DeviceId) => void;
  /** Shows the rules what is new, before it is folded in; what they find is raised after that. */
  readonly watch: (observation: Observation, arrival: Arrival) => readonly Alarm[];
  readonly raise: (alarms: readonly Alarm[]) => void;
};

type Place = { readonly mac: Mac; readonly port: PortName; readonly vlan: Vlan };

type Located = { readonly record: DeviceRecord; readonly arrival: Arrival };

/** The device at an address on a port, found or moved here when need be. Undefined when caps forbid a new one. */
export function locate(desk: Desk, place: Place, seenBy: SeenBy, frame: number): Located | undefined {
  const known = desk.inventory.at(place.mac, place.port, place.vlan);
  if (known !== undefined) return { record: known, arrival: 'known' };
  const who = identify(desk.inventory, place, desk.now, desk.linkIsDown);
  const zone = zoneOf(desk.zones, { port: place.port, vlan: place.vlan, ips: [] }).name;
  switch (who.kind) {
    case 'moved': {
      if (!desk.quota(place.port)) return undefined;
      const { id, port } = who.record.device;
      desk.emit({ kind: 'device-moved', device: id, from: port, to: place.port, zone });
      return { record: who.record, arrival: 'moved' };
    }
    case 'new': {
      if (!desk.quota(place.port) || !makeRoom(desk, place.port)) return undefined;
      const device = desk.inventory.nextDeviceId;
      const victim = who.cloneOf?.device;
      desk.emit({ kind: 'device-found', device, ...place, zone, seenBy, frame, ...(victim === undefined ? {} : { cloneOf: victim.id }) });
      const vendor = desk.vendorOf(place.mac);
      if (vendor !== undefined)
        desk.emit({ kind: 'field-set', device, field: 'vendor', value: { value: vendor, source: 'ieee-registry', at: desk.now, frame } });
      const record = desk.inventory.get(device);
      return record && { record, arrival: 'found' };
    }
  }
}

/** Takes one Observation in. Returns the device it concerns, and whether it said anything new. */
export function observe(desk: Desk, observation: Observation): { readonly device: DeviceId; readonly changed: boolean } | undefined {
  const { mac, port, vlan, fact, frame, at } = observation;
  const located = locate(desk, { mac, port, vlan }, 'frames', frame);
  if (located === undefined) return undefined;
  const { record, arrival } = located;
  const id = record.device.id;
  if (at - record.seen.lastAt > silentMs) desk.woke(id);
  record.seen.lastAt = Math.max(record.seen.lastAt, at);
  const found = arrival !== 'known';
  if (found) desk.raise(desk.watch({ ...observation, fact: { kind: 'seen' } }, arrival));
  if (found) link(desk, record);
  // Flows are many and for the rules only; what they find is journalled.
  if (fact.kind === 'talks-to' || fact.kind === 'resolves') desk.raise(desk.watch(observation, 'known'));
  if (fact.kind === 'talks-to' || fact.kind === 'resolves') return { device: id, changed: found };
  if (fact.kind === 'seen' || isKnown(record, observation) || !desk.quotaOf(port, fact)) return { device: id, changed: found };
  const alarms = desk.watch(observation, 'known');
  desk.emit({ kind: 'fact-learned', device: id, observation });
  desk.raise(alarms);
  if (tellsApart(fact)) link(desk, record);
  return { device: id, changed: true };
}

/** Which records count as one device changes by what outsiders say, so it is metered as that. */
function link(desk: Desk, { device: { id, port } }: DeviceRecord): void {
  relink(desk.inventory, id, event => {
    if (desk.quota(port)) desk.emit(event);
  });
}

/** True iff the device's latest fact of that key says the same, and its address is still the newest. */
function isKnown({ device }: DeviceRecord, { fact }: Observation): boolean {
  if (fact.kind === 'protocol') return device.protocols?.includes(fact.name) ?? false;
  const old = device.facts.find(entry => isSameKey(entry.fact, fact));
  return old !== undefined && isSameFact(old.fact, fact);
}

/** True iff the port may have one more device. An undecided one that has long been silent is forgotten for it. */
function makeRoom(desk: Desk, port: PortName): boolean {
  if (desk.inventory.countOn(port) < desk.maxDevices) return true;
  const here = [...desk.inventory.records()].filter(({ device }) => device.port === port);
  const idle = here
    .filter(({ person, decision, seen, attestation: { status } }) => {
      const silence = status === 'contraindicated' ? failedGivesWayMs : mayGiveWayMs;
      return person === undefined && decision?.access !== 'admit' && desk.now - seen.lastAt > silence;
    })
    .sort((a, b) => a.seen.lastAt - b.seen.lastAt)[0];
  if (idle === undefined) return false;
  desk.emit({
    kind: 'device-forgotten',
    device: idle.device.id,
    why: `silent, undecided, and port ${port} has ${desk.maxDevices} devices`,
  });
  return true;
}

/** Takes in an address that the bridge learnt. It makes a device known that no capture showed. */
export function observeForwardingEntry(
  desk: Desk,
  { mac, port, vlan }: Place,
): { readonly device: DeviceId; readonly changed: boolean } | undefined {
  const located = locate(desk, { mac, port, vlan }, 'forwarding-table', 0);
  if (located === undefined) return undefined;
  const { record, arrival } = located;
  record.seen.lastAt = Math.max(record.seen.lastAt, desk.now);
  if (arrival !== 'known')
    desk.raise(desk.watch({ at: desk.now, port, vlan, mac, collector: 'forwarding-table', frame: 0, fact: { kind: 'seen' } }, arrival));
  return { device: record.device.id, changed: arrival !== 'known' };
}

/** A move is told by the first frame at the new place; frames of before may be counted after it. Milliseconds. */
const settleMs = 2000;

/**
 * A known address that goes on to speak on a port where it was before, or from where somebody else spoke in its name: the sensor, which knows it there, says
 * nothing new of it. Addresses that nobody knows elsewhere are left alone, so that a flood finds nobody here.
 */
export function observeReturn(
  desk: Desk,
  { mac, port, vlan, lastAt }: Sighting,
): { readonly device: DeviceId; readonly changed: boolean } | undefined {
  const { inventory } = desk;
  if (inventory.at(mac, port, vlan) !== undefined) return undefined;
  const elsewhere = inventory.withMac(mac).filter(({ device }) => device.vlan === vlan && device.port !== port);
  if (elsewhere.length === 0 || elsewhere.some(({ device }) => lastAt <= hereSince(device) + settleMs)) return undefined;
  const located = locate(desk, { mac, port, vlan }, 'frames', 0);
  if (located === undefined) return undefined;
  const { record, arrival } = located;
  record.seen.lastAt = Math.max(record.seen.lastAt, lastAt);
  desk.raise(desk.watch({ at: desk.now, port, vlan, mac, collector: 'header', frame: 0, fact: { kind: 'seen' } }, arrival));
  return { device: record.device.id, changed: true };
}

/** When it came to its present port. */
const hereSince = ({ bindings, firstSeen }: Device): Millis =>
  bindings.findLast(({ ip, until }) => ip === undefined && until === undefined)?.from ?? firstSeen;

/** Adds rolled-up counters to the devices they are about; counters of unknown addresses are of no use. */
export function sight(inventory: Inventory, sightings: readonly Sighting[], woke: (device: DeviceId) => void): void {
  for (const { mac, port, vlan, packets, bytes, unicast = 0, lastAt } of sightings) {
    const record = inventory.at(mac, port, vlan);
    if (record === undefined) continue;
    const { seen } = record;
    if (lastAt - seen.lastAt > silentMs) woke(record.device.id);
    seen.lastAt = Math.max(seen.lastAt, lastAt);
    seen.packets += packets;
    seen.bytes += bytes;
    seen.unicast = (seen.unicast ?? 0) + unicast;
  }
}
