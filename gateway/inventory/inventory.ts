import type { DeviceId, Ip, Mac, Millis, PortName, Vlan } from '../model/address.ts';
import type { Event, EventBody } from '../model/event.ts';
import type { ZoneMode } from '../model/settings.ts';
import { foldOutcome, renewed, withdrawn } from './fold-attestation.ts';
import { foldFact, unlocked, withField } from './fold-fact.ts';
import { Links, type LinksSnapshot } from './links.ts';
import { BroughtAnchors } from './brought-anchors.ts';
import { Enrolments } from './enrolments.ts';
import type { BroughtAnchor, EnrolledKey } from '../model/trust.ts';
import { type Proof, Proofs } from './proofs.ts';
import { ProbeGrants, type ProbeGrantsSnapshot } from './probe-grants.ts';
import { attached, moved } from './place.ts';
import { ReferenceBook, type ReferenceBookSnapshot } from './reference-book.ts';
import { type DeviceRecord, unattested } from './record.ts';
import { SignIndex } from './sign-index.ts';
import { type Sign, tellsApart } from './signs.ts';

/** Everything that a restart needs besides the Events after it. Plain JSON. */
export type InventorySnapshot = {
  readonly format: 1;
  readonly records: readonly DeviceRecord[];
  readonly nextId: number;
  readonly pausedUntil?: Millis;
  readonly zoneModes: readonly (readonly [string, ZoneMode])[];
  /** Absent in snapshots of older versions. */
  readonly links?: LinksSnapshot;
  readonly probing?: ProbeGrantsSnapshot;
  readonly anchors?: readonly BroughtAnchor[];
  readonly proofs?: readonly Proof[];
  readonly references?: ReferenceBookSnapshot;
  readonly enrolled?: readonly EnrolledKey[];
};

/** The most devices that are kept at all; the machine caps them per port long before. */
export const maxDevices = 20_000;
const nobody: readonly DeviceRecord[] = [];
const isOne = (here: DeviceRecord | readonly DeviceRecord[]): here is DeviceRecord => !Array.isArray(here);

/** The fold over Events: devices and site switches. It derives nothing that Events do not say and decides nothing. */
export class Inventory {
  readonly #records = new Map<DeviceId, DeviceRecord>();
  /** Nearly all addresses have one device: it stands there alone. */
  readonly #byMac = new Map<Mac, DeviceRecord | readonly DeviceRecord[]>();
  /** As many entries as the devices have addresses, at most 8 each. Nearly all have one device: it stands there alone. */
  readonly #byIp = new Map<Ip, DeviceId | Set<DeviceId>>();
  readonly #counts = new Map<PortName, number>();
  readonly #signs = new SignIndex();
  #links = new Links();
  #proofs = new Proofs();
  #enrolments = new Enrolments();
  readonly #zoneModes = new Map<string, ZoneMode>();
  /** Who may be asked what. */
  readonly probing: ProbeGrants;
  /** What was said of which reference values. */
  readonly references: ReferenceBook;
  /** Trust anchors that people brought. */
  readonly anchors: BroughtAnchors;
  #nextId = 1;
  #pausedUntil: Millis | undefined;

  /** The letter with which ids begin: another one where ids of two inventories meet. */
  readonly #letter: 'd' | 'u';

  constructor(probing = new ProbeGrants(), references = new ReferenceBook(), anchors = new BroughtAnchors(), letter: 'd' | 'u' = 'd') {
    this.probing = probing;
    this.references = references;
    this.anchors = anchors;
    this.#letter = letter;
  }

  static from(snapshot: InventorySnapshot): Inventory {
    const { probing, references, anchors } = snapshot;
    const inventory = new Inventory(ProbeGrants.from(probing), ReferenceBook.from(references), BroughtAnchors.from(anchors));
    for (const record of snapshot.records) inventory.#add(record);
    for (const [zone, mode] of snapshot.zoneModes) inventory.#zoneModes.set(zone, mode);
    if (snapshot.proofs === undefined) inventory.#rememberAll();
    else inventory.#proofs = Proofs.from(snapshot.proofs);
    if (snapshot.links !== undefined) inventory.#links = Links.from(snapshot.links);
    inventory.#enrolments = Enrolments.from(snapshot.enrolled);
    inventory.#nextId = snapshot.nextId;
    inventory.#pausedUntil = snapshot.pausedUntil;
    return inventory;
  }

