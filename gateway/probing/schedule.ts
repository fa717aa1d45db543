import type { DeviceId, Ip, Mac, Millis, PortName, ZoneName } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import type { AskedBefore, CeasedProbing, ProbeGrant, ProbeName, ProbeOrder, ProbeOutcome, ZoneProbing } from '../model/probe.ts';
import { ceasedMs } from '../model/probe.ts';
import { ceilings } from './ceilings.ts';
import { jitter } from './jitter.ts';
import { addresses } from './sweeps.ts';
import { provenService } from './ports.ts';
import type { ListedProbe } from './probe.ts';

/** A device as the schedule looks at it. `ip` where it can be asked, undefined where it cannot: no address of its own, cut, somebody's clone. */
export type Candidate = {
  readonly device: Device;
  readonly zone: ZoneName;
  readonly seen: { readonly lastAt: Millis; readonly packets: number };
  readonly ip: () => Ip | undefined;
};

/** What the schedule looks at in one turn. */
export type ProbeWorld = {
  readonly now: Millis;
  readonly zones: readonly ZoneProbing[];
  /** Ports by which a broadcast of the zone may leave, and the networks that sweeps there cover; undefined: as the probe does by itself. */
  readonly portsOf: (zone: ZoneName) => readonly PortName[];
  readonly sweepsOf: (zone: ZoneProbing) => readonly (string | undefined)[];
  readonly devices: () => Iterable<Candidate>;
  readonly device: (id: DeviceId) => Candidate | undefined;
  readonly grant: (mac: Mac, port: PortName) => ProbeGrant | undefined;
  readonly proposal: (device: Device) => string | undefined;
  readonly asked: (mac: Mac, port: PortName) => AskedBefore | undefined;
  readonly isCeased: (mac: Mac, port: PortName) => boolean;
  readonly ceasedKinds: readonly { readonly zone: ZoneName; readonly probe: ProbeName }[];
  /** True while a challenge to the device is open: one connection at a time. */
  readonly isChallenged: (id: DeviceId) => boolean;
};

/** What a turn makes: probes that leave, running ones whose zone is not armed any more, lost ones, and devices that probes have hurt. */
export type Turn = {
  readonly orders: readonly ProbeOrder[];
  readonly stopped: readonly string[];
  readonly lost: readonly ProbeOrder[];
  readonly hurt: readonly CeasedProbing[];
};

type Pulse = { readonly at: Millis; readonly packets: number };
type Running = { readonly order: ProbeOrder; readonly at: Millis; readonly quietMs?: Millis; readonly stoppedAt?: Millis };
type Watch = { readonly order: ProbeOrder; readonly until: Millis; readonly quietMs: Millis };

/** Caps; at 20 probes a second and two minutes of watching there are never more watches than this. */
const [maxPulses, maxWatches, maxAsks] = [20_000, 4096, 256];

/** Whom to ask what, and when; what was hurt by it. Pure: time comes with each turn, and what looks random is made of names. */
export class ProbeSchedule {
  readonly #probes: readonly ListedProbe[];
  /** At most `ceilings.running`. */
  readonly #running = new Map<string, Running>();
  /** When each broadcast is due: as many as zones, probes and prefixes of the settings. */
  readonly #rounds = new Map<string, Millis>();
  /** How each device talked when it became due; the oldest gives way, each leaves when it is asked or after a while. */
  readonly #pulses = new Map<DeviceId, Pulse>();
  readonly #watches = new Map<string, Watch>();
  readonly #asks = new Map<DeviceId, { readonly by: string; readonly at: Millis }>();
  #begun: readonly { readonly zone: ZoneName; readonly at: Millis }[] = [];
  #issued = 0;

  constructor(probes: readonly ListedProbe[]) {
    this.#probes = probes;
  }

