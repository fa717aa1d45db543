import type { DeviceId, Ip, Mac, Millis, PortName } from '../model/address.ts';
import type { AttestationResult, ChallengeOutcome } from '../model/attestation.ts';
import type { EventBody } from '../model/event.ts';
import type { Effect } from '../model/machine.ts';
import { channelText, channelsOf, type ZoneSettings } from '../model/settings.ts';
import { ChallengeSchedule } from './schedule.ts';

/** What a device record has that matters here. */
type DeviceRecord = {
  readonly device: { readonly id: DeviceId; readonly mac: Mac; readonly port: PortName };
  readonly attestation: { readonly result?: AttestationResult; readonly stoppedAt?: Millis };
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

/** Challenges as the machine runs them: turns of the schedule become effects, outcomes find their device. */
export class Asking<R extends DeviceRecord> {
  readonly #parts: AskingParts<R>;
  readonly #schedule = new ChallengeSchedule();
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

  /** What was judged under other anchors and reference values is judged anew. */
  noted({ kind }: EventBody, now: Millis): void {
    if (kind === 'trust-loaded') for (const { device } of this.#parts.inventory.records()) this.hasten(device.id, now);
  }

  /** About once a second. */
  tick(now: Millis): void {
    this.#schedule.giveUp(now);
  }

  finished(challenge: string, outcome: ChallengeOutcome, now: Millis): void {
    const device = this.#schedule.finish(challenge, outcome, now);
    if (device === undefined || this.#parts.inventory.get(device) === undefined) return;
    this.#parts.attested(device, challenge, outcome, now);
    const { stoppedAt } = this.#parts.inventory.get(device)?.attestation ?? {};
    if (outcome.kind === 'no-evidence' && stoppedAt !== undefined) this.#schedule.askAgain(device, now);
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
