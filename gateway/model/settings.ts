import type { Ip, PortName, Vlan, ZoneName } from './address.ts';
import type { ProbeMode } from './probe.ts';
import type { SwitchSettings } from './switch.ts';

/** observe records and cuts nothing; enforce acts. (learn and alert come between them later.) */
export type ZoneMode = 'observe' | 'enforce';

/** A zone owns ports, VLANs or prefixes; the first zone of the list that matches a device has it. Exactly one zone is the default. */
export type ZoneSettings = {
  readonly name: ZoneName;
  readonly mode: ZoneMode;
  readonly ports?: readonly PortName[];
  readonly vlans?: readonly Vlan[];
  /** CIDR, `10.20.4.0/24`. */
  readonly prefixes?: readonly string[];
  readonly default?: true;
  /** Challenges are armed per zone and off by default. */
  readonly challenge: boolean;
  /** TCP ports asked in this order. */
  readonly challengePorts: readonly number[];
  /** How long a result stands, and how long an expired one is tolerated. */
  readonly evidenceTtlSeconds: number;
  readonly graceSeconds: number;
  /** What happens when no rule matches. */
  readonly otherwise: 'admit' | 'hold';
  /** What we may ask on the wire by ourselves, for good; absent: nothing. A person arms it for a time, or stops it (`Command`). */
  readonly probes?: ProbeMode;
};

/** Where the bridge stands between devices and the rest, or where we only listen. */
export type NetworkSettings =
  | {
      readonly kind: 'bridge';
      readonly bridge: PortName;
      readonly ports: readonly PortName[];
      readonly uplinks: readonly PortName[];
      readonly ip: Ip;
      readonly dhcpServers: readonly Ip[];
    }
  /** Listening only, on SPAN or tap ports: nothing can be enforced. */
  | { readonly kind: 'listen'; readonly ports: readonly PortName[] };

export type Listener = { readonly host: string; readonly port: number };

/** What `sallyport run` needs to start. The page and the attestation API are separate listeners. */
export type Settings = {
  readonly dataFolder: string;
  readonly policyFolders: readonly string[];
  readonly network: NetworkSettings;
  readonly page: Listener;
  readonly attestation: Listener;
  readonly zones: readonly ZoneSettings[];
  /** The optional active mDNS browser (mdns-js). Off by default. */
  readonly browseMdns: boolean;
  /** Switches to read by SNMP, each listed by a person. Credentials stand in it: it goes to the reading process and nowhere else. */
  readonly switches?: readonly SwitchSettings[];
};
