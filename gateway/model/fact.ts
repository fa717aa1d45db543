import type { Hex, Ip, Mac, Millis, PortName, Vlan } from './address.ts';

/** One thing that a frame said. Closed: a new collector that needs a new kind adds it here and in `factKey`. Text is untrusted. */
export type Fact =
  /** The address spoke at all; made by the header stage, not by a collector. */
  | { readonly kind: 'seen' }
  | { readonly kind: 'address'; readonly ip: Ip }
  /** Where the whole device is managed, as one of its ports says (LLDP, CDP): not by itself an address of that port. */
  | { readonly kind: 'management-address'; readonly ip: Ip }
  | { readonly kind: 'hostname'; readonly name: string }
  | { readonly kind: 'vendor-class'; readonly text: string }
  /** DHCP option 55, in the order sent. */
  | { readonly kind: 'dhcp-parameters'; readonly options: readonly number[] }
  | { readonly kind: 'dhcp-client-id'; readonly id: Hex }
  /** The address that it would like to get (again) of a DHCP server: it need not get it. */
  | { readonly kind: 'asks-address'; readonly ip: Ip }
  /** Where it is plugged in, as its switch, access point or relay says to a DHCP server (RFC 3046) or RADIUS server (RFC 3580); text where it is such, else hex. */
  | { readonly kind: 'relay-agent'; readonly circuit?: string; readonly remote?: string }
  /** What it says of itself for an inventory, beside type plate and firmware. */
  | { readonly kind: 'inventory'; readonly of: InventoryOf; readonly text: string }
  /** `router`: the one that the server gave to its client. */
  | { readonly kind: 'dhcp-lease'; readonly ip: Ip; readonly server: Ip; readonly router?: Ip }
  /** The sender answers as a DHCP server. */
  | { readonly kind: 'dhcp-server'; readonly ip: Ip }
  | { readonly kind: 'mud-url'; readonly url: string }
  /** The sender answered on this transport port. `name` is its registered or announced service name. */
  | { readonly kind: 'service'; readonly protocol: 'tcp' | 'udp'; readonly port: number; readonly name?: string }
  | { readonly kind: 'model'; readonly text: string }
  /** An ARP whose sender hardware address is not the frame's source. */
  | { readonly kind: 'claimed-mac'; readonly mac: Mac; readonly ip: Ip }
  /** A frame of this collector was understood; `collector()` adds it by itself, so that `protocols` of a device is complete. */
  | { readonly kind: 'protocol'; readonly name: string }
  /** Who made it, as it says itself (the registry's vendor is derived, not a fact). */
  | { readonly kind: 'maker'; readonly text: string }
  | { readonly kind: 'firmware'; readonly text: string }
  | { readonly kind: 'serial'; readonly text: string }
  /** Free text about itself: sysDescr, Server, User-Agent, LLDP system description. `of` tells apart those that stand side by side. */
  | { readonly kind: 'description'; readonly text: string; readonly of?: DescriptionOf }
  /** What it says it is, in our words: `camera`, `switch`, `printer`, `plc`, `router`, `drive`, `io`, `hmi`, `phone`, `access-point`, `server`, … */
  | { readonly kind: 'device-kind'; readonly text: string }
  /** An identity that tells devices of one kind apart. */
  | { readonly kind: 'identifier'; readonly scheme: IdentifierScheme; readonly value: string }
  /** How its stack looks; tells kinds apart, not devices. */
  | { readonly kind: 'print'; readonly scheme: PrintScheme; readonly value: string }
  /** A certificate that it showed on the wire. `key`: SHA-256 of its SubjectPublicKeyInfo. Not verified. */
  | {
      readonly kind: 'certificate';
      readonly role: 'server' | 'client';
      readonly subject: string;
      readonly issuer: string;
      readonly key: Hex;
    }
  | { readonly kind: 'uses-server'; readonly service: 'dns' | 'ntp' | 'dhcp' | 'mqtt' | 'syslog' | 'radius'; readonly ip: Ip }
  /** What a switch says of itself to the next port (LLDP, CDP, DCP alias): where the far end is plugged in. */
  | {
      readonly kind: 'neighbour';
      readonly protocol: 'lldp' | 'cdp' | 'profinet';
      readonly chassis: string;
      readonly portId: string;
      readonly name?: string;
    }
  /**
   * It routes, or stands in for a router. `ip` and `mac` are the virtual ones where there are; `owner` is the address of the router itself,
   * where it spoke from the virtual hardware address.
   */
  | {
      readonly kind: 'router';
      readonly protocol: 'ra' | 'irdp' | 'redirect' | 'vrrp' | 'hsrp' | 'glbp' | 'carp';
      readonly detail: string;
      readonly ip?: Ip;
      readonly mac?: Mac;
      readonly owner?: Ip;
      /** Set iff it wants hosts to take it rather than other routers, RFC 4191 §2.2. */
      readonly isPreferred?: true;
    }
  /** It takes part in the layer 2 itself: as a bridge or ring node, as one end of an aggregated link, as authenticator of a port, as master of the time. */
  | { readonly kind: 'bridge'; readonly protocol: BridgeProtocol; readonly detail: string; readonly tree?: Tree }
  | { readonly kind: 'member'; readonly group: Ip }
  /** The name of a server that it asks for: SNI, Host. */
  | { readonly kind: 'asks'; readonly protocol: 'tls' | 'http'; readonly name: string }
  /** It answered a question for this name, which somebody else asked. */
  | { readonly kind: 'answers-for'; readonly protocol: 'llmnr' | 'mdns' | 'nbns'; readonly name: string }
  /** Something that it did and that a rule may judge; `target` is an address or name. */
  | { readonly kind: 'acted'; readonly action: ActionName; readonly target: string; readonly detail: string }
  /** Its frames carry this source address with a hop counted: a host behind a router. */
  | { readonly kind: 'behind'; readonly ip: Ip }
  /** It claimed this address again after `mac` had claimed it in between. */
  | { readonly kind: 'contested'; readonly ip: Ip; readonly mac: Mac }
  /** What it sends itself over IPv4 shows another time to live, or another source address, than what it sent before; `times`: how often it turned between the two. */
  | { readonly kind: 'turned'; readonly sign: 'ttl' | 'source'; readonly from: string; readonly to: string; readonly times: number }
  /**
   * A flow of its own, of devices that named a MUD URL. Of its ports and the other's the one that changes with each connection is 0. `began`:
   * who opened the connection, of TCP. For the rules only: it is not kept.
   */
  | {
      readonly kind: 'talks-to';
      readonly ip: Ip;
      readonly protocol: number;
      readonly port: number;
      readonly ownPort: number;
      readonly began: 'here' | 'there' | 'unknown';
    }
  /** It was told by DNS that this name has this address. Like `talks-to`. */
  | { readonly kind: 'resolves'; readonly name: string; readonly ip: Ip }
  /** It sent a frame straight to a device that speaks in this other VLAN. */
  | { readonly kind: 'reaches'; readonly vlan: Vlan };

