import type { DeviceId, Ip, Mac, Millis, PortName } from '../model/address.ts';
import type { AttestationResult, ChallengeOutcome } from '../model/attestation.ts';
import type { EventBody } from '../model/event.ts';
import type { Effect } from '../model/machine.ts';
import { type ChannelAddress, channelText, channelsOf, maxChannels, type ZoneSettings } from '../model/settings.ts';
import { ChallengeQueue } from './queue.ts';
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
  /** The address at which it may be asked after so many failures in a row; undefined: nowhere, or there is no bridge of ours. */
  readonly ipOf: (record: R, failures: number) => Ip | undefined;
  /** True iff it must not be asked now: its port is down, a person said never, a probe has its one connection. */
  readonly isBarred: (record: R) => boolean;
  /** True iff its address is bound to its port, by what it proved or a person's word. */
  readonly isBound: (record: R) => boolean;
  /** TCP ports at which it was seen to offer TLS, none that a controller listens at. */
  readonly seenTls: (record: R) => readonly number[];
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
/** The least time between two turns that a device's own doings cause. Milliseconds. */
export const rousedMs = 300_000;
/** How soon it is asked once more about what nobody recognises. Milliseconds. */
export const confirmMs = 2_000;
/** Where a chain failed for want of news, nobody knows below which anchor it is. */
const isBelow = (result: AttestationResult | undefined, anchor: string): boolean =>
  result?.identity?.anchor === anchor || result?.reason === 'REVOCATION_UNKNOWN';

/** Challenges as the machine runs them: turns of the schedule become effects, outcomes find their device. */
export class Asking<R extends DeviceRecord> {
  readonly #parts: AskingParts<R>;
  readonly #schedule = new ChallengeSchedule();
  /** When an Event last made the device due: one entry per device of the inventory, and one that is gone goes with its next turn. */
  readonly #roused = new Map<DeviceId, Millis>();
  readonly #queue = new ChallengeQueue();
  /** Hastened since the last turn, and by a person: devices of the inventory, each once, until that turn. */
  readonly #hastened = new Map<DeviceId, 'person' | 'event'>();

  constructor(parts: AskingParts<R>) {
    this.#parts = parts;
  }

  isOpen(device: DeviceId): boolean {
    return this.#schedule.isOpen(device);
  }

  /** Makes the device due: a person asked, or something happened to it, as its link coming back. */
  hasten(device: DeviceId, by: 'person' | 'event', now: Millis): void {
    this.#schedule.hasten(device, by, now);
    this.#hastened.set(device, by);
  }

  /** Up to when the result of a device has aged: no further than when it was due and we had no turn for it. */
  agedTo(device: DeviceId, now: Millis): Millis {
    return this.#queue.since(device) ?? now;
  }

  /** What was judged under other anchors, reference values or lists of revoked certificates is judged anew, and so is whoever may be another, or was restarted, since. */
  noted(event: EventBody, now: Millis): void {
    if (event.kind === 'device-moved' || event.kind === 'key-enrolled' || event.kind === 'key-forgotten')
      return this.hasten(event.device, 'event', now);
    if (event.kind === 'fact-learned' && mayBeAnother.has(event.observation.fact.kind)) return this.rouse(event.device, now);
    if (event.kind === 'tpm-restarted') for (const id of [event.device, ...event.others]) this.rouse(id, now);
    if (event.kind !== 'trust-loaded' && event.kind !== 'revocation-news') return;
    for (const { device, attestation } of this.#parts.inventory.records()) {
      if (event.kind !== 'trust-loaded' && !isBelow(attestation.result, event.anchor)) continue;
      // Somebody changed it, so at once; but many are due, so nobody goes first for it.
      this.#schedule.hasten(device.id, 'person', now);
      this.#hastened.set(device.id, 'event');
    }
  }

  /** Something about a device that has attested changed, or it woke: it is asked now. Devices cause this themselves, so it is metered. */
  rouse(device: DeviceId, now: Millis): void {
    if (this.#parts.inventory.get(device)?.attestation.result === undefined) return;
    if (now - (this.#roused.get(device) ?? Number.NEGATIVE_INFINITY) < rousedMs) return;
    this.#roused.set(device, now);
    this.hasten(device, 'event', now);
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

  /** The challenges that leave now. `devices`: about whom something is new, or all. */
  turn(devices: readonly DeviceId[] | 'all', now: Millis): readonly Effect[] {
    const asks = devices === 'all' ? [...this.#parts.inventory.records()].map(({ device }) => device.id) : devices;
    for (const id of asks) this.#await(id, false, now);
    for (const [id, by] of this.#hastened) this.#await(id, by === 'person', now);
    this.#hastened.clear();
    const effects: Effect[] = [];
    const mayAsk = (port: PortName, first: boolean): boolean => this.#schedule.hasRoom(port, first, now);
    for (let id = this.#queue.next(mayAsk); id !== undefined; id = this.#queue.next(mayAsk)) {
      this.#queue.remove(id);
      effects.push(...this.#ask(id, now));
    }
    return effects;
  }

  /** Puts a device that is due into the queue, and takes one out that left. */
  #await(id: DeviceId, asked: boolean, now: Millis): void {
    const record = this.#parts.inventory.get(id);
    if (record === undefined) {
      this.#roused.delete(id);
      this.#queue.remove(id);
      return this.#schedule.forget(id);
    }
    if (!this.#schedule.isDue(id, record.attestation.result, now) || !this.#parts.zoneOf(record).challenge) return this.#queue.remove(id);
    return this.#queue.add(id, record.device.port, asked || this.#parts.isBound(record), now);
  }

  /** Whose turn it is may have moved, lost its address, or be barred by now; then the next turn looks again. */
  #ask(id: DeviceId, now: Millis): readonly Effect[] {
    const record = this.#parts.inventory.get(id);
    const ip = record && this.#parts.ipOf(record, this.#schedule.failuresOf(id));
    if (record === undefined || ip === undefined || this.#parts.isBarred(record)) return [];
    const { mac, port } = record.device;
    const zone = this.#parts.zoneOf(record);
    const channels = this.#channelsOf(record, zone);
    const challenge = this.#schedule.begin(id, port, now);
    this.#queue.served(port);
    this.#parts.emit(now, { kind: 'challenged', device: id, challenge, target: `${ip} ${channels.map(channelText).join(', ')}` });
    const { result } = record.attestation;
    const previous = result?.quote === undefined ? {} : { quote: result.quote };
    const { evidenceTtlSeconds: ttlSeconds, name } = zone;
    return [{ kind: 'challenge', challenge: { id: challenge, device: id, mac, port, ip, channels, ttlSeconds, zone: name, ...previous } }];
  }

  /** The zone's own ways, then TLS where the device was seen to offer it, if the zone says so. */
  #channelsOf(record: R, zone: ZoneSettings): readonly ChannelAddress[] {
    const named = channelsOf(zone);
    if (zone.challengeSeen !== true) return named;
    const seen = this.#parts.seenTls(record).filter(port => !named.some(one => one.channel === 'tls' && one.port === port));
    return [...named, ...seen.map(port => ({ channel: 'tls' as const, port }))].slice(0, maxChannels);
  }
}
