import type { DeviceId, Hex, Ip, Mac, Millis, PortName, Vlan } from './address.ts';
import type { ChallengeOutcome } from './attestation.ts';
import type { EventBody } from './event.ts';
import type { Malformed, Observation, Sighting } from './fact.ts';
import type { ReplyLane, RuleSet } from './rule-set.ts';
import type { ReasonCode } from './reason.ts';
import type { ZoneMode } from './settings.ts';
import type { SwitchReading } from './switch.ts';

/** What a person asks for, from page or CLI. `device` is an id. */
export type Command =
  | { readonly kind: 'approve'; readonly device: DeviceId; readonly until?: Millis }
  | { readonly kind: 'waive'; readonly device: DeviceId; readonly until: Millis; readonly excuses: ReasonCode }
  | { readonly kind: 'quarantine'; readonly device: DeviceId }
  | { readonly kind: 'release'; readonly device: DeviceId }
  | { readonly kind: 'challenge'; readonly device: DeviceId }
  | { readonly kind: 'pause'; readonly until: Millis }
  | { readonly kind: 'resume' }
  | { readonly kind: 'zone-mode'; readonly zone: string; readonly mode: ZoneMode };

/** Everything that can happen to the machine. */
export type Input =
  | { readonly kind: 'observed'; readonly observations: readonly Observation[] }
  | { readonly kind: 'sighted'; readonly sightings: readonly Sighting[] }
  | { readonly kind: 'malformed'; readonly malformed: readonly Malformed[] }
  | { readonly kind: 'overflowed'; readonly port: PortName; readonly count: number; readonly what: string }
  /** The bridge learnt an address; catches hosts that no capture would show. */
  | { readonly kind: 'forwarding-entry'; readonly mac: Mac; readonly port: PortName; readonly vlan: Vlan }
  | { readonly kind: 'port-state'; readonly port: PortName; readonly state: 'up' | 'down' | 'healed' | 'gone'; readonly detail: string }
  /** A listed switch was read for who is at which of its ports, or could not be. */
  | { readonly kind: 'switch-tables'; readonly switchIp: Ip; readonly reading: SwitchReading }
  | { readonly kind: 'challenge-outcome'; readonly challenge: string; readonly outcome: ChallengeOutcome }
  | {
      readonly kind: 'enforcement-state';
      readonly state: 'applied' | 'mismatch' | 'failed';
      readonly ruleSet: Hex;
      readonly detail: string;
    }
  | { readonly kind: 'command'; readonly by: string; readonly reason: string; readonly command: Command }
  | { readonly kind: 'noted'; readonly event: EventBody }
  | { readonly kind: 'tick' };

/** What the edge must open to ask a device. Replies pass on `lane` only, so the answer is bound to MAC, port and address. */
export type Challenge = {
  readonly id: string;
  readonly device: DeviceId;
  readonly mac: Mac;
  readonly port: PortName;
  readonly ip: Ip;
  /** Asked in this order until one answers; at most 4. */
  readonly remotePorts: readonly number[];
  readonly ttlSeconds: number;
};

/** What the edge must do, in this order. The edge sends the tightening part of `enforce` at once and the rest after the Events are committed. */
export type Effect =
  | { readonly kind: 'append'; readonly events: readonly EventBody[] }
  | { readonly kind: 'enforce'; readonly ruleSet: RuleSet }
  | { readonly kind: 'challenge'; readonly challenge: Challenge }
  /** Ask the sensor for the latest fact of every address again: some were folded away by a quota that has recovered. */
  | { readonly kind: 'resync' }
  /** What to tell the person whose command this was; sent when the Events before it are committed. */
  | { readonly kind: 'answer'; readonly refused?: { readonly status: 400 | 404 | 409; readonly problem: string } };

/** What a person is told of a command: done and committed, or why not. `status` is the HTTP status of the API. */
export type CommandAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly status: 400 | 404 | 409 | 503; readonly problem: string };

export type { ReplyLane };
