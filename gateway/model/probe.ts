import type { DeviceId, Ip, Mac, Millis, PortName, Vlan, ZoneName } from './address.ts';

/** Every question that we may ask on the wire by ourselves; one file each in gateway/probing. Public API, never renamed. */
export const probeNames = [
  'arp-sweep',
  'icmpv6-all-nodes',
  'mdns-query',
  'ssdp-search',
  'wsd-probe',
  'nbstat',
  'enip-list-identity',
  'dcp-identify',
  'bacnet-who-is',
  'modbus-device-id',
  's7-szl',
  'opcua-endpoints',
  'snmp-get',
  'tls-hello',
  'http-head',
  'switch-tables',
] as const;
export type ProbeName = (typeof probeNames)[number];

/**
 * UDP ports that questions leave from where the answers may come from any port (UPnP Device Architecture 2.0 §1.3.3, SOAP-over-UDP §4): the collectors
 * know such an answer by where it goes. Above the ports that Linux gives to programs, and registered for nothing.
 */
export const askingPorts = { ssdp: 61_900, wsDiscovery: 63_702 } as const;

/** What a person armed for a zone: nothing; questions to everybody; also questions to devices that already spoke the protocol. */
export const probeModes = ['off', 'broadcast', 'known-devices'] as const;
export type ProbeMode = (typeof probeModes)[number];

/** One probe that the edge must run. A broadcast probe has no device. */
export type ProbeOrder = {
  readonly id: string;
  readonly probe: ProbeName;
  readonly zone: ZoneName;
  /** Who armed the zone, for the journal. */
  readonly armedBy: string;
  readonly target?: {
    readonly device: DeviceId;
    readonly mac: Mac;
    readonly ip: Ip;
    readonly port: PortName;
    readonly vlan: Vlan;
    /** TCP or UDP port on which it was seen to serve the protocol. */
    readonly service: number;
  };
};

/**
 * How a probe ended. `sent`, `received`: payload bytes. `silent`: nothing came in time; `refused`: RST, ICMP, or an answer that declines; `stopped`: by
 * a person; `blocked`: our own guard let nothing leave; `failed`: a fault of ours.
 */
export type ProbeOutcome = {
  readonly kind: 'answered' | 'silent' | 'refused' | 'stopped' | 'blocked' | 'failed';
  readonly startedAt: Millis;
  readonly endedAt: Millis;
  readonly sent: number;
  readonly received: number;
  /** In our words; no byte of the answer stands in it. */
  readonly detail: string;
};