  snapshot(): InventorySnapshot {
    return {
      format: 1,
      records: [...this.#records.values()],
      nextId: this.#nextId,
      zoneModes: [...this.#zoneModes],
      links: this.#links.snapshot(),
      probing: this.probing.snapshot(),
      anchors: this.anchors.all(),
      proofs: this.#proofs.snapshot(),
      references: this.references.snapshot(),
      enrolled: this.#enrolments.all(),
      ...(this.#pausedUntil === undefined ? {} : { pausedUntil: this.#pausedUntil }),
    };
  }

  get size(): number {
    return this.#records.size;
  }

  /** Set while enforcement is paused; the pause may have run out since. */
  get pausedUntil(): Millis | undefined {
    return this.#pausedUntil;
  }

  /** The id that the next found device gets. */
  get nextDeviceId(): DeviceId {
    return `${this.#letter}${this.#nextId}`;
  }

  zoneMode(zone: string): ZoneMode | undefined {
    return this.#zoneModes.get(zone);
  }

  get(id: DeviceId): DeviceRecord | undefined {
    return this.#records.get(id);
  }

  records(): IterableIterator<DeviceRecord> {
    return this.#records.values();
  }

  /** All devices with this MAC, oldest first. */
  withMac(mac: Mac): readonly DeviceRecord[] {
    const here = this.#byMac.get(mac);
    return here === undefined ? nobody : isOne(here) ? [here] : here;
  }

  at(mac: Mac, port: PortName, vlan: Vlan): DeviceRecord | undefined {
    const here = this.#byMac.get(mac);
    if (here === undefined) return undefined;
    if (isOne(here)) return here.device.port === port && here.device.vlan === vlan ? here : undefined;
    return here.find(({ device }) => device.port === port && device.vlan === vlan);
  }

  /** How many devices a port has. */
  countOn(port: PortName): number {
    return this.#counts.get(port) ?? 0;
  }

  withIp(ip: Ip): readonly DeviceRecord[] {
    const ids = this.#byIp.get(ip);
    if (ids === undefined) return nobody;
    return (typeof ids === 'string' ? [ids] : [...ids]).flatMap(id => this.#records.get(id) ?? []);
  }

  /** Attestation keys that TPMs enrolled. */
  get enrolments(): Pick<Enrolments, 'all' | 'mayEnrol' | 'forget'> {
    return this.#enrolments;
  }

  /** Which records count as one device. */
  get links(): Pick<Links, 'groupOf' | 'isInGroup' | 'undone' | 'undoneCount'> {
    return this.#links;
  }

  /** Who once attested. */
  get proofs(): Pick<Proofs, 'of' | 'withSerial' | 'ofClass' | 'size'> {
    return this.#proofs;
  }

  /** True iff a record shows a sign that another one shows too. */
  sharesSigns(id: DeviceId): boolean {
    return this.#signs.isShared(id);
  }

  /** How many records show a sign. */
  countOfSign(key: string): number {
    return this.#signs.count(key);
  }

  /** Records that show a sign, by its `key`. */
  withSign(key: string): readonly DeviceRecord[] {
    return this.#signs.holders(key).flatMap(id => this.#records.get(id) ?? []);
  }

  /** What a record says that tells devices apart. */
  signs(id: DeviceId): readonly Sign[] {
    return this.#signs.of(id);
  }

  /** Two records by what outlives them: their addresses. */
  pairOf(a: DeviceId, b: DeviceId): string {
    const names = [a, b].map(id => {
      const device = this.#records.get(id)?.device;
      return device === undefined ? id : `${device.mac}/${device.vlan}`;
    });
    return names.sort().join(' ');
  }

  /** Folds one Event in. Events about a device that is gone change nothing. */
  apply(event: Pick<Event, 'at' | 'body'>): void {
    const { at, body } = event;
    if (body.kind === 'fact-learned') return this.#learnt(body);
    this.probing.apply(at, body);
    this.anchors.apply(at, body);
    this.references.apply(at, body);
    this.#enrolments.apply(body);
    if (body.kind === 'device-found') this.#found(body, at);
    else if (body.kind === 'devices-linked') {
      if (this.#records.has(body.device) && this.#records.has(body.other)) this.#links.linked(body, at, (a, b) => this.pairOf(a, b));
    } else if (body.kind === 'devices-unlinked') this.#links.unlinked(body, (a, b) => this.pairOf(a, b));
    else if (isAboutDevice(body)) {
      const record = this.#records.get(body.device);
      if (record !== undefined) this.#applyTo(record, body, at);
    } else this.#applyToSite(body, at);
  }

  /** By far the most Events are these. */
  #learnt({ device, observation }: Extract<EventBody, { readonly kind: 'fact-learned' }>): void {
    const record = this.#records.get(device);
    if (record === undefined) return;
    this.#index(record, foldFact(record.device, observation));
    if (tellsApart(observation.fact)) this.#signs.update(record);
  }

  #found(body: Extract<EventBody, { kind: 'device-found' }>, at: Millis): void {
    const { device: id, mac, port, vlan, zone, seenBy, cloneOf } = body;
    const binding = { mac, port, vlan, from: at };
    const device = { id, mac, port, vlan, zone, seenBy, ips: [], bindings: [binding], fields: {}, services: [], facts: [], firstSeen: at };
    this.#add({
      device: cloneOf === undefined ? device : { ...device, cloneOf },
      attestation: unattested,
      person: undefined,
      decision: undefined,
      enforcement: 'applying',
      seen: { lastAt: at, packets: 0, bytes: 0 },
    });
    this.#nextId = Math.max(this.#nextId, Number(id.slice(1)) + 1);
  }

  #add(record: DeviceRecord): void {
    const { id, mac } = record.device;
    this.#records.set(id, record);
    this.#count(record.device.port, 1);
    const others = this.withMac(mac);
    this.#byMac.set(mac, others.length === 0 ? record : [...others, record]);
    for (const ip of record.device.ips) this.#uses(ip, id);
    this.#signs.update(record);
  }

