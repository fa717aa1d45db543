import type { QuoteContext } from '../attestation/tpm/context.ts';
import type { Hex, Ip, Mac, Millis, PortName, Vlan, ZoneName } from '../model/address.ts';
import type { ChallengeOutcome } from '../model/attestation.ts';
import type { Malformed, Observation, Sighting } from '../model/fact.ts';
import type { Challenge } from '../model/machine.ts';
import type { ProbeContext } from '../probing/probe.ts';
import type { ProbeOrder, ProbeOutcome } from '../model/probe.ts';
import type { ReplyLane, RuleSet } from '../model/rule-set.ts';
import type { SwitchAccess, SwitchReading } from '../model/switch.ts';
import type { AnchorMaterial, EnrolledKey, ListedVerifier, TrustMaterial } from '../model/trust.ts';
import type { Enrolment } from './challenge/enrol.ts';
import type { SentFreshness, WireEvidence } from './challenge/wire.ts';

/**
 * What the processes say to each other, one JSON object a line. The supervisor copies these bytes and reads none of them (`relay.ts`); after a
 * restart it sends one newline, so that half a line of the dead process is thrown away and counted. To the sensor the gateway has a connection
 * of its own (`door.ts`), a new one after each restart.
 * Every message of a less trusted process is checked by the schema in `edge/inbox.ts` before the gateway believes its shape.
 */
export type FromSensor =
  /** First message of each epoch. `epoch` is random, so that the gateway sees a restart and asks for a resync. */
  | { readonly type: 'hello'; readonly role: 'sensor'; readonly epoch: string; readonly pid: number }
  | { readonly type: 'observations'; readonly observations: readonly Observation[] }
  | { readonly type: 'sightings'; readonly sightings: readonly Sighting[] }
  | { readonly type: 'malformed'; readonly malformed: readonly Malformed[] }
  /** What caps threw away since the last such message. */
  | { readonly type: 'overflow'; readonly port: PortName; readonly count: number; readonly what: string }
  | { readonly type: 'port'; readonly port: PortName; readonly state: 'up' | 'down' | 'healed' | 'gone'; readonly detail: string }
  | {
      readonly type: 'counters';
      readonly port: PortName;
      readonly frames: number;
      readonly identityFrames: number;
      readonly dropped: number;
    };

export type ToSensor =
  /** `now` is the gateway's clock. The sensor answers by sending the latest fact of every address again. */
  { readonly type: 'resync' };

export type FromEnforcer =
  | { readonly type: 'hello'; readonly role: 'enforcer'; readonly epoch: string; readonly pid: number }
  /** Read back from the kernel after a change, on the timer, or when the kernel says that somebody else changed it. */
  | {
      readonly type: 'enforcement';
      readonly state: 'applied' | 'mismatch' | 'failed';
      readonly ruleSet: Hex;
      readonly detail: string;
      readonly at: Millis;
    }
  | { readonly type: 'forwarding-entry'; readonly mac: Mac; readonly port: PortName; readonly vlan: Vlan }
  /** Drop counters of the clone guard since start, per port: frames of bound MACs that came in elsewhere. */
  | { readonly type: 'clone-drops'; readonly port: PortName; readonly frames: number }
  | { readonly type: 'lane'; readonly id: string; readonly open: boolean; readonly detail: string };

export type ToEnforcer =
  | { readonly type: 'enforce'; readonly ruleSet: RuleSet; readonly hash: Hex }
  | { readonly type: 'open-lane'; readonly id: string; readonly lane: ReplyLane }
  | { readonly type: 'close-lane'; readonly id: string };

export type FromChallenger =
  /** `fault`: its self-test failed, and it judges nothing. */
  | { readonly type: 'hello'; readonly role: 'challenger'; readonly epoch: string; readonly pid: number; readonly fault?: string }
  /** Each half second, so that silence means that it hangs; the supervisor then ends it. */
  | { readonly type: 'beat' }
  /** With the Evidence that was judged, so that the gateway can keep it by its hash. */
  | { readonly type: 'outcome'; readonly id: string; readonly outcome: ChallengeOutcome; readonly evidence?: WireEvidence }
  | { readonly type: 'enrolment'; readonly id: string; readonly enrolment?: Enrolment }
  | LearnedRevocation;

