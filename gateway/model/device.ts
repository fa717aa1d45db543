import type { DeviceId, Ip, Mac, Millis, PortName, Vlan, ZoneName } from './address.ts';
import type { AttestationResult, Check } from './attestation.ts';
import type { Assurance, Admission, AttestationStatus, Enforcement, Presence } from './axes.ts';
import type { Decision } from './decision.ts';
import type { Fact } from './fact.ts';
import type { DeviceGroup } from './link.ts';
import type { DeviceProbing } from './probe.ts';
import type { ReasonCode } from './reason.ts';
import type { Baseline } from './reference.ts';
import type { Attachment } from './switch.ts';

/** A value with where it came from. `locked`: a person set it, observations do not replace it; `observed` is what they say meanwhile. */
export type Field<T> = {
  readonly value: T;
  readonly source: string;
  readonly at: Millis;
  readonly frame: number;
  readonly locked?: true;
  readonly observed?: Omit<Field<T>, 'locked' | 'observed'>;
};

/** A time-bounded binding of an identity to an address. Open while `until` is absent. */
export type Binding = {
  readonly mac: Mac;
  readonly port: PortName;
  readonly vlan: Vlan;
  readonly ip?: Ip;
  readonly from: Millis;
  readonly until?: Millis;
};

/** How we came to know the device at all. */
export type SeenBy = 'announcement' | 'frames' | 'forwarding-table';

/** What we believe stands behind one identity. In the spine an identity is a MAC on a port of a VLAN. */
export type Device = {
  readonly id: DeviceId;
  readonly mac: Mac;
  readonly port: PortName;
  readonly vlan: Vlan;
  readonly zone: ZoneName;
  readonly seenBy: SeenBy;
  /** Set iff the address belongs, by an earlier proof or approval, to this other device on another port. */
  readonly cloneOf?: DeviceId;
  /** Current IPv4/IPv6 addresses, newest last, at most 8. */
  readonly ips: readonly Ip[];
  readonly bindings: readonly Binding[];
  readonly fields: {
    readonly hostname?: Field<string>;
    readonly vendor?: Field<string>;
    readonly vendorClass?: Field<string>;
    readonly model?: Field<string>;
    readonly kind?: Field<string>;
    readonly mudUrl?: Field<string>;
    /** Who made it, as it says itself; `vendor` is what the registry says of its address. */
    readonly maker?: Field<string>;
    readonly firmware?: Field<string>;
    readonly serial?: Field<string>;
    readonly description?: Field<string>;
    /** What it says it is; `kind` is what fingerprints make of it. */
    readonly deviceKind?: Field<string>;
    /** A person's note on where it stands. */
    readonly location?: Field<string>;
  };
  /** Every host name that it gave itself, each once, newest last, at most 8. */
  readonly hostnames?: readonly Field<string>[];
  /** Collectors that understood a frame of it, in the order in which they came, at most 64. */
  readonly protocols?: readonly string[];
  /** `tcp/502` → name; at most 64. */
  readonly services: readonly { readonly service: string; readonly name?: string }[];
  readonly facts: readonly KnownFact[];
  /** Set iff it claimed more IPv4 addresses at once than are taken as its own: proxy ARP, or a spoofer. `count` of claims so far. */
  readonly standsIn?: { readonly count: number; readonly since: Millis; readonly at: Millis };
  readonly firstSeen: Millis;
  /** Where it is plugged in, as a listed switch says; absent where none is listed or none knows it. */
  readonly attachedTo?: Attachment;
};

/** What was said last under one key. `since`: when it first did what an act says, or took that part as router, in whatever words; absent is `at`. */
export type KnownFact = {
  readonly collector: string;
  readonly frame: number;
  readonly at: Millis;
  readonly since?: Millis;
  readonly fact: Fact;
};

export type FieldName = keyof Device['fields'];
/** What a person may set. */
export const settableFields = ['hostname', 'kind', 'vendor', 'model', 'location'] as const satisfies readonly FieldName[];
export type SettableField = (typeof settableFields)[number];

