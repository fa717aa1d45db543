import type { UserRole } from './person.ts';
import type { DeviceId, Hex, Ip, Mac, Millis, PortName, Vlan, ZoneName } from './address.ts';
import type { AlarmType } from './alarm.ts';
import type { ChallengeOutcome, Check, Digest } from './attestation.ts';
import type { Enforcement } from './axes.ts';
import type { Decision } from './decision.ts';
import type { Field, FieldName, PersonDecision, SeenBy } from './device.ts';
import type { Observation } from './fact.ts';
import type { LinkEvidence } from './link.ts';
import type { CeasedProbing, ProbeMode, ProbeOrder, ProbeOutcome } from './probe.ts';
import type { ReferenceSummary } from './reference.ts';
import type { ZoneMode } from './settings.ts';
import type { Attachment, SwitchReading } from './switch.ts';
import type { AnchorMaterial, EnrolledKey, ListedKey, ListedVerifier, ReferenceSet } from './trust.ts';

/** One thing that happened. State is a fold over these, so they carry whatever the fold needs and nothing it can derive. */
export type EventBody =
  | { readonly kind: 'started'; readonly version: string; readonly source: 'live' | 'capture' }
  | { readonly kind: 'policy-loaded'; readonly hash: Hex; readonly files: readonly string[] }
  /** Trust anchors and signed reference values in force, by name; everybody is challenged anew under them. */
  | { readonly kind: 'trust-loaded'; readonly hash: Hex; readonly anchors: readonly string[]; readonly referenceSets: readonly string[] }
  /** A CRL or OCSP response was fetched that may change verdicts below this anchor: they are asked for anew. `revoked`: serial numbers that are new in it. */
  | { readonly kind: 'revocation-news'; readonly anchor: string; readonly issuer: string; readonly revoked: number }
  | {
      readonly kind: 'anchor-staged';
      readonly sha256: Hex;
      readonly subject: string;
      readonly anchor: AnchorMaterial;
      readonly by: string;
      readonly reason: string;
    }
  /** The same of another Verifier; the rest of what is said of anchors is said of it by the SHA-256 of its key. */
  | {
      readonly kind: 'verifier-staged';
      readonly sha256: Hex;
      readonly subject: string;
      readonly verifier: ListedVerifier;
      readonly by: string;
      readonly reason: string;
    }
  /** By another person than the one who staged it. `newlyAdmits` and `untold`: what that person was shown. */
  | {
      readonly kind: 'anchor-approved';
      readonly sha256: Hex;
      readonly newlyAdmits: number;
      readonly untold: number;
      readonly by: string;
      readonly reason: string;
    }
  | { readonly kind: 'anchor-removed'; readonly sha256: Hex; readonly by: string; readonly reason: string }
  /** It ends then; never later than was said before. */
  | { readonly kind: 'anchor-expires'; readonly sha256: Hex; readonly expires: Millis; readonly by: string; readonly reason: string }
  /** A set of reference values stands in a file; its state follows from its kind. `why` says how. */
  | {
      readonly kind: 'reference-found';
      readonly key: string;
      readonly set: ReferenceSummary;
      readonly state: 'staged' | 'active' | 'superseded';
      readonly why: string;
    }
  /** Its file is gone. */
  | { readonly kind: 'reference-gone'; readonly key: string }
  /** A person brought a signed file; its sets are staged. The sets are whole, since no file holds them. */
  | {
      readonly kind: 'reference-added';
      readonly file: string;
      readonly sets: readonly ReferenceSet[];
      readonly keys: readonly ListedKey[];
      /** Certificates of who signed the file, DER in base64, leaf first; absent: a listed key did. */
      readonly signer?: readonly string[];
      readonly by: string;
      readonly reason: string;
    }
  /** `replaces` are superseded, and accepted beside it until `until`; absent: at once no more. */
  | {
      readonly kind: 'reference-activated';
      readonly key: string;
      readonly replaces: readonly string[];
      readonly until?: Millis;
      readonly by: string;
      readonly reason: string;
    }
  /** Superseded from now on, with what was left of a transition. */
  | { readonly kind: 'reference-expired'; readonly key: string; readonly by: string; readonly reason: string }
  | { readonly kind: 'reference-revoked'; readonly key: string; readonly by: string; readonly reason: string }
  /** What the device proved leaned on a set that is accepted no more: it proves nothing until it is judged again. */
  | {
      readonly kind: 'reference-withdrawn';
      readonly device: DeviceId;
      readonly set: string;
      readonly code: 'REFERENCE_REVOKED' | 'VERSION_DENIED';
      readonly detail: string;
    }
  | {
      readonly kind: 'baseline-taken';
      readonly device: DeviceId;
      readonly deviceKey: Hex;
      readonly digests: readonly Digest[];
      readonly by: string;
      readonly reason: string;
    }
  | { readonly kind: 'policy-refused'; readonly problems: readonly string[] }
  | {
      readonly kind: 'device-found';
      readonly device: DeviceId;
      readonly mac: Mac;
      readonly port: PortName;
      readonly vlan: Vlan;
      readonly zone: ZoneName;
      readonly seenBy: SeenBy;
      readonly cloneOf?: DeviceId;
      readonly frame: number;
    }
  | { readonly kind: 'fact-learned'; readonly device: DeviceId; readonly observation: Observation }
  /** Derived from facts by rules that are data (vendor registry, fingerprints), or a person's word: that one is locked, with its reason. */
  | {
      readonly kind: 'field-set';
      readonly device: DeviceId;
      readonly field: FieldName;
      readonly value: Field<string>;
      readonly reason?: string;
    }
  /** A person gives a field back to what observations say. */
  | { readonly kind: 'field-unlocked'; readonly device: DeviceId; readonly field: FieldName; readonly by: string; readonly reason: string }
  /** Two records count as one device from now on: `device` joined `other`. `by` and `reason` iff a person said so. It grants nothing. */
  | {
      readonly kind: 'devices-linked';
      readonly device: DeviceId;
      readonly other: DeviceId;
      /** Id of the whole group, that of its oldest member. */
      readonly group: DeviceId;
      readonly evidence: readonly LinkEvidence[];
      readonly score?: number;
      readonly by?: string;
      readonly reason?: string;
    }
  /** `device` counts as one of its own again. Between it and `others` this evidence links no more. `by` iff a person said so. */
  | {
      readonly kind: 'devices-unlinked';
      readonly device: DeviceId;
      readonly others: readonly DeviceId[];
      readonly group: DeviceId;
      readonly evidence: readonly LinkEvidence[];
      readonly by?: string;
      readonly reason: string;
    }
  | { readonly kind: 'device-moved'; readonly device: DeviceId; readonly from: PortName; readonly to: PortName; readonly zone: ZoneName }
  | { readonly kind: 'device-forgotten'; readonly device: DeviceId; readonly why: string }
  /** A switch says where the device is plugged in; `to` absent: no switch has known it for long. */
  | { readonly kind: 'attached'; readonly device: DeviceId; readonly to?: Attachment }
  /** A listed switch was read, or could not be; told when that changes. */
  | {
      readonly kind: 'switch-read';
      readonly switchIp: Ip;
      readonly state: SwitchReading['kind'];
      readonly name?: string;
      readonly chassis?: string;
      readonly detail: string;
    }
  | { readonly kind: 'challenged'; readonly device: DeviceId; readonly challenge: string; readonly target: string }
  | {
      readonly kind: 'attested';
      readonly device: DeviceId;
      readonly challenge: string;
      readonly outcome: ChallengeOutcome;
      /** The checks that only the machine can do: `bound` and `expected`. */
      readonly checks: readonly Check[];
      /** It had sent nothing for long when it did not answer: that is no refusal. */
      readonly asleep?: true;
    }
  /** Judged again with the same outcome in every word; only the time is new. Keeps the journal small where all is well. */
  | { readonly kind: 'attested-again'; readonly device: DeviceId; readonly challenge: string; readonly expires: Millis }
  /** The TPM of the device showed that it holds this attestation key. It says who the device is, and admits nobody. */
  | { readonly kind: 'key-enrolled'; readonly device: DeviceId; readonly key: EnrolledKey }
  /** A person took that back: from then on the device proves nothing by it, until its TPM enrols anew. */
  | { readonly kind: 'key-forgotten'; readonly device: DeviceId; readonly instance: Hex; readonly by: string; readonly reason: string }
  /** Counters or clock of its TPM: reset, woken, or set back since the last quote. It and `others`, interfaces of the same device, are asked anew. */
  | {
      readonly kind: 'tpm-restarted';
      readonly device: DeviceId;
      readonly how: 'reset' | 'resumed' | 'went-back';
      readonly others: readonly DeviceId[];
    }
  | { readonly kind: 'decided'; readonly device: DeviceId; readonly decision: Decision }
  | { readonly kind: 'enforced'; readonly device: DeviceId; readonly enforcement: Enforcement }
  | { readonly kind: 'person-decided'; readonly device: DeviceId; readonly person: PersonDecision }
  | { readonly kind: 'person-released'; readonly device: DeviceId; readonly by: string; readonly reason: string }
  | { readonly kind: 'paused'; readonly by: string; readonly reason: string; readonly until: Millis }
  | { readonly kind: 'resumed'; readonly by: string; readonly reason: string }
  | { readonly kind: 'zone-mode'; readonly zone: ZoneName; readonly mode: ZoneMode; readonly by: string; readonly reason: string }
  | {
      readonly kind: 'alarm';
      readonly alarm: AlarmType;
      readonly actor: Mac;
      readonly port: PortName;
      readonly device?: DeviceId;
      readonly victim?: DeviceId;
      readonly detail: string;
      /** What follows is absent in journals of older versions, and where no frame raised it. */
      readonly vlan?: Vlan;
      readonly victimMac?: Mac;
      readonly firstAt?: Millis;
      readonly lastAt?: Millis;
      readonly count?: number;
      readonly frames?: readonly number[];
    }
  | { readonly kind: 'port-state'; readonly port: PortName; readonly state: 'up' | 'down' | 'healed' | 'gone'; readonly detail: string }
  | {
      readonly kind: 'malformed';
      readonly port: PortName;
      readonly mac: Mac;
      readonly collector: string;
      readonly message: string;
      readonly count: number;
    }
  /** Events that outsiders caused and that the quota of a port folded away. */
  | { readonly kind: 'folded'; readonly port: PortName; readonly count: number; readonly what: string }
  | {
      readonly kind: 'enforcement-state';
      readonly state: 'applied' | 'mismatch' | 'failed';
      readonly ruleSet: Hex;
      readonly detail: string;
    }
  | {
      readonly kind: 'probes-armed';
      readonly zone: ZoneName;
      readonly mode: Exclude<ProbeMode, 'off'>;
      readonly by: string;
      readonly reason: string;
      readonly until: Millis;
      readonly wide?: true;
    }
  /** Without a zone: everywhere, also where the settings allow probes, until somebody arms again. */
  | { readonly kind: 'probes-stopped'; readonly zone?: ZoneName; readonly by: string; readonly reason: string }
  | {
      readonly kind: 'never-probe';
      readonly device: DeviceId;
      readonly mac: Mac;
      readonly port: PortName;
      /** False: somebody looked at it and says that it may be asked. */
      readonly on: boolean;
      readonly by: string;
      readonly reason: string;
    }
  | { readonly kind: 'probe-asked'; readonly device: DeviceId; readonly by: string; readonly reason: string }
  /** One per probe, a whole sweep included: who armed it, which bytes left, what came of it. */
  | { readonly kind: 'probed'; readonly device?: DeviceId; readonly order: ProbeOrder; readonly outcome: ProbeOutcome }
  | (CeasedProbing & { readonly kind: 'probing-ceased' })
  | UserEvent
  | { readonly kind: 'signed-in'; readonly user: string; readonly from: string }
  | { readonly kind: 'storage'; readonly state: 'full' | 'recovered'; readonly detail: string };

/** The local administrator gave somebody a one-time code that opens an account; somebody took an account away, or gave it another role; tokens of programs. */
export type UserEvent = { readonly user: string; readonly by: string; readonly reason: string } & (
  | { readonly kind: 'user-invited'; readonly role?: UserRole }
  | { readonly kind: 'user-removed' | 'token-revoked' }
  | { readonly kind: 'user-role'; readonly role: UserRole }
  | { readonly kind: 'token-made'; readonly role: UserRole; readonly until: Millis }
);

export type EventKind = EventBody['kind'];

/** One line of the journal. `hash` = SHA-256 over `prev` and the canonical JSON of seq, at and body; the first `prev` is 64 zeros. */
export type Event = { readonly seq: number; readonly at: Millis; readonly prev: Hex; readonly hash: Hex; readonly body: EventBody };
