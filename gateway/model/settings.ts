import type { Ip, PortName, Vlan, ZoneName } from './address.ts';
import type { ProbeMode } from './probe.ts';
import type { SwitchSettings } from './switch.ts';

/** observe records and cuts nothing; enforce acts. (learn and alert come between them later.) */
export type ZoneMode = 'observe' | 'enforce';

/** The ways to ask a device for Evidence, one file each in `edge/challenge/channels`. */
export const channelNames = ['tls', 'chares', 'keylime', 'restconf', 'coap', 'coaps', 'spdm', 'opc-ua'] as const;
export type ChannelName = (typeof channelNames)[number];

/** Ways by datagrams; the others open a TCP connection. */
export const udpChannels: ReadonlySet<ChannelName> = new Set<ChannelName>(['coap', 'coaps']);

/** One way to ask, at one port. `path` is the resource, for the ways that have one to choose; absent: the usual one. */
export type ChannelAddress = { readonly channel: ChannelName; readonly port: number; readonly path?: string };

/** Most ways that one device is asked, one after the other. */
export const maxChannels = 8;

/** The ways of a zone in the order in which they are tried. */
export const channelsOf = ({
  challengePorts,
  channels = [],
}: Pick<ZoneSettings, 'challengePorts' | 'channels'>): readonly ChannelAddress[] =>
  [...challengePorts.map(port => ({ channel: 'tls' as const, port })), ...channels].slice(0, maxChannels);

/** For people: `tls port 8443`, `chares port 8895 /ratsd/chares`. */
export const channelText = ({ channel, port, path }: ChannelAddress): string =>
  `${channel} port ${port}${path === undefined ? '' : ` ${path}`}`;

/**
 * How long results of some devices stand, in place of what the zone says. `kinds` as fingerprints name them, which is a guess from untrusted words: whoever
 * pretends to be of such a kind gets that time, so give what you would give to anybody. `models`: as the anchor vouches for them.
 */
export type Age = {
  readonly kinds?: readonly string[];
  readonly models?: readonly string[];
  readonly evidenceTtlSeconds: number;
  readonly graceSeconds?: number;
};
export const usualConfirmations = 2;

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
  /** The short form of `channels` for `tls`: TCP ports asked first, in this order. */
  readonly challengePorts: readonly number[];
  /** Ways to ask, in this order; absent: TLS at `challengePorts` only. */
  readonly channels?: readonly ChannelAddress[];
  /** Besides, TLS at ports where the device itself was seen to offer it, none of them a controller's; absent: no. */
  readonly challengeSeen?: boolean;
  /** How long a result stands, and how long an expired one is tolerated. */
  readonly evidenceTtlSeconds: number;
  readonly graceSeconds: number;
  /** For kinds of devices, or proved models, whose results stand for another time: what sleeps for days must not be held each time that it wakes. */
  readonly ages?: readonly Age[];
  /** After how many fresh answers in a row a digest that nobody lists is believed; absent: `usualConfirmations`. */
  readonly confirmations?: number;
  /** What happens when no rule matches. */
  readonly otherwise: 'admit' | 'hold';
  /** What we may ask on the wire by ourselves, for good; absent: nothing. A person arms it for a time, or stops it (`Command`). */
  readonly probes?: ProbeMode;
};

/** A signing key in a PKCS #11 token: its library, the label of the token, the id of the key in hexadecimal digits, and the file that holds the PIN. */
export type SigningKeySettings = { readonly module: string; readonly token: string; readonly id: string; readonly pinFile: string };

/** A receiver of syslog (RFC 5424). `all`: each Event, else what people look for; `enterprise`: the number under which the structured data stands. */
export type SyslogTarget = {
  readonly host: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp' | 'tls';
  /** PEM file with the CA of the receiver; absent: what this machine trusts. */
  readonly ca?: string;
  /** The name that its certificate must bear; absent: `host`. */
  readonly serverName?: string;
  readonly all: boolean;
  readonly enterprise: number;
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
  /** PEM file with the certificate and key that devices get shown which ask who we are; absent: none. */
  readonly challengeClient?: string;
  /** The optional active mDNS browser (mdns-js). Off by default. */
  readonly browseMdns: boolean;
  /** Switches to read by SNMP, each listed by a person. Credentials stand in it: it goes to the reading process and nowhere else. */
  readonly switches?: readonly SwitchSettings[];
  /** Where the key lies that results are signed with; absent: in a file of the data folder. */
  readonly signingKey?: SigningKeySettings;
  /** Who hears what happens here. */
  readonly syslog?: readonly SyslogTarget[];
};
