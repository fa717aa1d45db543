import type { DeviceId, PortName, Vlan } from './address.ts';

/** Why something is not seen, in the order in which it is told. Public API. */
export const gapKinds = [
  'mirror',
  'uplink',
  'shared-port',
  'foreign-switch',
  'wireless',
  'behind-router',
  'vlan-broadcast-only',
  'broadcast-only',
  'forwarding-table-only',
] as const;
export type GapKind = (typeof gapKinds)[number];

/** One thing that the box cannot see. */
export type Gap = {
  readonly kind: GapKind;
  readonly port?: PortName;
  readonly vlan?: Vlan;
  /** How many addresses it is about; of hosts behind a router at least so many. */
  readonly count: number;
  /** Those of them that are in the inventory, at most `maxNamed`; the switch, access point or router first. */
  readonly devices: readonly DeviceId[];
  /** What is not seen, and what to do about it: a sentence each, for people. Names in it come from the network and are untrusted. */
  readonly notSeen: string;
  readonly toDo: string;
};

/** What stands on a port: one device, several without a switch that says so, a switch, the rest of the network, a copy of traffic, nothing yet. */
export const portRoles = ['single', 'shared', 'switch', 'uplink', 'mirror', 'empty'] as const;
export type PortRole = (typeof portRoles)[number];

export type Coverage = {
  readonly ports: readonly { readonly port: PortName; readonly role: PortRole; readonly addresses: number }[];
  /** VLAN 0 is untagged. `talking`: addresses that sent at least one frame to a single receiver; the others were heard by broadcast alone. */
  readonly vlans: readonly { readonly vlan: Vlan; readonly addresses: number; readonly talking: number }[];
  readonly gaps: readonly Gap[];
};

/** Devices that a gap names. */
export const maxNamed = 32;
