import type { Assurance, AttestationStatus } from './axes.ts';
import type { Hex, Millis } from './address.ts';
import type { ReasonCode } from './reason.ts';

/** The eight AR4SI trustworthiness claims (draft-ietf-rats-ar4si §2.3.4) and our value for each, int8: 2–31 affirming, 32–95 warning, 96–127 contraindicated. */
export type Ar4siClaim =
  | 'instance-identity'
  | 'configuration'
  | 'executables'
  | 'file-system'
  | 'hardware'
  | 'runtime-opaque'
  | 'storage-opaque'
  | 'sourced-data';

/** The ordered checks that a person reads top to bottom. A check after a failed one is `not-evaluated`, never green. */
export const checkNames = [
  'answered', // the device answered our challenge
  'fresh', // the handshake is new, ours, and proves possession of the leaf key
  'readable', // every certificate and every measurement parses
  'chain', // names, signatures, dates, CA bit, path length, key usage, critical extensions, up to an anchor of ours
  'identity', // IDevID or DICE identity: serial, device key
  'bound', // answered from the bound MAC, port and address; key not proved by another device
  'measured', // firmware digests are present and unambiguous
  'reference', // digests match signed reference values, both ways
  'version', // security version floor
  'mode', // not in debug or recovery mode
  'expected', // somebody listed or approved this serial or key
] as const;
export type CheckName = (typeof checkNames)[number];

/** One Finding. `expected` and `seen` are set iff the check compared something; text from the device is untrusted. */
export type Check = {
  readonly check: CheckName;
  readonly outcome: 'passed' | 'failed' | 'warned' | 'not-evaluated';
  readonly code?: ReasonCode;
  readonly detail: string;
  readonly expected?: string;
  readonly seen?: string;
};

/** Digest of one measured component. `alg` is the IANA named-information name: `sha-256`, `sha-384`, `sha-512`. */
export type Digest = { readonly alg: string; readonly value: Hex };

/** Who the chain says the device is. Authenticated: only present when the chain was verified up to an anchor. */
export type AttestedIdentity = {
  /** 802.1AR serialNumber or HardwareModuleName serial; absent when the chain names none. */
  readonly serial?: string;
  readonly subject: string;
  readonly issuer: string;
  /** SHA-256 of the SubjectPublicKeyInfo of the longest-lived device key: DICE DeviceID, else the IDevID leaf. */
  readonly deviceKey: Hex;
  /** SHA-256 of the leaf's SubjectPublicKeyInfo, whose possession the handshake proved. */
  readonly leafKey: Hex;
  readonly anchor: string;
  readonly vendor?: string;
  readonly model?: string;
  readonly version?: string;
  readonly svn?: string;
  readonly notAfter: Millis;
};

/**
 * When a device last started and measured itself: no later than `before` and no earlier than `after`, which is absent where nobody can tell. Milliseconds
 * since 1970 by our clock.
 */
export type StartTime = { readonly before: Millis; readonly after?: Millis };

/** Where a TPM stood when it was last quoted: the next quote must not lie before it. Only authentic quotes leave one. */
export type QuoteState = {
  /** SHA-256 of the attestation key's SubjectPublicKeyInfo; counters of different keys cannot be compared. */
  readonly ak: Hex;
  /** TPMS_CLOCK_INFO; the clock in milliseconds, decimal. The counters may have an offset of their own. */
  readonly clock: string;
  readonly resetCount: number;
  readonly restartCount: number;
  /** What happened since the quote before. */
  readonly since: 'first' | 'running' | 'resumed' | 'rebooted';
  /** When that quote was judged, and between which instants the TPM was last reset. Absent in journals of older versions. */
  readonly at?: Millis;
  readonly started?: StartTime;
  /** How far the list of measured files was replayed, to which value of which bank, and under which policy. */
  readonly ima?: { readonly bank: string; readonly value: Hex; readonly entries: number; readonly policy?: Hex };
};

