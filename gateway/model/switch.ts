import type { Ip, Mac, Millis, Vlan } from './address.ts';

/** A switch that a person listed, and how it is read. Credentials stand in settings.json and in the reading process only. */
export type SwitchSettings = { readonly ip: Ip; readonly intervalSeconds: number } & SwitchAccess;

/** `user`: SNMPv3 with authentication by SHA-256 and, with a `privacyPassword`, encryption by AES-128. */
export type SwitchAccess =
  | { readonly version: '1' | '2c'; readonly community: string }
  | { readonly version: '3'; readonly user: string; readonly password: string; readonly privacyPassword?: string };

/** One port of a switch, by its number in BRIDGE-MIB. */
export type SwitchPort = { readonly port: number; readonly name: string; readonly alias?: string };

/** What a switch knows of who is where. All text is untrusted, made visible and cut. */
export type SwitchTables = {
  /** sysName; empty when it has none. */
  readonly name: string;
  readonly description: string;
  /** How LLDP names it, else its bridge address; empty when it says neither. */
  readonly chassis: string;
  /** Its own addresses. */
  readonly own: readonly Mac[];
  readonly ports: readonly SwitchPort[];
  /** What it learnt or was told: who is behind which port. `vlan` is absent where the switch does not say it. */
  readonly entries: readonly { readonly mac: Mac; readonly port: number; readonly vlan?: Vlan }[];
  /** Who announces himself by LLDP at which port. */
  readonly neighbours: readonly { readonly port: number; readonly chassis: string; readonly name: string; readonly isBridge: boolean }[];
  /** Objects of which the switch has more than we keep. */
  readonly truncated: readonly string[];
  /** Rows that could not be understood. */
  readonly skipped: number;
};

/** What may be kept of one switch; more is cut and said in `truncated`. */
export const switchCaps = { ports: 4096, entries: 8192, neighbours: 512 } as const;
/** The most switches that may be listed. */
export const maxSwitches = 32;

/** How one reading ended: the tables, or that there are none. `detail` is in our words, without a byte of the answer or a credential. */
export type SwitchReading =
  | { readonly kind: 'read'; readonly tables: SwitchTables }
  | { readonly kind: 'silent' | 'refused' | 'failed'; readonly detail: string };

/**
 * Where a device is plugged in, as a switch says: knowledge (A1), never a reason to admit. `how`: `edge` is a port for devices, `link` one that leads to
 * another switch, which is not read or does not know the device; `here` one that leads to this box.
 */
export type Attachment = {
  readonly switchIp: Ip;
  readonly switchName: string;
  readonly chassis: string;
  readonly port: string;
  readonly alias?: string;
  readonly vlan?: Vlan;
  readonly how: 'edge' | 'link' | 'here';
  /** How many addresses this port has: more than one means a switch or hub without management, a virtual machine, a phone. */
  readonly addresses: number;
  /** Since when the switch says so. */
  readonly at: Millis;
};

/** `dock-sw1 port Gi0/5 “camera dock 3”, VLAN 20, one of 4 on this port`. Text of the switch in it is untrusted. */
export function attachmentText({ switchName, switchIp, port, alias, vlan, how, addresses }: Attachment): string {
  const more = {
    edge: addresses > 1 ? `, one of ${addresses} on this port` : '',
    link: ', which leads to another switch',
    here: ', which leads to this box',
  };
  const where = `${switchName === '' ? switchIp : switchName} port ${port}`;
  return `${where}${alias === undefined ? '' : ` “${alias}”`}${vlan === undefined ? '' : `, VLAN ${vlan}`}${more[how]}`;
}