/** A person's word about a device. `until` absent: for good. */
export type PersonDecision = {
  readonly kind: 'approval' | 'waiver' | 'block';
  readonly by: string;
  readonly reason: string;
  readonly at: Millis;
  readonly until?: Millis;
  /** The device key proved when it was approved; an approval lapses when another key is proved. */
  readonly deviceKey?: string;
  /** The finding that a waiver excuses. */
  readonly excuses?: ReasonCode;
};

/** How a result ages: it stands, only the zone's grace holds it, or it is over. */
export const resultFreshnesses = ['fresh', 'stale', 'ended'] as const;
export type ResultFreshness = (typeof resultFreshnesses)[number];

/** Where the attestation of a device stands. `result` is the last judged one, kept until it is replaced. */
export type AttestationState = {
  readonly status: AttestationStatus;
  readonly assurance: Assurance;
  readonly expected: boolean;
  readonly reason?: ReasonCode;
  readonly result?: AttestationResult;
  /** The checks shown to people: the result's, with `bound` and `expected` filled in by the machine. */
  readonly checks: readonly Check[];
  readonly challengedAt?: Millis;
  /** When its Evidence was last authentic, whatever came of it; absent iff it never was. */
  readonly lastVerified?: Millis;
  /** Firmware that nobody lists was seen so often, freshly each time; until it counts, what stood before does, and ends at `until`. Absent once it is clear. */
  readonly unconfirmed?: {
    readonly count: number;
    readonly until: Millis;
    readonly status: AttestationStatus;
    readonly assurance: Assurance;
    readonly reason?: ReasonCode;
  };
  /** Since when it does not attest any more though it once did and is there; absent while it does, or sleeps. */
  readonly stoppedAt?: Millis;
  readonly lastFailure?: { readonly at: Millis; readonly code: ReasonCode; readonly detail: string };
  /** Of `result`; in views only. */
  readonly freshness?: ResultFreshness;
  /** How long ago it started and measured itself, where `result` tells; `atMost` absent: nobody can tell. In views only. */
  readonly startedAgo?: { readonly atLeast: Millis; readonly atMost?: Millis };
  /** A2: SHA-256 of the public key of a TLS certificate without Evidence. */
  readonly continuityKey?: string;
  /** SHA-256 of what it showed last without Evidence in it, under which the store keeps that. */
  readonly shown?: string;
  /** What a person took as its good state, where nobody signs reference values for it. */
  readonly baseline?: Omit<Baseline, 'device'>;
};

/** A device with its four axes and the decision: what pages, CLI and exports show. */
export type DeviceView = {
  readonly device: Device;
  readonly attestation: AttestationState;
  readonly admission: Admission;
  readonly enforcement: Enforcement;
  readonly presence: Presence;
  readonly decision: Decision;
  readonly person?: PersonDecision;
  /** Set iff other records count as the same device. */
  readonly group?: DeviceGroup;
  /** Of a virtual router address: the records that say they stand behind it. */
  readonly virtualOf?: readonly DeviceId[];
  readonly lastSeen: Millis;
  readonly packets: number;
  readonly bytes: number;
  /** How many other addresses share its port, when any do. Then nothing above `assuranceCap` holds for the frames of its address: shown, not decided by. */
  readonly sharesPortWith?: number;
  readonly assuranceCap?: Assurance;
  /** Absent where the network has no bridge of ours: there nobody asks anything. */
  readonly probing?: DeviceProbing;
};

/** What a fingerprint looks at. Text is what the device or a registry said. */
export type KindFacts = {
  readonly mac: string;
  readonly vendor?: string | undefined;
  readonly model?: string | undefined;
  readonly hostname?: string | undefined;
  /** DHCP option 60. */
  readonly vendorClass?: string | undefined;
  readonly maker?: string | undefined;
  readonly description?: string | undefined;
  readonly deviceKind?: string | undefined;
  readonly services: readonly string[];
  readonly protocols?: readonly string[] | undefined;
};
