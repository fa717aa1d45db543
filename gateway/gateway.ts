import { ChallengeSchedule } from './attestation/schedule.ts';
import { askable, boundCheck } from './inventory/bound.ts';
import { commandEvents } from './inventory/command.ts';
import { decisionFacts, isSameDecision } from './inventory/decision-facts.ts';
import { Inventory } from './inventory/inventory.ts';
import { type Desk, observe, observeForwardingEntry, sight } from './inventory/observe.ts';
import type { DeviceRecord } from './inventory/record.ts';
import { Enforcing } from './inventory/enforcing.ts';
import { viewOf } from './inventory/view.ts';
import { isHostOf, zoneOf } from './inventory/zone.ts';
import { OutsiderQuota } from './journal/quota.ts';
import { type DeviceId, type Ip, type Mac, type Millis, type PortName, isGroupMac } from './model/address.ts';
import type { ChallengeOutcome } from './model/attestation.ts';
import type { DeviceView } from './model/device.ts';
import type { EventBody } from './model/event.ts';
import type { Command, Effect, Input } from './model/machine.ts';
import type { Settings, ZoneSettings } from './model/settings.ts';
import { decide } from './policy/decide.ts';
import { isExpected } from './policy/expected.ts';
import { kindOf } from './policy/kinds.ts';
import type { Policy } from './policy/policy.ts';
import { hashRuleSet, plan } from './quarantine/plan.ts';

/** What the machine is told once. `prefix` is the CIDR of the gateway's own bridge address: challenges go nowhere else. */
export type MachineSite = {
  readonly settings: Settings;
  readonly gateway?: { readonly mac: Mac; readonly ip: Ip; readonly prefix: string };
  readonly vendorOf: (mac: Mac) => string | undefined;
};

/** The machine: the only place where discovery, attestation, policy and quarantine meet. It routes; it does no I/O and reads no clock. */
export class Gateway {
  readonly inventory: Inventory;
  readonly #site: MachineSite;
  readonly #quota = new OutsiderQuota();
  readonly #schedule = new ChallengeSchedule();
  readonly #enforcing = new Enforcing();
  /** Ports of the settings without link. */
  readonly #down = new Set<PortName>();
  /** Devices to decide about again: a subset of the inventory. */
  readonly #dirty = new Set<DeviceId>();
  #policy: Policy;
  #planDue = true;
  #out: EventBody[] = [];
  #effects: Effect[] = [];

  constructor(site: MachineSite, policy: Policy, inventory = new Inventory()) {
    this.#site = site;
    this.#policy = policy;
    this.inventory = inventory;
  }

  /** A policy comes into force, also the first one after a start: everything is decided and planned anew. */
  usePolicy(policy: Policy, files: readonly string[], now: Millis): readonly Effect[] {
    this.#policy = policy;
    this.#planDue = true;
    this.#emit(now, { kind: 'policy-loaded', hash: policy.hash, files });
    for (const { device } of this.inventory.records()) this.#dirty.add(device.id);
    return this.#settle(now, true);
  }

