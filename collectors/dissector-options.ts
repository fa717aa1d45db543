import type { PortName } from '../gateway/model/address.ts';
import type { Malformed, Observation } from '../gateway/model/fact.ts';
import type { Collector } from './collector.ts';
import type { Overflow } from './losses.ts';

/** What a dissector is made for: the caps of live ports, unless told otherwise. */
export type DissectorOptions = {
  readonly collectors?: readonly Collector[];
  /** Addresses that are kept, in all and of one port. */
  readonly maxAddresses?: number;
  readonly maxAddressesPerPort?: number;
  /** Facts that are kept in all and of one port, when the caps of live ports do not fit. */
  readonly maxFacts?: number;
  /** Take the address that a sender uses without a hop counted as its own while it has named none; for files, where nobody can be asked. */
  readonly addressesOfTraffic?: boolean;
  /** Silence after which an address or a fact may give way to a new one, milliseconds. */
  readonly idleMs?: number;
};

/** What comes out of it. */
export type Drained = {
  readonly observations: readonly Observation[];
  readonly malformed: readonly Malformed[];
  readonly overflow: readonly Overflow[];
  /** Since the start. */
  readonly counters: readonly { readonly port: PortName; readonly frames: number; readonly identityFrames: number }[];
};