  get running(): readonly Running[] {
    return [...this.#running.values()];
  }

  /** What each map holds, for the flood test. */
  get sizes(): readonly number[] {
    return [this.#running, this.#rounds, this.#pulses, this.#watches, this.#asks].map(({ size }) => size);
  }

  isAsking(device: DeviceId): boolean {
    return [...this.#running.values()].some(({ order }) => order.target?.device === device);
  }

  /** A person asks for everything that the device can be asked, now. */
  ask(device: DeviceId, by: string, now: Millis): void {
    if (this.#asks.size < maxAsks || this.#asks.has(device)) this.#asks.set(device, { by, at: now });
  }

  /** The order that an outcome belongs to; undefined when it is unknown, answered or given up. Whoever was asked is watched from now on. */
  finish(id: string, outcome: ProbeOutcome, now: Millis): ProbeOrder | undefined {
    const running = this.#running.get(id);
    if (running === undefined) return undefined;
    this.#running.delete(id);
    const { order, quietMs } = running;
    const reached = outcome.kind !== 'blocked' && outcome.kind !== 'failed';
    if (quietMs !== undefined && reached && this.#watches.size < maxWatches)
      this.#watches.set(id, { order, until: now + ceilings.hurtWithinMs, quietMs });
    return order;
  }

  turn(world: ProbeWorld): Turn {
    const { now, zones } = world;
    this.#begun = this.#begun.filter(({ at }) => now - at < 1000);
    const armed = new Map(zones.flatMap(zone => (zone.mode === 'off' ? [] : [[zone.zone, zone] as const])));
    const stopped = this.#stop(now, armed);
    const lost = this.#giveUp(now);
    const hurt = this.#hurt(world);
    this.#age(now, armed);
    const orders: ProbeOrder[] = [];
    for (const zone of armed.values()) this.#broadcasts(zone, world, orders);
    if ([...armed.values()].some(({ mode }) => mode === 'known-devices')) this.#unicasts(armed, world, orders);
    return { orders, stopped, lost, hurt };
  }

  #broadcasts(zone: ZoneProbing, world: ProbeWorld, orders: ProbeOrder[]): void {
    const ports = world.portsOf(zone.zone);
    if (ports.length === 0) return;
    for (const probe of this.#probes) {
      if (probe.reach !== 'broadcast') continue;
      for (const prefix of probe.name === 'arp-sweep' ? world.sweepsOf(zone) : [undefined]) {
        const key = `${zone.zone} ${probe.name} ${prefix ?? ''}`;
        const due = this.#rounds.get(key) ?? world.now + jitter(key, ceilings.firstWithinMs);
        this.#rounds.set(key, due);
        const isRunning = [...this.#running.values()].some(
          ({ order }) => order.zone === zone.zone && order.probe === probe.name && order.prefix === prefix,
        );
        if (world.now < due || isRunning || !this.#hasRoom(zone.zone, world.now)) continue;
        this.#rounds.set(key, world.now + ceilings.broadcastEveryMs + jitter(`${key} ${world.now}`, ceilings.jitterMs));
        orders.push(
          this.#begin(
            { probe: probe.name, zone: zone.zone, armedBy: zone.by, ports, ...(prefix === undefined ? {} : { prefix }) },
            world.now,
          ),
        );
      }
    }
  }

  #unicasts(armed: ReadonlyMap<ZoneName, ZoneProbing>, world: ProbeWorld, orders: ProbeOrder[]): void {
    const due: { candidate: Candidate; probe: ListedProbe; service: number; rank: readonly [number, Millis, number] }[] = [];
    for (const candidate of world.devices()) {
      if (armed.get(candidate.zone)?.mode !== 'known-devices') continue;
      const next = this.#next(candidate, world);
      if (next === undefined) continue;
      const { id, mac, port } = candidate.device;
      const rank = [this.#asks.has(id) ? 0 : 1, world.asked(mac, port)?.at ?? 0, jitter(id, 1e6)] as const;
      due.push({ candidate, ...next, rank });
    }
    due.sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1] || a.rank[2] - b.rank[2]);
    for (const { candidate, probe, service } of due) {
      const { device, zone } = candidate;
      const rule = armed.get(zone);
      if (rule === undefined || !this.#hasRoom(zone, world.now)) continue;
      const ip = candidate.ip();
      const pulse = this.#listened(candidate, world.now);
      if (ip === undefined || pulse === undefined) continue;
      const { id, mac, port, vlan } = device;
      const armedBy = this.#asks.get(id)?.by ?? rule.by;
      const order = this.#begin(
        { probe: probe.name, zone, armedBy, target: { device: id, mac, ip, port, vlan, service } },
        world.now,
        pulse.quietMs,
      );
      orders.push(order);
    }
  }

  /** The next question that a device may be asked now; undefined when none is due or something forbids it. */
  #next({ device, zone, seen }: Candidate, world: ProbeWorld): { readonly probe: ListedProbe; readonly service: number } | undefined {
    const { id, mac, port, vlan, cloneOf } = device;
    const grant = world.grant(mac, port);
    // We ask untagged only. A clone's answers could be the genuine device's.
    if (vlan !== 0 || cloneOf !== undefined || grant?.on === true) return undefined;
    if (world.now - seen.lastAt > ceilings.heardWithinMs) return undefined;
    const asked = world.asked(mac, port);
    const ask = this.#asks.get(id);
    if (asked !== undefined && (asked.backOffUntil > world.now || world.now - asked.at < ceilings.betweenProbesMs)) return undefined;
    const since = (name: ProbeName): boolean => {
      const last = asked?.probes[name]?.at;
      return last === undefined || world.now - last >= ceilings.againMs || (ask !== undefined && last < ask.at);
    };
    for (const probe of this.#probes) {
      if (probe.reach !== 'device' || !since(probe.name)) continue;
      if (world.ceasedKinds.some(kind => kind.zone === zone && kind.probe === probe.name)) continue;
      const service = provenService(probe, device);
      if (service === undefined) continue;
      if (world.isCeased(mac, port) || this.isAsking(id) || world.isChallenged(id)) return undefined;
      return grant === undefined && world.proposal(device) !== undefined ? undefined : { probe, service };
    }
    return undefined;
  }

  /** How the device talked while we listened: undefined while that goes on. `quietMs` absent: it hardly talks, so its silence says nothing. */
  #listened({ device: { id }, seen }: Candidate, now: Millis): { readonly quietMs?: Millis } | undefined {
    const pulse = this.#pulses.get(id);
    if (pulse === undefined) {
      if (this.#pulses.size < maxPulses) this.#pulses.set(id, { at: now, packets: seen.packets });
      return undefined;
    }
    if (now - pulse.at < ceilings.listenFirstMs) return undefined;
    this.#pulses.delete(id);
    const packets = seen.packets - pulse.packets;
    if (packets < 2 || now - seen.lastAt > ceilings.listenFirstMs) return {};
    const { least, most } = ceilings.quietMs;
    return { quietMs: Math.min(most, Math.max(least, (5 * (now - pulse.at)) / packets)) };
  }

  #hasRoom(zone: ZoneName, now: Millis): boolean {
    const begun = this.#begun.filter(({ at }) => now - at < 1000);
    return (
      this.#running.size < ceilings.running &&
      begun.length < ceilings.perBox &&
      begun.filter(one => one.zone === zone).length < ceilings.perSegment
    );
  }

