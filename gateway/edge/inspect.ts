import { Dissector } from '../../collectors/dissector.ts';
import type { UnreadOfLayer } from '../../collectors/unread.ts';
import { Detector } from '../detection/detector.ts';
import { cluesOf } from '../inventory/classify.ts';
import { coverageOf } from '../inventory/coverage.ts';
import { Intake } from '../inventory/intake.ts';
import { Inventory } from '../inventory/inventory.ts';
import type { DeviceRecord } from '../inventory/record.ts';
import type { DeviceId, Mac, Millis } from '../model/address.ts';
import type { Alarm } from '../model/alarm.ts';
import type { Coverage } from '../model/coverage.ts';
import type { Device } from '../model/device.ts';
import type { EventBody } from '../model/event.ts';
import type { Malformed, Sighting } from '../model/fact.ts';
import type { Frame } from '../model/frame.ts';
import { kindOf } from '../policy/kinds.ts';
import { lookupsOf, type RulePolicy } from '../policy/lookups.ts';
import { replaySettings } from './replay-settings.ts';

/** A file is one port for a whole site: addresses and facts that are kept, about 100 bytes and 0.3 kB each. */
const [maxAddresses, maxFacts, maxAlarms] = [65_536, 500_000, 65_536];
/** Numbers of one layer that nobody reads and that are named. */
const maxUnread = 24;
/** How often the rules look at the passing of time, of the capture. Milliseconds. */
const tickMs = 10_000;
/** Few enough to be forgotten before the garbage collector takes them for what stays. */
const sightingsAtOnce = 256;

/** One hardware address, whatever VLANs it spoke in. Times are RFC 3339; text is as it was sent and untrusted. */
export type InspectedDevice = {
  /** The same for rows that are one device. */
  readonly id: string;
  readonly mac: Mac;
  /** All hardware addresses of the device, this row's first; `ips` and all else are of this row alone. */
  readonly macs: readonly Mac[];
  readonly ips: readonly string[];
  readonly hostname?: string;
  readonly hostnames: readonly string[];
  readonly vendor?: string;
  readonly model?: string;
  readonly firmware?: string;
  readonly serial?: string;
  readonly kind?: string;
  readonly protocols: readonly string[];
  readonly packets: number;
  readonly bytes: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Only when asked for: the frame behind each fact. */
  readonly facts?: readonly { readonly frame: number; readonly collector: string; readonly fact: Device['facts'][number]['fact'] }[];
};

export type InspectedEvent = {
  readonly type: string;
  readonly mac: Mac;
  readonly victim?: Mac;
  readonly at: string;
  /** The first frame that shows it; absent when none does. */
  readonly frame?: number;
  readonly detail: string;
  readonly lastAt: string;
  readonly count: number;
  readonly frames: readonly number[];
};

export type Inspected = {
  readonly devices: readonly InspectedDevice[];
  readonly events: readonly InspectedEvent[];
  /** Frames that broke the format of a collector, by its name. */
  readonly malformed: Readonly<Record<string, { readonly frames: number; readonly senders: number; readonly message: string }>>;
  /** What was kept back, in frames or facts; then what nobody reads, in frames: `EtherType 0x88e1 (HomePlug AV)`, `UDP port 5246`, the busiest first. */
  readonly unknown: Readonly<Record<string, number>>;
  /** What cannot be seen in this capture. */
  readonly coverage: Coverage;
};

export type InspectionReport = Omit<Inspected, 'devices'> & { readonly devices: Iterable<InspectedDevice> };

/** A capture as inventory and alarms, without policy or enforcement: dissector, inventory and rules as they run live. */
export class Inspection {
  readonly #dissector = new Dissector({ maxAddresses, maxAddressesPerPort: maxAddresses, maxFacts, addressesOfTraffic: true });
  readonly #inventory = new Inventory();
  readonly #intake: Intake;
  readonly #policy: RulePolicy;
  /** By type, actor and victim: the alarm as it was told last. At most `maxAlarms`. */
  readonly #alarms = new Map<string, Extract<EventBody, { readonly kind: 'alarm' }>>();
  readonly #detector = new Detector();
  readonly #malformed = new Map<string, { frames: number; readonly senders: Set<Mac>; readonly message: string }>();
  readonly #unknown = new Map<string, number>();
  #now: Millis = 0;
  #nextTick = 0;

