import type { Assurance, Admission, AttestationStatus } from './axes.ts';
import type { Hex, Mac, Millis, PortName, Vlan, ZoneName } from './address.ts';
import type { StartTime } from './attestation.ts';
import type { PersonDecision } from './device.ts';
import type { ReasonCode } from './reason.ts';

/** What policy wants for a device. */
export const accesses = ['admit', 'hold', 'quarantine'] as const;
export type Access = (typeof accesses)[number];

/** The rule that decided: its name and where it stands, `policies/rules/dock.yaml:12`; built-in steps of the precedence stand at `built-in:<step>`. */
export type RuleRef = { readonly name: string; readonly at: string };

/**
 * What the list of expected devices says of the place of one that it expects: that it belongs at this port, at another, or nothing. Evidence proves who
 * signed it, never where that is: a relay at any port gets genuine Evidence from a device elsewhere. So only *here* lets a device in by itself.
 */
export type ExpectedPlace = 'here' | 'elsewhere' | 'unnamed';

/** Everything `decide` looks at. It is stored with the Decision, so that `why` can run `decide` on it again. */
export type DecisionFacts = {
  readonly zone: ZoneName;
  readonly mac: Mac;
  readonly port: PortName;
  readonly vlan: Vlan;
  readonly vendor?: string;
  readonly kind?: string;
  readonly model?: string;
  readonly hostname?: string;
  readonly services: readonly string[];
  /** False while neither an address nor any other identity was announced. */
  readonly announced: boolean;
  readonly cloned: boolean;
  readonly attestation: AttestationStatus;
  readonly assurance: Assurance;
  readonly expected: boolean;
  /** Set iff expected; absent in journals of older versions. */
  readonly place?: ExpectedPlace;
  /** Set iff somebody once attested from its address, with its serial, or as another interface of it: it can. Absent in journals of older versions. */
  readonly hasAttested?: true;
  /** Why attestation stands where it does; absent iff affirming without a finding. */
  readonly attestationReason?: ReasonCode;
  /** When it started and measured itself, where its Evidence tells. */
  readonly started?: StartTime;
  readonly serial?: string;
  readonly deviceKey?: Hex;
  readonly person?: PersonDecision;
  readonly now: Millis;
};

/** What policy wants (access), why, and until when. */
export type Decision = {
  readonly access: Access;
  readonly admission: Admission;
  readonly reason: ReasonCode;
  readonly rule: RuleRef;
  readonly until?: Millis;
  readonly facts: DecisionFacts;
  readonly evidence?: Hex;
  /** SHA-256 over the loaded policy files. */
  readonly policy: Hex;
};
