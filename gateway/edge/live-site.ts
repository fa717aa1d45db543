import type { Gateway } from '../gateway.ts';
import { coverageOf } from '../inventory/coverage.ts';
import { ReferenceFileError } from '../attestation/reference-values.ts';
import type { ReferenceFile } from '../attestation/corim.ts';
import type { PastInventory } from '../export/past.ts';
import { PortSharing } from '../inventory/port-sharing.ts';
import { referenceList } from '../inventory/reference-list.ts';
import type { DeviceId, Millis, PortName } from '../model/address.ts';
import type { Coverage } from '../model/coverage.ts';
import type { Device, DeviceView } from '../model/device.ts';
import type { Event, EventBody, UserEvent } from '../model/event.ts';
import type { Command, CommandAnswer } from '../model/machine.ts';
import type { JournalPage, Show } from '../model/notable.ts';
import type { ProbingState } from '../model/probe.ts';
import type { BroughtFile, ReferenceList } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import type { ReferenceSet } from '../model/trust.ts';
import type { FromSensor } from './messages.ts';
import { RunningTotal } from './running-total.ts';
import type { TrustDesk } from './trust-desk.ts';
import type { JournalStore } from './store/journal-store.ts';

/** Changes are told this often at most. Milliseconds. */
const tellMs = 250;
/** A process that speaks all the time and says nothing for so long is shown as not running. Milliseconds. */
const silenceMs = 5_000;

type PortHealth = {
  port: PortName;
  state: 'up' | 'down' | 'healed' | 'gone' | 'unknown';
  frames: number;
  dropped: number;
  cloneDrops: number;
  detail: string;
};
type ProcessHealth = { role: string; alive: boolean; pid?: number; detail: string };

export type LiveSiteParts = {
  readonly settings: Settings;
  readonly version: string;
  readonly gateway: Gateway;
  readonly store: JournalStore;
  readonly now: () => Millis;
  readonly command: (by: string, reason: string, command: Command) => Promise<CommandAnswer>;
  readonly note: (event: EventBody) => void;
  readonly trust: TrustDesk;
  /** Reads a signed file of reference values that a person brings. Throws ReferenceFileError. */
  readonly openReferences: (name: string, bytes: Uint8Array, signature: string | undefined) => ReferenceFile;
};

/** What the page, the CLI and the attestation listener may see of the running gateway (`Site` of gateway/api/site.ts). */
export class LiveSite {
  readonly #parts: LiveSiteParts;
  readonly #startedAt: Millis;
  readonly #ports: Map<PortName, PortHealth>;
  readonly #processes = new Map<string, ProcessHealth>();
  /** Of our own ports. */
  readonly #cloneDrops = new Map<PortName, RunningTotal>();
  readonly #heardAt = new Map<string, Millis>();
  readonly #sharing: PortSharing;
  readonly #listeners = new Set<(changed: readonly DeviceId[]) => void>();
  #changed = new Set<DeviceId>();
  #timer: NodeJS.Timeout | undefined;
  #enforcement = { state: 'none' as 'none' | 'applied' | 'mismatch' | 'failed', detail: 'nothing was enforced yet', at: 0 };
  #storage = { storage: 'ok' as 'ok' | 'full', detail: '' };
  #policy: { hash: string; problems: readonly string[]; notes: readonly string[] } = { hash: '', problems: [], notes: [] };

  constructor(parts: LiveSiteParts) {
    this.#parts = parts;
    this.#startedAt = parts.now();
    this.#sharing = new PortSharing(parts.settings.network, () => [...parts.gateway.inventory.records()].map(({ device }) => device));
    const { network } = parts.settings;
    const names = network.kind === 'bridge' ? [...network.ports, ...network.uplinks] : network.ports;
    const ports = names.map(port => [port, { port, state: 'unknown', frames: 0, dropped: 0, cloneDrops: 0, detail: '' }] as const);
    this.#ports = new Map(ports);
    const roles = network.kind === 'bridge' ? ['sensor', 'enforcer', 'challenger', 'prober'] : ['sensor', 'challenger'];
    for (const role of roles) this.#processes.set(role, { role, alive: false, detail: 'not heard of yet' });
  }

  get settings(): Settings {
    return this.#parts.settings;
  }

  devices(): readonly DeviceView[] {
    const { gateway, now } = this.#parts;
    return [...gateway.inventory.records()].flatMap(({ device }) => this.#view(gateway.view(device.id, now())) ?? []);
  }

  device(id: DeviceId): DeviceView | undefined {
    return this.#view(this.#parts.gateway.view(id, this.#parts.now()));
  }

  #view(view: DeviceView | undefined): DeviceView | undefined {
    return view && this.#sharing.mark(view, this.#parts.now());
  }

  deviceByIp(ip: string): DeviceView | undefined {
    const ids = this.#parts.gateway.inventory.withIp(ip).map(({ device }) => device.id);
    const views = ids.flatMap(id => this.device(id) ?? []);
    return views.find(view => view.decision.access === 'admit') ?? views[0];
  }

  timeline(id: DeviceId, limit: number): readonly Event[] {
    return this.#parts.store.timeline(id, limit);
  }

  events(after: number, limit: number): readonly Event[] {
    return this.#parts.store.events(after, limit);
  }

  journal(show: Show | undefined, before: number, limit: number): JournalPage {
    return this.#parts.store.notable(show, before, limit);
  }

  past(at: Millis): Promise<PastInventory> {
    return this.#parts.store.past.at(at);
  }