  view(id: DeviceId, now: Millis): DeviceView | undefined {
    const record = this.inventory.get(id);
    const view = record && viewOf(record, now, this.#down.has(record.device.port));
    return view && { ...view, enforcement: this.#enforcing.shown(view.device.id, view.enforcement) };
  }

  zones(): readonly ZoneSettings[] {
    return this.#site.settings.zones.map(zone => ({ ...zone, mode: this.inventory.zoneMode(zone.name) ?? zone.mode }));
  }

  /** One input in, what the edge must do out. The same inputs at the same instants give the same effects. */
  handle(input: Input, now: Millis): readonly Effect[] {
    switch (input.kind) {
      case 'observed':
        for (const one of input.observations) if (this.#isDevice(one)) this.#noticed(observe(this.#desk(now), one));
        break;
      case 'forwarding-entry':
        if (this.#isDevice(input)) this.#noticed(observeForwardingEntry(this.#desk(now), input));
        break;
      case 'sighted':
        sight(this.inventory, input.sightings);
        break;
      case 'malformed':
        for (const { port, mac, collector, message, count } of input.malformed)
          if (this.#take(port, now)) this.#emit(now, { kind: 'malformed', port, mac, collector, message, count });
        break;
      case 'overflowed':
        if (this.#take(input.port, now)) this.#emit(now, { kind: 'folded', port: input.port, count: input.count, what: input.what });
        break;
      case 'port-state':
        this.#portState(input, now);
        break;
      case 'challenge-outcome':
        this.#attested(input.challenge, input.outcome, now);
        break;
      case 'enforcement-state':
        if (this.#enforcing.report(input)) this.#emit(now, input);
        break;
      case 'command':
        this.#command(input.by, input.reason, input.command, now);
        break;
      case 'noted':
        this.#emit(now, input.event);
        break;
      case 'tick':
        this.#tick(now);
        break;
    }
    return this.#settle(now, input.kind === 'tick');
  }

  #tick(now: Millis): void {
    this.#schedule.giveUp(now);
    const { pausedUntil } = this.inventory;
    if (pausedUntil !== undefined && now >= pausedUntil) this.#emit(now, { kind: 'resumed', by: 'clock', reason: 'the pause ended' });
    for (const { device, person, attestation } of this.inventory.records())
      if (person?.until !== undefined || attestation.result !== undefined) this.#dirty.add(device.id);
    const recovered = this.#quota.recovered(now);
    for (const { port, count } of recovered) this.#emit(now, { kind: 'folded', port, count, what: 'events beyond the quota of the port' });
    if (recovered.length > 0) this.#effects.push({ kind: 'resync' });
  }

  #portState(input: Extract<Input, { readonly kind: 'port-state' }>, now: Millis): void {
    const { port, state } = input;
    if (state === 'down' || state === 'gone') this.#down.add(port);
    else this.#down.delete(port);
    this.#emit(now, input);
    // A link that came up may have another device behind it: whoever is there proves itself anew.
    if (state !== 'up' && state !== 'healed') return;
    for (const { device } of this.inventory.records()) if (device.port === port) this.#hasten(device.id, now);
  }

  #attested(challenge: string, outcome: ChallengeOutcome, now: Millis): void {
    const device = this.#schedule.finish(challenge, outcome, now);
    if (device === undefined || this.inventory.get(device) === undefined) return;
    this.#emit(now, { kind: 'attested', device, challenge, outcome, checks: boundCheck(this.inventory, device, outcome) });
  }

  #command(by: string, reason: string, command: Command, now: Millis): void {
    const answer = commandEvents(this.inventory, this.#site.settings.zones, { by, reason, now }, command);
    if ('problem' in answer) this.#effects.push({ kind: 'answer', refused: answer });
    else {
      for (const event of answer.events) this.#emit(now, event);
      if (command.kind === 'challenge') this.#hasten(command.device, now);
      this.#effects.push({ kind: 'answer' });
    }
  }

  #hasten(id: DeviceId, now: Millis): void {
    this.#schedule.hasten(id, now);
    this.#dirty.add(id);
  }

  /** Ends a turn: decides about what changed, plans, asks who is due, and hands the effects over in their order. */
  #settle(now: Millis, all: boolean): readonly Effect[] {
    const touched = [...this.#dirty];
    this.#dirty.clear();
    for (const id of touched) this.#redecide(id, now);
    const enforce = this.#planDue ? this.#replan() : [];
    for (const { id, enforcement } of this.#enforcing.confirmed(this.inventory))
      this.#emit(now, { kind: 'enforced', device: id, enforcement });
    const asks = all ? [...this.inventory.records()].map(({ device }) => device.id) : touched;
    const challenges = asks.flatMap(id => this.#challenge(id, now));
    const effects: Effect[] = this.#out.length === 0 ? [] : [{ kind: 'append', events: this.#out }];
    effects.push(...enforce, ...challenges, ...this.#effects);
    this.#out = [];
    this.#effects = [];
    this.#dirty.clear();
    return effects;
  }

  #redecide(id: DeviceId, now: Millis): void {
    const record = this.inventory.get(id);
    if (record === undefined) return;
    const zone = this.#zoneOf(record);
    this.#classify(record, now);
    const identity = record.attestation.result?.identity;
    const expected = identity !== undefined && isExpected(this.#policy, identity) !== undefined;
    const decision = decide(decisionFacts(record, zone, expected, now), this.#policy, zone);
    const evidence = record.attestation.result?.evidence;
    if (!isSameDecision(record.decision, decision))
      this.#emit(now, { kind: 'decided', device: id, decision: evidence === undefined ? decision : { ...decision, evidence } });
  }

  #classify({ device }: DeviceRecord, now: Millis): void {
    const { vendor, model, hostname, vendorClass, kind } = device.fields;
    const values = { vendor: vendor?.value, model: model?.value, hostname: hostname?.value, vendorClass: vendorClass?.value };
    const services = device.services.map(({ service }) => service);
    const found = kindOf(this.#policy, { ...values, services, mac: device.mac });
    if (found === undefined || found.kind === kind?.value || kind?.locked === true) return;
    this.#emit(now, {
      kind: 'field-set',
      device: device.id,
      field: 'kind',
      value: { value: found.kind, source: found.rule.at, at: now, frame: 0 },
    });
  }

  #replan(): Effect[] {
    this.#planDue = false;
    const { settings, gateway } = this.#site;
    const paused = this.inventory.pausedUntil !== undefined;
    const zones = this.zones();
    const devices = [...this.inventory.records()].filter(({ decision }) => decision !== undefined);
    if (settings.network.kind === 'listen' || gateway === undefined) {
      this.#enforcing.intend(devices, () => false, '');
      return [];
    }
    const wished = devices.map(record => this.#enforcing.wish(record));
    const ruleSet = plan({
      network: settings.network,
      attestationPort: settings.attestation.port,
      gatewayMac: gateway.mac,
      paused,
      zones,
      devices: wished,
    });
    const acts = ({ device }: DeviceRecord): boolean =>
      ruleSet.enforced.includes(device.port) && this.#zoneOf({ device }).mode === 'enforce';
    const changed = this.#enforcing.intend(devices, acts, hashRuleSet(ruleSet));
    return changed ? [{ kind: 'enforce', ruleSet }] : [];
  }

  #challenge(id: DeviceId, now: Millis): Effect[] {
    const record = this.inventory.get(id);
    const { gateway, settings } = this.#site;
    if (record === undefined) this.#schedule.forget(id);
    if (record === undefined || gateway === undefined || settings.network.kind !== 'bridge' || record.device.cloneOf !== undefined)
      return [];
    const zone = this.#zoneOf(record);
    if (!zone.challenge || this.#down.has(record.device.port)) return [];
    const [ip] = askable(this.inventory, id, candidate => candidate !== gateway.ip && isHostOf(candidate, gateway.prefix));
    if (ip === undefined || !this.#schedule.due(id, record.attestation.result, now)) return [];
    const { mac, port } = record.device;
    const challenge = {
      id: this.#schedule.begin(id, now),
      device: id,
      mac,
      port,
      ip,
      remotePorts: zone.challengePorts.slice(0, 4),
      ttlSeconds: zone.evidenceTtlSeconds,
    };
    this.#emit(now, { kind: 'challenged', device: id, challenge: challenge.id, target: `${ip} ports ${challenge.remotePorts.join(', ')}` });
    return [{ kind: 'challenge', challenge }];
  }

  #zoneOf({ device: { port, vlan, ips } }: Pick<DeviceRecord, 'device'>): ZoneSettings {
    return zoneOf(this.zones(), { port, vlan, ips });
  }

  #isDevice({ mac, port }: { readonly mac: Mac; readonly port: PortName }): boolean {
    const { network } = this.#site.settings;
    if (isGroupMac(mac) || mac === '00:00:00:00:00:00' || mac === this.#site.gateway?.mac) return false;
    return network.ports.includes(port) || port === 'file';
  }

  #noticed(seen: { readonly device: DeviceId; readonly changed: boolean } | undefined): void {
    if (seen?.changed === true) this.#dirty.add(seen.device);
  }

  #desk(now: Millis): Desk {
    return {
      inventory: this.inventory,
      zones: this.#site.settings.zones,
      now,
      linkIsDown: port => this.#down.has(port),
      vendorOf: this.#site.vendorOf,
      emit: event => this.#emit(now, event),
      quota: port => this.#take(port, now),
    };
  }

  /** Meters what outsiders cause on a port; the first refusal raises one alarm. */
  #take(port: PortName, now: Millis): boolean {
    if (this.#quota.take(port, now)) return true;
    if (this.#quota.begins(port))
      this.#emit(now, {
        kind: 'alarm',
        alarm: 'flood',
        actor: '00:00:00:00:00:00',
        port,
        detail: `more new addresses, facts or broken frames than port ${port} may journal`,
      });
    return false;
  }

  /** Folds an Event in at once and keeps it for the journal. */
  #emit(now: Millis, event: EventBody): void {
    this.inventory.apply({ at: now, body: event });
    this.#out.push(event);
    if ('device' in event && event.device !== undefined && event.kind !== 'enforced' && event.kind !== 'challenged')
      this.#dirty.add(event.device);
    this.#planDue ||= plansAnew(event);
  }
}

/** True iff an Event may change the RuleSet. */
function plansAnew(event: EventBody): boolean {
  if (event.kind === 'fact-learned') return event.observation.fact.kind === 'address' || event.observation.fact.kind === 'dhcp-lease';
  return ['decided', 'device-moved', 'device-forgotten', 'paused', 'resumed', 'zone-mode'].includes(event.kind);
}