  #begin(order: Omit<ProbeOrder, 'id'>, now: Millis, quietMs?: Millis): ProbeOrder {
    this.#issued += 1;
    const named = { id: `p${now}-${this.#issued}`, ...order };
    this.#running.set(named.id, { order: named, at: now, ...(quietMs === undefined ? {} : { quietMs }) });
    this.#begun = [...this.#begun, { zone: order.zone, at: now }];
    return named;
  }

  /** What runs in zones that are not armed for it any more; each is told once. */
  #stop(now: Millis, armed: ReadonlyMap<ZoneName, ZoneProbing>): readonly string[] {
    const over = [...this.#running].filter(
      ([, { order, stoppedAt }]) => stoppedAt === undefined && !isAllowed(order, armed.get(order.zone)),
    );
    for (const [id, one] of over) this.#running.set(id, { ...one, stoppedAt: now });
    return over.map(([id]) => id);
  }

  /** A sweep takes as long as it takes, until it is stopped. */
  #giveUp(now: Millis): readonly ProbeOrder[] {
    const lost = [...this.#running].filter(([, { order, at, stoppedAt }]) => {
      const since = order.target === undefined ? stoppedAt : at;
      return since !== undefined && now - since >= ceilings.lostMs;
    });
    for (const [id] of lost) this.#running.delete(id);
    return lost.map(([, { order }]) => order);
  }

  /** Devices that talked until a probe and have been quiet since: whatever the reason is, we do not ask them again. */
  #hurt(world: ProbeWorld): readonly CeasedProbing[] {
    const { now } = world;
    const hurt = new Map<DeviceId, CeasedProbing>();
    for (const [id, { order, until, quietMs }] of this.#watches) {
      const { target } = order;
      const seen = target && world.device(target.device)?.seen;
      const isOver = seen === undefined || now > until + quietMs || seen.lastAt > until;
      const isHurt = seen !== undefined && seen.lastAt <= until && now - seen.lastAt >= quietMs;
      if (target !== undefined && isHurt && !hurt.has(target.device)) {
        const { device, mac, port } = target;
        hurt.set(device, { device, mac, port, zone: order.zone, probe: order.probe, at: now, until: now + ceasedMs });
      }
      if (isOver || isHurt) this.#watches.delete(id);
    }
    return [...hurt.values()];
  }

  #age(now: Millis, armed: ReadonlyMap<ZoneName, ZoneProbing>): void {
    for (const [id, { at }] of this.#asks) if (now - at >= ceilings.askedForMs) this.#asks.delete(id);
    for (const [id, { at }] of this.#pulses) if (now - at >= ceilings.askedForMs) this.#pulses.delete(id);
    for (const key of this.#rounds.keys()) if (!armed.has(key.slice(0, key.indexOf(' ')))) this.#rounds.delete(key);
  }
}

const isAllowed = ({ target, prefix }: ProbeOrder, zone: ZoneProbing | undefined): boolean =>
  zone !== undefined &&
  (target === undefined || zone.mode === 'known-devices') &&
  (prefix === undefined || zone.wide === true || addresses(prefix) <= ceilings.sweep);