/** A genuine CRL or OCSP response that was fetched, in place of those with these hashes. `news`: who was judged by what was known before. */
export type LearnedRevocation = {
  readonly type: 'learned-revocation';
  readonly kind: 'crl' | 'ocsp';
  readonly der: string;
  readonly dropped: readonly Hex[];
  readonly news?: { readonly anchor: string; readonly issuer: string; readonly revoked: number };
};

export type ToChallenger =
  /** The certificate, with its chain and key in PEM, for devices that want to know who asks. Only where a person named one. */
  | { readonly type: 'client'; readonly pem: string }
  | { readonly type: 'opc-ua-issuer'; readonly pem: string }
  /** A CRL that the next trust names by its hash; DER in base64. */
  | { readonly type: 'crl'; readonly sha256: Hex; readonly der: string }
  | { readonly type: 'trust'; readonly trust: TrustMaterial }
  /** The keys that TPMs enrolled, all of them; they hold beside whatever is trusted. */
  | { readonly type: 'enrolled'; readonly keys: readonly EnrolledKey[] }
  /** Make a credential for a TPM (`challenge/enrol.ts`); answered by `enrolment`, without one where it could not be judged. Keys and certificates in base64. */
  | {
      readonly type: 'enrol';
      readonly id: string;
      readonly agent: string;
      readonly ak: string;
      readonly ek: string;
      readonly certificates: readonly string[];
      readonly now: Millis;
    }
  /** What was fetched before a restart; DER in base64. */
  | { readonly type: 'kept-revocation'; readonly kind: 'crl' | 'ocsp'; readonly der: string; readonly seen: Millis }
  /** Where nothing may be fetched from: addresses of the management, networks of the devices (CIDR). Said first. */
  | { readonly type: 'fetching'; readonly management: readonly string[]; readonly lan: readonly string[]; readonly now: Millis }
  | {
      readonly type: 'challenge';
      readonly challenge: Challenge;
      readonly localAddress: string;
      /** The lane of `channels[i]` is open for `localPorts[i]`. */
      readonly localPorts: readonly number[];
      readonly evidenceTtlSeconds: number;
      readonly now: Millis;
    }
  /** Evidence that came another way than by a challenge of ours, or out of the store. Answered by `outcome`, without the Evidence. */
  | {
      readonly type: 'judge';
      readonly id: string;
      readonly evidence: WireEvidence;
      readonly freshness: SentFreshness;
      readonly quote?: Omit<QuoteContext, 'exporter'>;
      readonly ttlSeconds: number;
      readonly zone?: ZoneName;
      /** Judged as if this were trusted as well. */
      readonly anchor?: AnchorMaterial;
      readonly verifier?: ListedVerifier;
      readonly now: Millis;
    };

export type FromProber =
  | { readonly type: 'hello'; readonly role: 'prober'; readonly epoch: string; readonly pid: number }
  /** Each half second, so that silence means that it hangs; the supervisor then ends it. */
  | { readonly type: 'beat' }
  | { readonly type: 'outcome'; readonly id: string; readonly outcome: ProbeOutcome };

export type ToProber =
  /** `own`: the bridge's own addresses; questions come from there and go nowhere else. */
  | { readonly type: 'probe'; readonly order: ProbeOrder; readonly own: ProbeContext['own'] }
  /** Ends these, or all that run, at once. */
  | { readonly type: 'stop'; readonly ids?: readonly string[] };

/** The optional mDNS browser. It decodes hostile packets with a package we do not trust, so what it says is a hint, never a fact. */
export type FromBrowser =
  | { readonly type: 'hello'; readonly role: 'browser'; readonly epoch: string; readonly pid: number }
  /** Each half second, so that silence means that it hangs; the supervisor then ends it. */
  | { readonly type: 'beat' }
  /** Somebody at `ip` answers for these services, `_ipp._tcp`. `name` is the announced host name without `.local`. Untrusted text. */
  | { readonly type: 'hint'; readonly ip: Ip; readonly name?: string; readonly services: readonly string[] };

/** The switch reader decodes what switches answer; what it says is what they say. */
export type FromSwitchReader =
  | { readonly type: 'hello'; readonly role: 'switch-reader'; readonly epoch: string; readonly pid: number }
  /** Each half second, so that silence means that it hangs; the supervisor then ends it. */
  | { readonly type: 'beat' }
  | { readonly type: 'switch'; readonly switchIp: Ip; readonly reading: SwitchReading };

export type ToSwitchReader = { readonly type: 'read'; readonly switchIp: Ip; readonly access: SwitchAccess };
