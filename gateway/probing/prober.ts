import type { DeviceId, Ip, Mac, Millis, PortName, ZoneName } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import type { EventBody } from '../model/event.ts';
import type { Command, Effect } from '../model/machine.ts';
import {
  type AskedBefore,
  type CeasedProbing,
  type DeviceProbing,
  maxRecent,
  type ProbeGrant,
  type ProbeName,
  type ProbeOrder,
  type ProbeOutcome,
  type ProbingState,
  probeNames,
  type ZoneProbing,
} from '../model/probe.ts';
import type { Settings, ZoneSettings } from '../model/settings.ts';
import type { Enforcement } from '../model/axes.ts';
import { broadcastPorts } from './broadcast-ports.ts';
import type { ListedProbe } from './probe.ts';
import { seenTlsPorts } from './seen-tls.ts';
import { sweepsOf } from './sweeps.ts';
import { type Candidate, ProbeSchedule, type ProbeWorld } from './schedule.ts';

/** What the inventory remembers about probing (`inventory/probe-grants.ts`). */
export type Grants = {
  proposal(device: Device): string | undefined;
  of(zone: ZoneSettings, now: Millis): ZoneProbing;
  grant(mac: Mac, port: PortName): ProbeGrant | undefined;
  grants(): ProbingState['never'];
  asked(mac: Mac, port: PortName): AskedBefore | undefined;
  backOffs(now: Millis): ProbingState['backOffs'];
  ceased(mac: Mac, port: PortName, now: Millis): CeasedProbing | undefined;
  allCeased(now: Millis): readonly CeasedProbing[];
  ceasedKinds(now: Millis): ProbingState['ceasedKinds'];
};

/** What a device record has that matters here. */
type DeviceRecord = {
  readonly device: Device;
  readonly seen: { readonly lastAt: Millis; readonly packets: number };
  readonly enforcement: Enforcement;
};

/** What the machine lends; `own` is absent where the network has no bridge of ours, and then nothing is ever asked. */
export type ProberParts<R extends DeviceRecord> = {
  readonly probes: readonly ListedProbe[];
  readonly settings: Pick<Settings, 'zones' | 'network'>;
  readonly own: { readonly prefix: string } | undefined;
  readonly inventory: { readonly probing: Grants; records(): Iterable<R>; get(id: DeviceId): R | undefined };
  readonly zoneOf: (record: R) => ZoneName;
  readonly ipOf: (record: R) => Ip | undefined;
  readonly isChallenged: (id: DeviceId) => boolean;
  readonly emit: (now: Millis, event: EventBody) => void;
  readonly effect: (effect: Effect) => void;
};

/** The network lets its frames pass: whoever is cut cannot answer, and is not to be bothered. */
const passes: ReadonlySet<Enforcement> = new Set(['open', 'would-hold', 'would-quarantine']);

/** Probing as the machine runs it: turns of the schedule become effects, outcomes become Events. */
export class Prober<R extends DeviceRecord> {
  /** Where a device was seen to offer TLS, and may be asked by it unnamed. */
  static readonly seenTls = ({ device }: Pick<DeviceRecord, 'device'>): readonly number[] => seenTlsPorts(device);
  readonly #parts: ProberParts<R>;
  readonly #grants: Grants;
  readonly #isOff: boolean;
  readonly #schedule: ProbeSchedule;
  /** Newest first, at most `maxRecent`. */
  #recent: readonly { readonly order: ProbeOrder; readonly outcome: ProbeOutcome }[] = [];

  constructor(parts: ProberParts<R>) {
    this.#parts = parts;
    this.#grants = parts.inventory.probing;
    this.#isOff = parts.own === undefined || parts.settings.network.kind === 'listen';
    this.#schedule = new ProbeSchedule(parts.probes);
  }

  /** True iff the device must not be challenged now: a person said never, or a probe has its one connection. */
  forbids({ device: { id, mac, port } }: R): boolean {
    return this.#grants.grant(mac, port)?.on === true || this.#schedule.isAsking(id);
  }

  /** A command that was accepted; its Events are folded in already. */
  commanded(by: string, command: Command, now: Millis): void {
    if (command.kind === 'probe') this.#schedule.ask(command.device, by, now);
    else if (command.kind === 'stop-probes') this.#stop(({ zone }) => command.zone === undefined || zone === command.zone, command.zone);
    else if (command.kind === 'never-probe' && command.on) this.#stop(({ target }) => target?.device === command.device, '');
  }

