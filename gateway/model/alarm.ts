import type { Ip, Mac, Millis, PortName, Vlan, ZoneName } from './address.ts';
import type { Device, KindFacts } from './device.ts';
import type { Description, IdentifierScheme, PlateFact } from './fact.ts';
import type { MudBook } from './mud.ts';
import type { ZoneSettings } from './settings.ts';

/**
 * What a rule can raise, by name. Public API: the same string in page, CLI, `inspect` and exports; never renamed.
 * The text says in plain words what was seen.
 */
export const alarms = {
  'new-device': 'a device that was never seen before',
  'mac-clone': 'one hardware address, two devices',
  'mac-clone-same-ip': 'a second device behind the hardware and IP address of another',
  'ip-conflict': 'two devices use one IP address',
  'arp-spoof': 'claims addresses of others, to stand in between',
  'claimed-mac': 'speaks for a hardware address that is not its own',
  'rogue-dhcp': 'answers as DHCP server beside the known one',
  'rogue-ra': 'announces itself as IPv6 router beside the known one',
  'llmnr-poison': 'answers name questions that are not for it',
  impersonation: 'says that it is a device which it is not',
  'port-move': 'a device that stayed at its port is at another one',
  'rogue-switch': 'takes part in the switching, or wants to lead it',
  'hidden-router': 'passes on frames of others without having said so',
  'stealth-device': 'speaks, but never says who it is',
  'randomised-mac': 'hides behind a made-up hardware address',
  'arp-scan': 'asks for every address',
  'port-scan': 'knocks at many ports',
  'mac-flood': 'more new hardware addresses than devices can be there',
  'dhcp-starvation': 'asks for leases in the name of ever new clients',
  'unauthorised-write': 'changes a controller, which it is not known to do',
  'new-service': 'a device that was known serves something new',
  'firmware-changed': 'says that it runs another firmware than before',
  'mud-violation': 'does what its maker says it never does',
  'wrong-zone': 'uses an address of another zone',
  'remote-access-device': 'gives somebody outside a way in',
  'ring-broken': 'a redundant ring has opened',
  'key-seen-elsewhere': 'showed a device key that another device proved',
  'model-attests-elsewhere': 'does not attest, though another of its vendor and model does here',
  'probe-hurt': 'went quiet right after we asked it something',
  flood: 'more than a port may journal',
} as const satisfies Record<string, string>;

export type AlarmType = keyof typeof alarms;

/** One stateful alarm. It stands once for its type, actor and victim, however often it is seen. Times and numbers are of frames. */
export type Alarm = {
  readonly type: AlarmType;
  readonly actor: Mac;
  readonly victim?: Mac;
  readonly port: PortName;
  readonly vlan: Vlan;
  readonly firstAt: Millis;
  readonly lastAt: Millis;
  /** How often it was found, after what an address repeats has been folded. */
  readonly count: number;
  /** The first frames, at most 8, the very first one first; empty where no frame said it. */
  readonly frames: readonly number[];
  readonly detail: string;
};

/** How the sender stood in the inventory when it spoke: `found` and `moved` by this very observation. */
export type Arrival = 'found' | 'moved' | 'known';

/**
 * What the machine lends to the rules: the inventory as it was before the observation is folded in, so that old and new can be compared.
 * Lent for one call, and changed for the next; read only. A device that is found by the observation is there already, without facts.
 */
export type Lookups = {
  readonly now: Millis;
  readonly arrival: Arrival;
  /** All devices with this hardware address, on any port and VLAN; when there is none, the hosts behind our uplinks that have it. */
  readonly withMac: (mac: Mac) => readonly Device[];
  /** All devices, and hosts behind our uplinks, that say they use this address. */
  readonly withIp: (ip: Ip) => readonly Device[];
  /** Devices that show this identity, of the schemes by which devices are told apart; the longest known first. */
  readonly showing: (scheme: IdentifierScheme, value: string) => readonly Device[];
  /** Hosts behind our uplinks with this hardware address. They are no devices of ours, and what a rule finds of one as actor is not told. */
  readonly beyondWith: (mac: Mac) => readonly Device[];
  /** Every device, and every host behind our uplinks; for what comes about once a second. */
  readonly all: () => Iterable<Device>;
  /** When the device last sent anything. */
  readonly lastAt: (device: Device) => Millis;
  /** True iff a proof, a rule with proof or a person ties the device to its port. */
  readonly isBound: (device: Device) => boolean;
  /** How many devices a port has. */
  readonly countOn: (port: PortName) => number;
  readonly vendorOf: (mac: Mac) => string | undefined;
  /** Our own addresses where devices reach us; empty where we only listen. */
  readonly ownIps: readonly Ip[];
  /** DHCP servers that the settings name. */
  readonly dhcpServers: readonly Ip[];
  readonly zones: readonly ZoneSettings[];
  readonly mud: MudBook;
  /** Where it stands, `file:line`, that a device that looks so is of this kind; undefined when it is of another or of none. */
  readonly fingerprintOf: (device: Device, kind: string) => string | undefined;
  /** Zones in which the list of expected devices wants it, by the serial that it shows. */
  readonly expectedZones: (device: Device) => readonly ExpectedZone[];
  /** Ports towards the rest of the network: routers, switches and servers belong there. */
  readonly uplinks: readonly PortName[];
  /** Until then all is taken as the usual state; rules about novelty keep silent. */
  readonly learnsUntil: Millis;
};

export type ExpectedZone = { readonly zone: ZoneName; readonly at: string };

/** What a device shows of itself, unproved. */
export type ShownIdentity = { readonly serial: string; readonly maker?: string; readonly vendor?: string };

/** What the policy in force says, for the rules. */
export type PolicyLookups = {
  readonly mud: () => MudBook;
  readonly fingerprintOf: (clues: KindFacts, kind: string) => string | undefined;
  /** What a device says of itself in free text. */
  readonly plateOf: (description: Description, collector: string) => readonly PlateFact[];
  readonly expectedZones: (shown: ShownIdentity) => readonly ExpectedZone[];
};
