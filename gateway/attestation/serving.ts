import type { DeviceId, Ip, Mac, Millis, PortName, ZoneName } from '../model/address.ts';
import type { AttestationResult, ChallengeOutcome, QuoteState } from '../model/attestation.ts';
import type { EventBody } from '../model/event.ts';
import type { Asker, Input } from '../model/machine.ts';
import type { ZoneSettings } from '../model/settings.ts';
import { isSame } from './served-sessions.ts';

/** What a device record has that matters here. */
type DeviceRecord = {
  readonly device: { readonly id: DeviceId; readonly mac: Mac; readonly port: PortName };
  readonly attestation: { readonly result?: AttestationResult };
};

/** What the machine lends. */
export type ServingParts<R extends DeviceRecord> = {
  /** The device that speaks from this address of the bridge; undefined: nobody known, or nobody knows whose it is. */
  readonly recordAt: (ip: Ip) => R | undefined;
  readonly zoneOf: (record: R) => ZoneSettings;
  /** Its Evidence came: the next challenge can wait. */
  readonly handedIn: (device: DeviceId, outcome: ChallengeOutcome, now: Millis) => void;
  /** Folds an outcome in and says what follows from it. */
  readonly attested: (device: DeviceId, challenge: string, outcome: ChallengeOutcome, now: Millis) => void;
  readonly emit: (now: Millis, event: EventBody) => void;
};

/** Whom we judge Evidence for that comes from an address, and how long a result of it stands; else why we do not. */
export type Served =
  | { readonly kind: 'armed'; readonly asker: Asker; readonly zone: ZoneName; readonly ttlSeconds: number; readonly quote?: QuoteState }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unarmed' };

/** Evidence that devices hand in by themselves, as the machine sees it. */
export class Serving<R extends DeviceRecord> {
  readonly #parts: ServingParts<R>;

  constructor(parts: ServingParts<R>) {
    this.#parts = parts;
  }

  /** A zone that is not armed for challenges is not armed for this one either: what fails here cuts as well. */
  at(ip: Ip): Served {
    const record = this.#parts.recordAt(ip);
    if (record === undefined) return { kind: 'unknown' };
    const { name: zone, challenge, evidenceTtlSeconds: ttlSeconds } = this.#parts.zoneOf(record);
    if (!challenge) return { kind: 'unarmed' };
    const { id: device, mac, port } = record.device;
    const quote = record.attestation.result?.quote;
    return { kind: 'armed', asker: { device, mac, port, ip }, zone, ttlSeconds, ...(quote === undefined ? {} : { quote }) };
  }

  /** Whoever moved, or lost its address to another, while its Evidence was judged has not attested. Our own failures say nothing about a device. */
  finished({ session, asker, outcome }: Extract<Input, { readonly kind: 'served-outcome' }>, now: Millis): void {
    const served = this.at(asker.ip);
    if (served.kind !== 'armed' || !isSame(served.asker, asker) || outcome.kind === 'transport-failure') return;
    this.#parts.emit(now, { kind: 'challenged', device: asker.device, challenge: session, target: `${asker.ip}, which asked for it` });
    this.#parts.handedIn(asker.device, outcome, now);
    this.#parts.attested(asker.device, session, outcome, now);
  }
}
