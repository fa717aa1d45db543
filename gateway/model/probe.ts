import type { DeviceId, Hex, Ip, Mac, Millis, PortName, Vlan, ZoneName } from './address.ts';

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
  /** A broadcast probe leaves by these ports of the bridge only: all that hang there belong to armed zones. */
  readonly ports?: readonly PortName[];
  /** The addresses that a sweep may ask for, CIDR. */
  readonly prefix?: string;
};

export const probeOutcomes = ['answered', 'asked', 'silent', 'refused', 'stopped', 'blocked', 'failed'] as const;

/**
 * How a probe ended. `sent`, `received`: payload bytes. `asked`: everybody was asked, and the sensor hears who answers; `silent`: nothing came in time; `refused`: RST, ICMP, or an answer that declines; `stopped`: by
 * a person; `blocked`: our own guard let nothing leave; `failed`: a fault of ours.
 */
export type ProbeOutcome = {
  readonly kind: (typeof probeOutcomes)[number];
  readonly startedAt: Millis;
  readonly endedAt: Millis;
  readonly sent: number;
  readonly received: number;
  /** In our words; no byte of the answer stands in it. */
  readonly detail: string;
  /** The first bytes of each message that left, with the name of its template; at most `maxShownMessages`, `maxShownBytes` each. */
  readonly messages?: readonly { readonly template: string; readonly bytes: Hex }[];
};
export const maxShownMessages = 8;
export const maxShownBytes = 64;

/** What a zone may be asked now, and who said so. `until` absent: for good, by the settings. */
export type ZoneProbing = {
  readonly zone: ZoneName;
  readonly mode: ProbeMode;
  readonly by: string;
  readonly reason?: string;
  readonly until?: Millis;
  /** Somebody allowed sweeps of more than 1022 addresses. */
  readonly wide?: true;
};

/** A person's word on whether a device may be asked at all: it wins over everything, and holds for its address at its port. */
export type ProbeGrant = { readonly on: boolean; readonly by: string; readonly reason: string; readonly at: Millis };

/** A device that went quiet right after a probe: nobody asks it anything until then. */
export type CeasedProbing = {
  readonly device: DeviceId;
  readonly mac: Mac;
  readonly port: PortName;
  readonly zone: ZoneName;
  readonly probe: ProbeName;
  readonly at: Millis;
  readonly until: Millis;
};

/** When a device was last asked what, and until when it is left alone because it did not answer. */
export type AskedBefore = {
  readonly at: Millis;
  readonly probes: { readonly [name in ProbeName]?: { readonly at: Millis; readonly kind: ProbeOutcome['kind'] } };
  readonly backOffUntil: Millis;
};

/** Everything about probing one device that pages show. `proposal`: why traffic says that nobody should ask it before a person has spoken. */
export type DeviceProbing = {
  readonly never?: ProbeGrant;
  readonly proposal?: string;
  readonly ceasedUntil?: Millis;
  readonly backOffUntil?: Millis;
  readonly asked: readonly { readonly probe: ProbeName; readonly at: Millis; readonly kind: ProbeOutcome['kind'] }[];
};

/** Everything about probing that pages and CLI show. */
export type ProbingState = {
  readonly zones: readonly ZoneProbing[];
  readonly running: readonly { readonly order: ProbeOrder; readonly since: Millis }[];
  readonly ceased: readonly CeasedProbing[];
  /** Kinds of probe that hurt two devices of a zone: nobody there is asked so. */
  readonly ceasedKinds: readonly { readonly zone: ZoneName; readonly probe: ProbeName }[];
  readonly backOffs: readonly { readonly mac: Mac; readonly port: PortName; readonly until: Millis }[];
  readonly never: readonly (ProbeGrant & { readonly mac: Mac; readonly port: PortName })[];
  /** Newest first, at most `maxRecent`. */
  readonly recent: readonly { readonly order: ProbeOrder; readonly outcome: ProbeOutcome }[];
};
export const maxRecent = 50;

/** The longest window for which probes can be armed. Milliseconds. */
export const maxArmedMs = 8 * 3_600_000;
/** A device that does not answer is left alone for so long. Milliseconds. */
export const backOffMs = 1_800_000;
/** A device that went quiet after a probe is left alone for so long. Milliseconds. */
export const ceasedMs = 86_400_000;
/** So many hurt devices of a zone end the kind of probe there. */
export const hurtPerKind = 2;