export const bridgeProtocols = ['stp', 'rstp', 'mrp', 'hsr', 'prp', 'dlr', 'lacp', 'eapol', 'ptp'] as const;
export type BridgeProtocol = (typeof bridgeProtocols)[number];

/** Priority, VLAN or instance, and address. IEEE 802.1Q §14.2.5. */
export type BridgeId = { readonly priority: number; readonly extension: number; readonly mac: Mac };
/** Of a BPDU: the root that its sender believes in, and the sender itself. */
export type Tree = { readonly root: BridgeId; readonly bridge: BridgeId };

/** Where a description stood, of protocols that carry several or of several programs of one device. */
export const descriptionsOf = [
  'http-server',
  'http-user-agent',
  'http-realm',
  'http-title',
  'rtsp-server',
  'rtsp-user-agent',
  'ssdp-user-agent',
  'ssh-server',
  'ssh-client',
  'ftp',
  'smtp',
  'imap',
  'pop3',
  'mysql',
  'telnet',
  'mqtt',
  'smb',
  'dce-rpc',
  'cldap',
  'sql-browser',
  'iscsi',
  'codesys',
  'rtps',
  'vtp',
  'dtp',
  'remote-access',
  'dhcp-user-class',
] as const;
export type DescriptionOf = (typeof descriptionsOf)[number];

