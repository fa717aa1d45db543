import { type DeviceId, type Ip, isGroupMac, type Mac, type Millis, type PortName } from '../model/address.ts';
import type { Alarm, Arrival, Lookups, PolicyLookups } from '../model/alarm.ts';
import type { Device } from '../model/device.ts';
import type { EventBody } from '../model/event.ts';
import type { Observation, PlateFact } from '../model/fact.ts';
import type { Input } from '../model/machine.ts';
import { noMud } from '../model/mud.ts';
import type { Settings } from '../model/settings.ts';
import { isKept } from './address-owner.ts';
import { alarmEvent } from './alarm-event.ts';
import { Beyond } from './beyond.ts';
import { cluesOf, shownBy } from './classify.ts';
import { isBound } from './identify.ts';
import type { Inventory } from './inventory.ts';
import { type Desk, livePort, observe, type PortLimits, observeForwardingEntry, observeReturn, sight } from './observe.ts';
import { PortMeters } from './port-meters.ts';
import type { DeviceRecord } from './record.ts';
import { Upstream } from './upstream.ts';

/** The inputs that come from the network itself: outsiders cause them. */
export type FromNetwork = Extract<
  Input,
  { readonly kind: 'observed' | 'forwarding-entry' | 'sighted' | 'malformed' | 'overflowed' | 'port-state' }
>;

/** The detection rules, as the machine lends them: what they make of something new, and of time that passes. */
export type Rules = {
  observe(observation: Observation, lookups: Lookups): readonly Alarm[];
  tick(lookups: Lookups): readonly Alarm[];
};

/** What its owner changes between two calls to which it is lent. */
type Lent<T> = { -readonly [member in keyof T]: T[member] };

/** A site is learnt for so long, unless told otherwise. Milliseconds. */
const learnsMs = 600_000;

/** Everything that the network says, under the quota of each port. It emits Events and names the devices to decide about again. */
export class Intake {
  readonly #inventory: Inventory;
  readonly #settings: Settings;
  readonly #own: Mac | undefined;
  readonly #ownIps: readonly Ip[];
  readonly #vendorOf: (mac: Mac) => string | undefined;
  readonly #emit: (now: Millis, event: EventBody) => void;
  readonly #rules: Rules;
  readonly #limits: PortLimits;
  readonly #policy: PolicyLookups | undefined;
  readonly #learnsMs: Millis;
  /** When the oldest device was found: the site is learnt from then on. */
  #since: Millis | undefined;
  readonly #meters: PortMeters;
  /** Ports of the settings without link. */
  readonly #down = new Set<PortName>();
  readonly #upstream = new Upstream();
  readonly #beyond: Beyond;
  readonly #woke: (device: DeviceId, now: Millis) => void;
  /** Lent to the rules and to `observe` for one call each; made once, for that happens with each observation. */
  readonly #lent: Lent<Lookups>;
  readonly #desk: Lent<Desk>;
  #asked: { readonly mac: Mac; readonly devices: readonly Device[] } | undefined;

