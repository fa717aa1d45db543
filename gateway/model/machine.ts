import type { DeviceId, Hex, Ip, Mac, Millis, PortName, Vlan, ZoneName } from './address.ts';
import type { ChallengeOutcome, QuoteState } from './attestation.ts';
import type { SettableField } from './device.ts';
import type { EventBody } from './event.ts';
import type { Malformed, Observation, Sighting } from './fact.ts';
import type { ProbeMode, ProbeOrder, ProbeOutcome } from './probe.ts';
import type { ReplyLane, RuleSet } from './rule-set.ts';
import type { KeyedDoubt } from './reference.ts';
import type { ReasonCode } from './reason.ts';
import type { ChannelAddress, Settings, ZoneMode } from './settings.ts';
import type { SwitchReading } from './switch.ts';
import type { AnchorMaterial, ListedKey, ListedVerifier, ReferenceSet } from './trust.ts';

/** What the machine is told once. `prefix` is the CIDR of the gateway's own bridge address, `ip6` its IPv6 addresses there with theirs: challenges go nowhere else. */
export type MachineSite = {
  readonly settings: Settings;
  readonly gateway?: {
    readonly mac: Mac;
    readonly ip: Ip;
    readonly prefix: string;
    readonly ip6?: readonly { readonly ip: Ip; readonly prefix: string }[];
  };
  readonly vendorOf: (mac: Mac) => string | undefined;
  /** How long after the first device nothing counts as new; absent: 10 minutes. */
  readonly learnsMs?: Millis;
};

/** What a person asks for, from page or CLI. `device` is an id. */
export type Command =
  | { readonly kind: 'approve'; readonly device: DeviceId; readonly until?: Millis }
  | { readonly kind: 'waive'; readonly device: DeviceId; readonly until: Millis; readonly excuses: ReasonCode }
  /** Cuts every interface of the device, or with `alone` this one only. */
  | { readonly kind: 'quarantine'; readonly device: DeviceId; readonly alone?: true }
  | { readonly kind: 'release'; readonly device: DeviceId }
  | { readonly kind: 'challenge'; readonly device: DeviceId }
  | { readonly kind: 'link'; readonly device: DeviceId; readonly other: DeviceId }
  | { readonly kind: 'unlink'; readonly device: DeviceId }
  /** `value` absent: the field is unlocked. */
  | { readonly kind: 'set-field'; readonly device: DeviceId; readonly field: SettableField; readonly value?: string }
  | { readonly kind: 'pause'; readonly until: Millis }
  | { readonly kind: 'resume' }
  | { readonly kind: 'zone-mode'; readonly zone: string; readonly mode: ZoneMode }
  | {
      readonly kind: 'arm-probes';
      readonly zone: string;
      readonly mode: Exclude<ProbeMode, 'off'>;
      readonly until: Millis;
      readonly wide?: boolean;
    }
  | { readonly kind: 'stop-probes'; readonly zone?: string }
  | { readonly kind: 'never-probe'; readonly device: DeviceId; readonly on: boolean }
  | { readonly kind: 'probe'; readonly device: DeviceId }
  /** Forgets the attestation key that the TPM of this device enrolled. */
  | { readonly kind: 'forget-enrolled'; readonly device: DeviceId }
  | AnchorCommand
  | ReferenceCommand;

/** What a person asks for about a trust anchor or a Verifier that people brought; `sha256` is of its certificate, or of its key. */
export type AnchorCommand =
  | { readonly kind: 'stage-anchor'; readonly sha256: Hex; readonly subject: string; readonly anchor: AnchorMaterial }
  | { readonly kind: 'stage-verifier'; readonly sha256: Hex; readonly subject: string; readonly verifier: ListedVerifier }
  | { readonly kind: 'approve-anchor'; readonly sha256: Hex; readonly newlyAdmits: number; readonly untold: number }
  | { readonly kind: 'remove-anchor'; readonly sha256: Hex }
  | { readonly kind: 'expire-anchor'; readonly sha256: Hex; readonly expires: Millis };

