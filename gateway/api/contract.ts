import type { AddressClass } from '../model/address-class.ts';
import type { DeviceId, Hex, Ip, Mac, Millis, PortName, Vlan, ZoneName } from '../model/address.ts';
import type { AttestedIdentity, Check, Digest } from '../model/attestation.ts';
import type { Admission, Assurance, AttestationStatus, Badge, Enforcement, Presence } from '../model/axes.ts';
import type { Coverage } from '../model/coverage.ts';
import type { Access, RuleRef } from '../model/decision.ts';
import type { Binding, PersonDecision, ResultFreshness, SeenBy, SettableField } from '../model/device.ts';
import type { LinkEvidence } from '../model/link.ts';
import type { DeviceProbing, ProbeMode, ProbingState } from '../model/probe.ts';
import type { Show } from '../model/notable.ts';
import type { UserRole } from '../model/person.ts';
import type { ReasonCode } from '../model/reason.ts';
import type { Attachment } from '../model/switch.ts';
import type { ZoneMode } from '../model/settings.ts';
import type { Health } from './site.ts';

/**
 * What crosses the API, as types and tables. The page imports this file and nothing else of the gateway; the schemas that check and
 * document it stand in `schemas.ts`. Times are milliseconds since 1970 UTC. Text that came from the network is untrusted: show it
 * through `visibleText` and as text only.
 */
export type {
  Access,
  AddressClass,
  Admission,
  Assurance,
  Attachment,
  AttestationStatus,
  Badge,
  Check,
  Coverage,
  Digest,
  DeviceProbing,
  Enforcement,
  Health,
  LinkEvidence,
  PersonDecision,
  Presence,
  ProbingState,
  ReasonCode,
  SettableField,
  Show,
  UserRole,
  ZoneMode,
};
export type { AnchorPreview, ShownEnrolled, ShownFileList } from '../model/trust.ts';
export type { ReferenceList, ReferenceRow } from '../model/reference.ts';
export type { AnchorRow } from './anchor-rows.ts';
export type { ReferenceDetail } from './reference-schemas.ts';
export { referenceDiff, referenceLines, referenceState, referenceSubject } from './reference-text.ts';
export { fileListDevices, fileListSubject } from './file-list-text.ts';
export { anchorFacts, anchorState, lapsedText, previewBasis, usesText, wouldAdmit } from './trust-text.ts';
export { badges } from '../model/axes.ts';
export { reasons } from '../model/reason.ts';
export { settableFields } from '../model/device.ts';
export { mayDo, personOf, userRoles } from '../model/person.ts';
export { attachmentText } from '../model/switch.ts';
export { visibleText } from '../model/visible-text.ts';

/** Where the API stands on every listener of the page. */
export const apiPath = '/api/v1';
/** A request that changes anything must carry this header (any value): a form of another site cannot. */
export const ownRequestHeader = 'x-sallyport';
/** Of an export of the past: the number of the last Event that was looked at, and its hash. */
export const journalEventsHeader = 'x-sallyport-journal-events';
export const journalHeadHeader = 'x-sallyport-journal-head';
/** Longest approval and waiver that page and API offer, in hours, unless it is for good. */
export const maxApprovalHours = 8_760;
export const maxWaiverHours = 720;
export const maxPauseMinutes = 1_440;
/** The longest time for which a token of a program is good, in hours. */
export const maxTokenHours = 8_784;
/** The longest window for which a zone can be armed for probes. */
export const maxProbeMinutes = 480;
/** Length of the reason of a decision, in characters. */
export const reasonLength = { min: 3, max: 500 } as const;
export const passwordLength = { min: 10, max: 256 } as const;
/** Length of what a person sets a field to, in characters. */
export const maxFieldLength = 128;
/** The live stream says something at least this often; after three times that, what the page shows is stale. */
export const heartbeatMillis = 5_000;

/** One line of the journal of the site. Its text is untrusted where devices or people wrote it. */
export type JournalRow = {
  readonly seq: number;
  readonly at: Millis;
  readonly group: Show;
  readonly kind: string;
  readonly device?: DeviceId;
  readonly text: string;
};

/** A page of it, newest first. `older`: ask again with `before` for what came earlier. */
export type Journal = { readonly rows: readonly JournalRow[]; readonly older: boolean };

