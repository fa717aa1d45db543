import { Asking, type AskingParts } from './attestation/asking.ts';
import { Serving } from './attestation/serving.ts';
import { askableAt, askerAt, attestedEvents, type IsPlaced } from './inventory/bound.ts';
import { Detector } from './detection/detector.ts';
import { kindEvents } from './inventory/classify.ts';
import { commandEvents } from './inventory/command.ts';
import { decisionFacts, isSameDecision } from './inventory/decision-facts.ts';
import { Intake } from './inventory/intake.ts';
import { rememberedOf } from './inventory/memory.ts';
import { Inventory } from './inventory/inventory.ts';
import { References } from './inventory/references.ts';
import type { DeviceRecord } from './inventory/record.ts';
import { decidesAnew, Enforcing, isBound, plansAnew, wishesOf } from './inventory/enforcing.ts';
import { SwitchKnowledge } from './inventory/switch-knowledge.ts';
import { relationsOf, viewOf } from './inventory/view.ts';
import { withAge, zoneOfRecord } from './inventory/zone.ts';
import type { DeviceId, Millis } from './model/address.ts';
import type { DeviceView } from './model/device.ts';
import type { EventBody } from './model/event.ts';
import type { Command, Effect, Input, MachineSite } from './model/machine.ts';
import type { ZoneSettings } from './model/settings.ts';
import { Prober } from './probing/prober.ts';
import { probes } from './probing/index.ts';
import { decide } from './policy/decide.ts';
import { expectedPlace } from './policy/expected.ts';
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
  readonly #enforcing = new Enforcing();
  readonly #asking: Asking<DeviceRecord>;
  readonly prober: Prober<DeviceRecord>;
  readonly serving: Serving<DeviceRecord>;
  readonly references: References;
  /** Devices to decide about again: a subset of the inventory. */
  readonly #dirty = new Set<DeviceId>();
  readonly isPlaced: IsPlaced = ({ device }, identity) => expectedPlace(this.#policy, identity, device) === 'here';
  #policy: Policy;
  #planDue = true;
  #out: EventBody[] = [];
  #effects: Effect[] = [];

  constructor(site: MachineSite, policy: Policy, inventory = new Inventory(), list = probes) {
    this.#site = site;
    this.#policy = policy;
    this.inventory = inventory;
    const parts = { inventory, settings: site.settings, vendorOf: site.vendorOf, learnsMs: site.learnsMs, rules: new Detector() };
    const own = { ownMac: site.gateway?.mac, ownIp6: site.gateway?.ip6, emit: (now: Millis, event: EventBody) => this.#emit(now, event) };
    this.#intake = new Intake({ ...parts, ...own, woke: (...who) => this.#asking.rouse(...who), policy: lookupsOf(() => this.#policy) });
    this.#switches = new SwitchKnowledge({ inventory, ...own });
    const ipOf = (record: DeviceRecord, failures = 0) => askableAt(inventory, record, site.gateway, this.#intake.upstream.owners, failures);
    const attested: AskingParts<DeviceRecord>['attested'] = (...outcome) => {
      attestedEvents(inventory, this.isPlaced, ...outcome, own.emit);
      this.references.attested(outcome[0], outcome[3]);
    };
    const judged = { emit: own.emit, attested, zoneOf: (record: DeviceRecord) => this.#zoneOf(record) };
    const isBarred = (record: DeviceRecord) => this.#intake.isDown(record.device.port) || this.prober.forbids(record);
    this.#asking = new Asking({ ...judged, inventory, ipOf, isBarred, isBound, seenTls: Prober.seenTls });
    this.serving = new Serving({
      ...judged,
      recordAt: ip => site.gateway && askerAt(inventory, ip, site.gateway, this.#intake.upstream.owners),
      handedIn: (...outcome) => this.#asking.handedIn(...outcome),
    });
    const effect = (one: Effect) => void this.#effects.push(one);
    this.references = new References({ ...judged, inventory, effect });
    this.prober = new Prober({
      ...{ probes: list, inventory, settings: site.settings, own: site.gateway, emit: own.emit, ipOf },
      ...{ effect, zoneOf: record => this.#zoneOf(record).name, isChallenged: id => this.#asking.isOpen(id) },
    });
  }

  /** A policy comes into force, also the first one after a start: everything is decided and planned anew. */
  usePolicy(policy: Policy, files: readonly string[], now: Millis): readonly Effect[] {
    [this.#policy, this.#planDue] = [policy, true];
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
          if (input.kind === 'port-state') this.#asking.hasten(id, 'event', now);
          this.#dirty.add(id);
        }
        this.#planDue ||= this.#intake.upstream.takeNews();
        break;
      case 'switch-tables':
        this.#switches.take(input.switchIp, input.reading, now);
        break;
      case 'challenge-outcome':
        this.#asking.finished(input.challenge, input.outcome, now);
        break;
      case 'served-outcome':
        this.serving.finished(input, now);
        break;
      case 'judged-again':
      case 'references':
        this.references.take(input, now);
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
        this.references.noted(input.event, now);
        break;
      case 'tick':
        this.#tick(now);
        break;
    }
    return this.#settle(now, input.kind === 'tick');
  }

  #tick(now: Millis): void {
    this.#asking.tick(now);
    this.prober.tick(now);
    this.references.refresh(now);
    const { pausedUntil } = this.inventory;
    if (pausedUntil !== undefined && now >= pausedUntil) this.#emit(now, { kind: 'resumed', by: 'clock', reason: 'the pause ended' });
    for (const { device, person, attestation } of this.inventory.records())
      if (person?.until !== undefined || attestation.result !== undefined) this.#dirty.add(device.id);
    if (this.#intake.tick(now)) this.#effects.push({ kind: 'resync' });
  }

  #command(by: string, reason: string, command: Command, now: Millis): void {
    const answer = commandEvents(this.inventory, this.#site.settings, { by, reason, now }, command);
    if ('problem' in answer) return void this.#effects.push({ kind: 'answer', refused: answer });
    for (const event of answer.events) this.#emit(now, event);
    this.prober.commanded(by, command, now);
    if (command.kind === 'challenge') this.#asking.hasten(command.device, 'person', now);
    this.references.refresh(now);
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
    const challenges = this.#asking.turn(all ? 'all' : touched, now);
    const effects: Effect[] = this.#out.length === 0 ? [] : [{ kind: 'append', events: this.#out }];
    effects.push(...enforce, ...challenges, ...this.#effects);
    [this.#out, this.#effects] = [[], []];
    this.#dirty.clear();
    return effects;
  }

  #redecide(id: DeviceId, now: Millis): void {
    const record = this.inventory.get(id);
    if (record === undefined) return;
    for (const event of kindEvents(record.device, clues => kindOf(this.#policy, clues), now)) this.#emit(now, event);
    const [decision, evidence] = [this.decisionOf(record, now), record.attestation.result?.evidence];
    if (!isSameDecision(record.decision, decision))
      this.#emit(now, { kind: 'decided', device: id, decision: evidence === undefined ? decision : { ...decision, evidence } });
  }

  /** What policy says of a record as it stands, or as it might. */
  decisionOf(record: DeviceRecord, now: Millis) {
    const [zone, { result }] = [this.#zoneOf(record), record.attestation];
    const place = result?.identity && expectedPlace(this.#policy, result.identity, record.device);
    const told = [rememberedOf(this.inventory, record), this.#asking.agedTo(record.device.id, now)] as const;
    return decide(decisionFacts(record, zone, place, now, ...told), this.#policy, zone);
  }

  #replan(): Effect[] {
    this.#planDue = false;
    const { settings, gateway } = this.#site;
    const [paused, zones] = [this.inventory.pausedUntil !== undefined, this.zones()];
    const devices = [...this.inventory.records()].filter(({ decision }) => decision !== undefined);
    if (settings.network.kind === 'listen' || gateway === undefined) {
      this.#enforcing.intend(devices, () => false, '');
      return [];
    }
    const site = { network: settings.network, attestationPort: settings.attestation.port, gatewayMac: gateway.mac, ip6: gateway.ip6 };
    const ruleSet = plan({ ...site, paused, zones, devices: wishesOf(this.inventory, devices), upstream: this.#intake.upstream.owners });
    const acts = (record: DeviceRecord): boolean =>
      ruleSet.enforced.includes(record.device.port) && this.#zoneOf(record).mode === 'enforce';
    return this.#enforcing.intend(devices, acts, hashRuleSet(ruleSet)) ? [{ kind: 'enforce', ruleSet }] : [];
  }

  #zoneOf(record: DeviceRecord): ZoneSettings {
    return withAge(zoneOfRecord(this.zones(), record), record.device.fields.kind?.value, record.attestation.result?.identity?.model);
  }

  /** Folds an Event in at once and keeps it for the journal. */
  #emit(now: Millis, event: EventBody): void {
    this.inventory.apply({ at: now, body: event });
    this.#asking.noted(event, now);
    this.#out.push(event);
    if ('device' in event && event.device !== undefined && decidesAnew(event)) this.#dirty.add(event.device);
    this.#planDue ||= plansAnew(event);
  }
}