  constructor(parts: { readonly policy: RulePolicy; readonly vendorOf: (mac: Mac) => string | undefined }) {
    this.#policy = parts.policy;
    this.#intake = new Intake({
      inventory: this.#inventory,
      settings: replaySettings,
      vendorOf: parts.vendorOf,
      rules: this.#detector,
      policy: lookupsOf(() => this.#policy),
      learnsMs: 0,
      limits: { devices: maxAddresses, burst: Number.MAX_SAFE_INTEGER, alarms: Number.MAX_SAFE_INTEGER },
      emit: (at, event) => {
        this.#inventory.apply({ at, body: event });
        if (event.kind === 'alarm') this.#note(event);
      },
    });
  }

  frame(frame: Frame): void {
    if (frame.at > this.#now) this.#now = frame.at;
    if (this.#now >= this.#nextTick) this.#tick();
    this.#dissector.frame(frame);
    const { observations } = this.#dissector.drain();
    if (observations.length > 0) this.#intake.take({ kind: 'observed', observations }, this.#now);
  }

  get isEmpty(): boolean {
    return this.#inventory.records().next().done === true;
  }

  /** What the capture showed. `withFacts`: each device with its facts and their frames. */
  finish(withFacts = false): Inspected {
    const report = this.report(withFacts);
    return { ...report, devices: [...report.devices] };
  }

  /** The same, to be written once: each row is made when its turn comes, so that those of a large site never stand in memory together. */
  report(withFacts = false): InspectionReport {
    this.#tick();
    const rows = Map.groupBy(this.#inventory.records(), ({ device }) => device.mac);
    const kinds = new Map<DeviceId, string>();
    for (const { device } of this.#inventory.records()) {
      const kind = kindOf(this.#policy, cluesOf(device))?.kind;
      if (kind !== undefined) kinds.set(device.id, kind);
    }
    const malformed = new Map(
      [...this.#malformed].map(([name, { frames, senders, message }]) => [name, { frames, senders: senders.size, message }]),
    );
    return {
      devices: this.#rows(rows.values(), kinds, withFacts),
      events: this.#events(),
      malformed: Object.fromEntries(malformed),
      unknown: Object.fromEntries([...this.#unknown, ...unreadCounts(this.#dissector.unread.take(maxUnread))]),
      coverage: coverageOf(this.#inventory.records(), {
        network: replaySettings.network,
        isFile: true,
        kindOf: device => kinds.get(device.id) ?? device.fields.deviceKind?.value,
      }),
    };
  }

  #tick(): void {
    this.#nextTick = this.#now + tickMs;
    const some = (): readonly Sighting[] => this.#dissector.sightings(sightingsAtOnce);
    for (let sightings = some(); sightings.length > 0; sightings = some()) this.#intake.take({ kind: 'sighted', sightings }, this.#now);
    const { malformed, overflow } = this.#dissector.drain(true);
    for (const one of malformed) this.#count(one);
    for (const { count, what } of overflow) this.#unknown.set(what, (this.#unknown.get(what) ?? 0) + count);
    this.#intake.tick(this.#now);
  }

  #count({ collector, mac, message, count }: Malformed): void {
    const old = this.#malformed.get(collector) ?? { frames: 0, senders: new Set<Mac>(), message };
    old.frames += count;
    if (old.senders.size < maxAddresses) old.senders.add(mac);
    this.#malformed.set(collector, old);
  }

  #note(event: Extract<EventBody, { readonly kind: 'alarm' }>): void {
    const key = keyOf(event.alarm, event.actor, event.victimMac);
    if (this.#alarms.has(key) || this.#alarms.size < maxAlarms) this.#alarms.set(key, event);
  }

  *#rows(all: Iterable<readonly DeviceRecord[]>, kinds: ReadonlyMap<DeviceId, string>, withFacts: boolean): Generator<InspectedDevice> {
    for (const records of all) yield this.#row(records, kinds, withFacts);
  }

  #row(records: readonly DeviceRecord[], kinds: ReadonlyMap<DeviceId, string>, withFacts: boolean): InspectedDevice {
    const devices = records.map(({ device }) => device);
    const seen = records.map(one => one.seen);
    const first = devices[0];
    const field = (name: keyof Device['fields']): string | undefined =>
      devices.map(({ fields }) => fields[name]?.value).find(v => v !== undefined);
    const kind = devices.map(({ id }) => kinds.get(id)).find(v => v !== undefined) ?? field('deviceKind');
    const mac = first?.mac ?? '';
    const groups = devices.flatMap(({ id }) => this.#inventory.links.groupOf(id) ?? []);
    const linked = groups.flatMap(({ members }) => members.flatMap(id => this.#inventory.get(id)?.device.mac ?? []));
    return {
      id: groups[0]?.id ?? first?.id ?? '',
      mac,
      macs: unique([mac, ...linked]),
      ips: this.#addressesOf(devices),
      ...set('hostname', field('hostname')),
      hostnames: unique(devices.flatMap(({ hostnames = [] }) => hostnames.map(({ value }) => value))),
      ...set('vendor', field('maker') ?? field('vendor')),
      ...set('model', field('model')),
      ...set('firmware', field('firmware')),
      ...set('serial', field('serial')),
      ...set('kind', kind),
      protocols: unique(devices.flatMap(({ protocols = [] }) => protocols)),
      packets: seen.reduce((sum, { packets }) => sum + packets, 0),
      bytes: seen.reduce((sum, { bytes }) => sum + bytes, 0),
      firstSeen: time(Math.min(...devices.map(({ firstSeen }) => firstSeen))),
      lastSeen: time(Math.max(...seen.map(({ lastAt }) => lastAt))),
      ...(withFacts
        ? { facts: devices.flatMap(({ facts }) => facts.map(({ frame, collector, fact }) => ({ frame, collector, fact }))) }
        : {}),
    };
  }

  /** A device that was granted a lease, or said where it is managed, has that address while it shows no other IPv4 one and nobody else has it. */
  #addressesOf(devices: readonly Device[]): readonly string[] {
    const own = unique(devices.flatMap(({ ips }) => ips));
    if (own.some(ip => !ip.includes(':'))) return own;
    const said = devices.flatMap(({ facts }) => facts.map(({ fact }) => fact));
    const leased = said.flatMap(fact => (fact.kind === 'dhcp-lease' ? fact.ip : [])).slice(-1);
    const managed = said.flatMap(fact =>
      fact.kind === 'management-address' && this.#inventory.withIp(fact.ip).length === 0 ? fact.ip : [],
    );
    return unique([...(leased.length > 0 ? leased : managed), ...own]);
  }

  #events(): readonly InspectedEvent[] {
    const standing = new Map<string, Alarm>(
      this.#detector.standing(this.#now).map(alarm => [keyOf(alarm.type, alarm.actor, alarm.victim), alarm]),
    );
    return [...this.#alarms]
      .map(([key, told]) => {
        const now = standing.get(key);
        const { alarm: type, actor: mac, victimMac: victim, firstAt = this.#now } = told;
        const frames = now?.frames ?? told.frames ?? [];
        return {
          type,
          mac,
          ...(victim === undefined ? {} : { victim }),
          at: time(firstAt),
          ...(frames[0] === undefined ? {} : { frame: frames[0] }),
          detail: now?.detail ?? told.detail,
          lastAt: time(now?.lastAt ?? told.lastAt ?? firstAt),
          count: now?.count ?? told.count ?? 1,
          frames,
        };
      })
      .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  }
}

/** What nobody reads, as words and frames. */
const unreadCounts = (layers: readonly UnreadOfLayer[]): readonly (readonly [string, number])[] =>
  layers.flatMap(({ layer, busiest, others, otherFrames }) => [
    ...busiest.map(({ what, name, frames }) => [`${layer} ${what}${name === undefined ? '' : ` (${name})`}`, frames] as const),
    ...(others > 0 ? [[`${others} more ${layer}${others > 1 ? 's' : ''}`, otherFrames] as const] : []),
  ]);

const keyOf = (type: string, actor: Mac, victim: Mac | undefined): string => `${type} ${actor} ${victim ?? ''}`;
const time = (at: Millis): string => new Date(at).toISOString();
const unique = (list: readonly string[]): readonly string[] => [...new Set(list)];
const set = <K extends string>(name: K, value: string | undefined): { readonly [k in K]?: string } =>
  (value === undefined ? {} : { [name]: value }) as { readonly [k in K]?: string };