/** What the Verifier says of one piece of Evidence (RFC 9334 §8.4). Made in the challenger; the machine adds `bound` and `expected`. */
export type AttestationResult = {
  readonly at: Millis;
  readonly expires: Millis;
  readonly scheme: string;
  readonly status: AttestationStatus;
  readonly assurance: Assurance;
  readonly vector: { readonly [claim in Ar4siClaim]?: number };
  /** The reason of the first failed check; SIGNED_AND_EXPECTED is never given here. Absent iff nothing failed. */
  readonly reason?: ReasonCode;
  readonly checks: readonly Check[];
  readonly identity?: AttestedIdentity;
  readonly digestsSeen: readonly Digest[];
  readonly digestsExpected: readonly Digest[];
  /** SHA-256 of the Evidence bytes, under which the store keeps them. */
  readonly evidence: Hex;
  /** Reference sets that took part, by their file and SHA-256. */
  readonly referenceSets: readonly string[];
  /** When it started and measured itself, where authentic Evidence tells. */
  readonly started?: StartTime;
  /** Where its TPM stood at the last authentic quote, this one or one before; absent iff there was none. */
  readonly quote?: QuoteState;
};

/**
 * The kinds of Evidence that a scheme may take, by media type. Registered names where there are some (RFC 9782 for EAT, draft-ietf-rats-msg-wrap for CMW);
 * `vnd.sallyport` names what has none: the chain of a TLS handshake; a quote, a Matter or SPDM exchange with what belongs to it.
 */
export const evidenceMediaTypes = [
  'application/vnd.sallyport.x509-chain',
  'application/vnd.sallyport.open-dice-chain',
  'application/eat+cwt',
  'application/eat+jwt',
  'application/eat-bun+cbor',
  'application/eat-bun+json',
  'application/psa-attestation-token',
  'application/cmw+cbor',
  'application/cmw+json',
  'application/vnd.sallyport.tpm-quote+json',
  'application/vnd.sallyport.matter+json',
  'application/vnd.sallyport.spdm-measurements+json',
  'application/vnd.sallyport.opcua-server',
] as const;
export type EvidenceMediaType = (typeof evidenceMediaTypes)[number];

/** Evidence as received; every byte of it is untrusted. */
export type Evidence = {
  /** SHA-256 of `bytes`; under it the store keeps them. */
  readonly id: Hex;
  readonly mediaType: EvidenceMediaType;
  /** All of it: a chain is its DER certificates one after the other, leaf first. */
  readonly bytes: Uint8Array;
  /** DER certificates that came as such, leaf first: the chain of the handshake, or what a channel handed over beside a token. Else empty. */
  readonly certificates: readonly Uint8Array[];
  /** A long list that came beside it, of which `bytes` has the SHA-256: judged with it, and neither sent on nor kept. Absent: there is none, or it is gone. */
  readonly list?: Uint8Array;
};

/** Why nothing could be judged. Never quarantines by itself (DESIGN §7). */
export const transportFailures = ['refused', 'timeout', 'unreachable', 'reset', 'not-tls', 'lane', 'verifier'] as const;
export type TransportFailure = (typeof transportFailures)[number];

/** What came of one challenge. No Evidence, judged Evidence and transport failure are three things. */
export type ChallengeOutcome =
  | { readonly kind: 'appraised'; readonly result: AttestationResult; readonly evidence: readonly Hex[] }
  /** TLS answered, but the chain carries neither IDevID nor DICE content: a printer's HTTPS page. `leafKey` gives key continuity (A2), `evidence` the chain as kept. */
  | {
      readonly kind: 'no-evidence';
      readonly leafKey?: Hex;
      readonly subject?: string;
      readonly checks: readonly Check[];
      readonly evidence?: Hex;
    }
  | { readonly kind: 'transport-failure'; readonly failure: TransportFailure; readonly detail: string };