/** What a person says of reference values. `key` as in `model/reference.ts`; `sets` come from a file whose signature was good. */
export type ReferenceCommand =
  | {
      readonly kind: 'reference-add';
      readonly file: string;
      readonly sets: readonly ReferenceSet[];
      readonly keys: readonly ListedKey[];
      readonly signer?: readonly string[];
    }
  /** Takes the place of `replaces`, which are accepted beside it until `until`; `beside`: of none, though others of the class are in force. */
  | {
      readonly kind: 'reference-activate';
      readonly key: string;
      readonly replaces: readonly string[];
      readonly until?: Millis;
      readonly beside?: true;
    }
  | { readonly kind: 'reference-expire'; readonly key: string }
  | { readonly kind: 'reference-revoke'; readonly key: string }
  /** What the device measures today is its baseline: a warning, whoever else signs nothing. */
  | { readonly kind: 'reference-baseline'; readonly device: DeviceId };

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
  /** Evidence that a device handed in by itself, for a nonce of ours, was judged. `session` names that nonce. */
  | { readonly kind: 'served-outcome'; readonly session: string; readonly asker: Asker; readonly outcome: ChallengeOutcome }
  /** Kept Evidence was judged again under other reference values. `evidence` is its hash. */
  | { readonly kind: 'judged-again'; readonly device: DeviceId; readonly evidence: Hex; readonly outcome: ChallengeOutcome }
  /** The sets of the site's files, all of them; and what is said by now against signers of those that people brought, all of it. */
  | { readonly kind: 'references'; readonly sets: readonly ReferenceSet[]; readonly doubts?: readonly KeyedDoubt[] }
  | { readonly kind: 'probe-outcome'; readonly id: string; readonly outcome: ProbeOutcome }
  | {
      readonly kind: 'enforcement-state';
      readonly state: 'applied' | 'mismatch' | 'failed';
      readonly ruleSet: Hex;
      readonly detail: string;
    }
  | { readonly kind: 'command'; readonly by: string; readonly reason: string; readonly command: Command }
  | { readonly kind: 'noted'; readonly event: EventBody }
  | { readonly kind: 'tick' };

/** Who hands Evidence in: one device at one address, as the bridge knows it. Nobody else may answer for it. */
export type Asker = { readonly device: DeviceId; readonly mac: Mac; readonly port: PortName; readonly ip: Ip };

/** What the edge must open to ask a device. Replies pass on `lane` only, so the answer is bound to MAC, port and address. */
export type Challenge = {
  readonly id: string;
  readonly device: DeviceId;
  readonly mac: Mac;
  readonly port: PortName;
  readonly ip: Ip;
  /** Asked in this order until one gives Evidence; at most `maxChannels`. */
  readonly channels: readonly ChannelAddress[];
  readonly ttlSeconds: number;
  /** Where its TPM stood at the last authentic quote; absent iff there was none. */
  readonly quote?: QuoteState;
  /** Where it stands: some anchors vouch in some zones only. */
  readonly zone?: ZoneName;
};

/** What the edge must do, in this order. The edge sends the tightening part of `enforce` at once and the rest after the Events are committed. */
export type Effect =
  | { readonly kind: 'append'; readonly events: readonly EventBody[] }
  | { readonly kind: 'enforce'; readonly ruleSet: RuleSet }
  | { readonly kind: 'challenge'; readonly challenge: Challenge }
  | { readonly kind: 'probe'; readonly order: ProbeOrder }
  /** Other reference values are in force: tell who judges, then the machine (`trust-loaded`). */
  | { readonly kind: 'trust' }
  /** Have Evidence that is kept judged again; it was fresh at `at`, and is no fresher now. */
  | {
      readonly kind: 'judge-again';
      readonly device: DeviceId;
      readonly evidence: Hex;
      readonly at: Millis;
      readonly expires: Millis;
      readonly ttlSeconds: number;
      readonly zone: ZoneName;
    }
  /** Ends probes at once: these, or all that run. */
  | { readonly kind: 'stop-probes'; readonly ids?: readonly string[] }
  /** Ask the sensor for the latest fact of every address again: some were folded away by a quota that has recovered. */
  | { readonly kind: 'resync' }
  /** What to tell the person whose command this was; sent when the Events before it are committed. */
  | { readonly kind: 'answer'; readonly refused?: { readonly status: 400 | 404 | 409; readonly problem: string } };

/** What a person is told of a command: done and committed, or why not. `status` is the HTTP status of the API. */
export type CommandAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly status: 400 | 404 | 409 | 503; readonly problem: string };

export type { ReplyLane };
