import type { Ip } from './address.ts';

/** Ports from `low` to `high`, both included. */
export type PortRange = { readonly low: number; readonly high: number };

/** Who the other end of a flow must be. RFC 8520 §3, RFC 8519 §4. */
export type MudPeer =
  /** CIDR of the entry's own IP version. */
  | { readonly kind: 'network'; readonly prefix: string }
  /** A DNS name, in lower case. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'local-networks' }
  | { readonly kind: 'same-manufacturer' }
  /** The authority of the other's MUD URL; its whole MUD URL. */
  | { readonly kind: 'manufacturer'; readonly authority: string }
  | { readonly kind: 'model'; readonly url: string }
  /** Hosts that the site names for this class, a URI. */
  | { readonly kind: 'controller'; readonly of: string }
  | { readonly kind: 'my-controller' };

/** One entry of an access list, seen from the device: what it may send (`from`), or be sent (`to`). */
export type MudEntry = {
  readonly name: string;
  readonly accepts: boolean;
  readonly ipVersion: 4 | 6;
  /** IP protocol; absent: any. */
  readonly protocol?: number;
  readonly ownPorts?: readonly PortRange[];
  readonly farPorts?: readonly PortRange[];
  /** Who must have opened the connection, of TCP. */
  readonly begunBy?: 'device' | 'other';
  /** All must hold; none: anybody. */
  readonly peers: readonly MudPeer[];
};

/** A Manufacturer Usage Description: the flows that its maker foresees for a device. An absent list says nothing. RFC 8520. */
export type MudProfile = { readonly url: string; readonly from?: readonly MudEntry[]; readonly to?: readonly MudEntry[] };

/** What the site knows of MUD: the profile of a URL, and the hosts that it named for a controller class or a MUD URL. */
export type MudBook = {
  readonly profiles: ReadonlyMap<string, MudProfile>;
  readonly controllers: ReadonlyMap<string, readonly Ip[]>;
};

export const noMud: MudBook = { profiles: new Map(), controllers: new Map() };
