import type { Mac, Millis, PortName, ZoneName } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import type { EventBody } from '../model/event.ts';
import {
  type AskedBefore,
  backOffMs,
  type CeasedProbing,
  hurtPerKind,
  type ProbeGrant,
  type ProbeMode,
  type ProbeName,
  type ZoneProbing,
} from '../model/probe.ts';
import { probeProposal } from './probe-proposal.ts';

/** Caps: zones that settings can have, words of people, devices asked (the oldest gives way), devices that went quiet. */
const [maxZones, maxGrants, maxAsked, maxCeased] = [256, 20_000, 20_000, 4096];
/** What was asked is remembered for so long: twice the time before it is asked again. Milliseconds. */
const askedAgeMs = 48 * 3_600_000;

type Armed = Extract<EventBody, { readonly kind: 'probes-armed' }>;
type Stopped = Extract<EventBody, { readonly kind: 'probes-stopped' }>;

/** What a restart needs of it. Plain JSON. */
export type ProbeGrantsSnapshot = {
  readonly zones: readonly (readonly [ZoneName, Armed | Stopped])[];
  readonly stopped?: Stopped;
  readonly grants: readonly (readonly [string, ProbeGrant])[];
  readonly asked: readonly (readonly [string, AskedBefore])[];
  readonly ceased: readonly (readonly [string, CeasedProbing])[];
};

/** Who may be asked what: the fold of what people armed, stopped and forbade, and of how probes ended. It decides nothing. */
export class ProbeGrants {
  /** What was said last about a zone, since the last stop of all. */
  readonly #zones = new Map<ZoneName, Armed | Stopped>();
  /** The following by address and port. */
  readonly #grants = new Map<string, ProbeGrant>();
  readonly #asked = new Map<string, AskedBefore>();
  readonly #ceased = new Map<string, CeasedProbing>();
  #stopped: Stopped | undefined;

  static from(snapshot: ProbeGrantsSnapshot | undefined): ProbeGrants {
    const grants = new ProbeGrants();
    for (const [zone, said] of snapshot?.zones ?? []) grants.#zones.set(zone, said);
    for (const [key, grant] of snapshot?.grants ?? []) grants.#grants.set(key, grant);
    for (const [key, asked] of snapshot?.asked ?? []) grants.#asked.set(key, asked);
    for (const [key, ceased] of snapshot?.ceased ?? []) grants.#ceased.set(key, ceased);
    grants.#stopped = snapshot?.stopped;
    return grants;
  }

  snapshot(): ProbeGrantsSnapshot {
    return {
      zones: [...this.#zones],
      grants: [...this.#grants],
      asked: [...this.#asked],
      ceased: [...this.#ceased],
      ...(this.#stopped === undefined ? {} : { stopped: this.#stopped }),
    };
  }

  /** What a zone may be asked now, given what its settings say: a stop holds until somebody arms, a window that ended gives way to the settings. */
  of(zone: { readonly name: ZoneName; readonly probes?: ProbeMode }, now: Millis): ZoneProbing {
    const said = this.#zones.get(zone.name) ?? this.#stopped;
    if (said?.kind === 'probes-stopped') return { zone: zone.name, mode: 'off', by: said.by, reason: said.reason };
    if (said === undefined || said.until <= now) return { zone: zone.name, mode: zone.probes ?? 'off', by: 'settings' };
    const { mode, by, reason, until, wide } = said;
    return { zone: zone.name, mode, by, reason, until, ...(wide === true ? { wide } : {}) };
  }

  /** Why traffic says that a device should be left alone, until a person has spoken. */
  proposal(device: Device): string | undefined {
    return probeProposal(device);
  }

  grant(mac: Mac, port: PortName): ProbeGrant | undefined {
    return this.#grants.get(keyOf(mac, port));
  }

  grants(): readonly (ProbeGrant & { readonly mac: Mac; readonly port: PortName })[] {
    return [...this.#grants].map(([key, grant]) => ({ ...addressOf(key), ...grant }));
  }

  asked(mac: Mac, port: PortName): AskedBefore | undefined {
    return this.#asked.get(keyOf(mac, port));
  }

  backOffs(now: Millis): readonly { readonly mac: Mac; readonly port: PortName; readonly until: Millis }[] {
    return [...this.#asked].flatMap(([key, { backOffUntil: until }]) => (until > now ? [{ ...addressOf(key), until }] : []));
  }

  ceased(mac: Mac, port: PortName, now: Millis): CeasedProbing | undefined {
    const found = this.#ceased.get(keyOf(mac, port));
    return found !== undefined && found.until > now ? found : undefined;
  }

  allCeased(now: Millis): readonly CeasedProbing[] {
    return [...this.#ceased.values()].filter(({ until }) => until > now);
  }

  /** Kinds of probe that two devices of one zone could not bear. */
  ceasedKinds(now: Millis): readonly { readonly zone: ZoneName; readonly probe: ProbeName }[] {
    const counts = new Map<string, { zone: ZoneName; probe: ProbeName; count: number }>();
    for (const { zone, probe } of this.allCeased(now)) {
      const one = counts.get(`${zone} ${probe}`) ?? { zone, probe, count: 0 };
      counts.set(`${zone} ${probe}`, { ...one, count: one.count + 1 });
    }
    return [...counts.values()].filter(({ count }) => count >= hurtPerKind).map(({ zone, probe }) => ({ zone, probe }));
  }

  apply(at: Millis, body: EventBody): void {
    if (body.kind === 'probes-armed') put(this.#zones, body.zone, body, maxZones);
    else if (body.kind === 'probes-stopped') this.#stop(body);
    else if (body.kind === 'never-probe') {
      const { mac, port, on, by, reason } = body;
      put(this.#grants, keyOf(mac, port), { on, by, reason, at }, maxGrants);
    } else if (body.kind === 'probing-ceased') {
      const { kind: _, ...ceased } = body;
      put(this.#ceased, keyOf(body.mac, body.port), ceased, maxCeased);
    } else if (body.kind === 'probed') this.#probed(body);
  }

  #stop(body: Stopped): void {
    if (body.zone !== undefined) return put(this.#zones, body.zone, body, maxZones);
    this.#zones.clear();
    this.#stopped = body;
  }

  #probed({ order: { target, probe }, outcome: { kind, endedAt } }: Extract<EventBody, { readonly kind: 'probed' }>): void {
    // What never left says nothing about the device.
    if (target === undefined || kind === 'blocked' || kind === 'stopped') return;
    const key = keyOf(target.mac, target.port);
    const before = this.#asked.get(key);
    const backOffUntil = kind === 'silent' ? endedAt + backOffMs : (before?.backOffUntil ?? 0);
    const probes = { ...before?.probes, [probe]: { at: endedAt, kind } };
    this.#asked.delete(key); // put last, so that the oldest gives way
    put(this.#asked, key, { at: endedAt, probes, backOffUntil }, maxAsked);
    for (const [oldest, { at }] of this.#asked) {
      if (endedAt - at < askedAgeMs) break;
      this.#asked.delete(oldest);
    }
  }
}

/** An address has no blank in it, and neither has a port. */
const keyOf = (mac: Mac, port: PortName): string => `${mac} ${port}`;
const addressOf = (key: string): { mac: Mac; port: PortName } => ({ mac: key.slice(0, 17), port: key.slice(18) });

function put<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.set(key, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