  #index(record: DeviceRecord, device: DeviceRecord['device']): void {
    const { id, ips } = record.device;
    record.device = device;
    if (device.ips === ips) return;
    for (const ip of ips) if (!device.ips.includes(ip)) this.#leaves(ip, id);
    for (const ip of device.ips) this.#uses(ip, id);
  }

  #uses(ip: Ip, id: DeviceId): void {
    const ids = this.#byIp.get(ip);
    if (ids === undefined) this.#byIp.set(ip, id);
    else if (ids !== id) this.#byIp.set(ip, typeof ids === 'string' ? new Set([ids, id]) : ids.add(id));
  }

  #leaves(ip: Ip, id: DeviceId): void {
    const ids = this.#byIp.get(ip);
    if (typeof ids === 'object') ids.delete(id);
    if (ids === id || (typeof ids === 'object' && ids.size === 0)) this.#byIp.delete(ip);
  }

  #applyTo(record: DeviceRecord, body: AboutDevice, at: Millis): void {
    switch (body.kind) {
      case 'field-set':
        record.device = withField(record.device, body.field, body.value);
        break;
      case 'field-unlocked':
        record.device = unlocked(record.device, body.field);
        break;
      case 'attached':
        record.device = attached(record.device, body.to);
        break;
      case 'device-moved':
        this.#count(record.device.port, -1);
        this.#count(body.to, 1);
        record.device = moved(record.device, body.to, body.zone, at);
        this.#signs.update(record);
        break;
      case 'device-forgotten':
        this.#forget(record);
        break;
      case 'challenged':
        record.attestation = { ...record.attestation, challengedAt: at };
        break;
      case 'attested':
        record.attestation = foldOutcome(record.attestation, body, at);
        this.#remember(record);
        this.#signs.update(record);
        break;
      case 'attested-again':
        record.attestation = renewed(record.attestation, at, body.expires);
        this.#remember(record);
        break;
      case 'reference-withdrawn':
        record.attestation = withdrawn(record.attestation, body);
        break;
      case 'baseline-taken': {
        const { deviceKey, digests, by, reason } = body;
        record.attestation = { ...record.attestation, baseline: { deviceKey, digests, by, reason, at } };
        break;
      }
      case 'decided':
        record.decision = body.decision;
        record.device = { ...record.device, zone: body.decision.facts.zone };
        record.attestation = { ...record.attestation, expected: body.decision.facts.expected };
        break;
      case 'enforced':
        record.enforcement = body.enforcement;
        break;
      case 'person-decided':
        record.person = body.person;
        break;
      case 'person-released':
        record.person = undefined;
        break;
      case 'key-enrolled':
      case 'key-forgotten':
        break; // `enrolments` has folded it in
      case 'tpm-restarted':
        break; // who is asked for it is the schedule's; where its TPM stands came with the quote
      case 'never-probe':
      case 'probe-asked':
      case 'probing-ceased':
        break; // what may be asked outlives the device: `probing` has folded it in
    }
  }

  #applyToSite(body: EventBody, at: Millis): void {
    if (body.kind === 'paused') this.#pausedUntil = body.until;
    else if (body.kind === 'resumed') this.#pausedUntil = undefined;
    else if (body.kind === 'zone-mode') this.#zoneModes.set(body.zone, body.mode);
    else if (body.kind === 'port-state' && (body.state === 'down' || body.state === 'gone')) this.#endResults(body.port, at);
  }

  /** A link that went down may come up with another device behind it: what was proved there ends now, and the zone's grace begins. */
  #endResults(port: PortName, at: Millis): void {
    for (const record of this.#records.values()) {
      const { result } = record.attestation;
      if (record.device.port !== port || result === undefined || result.expires <= at) continue;
      record.attestation = { ...record.attestation, result: { ...result, expires: at } };
    }
  }

  /** What snapshots of older versions do not say. */
  #rememberAll(): void {
    for (const record of this.#records.values()) {
      const { result, status } = record.attestation;
      if (result?.identity === undefined || status === 'contraindicated') continue;
      record.attestation = { ...record.attestation, lastVerified: result.at };
      this.#remember(record);
    }
  }

  #remember({ device: { id, mac }, attestation: { result, lastVerified } }: DeviceRecord): void {
    if (result?.identity !== undefined && lastVerified === result.at) this.#proofs.note(mac, id, result.identity, result.at);
  }

  #count(port: PortName, by: number): void {
    this.#counts.set(port, this.countOn(port) + by);
  }

  #forget(record: DeviceRecord): void {
    const { id, mac, port } = record.device;
    this.#records.delete(id);
    this.#signs.forget(id);
    this.#links.forget(id);
    for (const ip of record.device.ips) this.#leaves(ip, id);
    this.#count(port, -1);
    const left = this.withMac(mac).filter(other => other !== record);
    const [last] = left;
    if (last === undefined) this.#byMac.delete(mac);
    else this.#byMac.set(mac, left.length === 1 ? last : left);
  }
}

/** Events that change a known device. An alarm names one but changes nothing. */
type AboutDevice = Exclude<
  Extract<EventBody, { readonly device: DeviceId }>,
  { readonly kind: 'device-found' | 'fact-learned' | 'devices-linked' | 'devices-unlinked' }
>;
const isAboutDevice = (body: EventBody): body is AboutDevice =>
  'device' in body &&
  body.kind !== 'alarm' &&
  body.kind !== 'device-found' &&
  body.kind !== 'fact-learned' &&
  body.kind !== 'devices-linked' &&
  body.kind !== 'devices-unlinked' &&
  body.device !== undefined;
