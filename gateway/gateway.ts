import { ChallengeSchedule } from './attestation/schedule.ts';
import { askableAt, attestedEvent } from './inventory/bound.ts';
import { Detector } from './detection/detector.ts';
import { kindEvents } from './inventory/classify.ts';
import { commandEvents } from './inventory/command.ts';
import { decisionFacts, isSameDecision } from './inventory/decision-facts.ts';
import { Intake } from './inventory/intake.ts';
import { Inventory } from './inventory/inventory.ts';
import { relink } from './inventory/linking.ts';
import type { DeviceRecord } from './inventory/record.ts';
import { decidesAnew, Enforcing, plansAnew, wishOf } from './inventory/enforcing.ts';
import { SwitchKnowledge } from './inventory/switch-knowledge.ts';
import { relationsOf, viewOf } from './inventory/view.ts';
import { zoneOf } from './inventory/zone.ts';
import type { DeviceId, Millis } from './model/address.ts';
import type { ChallengeOutcome } from './model/attestation.ts';
import type { DeviceView } from './model/device.ts';
import type { EventBody } from './model/event.ts';
import type { Command, Effect, Input, MachineSite } from './model/machine.ts';
import type { ZoneSettings } from './model/settings.ts';
import { Prober } from './probing/prober.ts';
import { probes } from './probing/index.ts';
import { decide } from './policy/decide.ts';
import { isExpected } from './policy/expected.ts';
import { kindOf } from './policy/kinds.ts';
import { lookupsOf } from './policy/lookups.ts';
import type { Policy } from './policy/policy.ts';
import { hashRuleSet, plan } from './quarantine/plan.ts';

/** The machine: the only place where discovery, attestation, policy and quarantine meet. It routes; it does no I/O and reads no clock. */
export class Gateway {
  readonly inventory: Inventory;
  readonly #site: MachineSite;
  readonly #intake: Intake;
  readonly #switches: SwitchKnowledge;
  readonly #schedule = new ChallengeSchedule();
  readonly #enforcing = new Enforcing();
  readonly prober: Prober<DeviceRecord>;
  /** Devices to decide about again: a subset of the inventory. */
  readonly #dirty = new Set<DeviceId>();
  #policy: Policy;
  #planDue = true;
  #out: EventBody[] = [];
  #effects: Effect[] = [];