/** Who may sign in on the page: accounts, names that have a one-time code and no account yet, and tokens of programs, also those that have ended. */
export type Users = {
  readonly accounts: readonly { readonly user: string; readonly role: UserRole; readonly createdAt: Millis }[];
  readonly invited: readonly { readonly user: string; readonly role: UserRole }[];
  readonly tokens: readonly {
    readonly name: string;
    readonly role: UserRole;
    readonly by: string;
    readonly createdAt: Millis;
    readonly until: Millis;
    /** Since the start of the gateway. */
    readonly usedAt?: Millis;
  }[];
};
/** The code is told once. */
export type Invited = { readonly user: string; readonly role: UserRole; readonly code: string };
/** The token is told once. */
export type TokenMade = { readonly name: string; readonly role: UserRole; readonly until: Millis; readonly token: string };

/** One device in the list: the four axes, the badge made of them, and what finds it. */
export type DeviceRow = {
  readonly id: DeviceId;
  readonly badge: Badge;
  readonly attestation: AttestationStatus;
  readonly assurance: Assurance;
  readonly expected: boolean;
  readonly admission: Admission;
  readonly enforcement: Enforcement;
  readonly presence: Presence;
  readonly reason: ReasonCode;
  readonly rule: RuleRef;
  /** End of what a person or a rule allowed. */
  readonly until?: Millis;
  /** Who approved, waived or blocked it; absent: no person, or his word counts no more. */
  readonly by?: string;
  readonly hostname?: string;
  readonly vendor?: string;
  readonly model?: string;
  readonly kind?: string;
  readonly serial?: string;
  readonly mac: Mac;
  readonly addressClass: AddressClass;
  /** Set iff other rows count as the same device: its id, and how many rows it has. */
  readonly group?: DeviceId;
  readonly interfaces?: number;
  /** Set iff it claims more addresses than are taken as its own: how many claims there were. */
  readonly standsIn?: number;
  readonly ips: readonly Ip[];
  readonly port: PortName;
  readonly vlan: Vlan;
  readonly zone: ZoneName;
  readonly seenBy: SeenBy;
  readonly cloneOf?: DeviceId;
  /** How many other addresses share the port, when any do; then nothing above `assuranceCap` holds for the frames of this one. */
  readonly sharesPortWith?: number;
  readonly assuranceCap?: Assurance;
  readonly firstSeen: Millis;
  readonly lastSeen: Millis;
  /** Where a listed switch says that it is plugged in. */
  readonly attachedTo?: Attachment;
};

/** `seq` is the live stream's number at which these rows were true. */
export type DeviceList = { readonly seq: number; readonly rows: readonly DeviceRow[] };

/** What the last judged Evidence proved. */
export type Proof = {
  readonly at: Millis;
  readonly expires: Millis;
  readonly scheme: string;
  readonly status: AttestationStatus;
  readonly assurance: Assurance;
  readonly reason?: ReasonCode;
  readonly identity?: AttestedIdentity;
  readonly digestsSeen: readonly Digest[];
  readonly digestsExpected: readonly Digest[];
  readonly evidence: Hex;
  readonly referenceSets: readonly string[];
};

export type TimelineEntry = { readonly seq: number; readonly at: Millis; readonly kind: string; readonly text: string };

/** Another row that counts as the same device, and why. What is said alike is untrusted: it can be copied. */
export type LinkedRow = {
  readonly row: DeviceRow;
  readonly links: readonly {
    readonly between: readonly [DeviceId, DeviceId];
    readonly at: Millis;
    readonly evidence: readonly (LinkEvidence & { readonly text: string })[];
    readonly score?: number;
    readonly by?: string;
    readonly reason?: string;
  }[];
};