/** Hardware revision, software beside the firmware, the number that its owner gave it, and a module in it or behind it, of which there may be several. */
export const inventoryOf = ['hardware', 'software', 'asset', 'module'] as const;
export type InventoryOf = (typeof inventoryOf)[number];

/** Strong ones tell one device from all others, medium ones need a second (inventory/identity). */
export const identifierSchemes = [
  'duid',
  'snmp-engine-id',
  'lldp-chassis',
  'cdp-device-id',
  'cip-serial',
  's7-serial',
  'bacnet-device',
  'profinet-station',
  'knx-serial',
  'uuid',
  'ssh-host-key',
  'mqtt-client-id',
  'opcua-application-uri',
  'matter-instance',
  'tuya-device',
  'profinet-id',
  'iec61850-control-block',
  'ams-net-id',
  'niagara-host',
  'hart-unique-id',
  'knx-address',
  'ptp-clock',
  'eap-identity',
] as const;
export type IdentifierScheme = (typeof identifierSchemes)[number];

export const printSchemes = [
  'ja3',
  'ja4',
  'quic-ja3',
  'quic-ja4',
  'eap-ja3',
  'eap-ja4',
  'tcp-syn',
  'tcp-syn-ack',
  'dhcpv6-options',
  'http-headers',
  'hassh',
  'snmp-object-id',
  'matter-product',
] as const;
export type PrintScheme = (typeof printSchemes)[number];

/** Acts on the network or on a controller. `scan-*` count distinct targets, `ask-leases` clients in whose name it asks: `detail` begins with the count. `translate`: several systems speak from its address. */
export const actionNames = [
  'write',
  'set-name',
  'set-address',
  'control',
  'scan-arp',
  'scan-ports',
  'scan-icmp',
  'ask-leases',
  'translate',
  'upload',
  'download',
] as const;
export type ActionName = (typeof actionNames)[number];

export type FactKind = Fact['kind'];

/**
 * Kinds by which somebody does something to others, or takes a part in the network that is not everybody's. Words are endless and anybody's to say: these
 * have room of their own wherever facts are capped, so that nobody acts unseen in a noise that he makes himself.
 */
export const deedKinds: ReadonlySet<FactKind> = new Set<FactKind>([
  'acted',
  'answers-for',
  'behind',
  'bridge',
  'claimed-mac',
  'contested',
  'dhcp-server',
  'router',
]);

