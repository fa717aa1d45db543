import type { Head } from '../../journal/chain.ts';
import type { Hex, Millis } from '../../model/address.ts';
import type { EventBody } from '../../model/event.ts';

/** How the store is opened. `reserveBytes` stay free on disk for people's decisions; of Evidence at most `maxEvidenceBytes` are kept. */
export type StoreOptions = { readonly folder: string; readonly reserveBytes: number; readonly maxEvidenceBytes: number };

/** What the reader of the past is asked: the data folder, and the instant. */
export type PastOptions = { readonly folder: string; readonly at: Millis };

export type ToStore =
  | { readonly type: 'append'; readonly id: number; readonly at: Millis; readonly events: readonly EventBody[]; readonly matters: boolean }
  | {
      readonly type: 'evidence';
      readonly evidence: Hex;
      readonly mediaType: string;
      readonly at: Millis;
      readonly bytes: Uint8Array;
      /** Absent: none came beside it. */
      readonly certificates?: Uint8Array;
    }
  | { readonly type: 'snapshot'; readonly id: number; readonly json: string }
  | { readonly type: 'close' };

export type FromStore =
  | { readonly type: 'committed'; readonly id: number; readonly head: Head }
  | { readonly type: 'refused'; readonly id: number; readonly detail: string }
  | { readonly type: 'storage'; readonly state: 'full' | 'recovered'; readonly detail: string }
  | { readonly type: 'closed' };
