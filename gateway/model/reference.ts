import type { DeviceId, Hex, Millis } from './address.ts';
import type { Digest } from './attestation.ts';
import type { ReferenceSet } from './trust.ts';

/**
 * Where a reference set stands. `staged`: read, not in force. `active`: what it lists is accepted. `superseded`: a newer one took its place; until a
 * deadline both are accepted. `revoked`: what it lists counts as bad, whatever else is said of it.
 */
export const referenceStates = ['staged', 'active', 'superseded', 'revoked'] as const;
export type ReferenceState = (typeof referenceStates)[number];

/** What people and lists see of a set. */
export type ReferenceSummary = Pick<
  ReferenceSet,
  'id' | 'vendor' | 'model' | 'source' | 'signedBy' | 'notes' | 'sequence' | 'notBefore' | 'notAfter'
> & { readonly components: number };

/** One set with what was last said of it. `by` is a person, or `files` for what its file alone says. */
export type ReferenceRecord = {
  readonly key: string;
  readonly set: ReferenceSummary;
  readonly state: ReferenceState;
  readonly at: Millis;
  readonly by: string;
  readonly reason: string;
  /** Of a superseded one: until when it is accepted beside the newer. */
  readonly until?: Millis;
  readonly replacedBy?: string;
  /** False: its file is gone, and with it what it lists. */
  readonly isPresent: boolean;
};

/** Why what a signer listed is accepted no more: its certificate was revoked; or nothing tells, and its anchor wants to know, or it leads to no anchor. */
export type SignerDoubt = { readonly standing: 'revoked' | 'ended'; readonly why: string };
export type KeyedDoubt = SignerDoubt & { readonly key: string };

/** What a person took as the good state of one device; nobody signed for it. */
export type Baseline = {
  readonly device: DeviceId;
  readonly deviceKey: Hex;
  readonly digests: readonly Digest[];
  readonly at: Millis;
  readonly by: string;
  readonly reason: string;
};

/**
 * The name of a set that does not change with the name of its file: the first 24 hex digits of the SHA-256 of the file, and which of its sets.
 * `acme.json#2 sha256:ab…` gives `ab….2`. What is no such id is its own key.
 */
export function referenceKey(id: string): string {
  const parts = /#(\d+) sha256:([0-9a-f]{24,64})$/.exec(id);
  return parts === null ? id : `${parts[2]?.slice(0, 24)}.${parts[1]}`;
}

/** True iff what it lists is accepted at that instant, its own validity aside. */
export const isAccepted = ({ state, until }: Pick<ReferenceRecord, 'state' | 'until'>, now: Millis): boolean =>
  state === 'active' || (state === 'superseded' && until !== undefined && now < until);

export function summaryOf(set: ReferenceSet): ReferenceSummary {
  const { id, vendor, model, source, signedBy, notes, sequence, notBefore, notAfter, components } = set;
  return {
    ...{ id, vendor, model, components: components.length },
    ...(source === undefined ? {} : { source }),
    ...(signedBy === undefined ? {} : { signedBy }),
    ...(notes === undefined ? {} : { notes }),
    ...(sequence === undefined ? {} : { sequence }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(notAfter === undefined ? {} : { notAfter }),
  };
}

/** One row of the list. `versions`: some of those that it lists. `accepted`: what it lists is accepted now. `devices` lean on it now. */
export type ReferenceRow = ReferenceRecord & {
  readonly versions: readonly string[];
  readonly accepted: boolean;
  readonly devices: number;
};
export type ReferenceList = { readonly sets: readonly ReferenceRow[]; readonly baselines: readonly Baseline[] };

/** A signed file as a person brings it. */
export type BroughtFile = { readonly file: string; readonly content: Uint8Array; readonly signature?: string };
