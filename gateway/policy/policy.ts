import type { Hex } from '../model/address.ts';
import type { RuleRef } from '../model/decision.ts';
import type { MudBook } from '../model/mud.ts';
import type { Plate } from './plates.ts';
import type { ExpectedEntry, Fingerprint, Rule } from './shapes.ts';

/** One text file of a policy folder. `path` is relative and stable, for it is shown to people: `policies/rules/10-default.yaml`. */
export type PolicyFile = { readonly path: string; readonly text: string };

/** What is wrong with a policy file. `text` is the whole line for people, `path:line: Cannot …: …`; an error refuses the whole policy. */
export type Problem = { readonly kind: 'error' | 'warning'; readonly at: string; readonly text: string };

/** A value of a file with where it stands. */
export type Placed<T> = { readonly value: T; readonly ref: RuleRef };

/** Everything that the loaded files say. Only `loadPolicy` makes one, and only when no file has an error. */
export type Policy = {
  /** SHA-256 over the sorted paths and texts. */
  readonly hash: Hex;
  /** In the order in which they are tried: by path, then from top to bottom. */
  readonly rules: readonly Placed<Rule>[];
  /** Entries that name a serial, by it. */
  readonly expectedSerials: ReadonlyMap<string, readonly Placed<ExpectedEntry>[]>;
  /** Entries that name a key, by it. */
  readonly expectedKeys: ReadonlyMap<Hex, readonly Placed<ExpectedEntry>[]>;
  readonly mud: MudBook;
  readonly fingerprints: readonly Placed<Fingerprint>[];
  readonly plates: readonly Placed<Plate>[];
};
