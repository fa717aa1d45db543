import type { DeviceId, Ip, Mac, Millis, PortName } from '../model/address.ts';
import type { AttestationResult, ChallengeOutcome } from '../model/attestation.ts';
import type { EventBody } from '../model/event.ts';
import type { Effect } from '../model/machine.ts';
import { channelText, channelsOf, type ZoneSettings } from '../model/settings.ts';
import { ChallengeSchedule } from './schedule.ts';

/** What a device record has that matters here. */
type DeviceRecord = {
  readonly device: { readonly id: DeviceId; readonly mac: Mac; readonly port: PortName };
  readonly attestation: { readonly result?: AttestationResult; readonly stoppedAt?: Millis; readonly unconfirmed?: object };
};

/** What the machine lends. */
export type AskingParts<R extends DeviceRecord> = {
  readonly inventory: { records(): Iterable<R>; get(id: DeviceId): R | undefined };
  readonly zoneOf: (record: R) => ZoneSettings;
  /** The address at which it may be asked; undefined: nowhere, or there is no bridge of ours. */
  readonly ipOf: (record: R) => Ip | undefined;
  /** True iff it must not be asked now: its port is down, a person said never, a probe has its one connection. */
  readonly isBarred: (record: R) => boolean;
  /** Folds an outcome in and says what follows from it. */
  readonly attested: (device: DeviceId, challenge: string, outcome: ChallengeOutcome, now: Millis) => void;
  readonly emit: (now: Millis, event: EventBody) => void;
};

/** Facts by which another may stand where a device stood: how it asks DHCP, which stack and which key it has, what it says that it runs. */
const mayBeAnother: ReadonlySet<string> = new Set([
  'dhcp-parameters',
  'dhcp-client-id',
  'vendor-class',
  'print',
  'certificate',
  'firmware',
  'serial',
  'model',
]);
const changesReferences: ReadonlySet<string> = new Set(['reference-activated', 'reference-expired', 'reference-revoked']);
/** The least time between two turns that a device's own doings cause. Milliseconds. */
export const rousedMs = 300_000;
/** How soon it is asked once more about what nobody recognises. Milliseconds. */
export const confirmMs = 2_000;

/** Challenges as the machine runs them: turns of the schedule become effects, outcomes find their device. */
export class Asking<R extends DeviceRecord> {
  readonly #parts: AskingParts<R>;
  readonly #schedule = new ChallengeSchedule();
  /** When an Event last made the device due: one entry per device of the inventory, and one that is gone goes with its next turn. */
  readonly #roused = new Map<DeviceId, Millis>();
  /** Hastened since the last turn: devices of the inventory, each once, until that turn. */
  readonly #hastened = new Set<DeviceId>();

  constructor(parts: AskingParts<R>) {
    this.#parts = parts;
  }

  isOpen(device: DeviceId): boolean {
    return this.#schedule.isOpen(device);
  }

  /** Makes the device due at once: a person asked, or its link came back. */
  hasten(device: DeviceId, now: Millis): void {
    this.#schedule.hasten(device, now);
    this.#hastened.add(device);
  }

  /** What was judged under other anchors and reference values is judged anew, and so is whoever may be another since he was. */
  noted(event: EventBody, now: Millis): void {
    if (event.kind === 'trust-loaded' || changesReferences.has(event.kind))
      for (const { device } of this.#parts.inventory.records()) this.hasten(device.id, now);
    if (event.kind === 'device-moved') this.hasten(event.device, now);
    if (event.kind === 'fact-learned' && mayBeAnother.has(event.observation.fact.kind)) this.rouse(event.device, now);
  }

  /** Something about a device that has attested changed, or it woke: it is asked now. Devices cause this themselves, so it is metered. */
  rouse(device: DeviceId, now: Millis): void {
    if (this.#parts.inventory.get(device)?.attestation.result === undefined) return;
    if (now - (this.#roused.get(device) ?? Number.NEGATIVE_INFINITY) < rousedMs) return;
    this.#roused.set(device, now);
    this.hasten(device, now);
  }

  /** About once a second. */
  tick(now: Millis): void {
    this.#schedule.giveUp(now);
  }

  finished(challenge: string, outcome: ChallengeOutcome, now: Millis): void {
    const device = this.#schedule.finish(challenge, outcome, now);
    if (device === undefined || this.#parts.inventory.get(device) === undefined) return;
    this.#parts.attested(device, challenge, outcome, now);
    const { stoppedAt, unconfirmed } = this.#parts.inventory.get(device)?.attestation ?? {};
    if (outcome.kind === 'no-evidence' && stoppedAt !== undefined) this.#schedule.askAgain(device, now);
    if (outcome.kind === 'appraised' && unconfirmed !== undefined) this.#schedule.askSoon(device, now + confirmMs);
  }

  /** A device handed Evidence in by itself. */
  handedIn(device: DeviceId, outcome: ChallengeOutcome, now: Millis): void {
    this.#schedule.handedIn(device, outcome, now);
  }

  /** The challenges that leave now, of these devices or of all. */
  turn(devices: readonly DeviceId[] | 'all', now: Millis): readonly Effect[] {
    const asks = devices === 'all' ? [...this.#parts.inventory.records()].map(({ device }) => device.id) : [...this.#hastened, ...devices];
    this.#hastened.clear();
    return asks.flatMap(id => this.#ask(id, now));
  }

  #ask(id: DeviceId, now: Millis): readonly Effect[] {
    const record = this.#parts.inventory.get(id);
    if (record === undefined) {
      this.#schedule.forget(id);
      this.#roused.delete(id);
      return [];
    }
    const { mac, port } = record.device;
    const zone = this.#parts.zoneOf(record);
    const ip = this.#parts.ipOf(record);
    if (!zone.challenge || ip === undefined || this.#parts.isBarred(record)) return [];
    const { result } = record.attestation;
    if (!this.#schedule.due(id, port, result, now)) return [];
    const channels = channelsOf(zone);
    const challenge = this.#schedule.begin(id, port, now);
    this.#parts.emit(now, { kind: 'challenged', device: id, challenge, target: `${ip} ${channels.map(channelText).join(', ')}` });
    const previous = result?.quote === undefined ? {} : { quote: result.quote };
    const { evidenceTtlSeconds: ttlSeconds, name } = zone;
    return [{ kind: 'challenge', challenge: { id: challenge, device: id, mac, port, ip, channels, ttlSeconds, zone: name, ...previous } }];
  }
}