  /** About once a second. */
  tick(now: Millis): void {
    if (this.#isOff) return;
    const zones = this.#zones(now);
    if (this.#schedule.running.length === 0 && zones.every(({ mode }) => mode === 'off') && this.#schedule.sizes.every(size => size === 0))
      return;
    const { orders, stopped, lost, hurt } = this.#schedule.turn(this.#world(zones, now));
    if (stopped.length > 0) this.#parts.effect({ kind: 'stop-probes', ids: stopped });
    for (const order of lost)
      this.#ended(order, { kind: 'failed', startedAt: now, endedAt: now, sent: 0, received: 0, detail: 'its outcome never came' }, now);
    for (const ceased of hurt) this.#ceased(ceased, now);
    for (const order of orders) this.#parts.effect({ kind: 'probe', order });
  }

  finished(id: string, outcome: ProbeOutcome, now: Millis): void {
    const order = this.#schedule.finish(id, outcome, now);
    if (order !== undefined) this.#ended(order, outcome, now);
  }

  /** What a device's page shows; empty where nothing is ever asked. */
  shown(id: DeviceId, now: Millis): { readonly probing?: DeviceProbing } {
    const device = this.#parts.inventory.get(id)?.device;
    return this.#isOff || device === undefined ? {} : { probing: this.#of(device, now) };
  }

  #of(device: Device, now: Millis): DeviceProbing {
    const grants = this.#grants;
    const { mac, port } = device;
    const never = grants.grant(mac, port);
    const why = grants.proposal(device);
    const ceased = grants.ceased(mac, port, now);
    const asked = grants.asked(mac, port);
    return {
      ...(never === undefined ? {} : { never }),
      ...(why === undefined ? {} : { proposal: why }),
      ...(ceased === undefined ? {} : { ceasedUntil: ceased.until }),
      ...(asked === undefined || asked.backOffUntil <= now ? {} : { backOffUntil: asked.backOffUntil }),
      asked: probeNames.flatMap(probe => {
        const last = asked?.probes[probe];
        return last === undefined ? [] : [{ probe, ...last }];
      }),
    };
  }

  /** The part of the state that is looked at all the time. */
  armed(now: Millis): { readonly zones: readonly ZoneProbing[]; readonly running: number } {
    const zones = this.#isOff ? [] : this.#zones(now).filter(({ mode }) => mode !== 'off');
    return { zones, running: this.#schedule.running.length };
  }

  state(now: Millis): ProbingState {
    const grants = this.#grants;
    return {
      zones: this.#isOff ? [] : this.#zones(now),
      running: this.#schedule.running.map(({ order, at }) => ({ order, since: at })),
      ceased: grants.allCeased(now),
      ceasedKinds: grants.ceasedKinds(now),
      backOffs: grants.backOffs(now),
      never: grants.grants(),
      recent: this.#recent,
    };
  }

  #zones(now: Millis): readonly ZoneProbing[] {
    return this.#parts.settings.zones.map(zone => this.#grants.of(zone, now));
  }

  /** All of a stop's probes: without a zone the edge ends whatever it runs, whether we know of it or not. */
  #stop(belongs: (order: ProbeOrder) => boolean, zone: ZoneName | undefined): void {
    const ids = this.#schedule.running.flatMap(({ order }) => (belongs(order) ? [order.id] : []));
    this.#parts.effect(zone === undefined ? { kind: 'stop-probes' } : { kind: 'stop-probes', ids });
  }

  #world(zones: readonly ZoneProbing[], now: Millis): ProbeWorld {
    const { settings, own, inventory, isChallenged } = this.#parts;
    const grants = this.#grants;
    const armed = new Set(zones.flatMap(({ zone, mode }) => (mode === 'off' ? [] : [zone])));
    return {
      now,
      zones,
      portsOf: zone => broadcastPorts(zone, settings.zones, settings.network.ports, name => armed.has(name)),
      sweepsOf: zone => sweepsOf(zone, settings.zones.find(({ name }) => name === zone.zone)?.prefixes, own?.prefix ?? ''),
      devices: () => mapped(inventory.records(), record => this.#candidate(record)),
      device: id => {
        const record = inventory.get(id);
        return record && this.#candidate(record);
      },
      grant: (mac, port) => grants.grant(mac, port),
      proposal: device => grants.proposal(device),
      asked: (mac, port) => grants.asked(mac, port),
      isCeased: (mac, port) => grants.ceased(mac, port, now) !== undefined,
      ceasedKinds: grants.ceasedKinds(now),
      isChallenged,
    };
  }

  #candidate(record: R): Candidate {
    const { device, seen, enforcement } = record;
    const ip = (): Ip | undefined => (passes.has(enforcement) ? this.#parts.ipOf(record) : undefined);
    return { device, seen, zone: this.#parts.zoneOf(record), ip };
  }

  #ended(order: ProbeOrder, outcome: ProbeOutcome, now: Millis): void {
    this.#recent = [{ order, outcome }, ...this.#recent].slice(0, maxRecent);
    const device = order.target?.device;
    this.#parts.emit(now, { kind: 'probed', ...(device === undefined ? {} : { device }), order, outcome });
  }

  #ceased(ceased: CeasedProbing, now: Millis): void {
    const { device, mac, port, probe } = ceased;
    this.#parts.emit(now, { kind: 'probing-ceased', ...ceased });
    const detail = `was talking, and has been quiet since ${probe satisfies ProbeName}; nobody asks it anything for a day`;
    this.#parts.emit(now, { kind: 'alarm', alarm: 'probe-hurt', actor: mac, port, device, detail, firstAt: now, lastAt: now, count: 1 });
  }
}

function* mapped<A, B>(items: Iterable<A>, of: (item: A) => B): Generator<B> {
  for (const item of items) yield of(item);
}