/** Facts with the same key for one address replace each other; others stand side by side. */
export function factKey(fact: Fact): string {
  switch (fact.kind) {
    case 'seen':
    case 'vendor-class':
    case 'dhcp-parameters':
    case 'dhcp-client-id':
    case 'asks-address':
    case 'relay-agent':
    case 'mud-url':
    case 'model':
    case 'hostname':
    case 'maker':
    case 'firmware':
    case 'serial':
    case 'device-kind':
      return fact.kind;
    case 'description':
      return fact.of === undefined ? fact.kind : `description ${fact.of}`;
    case 'inventory':
      return fact.of === 'module' ? `inventory module ${fact.text}` : `inventory ${fact.of}`;
    case 'protocol':
      return `protocol ${fact.name}`;
    case 'identifier':
      // One device publishes many control blocks, and one HART-IP server speaks for many instruments.
      return fact.scheme === 'iec61850-control-block' || fact.scheme === 'hart-unique-id'
        ? `identifier ${fact.scheme} ${fact.value}`
        : `identifier ${fact.scheme}`;
    case 'print':
      return `print ${fact.scheme}`;
    case 'certificate':
      return `certificate ${fact.role}`;
    case 'uses-server':
      return `uses-server ${fact.service} ${fact.ip}`;
    case 'neighbour':
    case 'bridge':
      return `${fact.kind} ${fact.protocol}`;
    case 'router':
      return `router ${fact.protocol} ${fact.ip ?? ''}`;
    case 'member':
      return `member ${fact.group}`;
    case 'asks':
      return `asks ${fact.protocol} ${fact.name}`;
    case 'answers-for':
      return `answers-for ${fact.protocol} ${fact.name}`;
    case 'acted':
      return `acted ${fact.action} ${fact.target}`;
    case 'behind':
    case 'contested':
      return `${fact.kind} ${fact.ip}`;
    case 'talks-to':
      return `talks-to ${fact.ip} ${fact.protocol} ${fact.port} ${fact.ownPort} ${fact.began}`;
    case 'resolves':
      return `resolves ${fact.name} ${fact.ip}`;
    case 'turned':
      return `turned ${fact.sign}`;
    case 'reaches':
      return `reaches ${fact.vlan}`;
    case 'address':
    case 'management-address':
    case 'dhcp-lease':
    case 'dhcp-server':
      return `${fact.kind} ${fact.ip}`;
    case 'service':
      return `service ${fact.protocol} ${fact.port}`;
    case 'claimed-mac':
      return `claimed-mac ${fact.mac} ${fact.ip}`;
  }
}

/** True when one replaces the other for one address. Kinds first: most facts differ in them already, and a key is a text to make. */
export const isSameKey = (a: Fact, b: Fact): boolean => a.kind === b.kind && factKey(a) === factKey(b);

/** True when both say the same, whatever the order in which their members were set. */
export const isSameFact = (a: Fact, b: Fact): boolean => a.kind === b.kind && isSameValue(a, b);

/** Of plain data: text, numbers, lists and objects. A member that is undefined counts as absent. */
function isSameValue(a: unknown, b: unknown): boolean {
  return a === b || (isMembers(a) && isMembers(b) && isHeldBy(a, b) && isHeldBy(b, a));
}

type Members = { readonly [name: string]: unknown };
const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null;

function isHeldBy(one: Members, other: Members): boolean {
  for (const name in one) if (!isSameValue(one[name], other[name])) return false;
  return true;
}

/** A Fact with where it comes from: facts are about `mac`, which is the frame's sender unless the message names another. */
export type Observation = {
  readonly at: Millis;
  readonly port: PortName;
  readonly vlan: Vlan;
  readonly mac: Mac;
  /** Name of the collector, or `header` for the header stage. */
  readonly collector: string;
  /** Number of the frame: 1-based in a capture file; since the sensor's start when live. */
  readonly frame: number;
  readonly fact: Fact;
};

export type Description = Extract<Fact, { readonly kind: 'description' }>;
/** What stands on a type plate. */
export type PlateFact = Extract<Fact, { readonly kind: 'maker' | 'model' | 'firmware' | 'serial' | 'device-kind' }>;

/** An Observation without whom it is about. */
export type Said = Pick<Observation, 'collector' | 'frame' | 'at' | 'fact'>;

/** What one address sent on one port since its previous Sighting, rolled up by the header stage: to be added up. Not journalled one by one. */
export type Sighting = {
  readonly port: PortName;
  readonly vlan: Vlan;
  readonly mac: Mac;
  readonly packets: number;
  readonly bytes: number;
  /** Those of the packets that went to one receiver, not to a group; absent is 0. */
  readonly unicast?: number;
  readonly firstAt: Millis;
  readonly lastAt: Millis;
};

/** Frames of one sender that broke a protocol's format, folded. */
export type Malformed = {
  readonly at: Millis;
  readonly port: PortName;
  readonly vlan: Vlan;
  readonly mac: Mac;
  readonly collector: string;
  readonly message: string;
  readonly count: number;
};