/** One device with everything that the page shows of it. */
export type DeviceDetail = {
  readonly row: DeviceRow;
  /** One sentence: what it proved, which rule decided, what the network does. */
  readonly why: string;
  readonly checks: readonly Check[];
  readonly decision: { readonly access: Access; readonly until?: Millis; readonly policy: Hex; readonly evidence?: Hex };
  readonly person?: PersonDecision;
  readonly proof?: Proof;
  readonly challengedAt?: Millis;
  /** When its Evidence was last authentic; absent iff it never was. */
  readonly lastVerified?: Millis;
  /** When it measured itself, in words; absent where its Evidence does not tell. */
  readonly measured?: string;
  /** How far `proof` has aged. */
  readonly freshness?: ResultFreshness;
  readonly lastFailure?: { readonly at: Millis; readonly code: ReasonCode; readonly detail: string };
  /** The failed finding that a waiver could excuse now. */
  readonly excusable?: ReasonCode;
  readonly bindings: readonly Binding[];
  readonly fields: readonly {
    readonly name: string;
    readonly value: string;
    readonly source: string;
    readonly at: Millis;
    readonly frame: number;
    readonly locked?: true;
    /** What is observed in place of what a person set. */
    readonly observed?: { readonly value: string; readonly source: string; readonly at: Millis; readonly frame: number };
  }[];
  /** The other interfaces of the device; a quarantine cuts them too. */
  readonly linked: readonly LinkedRow[];
  /** Of a virtual router address: the devices that say they stand behind it. */
  readonly virtualOf: readonly DeviceId[];
  readonly services: readonly { readonly service: string; readonly name?: string }[];
  readonly facts: readonly { readonly collector: string; readonly frame: number; readonly at: Millis; readonly text: string }[];
  readonly packets: number;
  readonly bytes: number;
  /** Absent where nothing can be asked. */
  readonly probing?: DeviceProbing;
  /** Newest first. */
  readonly timeline: readonly TimelineEntry[];
};

/**
 * A message of the live stream. `seq` goes up by one with each change; after a gap, and when `resync` is set, the list is asked for again.
 * A heartbeat repeats the last `seq` with no rows.
 */
export type LiveMessage = {
  readonly seq: number;
  readonly rows: readonly DeviceRow[];
  readonly gone: readonly DeviceId[];
  readonly health: Health;
  readonly resync?: true;
};

/** How long a person's decision holds: exactly one of the three. */
export type Span = { readonly hours: number } | { readonly until: Millis } | { readonly forGood: true };
export type ApproveBody = Span & { readonly reason: string };
export type WaiveBody = ({ readonly hours: number } | { readonly until: Millis }) & {
  readonly excuses: ReasonCode;
  readonly reason: string;
};
export type ReasonBody = { readonly reason: string };
/** `alone`: this interface only, whatever else counts as the same device. */
export type QuarantineBody = { readonly reason: string; readonly alone?: true | undefined };
export type LinkBody = { readonly other: DeviceId; readonly reason: string };
export type SetFieldBody =
  | { readonly field: SettableField; readonly value: string; readonly reason: string }
  | { readonly field: SettableField; readonly unlock: true; readonly reason: string };
export type PauseBody = { readonly minutes: number; readonly reason: string };
export type ZoneModeBody = { readonly mode: ZoneMode; readonly reason: string };
export type ArmProbesBody = {
  readonly mode: Exclude<ProbeMode, 'off'>;
  readonly minutes: number;
  /** Allows sweeps of more than a /22. */
  readonly wide?: boolean;
  readonly reason: string;
};
/** Without a zone: everywhere. */
export type StopProbesBody = { readonly zone?: string; readonly reason: string };
export type NeverProbeBody = { readonly on: boolean; readonly reason: string };
export type SetupBody = { readonly code: string; readonly user: string; readonly password: string };
export type SignInBody = { readonly user: string; readonly password: string };

/** Whether somebody is signed in. `setup`: there is no account yet, the one-time code makes the first. */
export type SessionState =
  | { readonly state: 'setup' }
  | { readonly state: 'signed-out' }
  | { readonly state: 'signed-in'; readonly user: string; readonly role: UserRole };

/** What can go wrong with a request; the `code` of a problem. Public API. */
export const problemCodes = {
  'bad-request': { status: 400, title: 'The request cannot be read' },
  'not-signed-in': { status: 401, title: 'Sign in first' },
  'wrong-credentials': { status: 401, title: 'Wrong name, password or code' },
  'not-own-request': { status: 403, title: 'The request does not come from this page' },
  forbidden: { status: 403, title: 'Your role does not allow this' },
  'not-found': { status: 404, title: 'Nothing is known under this address' },
  conflict: { status: 409, title: 'The request does not fit the present state' },
  'too-large': { status: 413, title: 'The request is too large' },
  'too-many': { status: 429, title: 'Too many attempts' },
  failed: { status: 500, title: 'The gateway failed' },
  unavailable: { status: 503, title: 'The gateway cannot do this now' },
} as const satisfies Record<string, { status: number; title: string }>;
export type ProblemCode = keyof typeof problemCodes;

/** An error, RFC 9457 `application/problem+json`. */
export type Problem = {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
};
