import type { Hex } from '../model/address.ts';
import type { ExportRecord } from './record.ts';

/**
 * The inventory as it stood at an instant that is over, folded from the journal, or why there is none. Of a record `presence` is empty and
 * `last_seen` is the latest Event that the device caused: who sent a frame when is not kept.
 */
export type PastInventory =
  | {
      readonly kind: 'made';
      readonly records: readonly ExportRecord[];
      /** The last Event that was looked at: up to it the hash chain is whole. */
      readonly head: { readonly seq: number; readonly hash: Hex };
    }
  /** One is being made; each folds the whole journal, so there is one at a time. */
  | { readonly kind: 'busy' }
  /** The hash chain breaks: what the journal says of the past cannot be believed. */
  | { readonly kind: 'broken'; readonly detail: string };