  constructor(parts: {
    readonly inventory: Inventory;
    readonly settings: Settings;
    readonly ownMac?: Mac | undefined;
    readonly ownIp6?: readonly { readonly ip: Ip }[] | undefined;
    readonly vendorOf: (mac: Mac) => string | undefined;
    readonly emit: (now: Millis, event: EventBody) => void;
    readonly rules: Rules;
    /** How long after the first device all is taken as the usual state. */
    readonly learnsMs?: Millis | undefined;
    readonly limits?: PortLimits;
    /** Told of a device that sends something after a long silence. */
    readonly woke?: (device: DeviceId, now: Millis) => void;
    /** Absent: a policy that says nothing. */
    readonly policy?: PolicyLookups;
  }) {
    this.#inventory = parts.inventory;
    this.#settings = parts.settings;
    this.#own = parts.ownMac;
    const { network } = parts.settings;
    this.#ownIps = network.kind === 'bridge' ? [network.ip, ...(parts.ownIp6 ?? []).map(({ ip }) => ip)] : [];
    this.#vendorOf = parts.vendorOf;
    this.#emit = parts.emit;
    this.#rules = parts.rules;
    this.#woke = parts.woke ?? (() => undefined);
    this.#limits = parts.limits ?? livePort;
    this.#policy = parts.policy;
    this.#learnsMs = parts.learnsMs ?? learnsMs;
    this.#meters = new PortMeters(this.#limits, this.#emit);
    this.#beyond = new Beyond({
      zones: parts.settings.zones,
      vendorOf: parts.vendorOf,
      watch: (observation, arrival, now) => this.#rules.observe(observation, this.#lookups(arrival, now)),
      raise: (alarms, now) => this.#raise(alarms, now),
    });
    this.#lent = this.#lend();
    this.#desk = this.#furnish();
  }

  isDown(port: PortName): boolean {
    return this.#down.has(port);
  }

  /** Who has which address behind the uplinks. */
  get upstream(): Upstream {
    return this.#upstream;
  }

  /** Takes one input in. Returns the devices that said or did something new. */
  take(input: FromNetwork, now: Millis): readonly DeviceId[] {
    switch (input.kind) {
      case 'observed':
        return this.#takeAll(input.observations, now);
      case 'forwarding-entry':
        return this.#isDevice(input) ? news(observeForwardingEntry(this.#deskAt(now), input)) : [];
      case 'sighted':
        sight(this.#inventory, input.sightings, id => this.#woke(id, now));
        for (const { mac, port, lastAt } of input.sightings) if (this.#isUplink(port)) this.#upstream.heard(mac, lastAt);
        this.#beyond.sight(input.sightings.filter(({ port }) => this.#isUplink(port)));
        return input.sightings.flatMap(one => (this.#isDevice(one) ? news(observeReturn(this.#deskAt(now), one)) : []));
      case 'malformed':
        for (const { port, mac, collector, message, count } of input.malformed)
          if (this.#meters.take(port, now)) this.#emit(now, { kind: 'malformed', port, mac, collector, message, count });
        return [];
      case 'overflowed':
        if (this.#meters.take(input.port, now)) this.#emit(now, { kind: 'folded', port: input.port, count: input.count, what: input.what });
        return [];
      case 'port-state':
        return this.#portState(input, now);
    }
  }

  /** About once a second: lets the rules look, and tells what quotas folded away. True iff the sensor should say everything again. */
  tick(now: Millis): boolean {
    this.#upstream.age(now);
    this.#raise(this.#rules.tick(this.#lookups('known', now)), now);
    return this.#meters.recover(now);
  }

  /** Returns the devices of a port whose link came up: another device may be behind it now, so whoever is there proves itself anew. */
  #portState(input: Extract<Input, { readonly kind: 'port-state' }>, now: Millis): readonly DeviceId[] {
    const { port, state } = input;
    const comes = state === 'up' || state === 'healed';
    if (comes) this.#down.delete(port);
    else this.#down.add(port);
    this.#emit(now, input);
    return comes ? [...this.#inventory.records()].filter(({ device }) => device.port === port).map(({ device }) => device.id) : [];
  }

  /** Hosts behind the uplinks are no devices of ours, but nobody on a device port may take their addresses or their part. */
  #takeAll(observations: readonly Observation[], now: Millis): readonly DeviceId[] {
    const desk = this.#deskAt(now);
    const changed: DeviceId[] = [];
    for (const one of observations) {
      if (this.#isDevice(one)) {
        const seen = observe(desk, one);
        if (seen?.changed === true) changed.push(seen.device);
        for (const fact of this.#plateOf(one, observations)) observe(desk, { ...one, fact });
      } else if (this.#isUplink(one.port) && isHost(one.mac) && one.mac !== this.#own) {
        if (one.fact.kind === 'address') this.#learnUpstream(one.fact.ip, one.mac, now);
        this.#beyond.take(one, now);
      }
    }
    return changed;
  }

  /** What free text says, unless its own protocol says it in a field of its own. */
  #plateOf({ fact, collector, frame, mac }: Observation, all: readonly Observation[]): readonly PlateFact[] {
    if (fact.kind !== 'description' || this.#policy === undefined) return [];
    return this.#policy
      .plateOf(fact, collector)
      .filter(({ kind }) => !all.some(o => o.fact.kind === kind && o.collector === collector && o.frame === frame && o.mac === mac));
  }

  /** Who was there first keeps the address, also when that is a device of ours. */
  #learnUpstream(ip: Ip, mac: Mac, now: Millis): void {
    if (this.#upstream.owners.has(ip) || !isKept(this.#inventory, ip, mac, now)) this.#upstream.learn(ip, mac, now);
  }

  #isUplink(port: PortName): boolean {
    const { network } = this.#settings;
    return network.kind === 'bridge' && network.uplinks.includes(port);
  }

  #isDevice({ mac, port }: { readonly mac: Mac; readonly port: PortName }): boolean {
    return this.#settings.network.ports.includes(port) && isHost(mac) && mac !== this.#own;
  }

  #deskAt(now: Millis): Desk {
    this.#desk.now = now;
    return this.#desk;
  }

  #furnish(): Lent<Desk> {
    const desk: Lent<Desk> = {
      inventory: this.#inventory,
      zones: this.#settings.zones,
      now: 0,
      linkIsDown: port => this.#down.has(port),
      vendorOf: this.#vendorOf,
      emit: event => this.#emit(desk.now, event),
      quota: port => this.#meters.take(port, desk.now),
      quotaOf: (port, { kind }) => this.#meters.takeFact(port, kind, desk.now),
      maxDevices: this.#limits.devices,
      woke: id => this.#woke(id, desk.now),
      watch: (observation, arrival) => this.#rules.observe(observation, this.#lookups(arrival, desk.now)),
      raise: alarms => this.#raise(alarms, desk.now),
    };
    return desk;
  }

  #lookups(arrival: Arrival, now: Millis): Lookups {
    this.#since ??= Math.min(now, ...[...this.#inventory.records()].map(({ device }) => device.firstSeen));
    this.#asked = undefined;
    const lent = this.#lent;
    lent.now = now;
    lent.arrival = arrival;
    lent.learnsUntil = this.#since + this.#learnsMs;
    lent.mud = this.#policy?.mud() ?? noMud;
    return lent;
  }

  /** Most rules ask for the sender, so the answer is kept for the time of the call. */
  #devicesWith(mac: Mac): readonly Device[] {
    if (this.#asked?.mac !== mac) {
      const here = this.#inventory.withMac(mac);
      const records = here.length > 0 ? here : this.#beyond.hosts.withMac(mac);
      this.#asked = { mac, devices: records.map(({ device }) => device) };
    }
    return this.#asked.devices;
  }

  #lend(): Lent<Lookups> {
    const [inventory, beyond, { network }] = [this.#inventory, this.#beyond.hosts, this.#settings];
    return {
      now: 0,
      arrival: 'known',
      learnsUntil: 0,
      mud: noMud,
      withMac: mac => this.#devicesWith(mac),
      withIp: ip => devicesOf(inventory.withIp(ip), beyond.withIp(ip)),
      showing: (scheme, value) => devicesOf(inventory.withSign(`${scheme} ${value}`), beyond.withSign(`${scheme} ${value}`)),
      all: () => allDevices(inventory, beyond),
      beyondWith: mac => beyond.withMac(mac).map(({ device }) => device),
      lastAt: ({ id }) => (inventory.get(id) ?? beyond.get(id))?.seen.lastAt ?? 0,
      isBound: ({ id }) => {
        const record = inventory.get(id);
        return record !== undefined && isBound(record);
      },
      countOn: port => inventory.countOn(port),
      vendorOf: this.#vendorOf,
      ownIps: this.#ownIps,
      dhcpServers: network.kind === 'bridge' ? network.dhcpServers : [],
      uplinks: network.kind === 'bridge' ? network.uplinks : [],
      zones: this.#settings.zones,
      fingerprintOf: (device, kind) => this.#policy?.fingerprintOf(cluesOf(device), kind),
      expectedZones: device => {
        const shown = shownBy(device);
        return shown === undefined ? [] : (this.#policy?.expectedZones(shown) ?? []);
      },
    };
  }

  #raise(alarms: readonly Alarm[], now: Millis): void {
    for (const alarm of alarms)
      if (!this.#isUplink(alarm.port) && this.#meters.takeAlarm(alarm.port, alarm.type, now))
        this.#emit(now, alarmEvent(alarm, this.#inventory));
  }
}

const isHost = (mac: Mac): boolean => !isGroupMac(mac) && mac !== '00:00:00:00:00:00';

const news = (seen: { readonly device: DeviceId; readonly changed: boolean } | undefined): readonly DeviceId[] =>
  seen?.changed === true ? [seen.device] : [];

const devicesOf = (here: readonly DeviceRecord[], beyond: readonly DeviceRecord[]): readonly Device[] =>
  (beyond.length === 0 ? here : [...here, ...beyond]).map(({ device }) => device);

function* allDevices(...inventories: readonly Pick<Inventory, 'records'>[]): Generator<Device> {
  for (const inventory of inventories) for (const { device } of inventory.records()) yield device;
}