  health() {
    const { gateway, store, version } = this.#parts;
    const counts = new Map<string, number>();
    for (const { device } of gateway.inventory.records()) counts.set(device.zone, (counts.get(device.zone) ?? 0) + 1);
    const { pausedUntil } = gateway.inventory;
    return {
      version,
      startedAt: this.#startedAt,
      zones: gateway.zones().map(({ name, mode }) => ({ name, mode, devices: counts.get(name) ?? 0 })),
      ...(pausedUntil === undefined ? {} : { pausedUntil }),
      enforcement: this.#enforcement,
      processes: [...this.#processes.values()],
      ports: [...this.#ports.values()],
      journal: { events: store.head.seq, head: store.head.hash, ...this.#storage },
      policy: this.#policy,
      probes: gateway.prober.armed(this.#parts.now()),
    };
  }

  coverage(): Coverage {
    const { gateway, settings } = this.#parts;
    const kindOf = ({ fields }: Device): string | undefined => fields.kind?.value ?? fields.deviceKind?.value;
    return coverageOf(gateway.inventory.records(), { network: settings.network, kindOf });
  }

  probes(): ProbingState {
    return this.#parts.gateway.prober.state(this.#parts.now());
  }

  get trust(): TrustDesk {
    return this.#parts.trust;
  }

  references(): ReferenceList {
    const { gateway, now } = this.#parts;
    return referenceList(gateway.inventory, gateway.references, now());
  }

  reference(key: string): ReferenceSet | undefined {
    return this.#parts.gateway.references.get(key);
  }

  /** Brings a signed file of reference values; its sets are staged. */
  addReferences(by: string, reason: string, { file, content, signature }: BroughtFile): Promise<CommandAnswer> {
    const { openReferences, command } = this.#parts;
    try {
      return command(by, reason, { kind: 'reference-add', file, ...openReferences(file, content, signature) });
    } catch (error) {
      if (!(error instanceof ReferenceFileError)) throw error;
      return Promise.resolve({ ok: false, status: 400, problem: error.message });
    }
  }

  command(by: string, reason: string, command: Command): Promise<CommandAnswer> {
    return this.#parts.command(by, reason, command);
  }

  noteUser(event: UserEvent): void {
    this.#parts.note(event);
  }

  note(user: string, from: string): void {
    this.#parts.note({ kind: 'signed-in', user, from });
  }

  subscribe(listener: (changed: readonly DeviceId[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** These Events were folded: tells the listeners soon which devices changed. */
  changed(events: readonly EventBody[]): void {
    for (const event of events) {
      if ('device' in event && event.device !== undefined) this.#changed.add(event.device);
      if (event.kind === 'devices-linked') this.#alsoChanged(this.#parts.gateway.inventory.links.groupOf(event.device)?.members ?? []);
      if (event.kind === 'devices-unlinked') this.#alsoChanged(event.others);
    }
    this.#tellSoon();
  }

  #alsoChanged(ids: readonly DeviceId[]): void {
    for (const id of ids) this.#changed.add(id);
  }

  heard(message: Extract<FromSensor, { readonly type: 'port' | 'counters' }>): void {
    const port = this.#ports.get(message.port);
    if (port === undefined) return;
    if (message.type === 'port') Object.assign(port, { state: message.state, detail: message.detail });
    else {
      port.frames = message.frames;
      port.dropped = message.dropped;
      if (port.state === 'unknown') port.state = 'up';
    }
    if (message.type === 'port') this.#tellSoon();
  }

  /** The clone guard has kept out so many frames on this port since the enforcer's start. */
  cloneDrops(name: PortName, frames: number): void {
    const port = this.#ports.get(name);
    if (port === undefined) return;
    const total = this.#cloneDrops.get(name) ?? new RunningTotal();
    this.#cloneDrops.set(name, total);
    port.cloneDrops = total.take(frames);
    this.#tellSoon();
  }

  /** A process said something; `pid` stands in its hello. */
  processHeard(role: string, pid?: number): void {
    const old = this.#processes.get(role);
    this.#heardAt.set(role, this.#parts.now());
    if (old?.alive === true && (pid === undefined || pid === old.pid)) return;
    const known = pid ?? old?.pid;
    this.#processes.set(role, { role, alive: true, detail: '', ...(known === undefined ? {} : { pid: known }) });
    this.#tellSoon();
  }

  /** What a running process cannot do; empty when all is well. */
  processSays(role: string, detail: string): void {
    const known = this.#processes.get(role);
    if (known?.alive !== true || known.detail === detail) return;
    this.#processes.set(role, { ...known, detail });
    this.#tellSoon();
  }

  /** To be called each second: sensor, challenger and prober say something all the time, so silence is the end of them. */
  lookForSilence(): void {
    for (const role of ['sensor', 'challenger', 'prober']) {
      const at = this.#heardAt.get(role);
      if (at === undefined || this.#parts.now() - at < silenceMs || this.#processes.get(role)?.alive !== true) continue;
      this.#processes.set(role, { role, alive: false, detail: `silent for ${Math.round((this.#parts.now() - at) / 1000)} s` });
      this.#tellSoon();
    }
  }

  enforcement(state: 'applied' | 'mismatch' | 'failed', detail: string, at: Millis): void {
    this.#enforcement = { state, detail, at };
    this.#tellSoon();
  }

  storage(state: 'full' | 'recovered', detail: string): void {
    this.#storage = { storage: state === 'full' ? 'full' : 'ok', detail };
    this.#tellSoon();
  }

  policy(hash: string, problems: readonly string[], notes: readonly string[]): void {
    this.#policy = { hash, problems, notes };
    this.#tellSoon();
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const changed = [...this.#changed];
      this.#changed = new Set();
      for (const listener of this.#listeners) listener(changed);
    }, tellMs);
    this.#timer.unref();
  }
}