  constructor(site: MachineSite, policy: Policy, inventory = new Inventory(), list = probes) {
    this.#site = site;
    this.#policy = policy;
    this.inventory = inventory;
    const parts = { inventory, settings: site.settings, vendorOf: site.vendorOf, learnsMs: site.learnsMs, rules: new Detector() };
    const own = { ownMac: site.gateway?.mac, emit: (now: Millis, event: EventBody) => this.#emit(now, event) };
    this.#intake = new Intake({ ...parts, ...own, policy: lookupsOf(() => this.#policy) });
    this.#switches = new SwitchKnowledge({ inventory, ...own });
    this.prober = new Prober({
      ...{ probes: list, inventory, settings: site.settings, own: site.gateway, emit: own.emit },
      ...{ zoneOf: record => this.#zoneOf(record).name, isChallenged: id => this.#schedule.isOpen(id) },
      ipOf: record => site.gateway && askableAt(inventory, record, site.gateway, this.#intake.upstream.owners),
      effect: effect => this.#effects.push(effect),
    });
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
    const view = record && viewOf(record, now, this.#intake.isDown(record.device.port));
    const enforcement = view && this.#enforcing.shown(id, view.enforcement);
    return view && enforcement && { ...view, ...relationsOf(this.inventory, record), enforcement, ...this.prober.shown(id, now) };
  }

  zones(): readonly ZoneSettings[] {
    return this.#site.settings.zones.map(zone => ({ ...zone, mode: this.inventory.zoneMode(zone.name) ?? zone.mode }));
  }

  /** One input in, what the edge must do out. The same inputs at the same instants give the same effects. */
  handle(input: Input, now: Millis): readonly Effect[] {
    switch (input.kind) {
      case 'observed':
      case 'forwarding-entry':
      case 'sighted':
      case 'malformed':
      case 'overflowed':
      case 'port-state':
        for (const id of this.#intake.take(input, now)) {
          if (input.kind === 'port-state') this.#schedule.hasten(id, now);
          this.#dirty.add(id);
        }
        this.#planDue ||= this.#intake.upstream.takeNews();
        break;
      case 'switch-tables':
        this.#switches.take(input.switchIp, input.reading, now);
        break;
      case 'challenge-outcome':
        this.#attested(input.challenge, input.outcome, now);
        break;
      case 'probe-outcome':
        this.prober.finished(input.id, input.outcome, now);
        break;
      case 'enforcement-state':
        if (this.#enforcing.report(input)) this.#emit(now, input);
        break;
      case 'command':
        this.#command(input.by, input.reason, input.command, now);
        break;
      case 'noted':
        this.#emit(now, input.event);
        // What was judged under other anchors and reference values is judged anew.
        if (input.event.kind === 'trust-loaded') for (const { device } of this.inventory.records()) this.#schedule.hasten(device.id, now);
        break;
      case 'tick':
        this.#tick(now);
        break;
    }
    return this.#settle(now, input.kind === 'tick');
  }

  #tick(now: Millis): void {
    this.#schedule.giveUp(now);
    this.prober.tick(now);
    const { pausedUntil } = this.inventory;
    if (pausedUntil !== undefined && now >= pausedUntil) this.#emit(now, { kind: 'resumed', by: 'clock', reason: 'the pause ended' });
    for (const { device, person, attestation } of this.inventory.records())
      if (person?.until !== undefined || attestation.result !== undefined) this.#dirty.add(device.id);
    if (this.#intake.tick(now)) this.#effects.push({ kind: 'resync' });
  }

  #attested(challenge: string, outcome: ChallengeOutcome, now: Millis): void {
    const device = this.#schedule.finish(challenge, outcome, now);
    if (device === undefined || this.inventory.get(device) === undefined) return;
    this.#emit(now, attestedEvent(this.inventory, device, challenge, outcome));
    relink(this.inventory, device, event => this.#emit(now, event));
  }

  #command(by: string, reason: string, command: Command, now: Millis): void {
    const answer = commandEvents(this.inventory, this.#site.settings, { by, reason, now }, command);
    if ('problem' in answer) return void this.#effects.push({ kind: 'answer', refused: answer });
    for (const event of answer.events) this.#emit(now, event);
    this.prober.commanded(by, command, now);
    if (command.kind === 'challenge') {
      this.#schedule.hasten(command.device, now);
      this.#dirty.add(command.device);
    }
    return void this.#effects.push({ kind: 'answer' });
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
    for (const event of kindEvents(record.device, clues => kindOf(this.#policy, clues), now)) this.#emit(now, event);
    const identity = record.attestation.result?.identity;
    const expected = identity !== undefined && isExpected(this.#policy, identity) !== undefined;
    const decision = decide(decisionFacts(record, zone, expected, now), this.#policy, zone);
    const evidence = record.attestation.result?.evidence;
    if (!isSameDecision(record.decision, decision))
      this.#emit(now, { kind: 'decided', device: id, decision: evidence === undefined ? decision : { ...decision, evidence } });
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
    const site = { network: settings.network, attestationPort: settings.attestation.port, gatewayMac: gateway.mac };
    const ruleSet = plan({ ...site, paused, zones, devices: devices.map(wishOf), upstream: this.#intake.upstream.owners });
    const acts = (record: DeviceRecord): boolean =>
      ruleSet.enforced.includes(record.device.port) && this.#zoneOf(record).mode === 'enforce';
    return this.#enforcing.intend(devices, acts, hashRuleSet(ruleSet)) ? [{ kind: 'enforce', ruleSet }] : [];
  }

  #challenge(id: DeviceId, now: Millis): Effect[] {
    const record = this.inventory.get(id);
    const { gateway } = this.#site;
    if (record === undefined) this.#schedule.forget(id);
    if (record === undefined || gateway === undefined) return [];
    const { mac, port } = record.device;
    const { challenge: armed, challengePorts, evidenceTtlSeconds: ttlSeconds } = this.#zoneOf(record);
    const ip = askableAt(this.inventory, record, gateway, this.#intake.upstream.owners);
    if (!armed || ip === undefined || this.#intake.isDown(port) || this.prober.forbids(record)) return [];
    if (!this.#schedule.due(id, port, record.attestation.result, now)) return [];
    const remotePorts = challengePorts.slice(0, 4);
    const challenge = { id: this.#schedule.begin(id, port, now), device: id, mac, port, ip, remotePorts, ttlSeconds };
    this.#emit(now, { kind: 'challenged', device: id, challenge: challenge.id, target: `${ip} ports ${remotePorts.join(', ')}` });
    return [{ kind: 'challenge', challenge }];
  }

  #zoneOf({ device: { port, vlan, ips } }: DeviceRecord): ZoneSettings {
    return zoneOf(this.zones(), { port, vlan, ips });
  }

  /** Folds an Event in at once and keeps it for the journal. */
  #emit(now: Millis, event: EventBody): void {
    this.inventory.apply({ at: now, body: event });
    this.#out.push(event);
    if ('device' in event && event.device !== undefined && decidesAnew(event)) this.#dirty.add(event.device);
    this.#planDue ||= plansAnew(event);
  }
}
