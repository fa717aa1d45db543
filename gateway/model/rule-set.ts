import type { Ip, Mac, PortName, Vlan, ZoneName } from './address.ts';
import type { Access } from './decision.ts';

/** What policy wants for one device, before the network's own rules. `ips` are what it claimed: untrusted. */
export type WishedDevice = {
  readonly mac: Mac;
  readonly port: PortName;
  readonly vlan: Vlan;
  readonly zone: ZoneName;
  readonly ips: readonly Ip[];
  readonly access: Access;
  readonly bound: boolean;
};

/** One device of the RuleSet. `ips` are the addresses it may use in the lane to the gateway, at most 8 of IPv4 and 8 of IPv6. */
export type PlannedDevice = {
  readonly mac: Mac;
  readonly port: PortName;
  readonly ips: readonly Ip[];
  readonly access: Access;
  /** True iff this MAC may appear on this port only: it proved or was approved. Others with it are dropped at their port. */
  readonly bound: boolean;
};

/** The whole desired enforcement, as data. Sorted, so that equal wishes are equal bytes. Applied atomically and read back. */
export type RuleSet = {
  readonly bridge: string;
  /** The gateway's own bridge address, and the port of its attestation listener. */
  readonly gateway: {
    readonly mac: Mac;
    readonly ip: Ip;
    /** Its IPv6 addresses on the bridge; absent: none, and the lane has no IPv6. */
    readonly ip6?: readonly Ip[];
    readonly attestationPort: number;
  };
  readonly uplinks: readonly PortName[];
  /** Device ports where hold and quarantine act. Empty while enforcement is paused: then the bridge is a cable. */
  readonly enforced: readonly PortName[];
  /** VLANs of enforced ports whose zone only observes: they pass. */
  readonly observed: readonly { readonly port: PortName; readonly vlan: Vlan }[];
  /** DHCP servers that may be asked by unicast. Broadcast towards the uplinks always passes the lane. */
  readonly dhcpServers: readonly Ip[];
  readonly devices: readonly PlannedDevice[];
};

/** The lane of one connection that we open, or of datagrams to one port: replies pass iff all of it matches. Closed by the edge after `ttlSeconds`. */
export type ReplyLane = {
  readonly mac: Mac;
  readonly port: PortName;
  readonly ip: Ip;
  readonly remotePort: number;
  readonly localPort: number;
  /** Absent: TCP. */
  readonly protocol?: 'udp';
  readonly ttlSeconds: number;
};
