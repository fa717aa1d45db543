import type { Ip, Mac, PortName, Vlan } from '../model/address.ts';
import { type Coverage, type Gap, gapKinds, maxNamed, type PortRole } from '../model/coverage.ts';
import type { Device } from '../model/device.ts';
import type { NetworkSettings } from '../model/settings.ts';
import type { DeviceRecord } from './record.ts';

export type Covered = Pick<DeviceRecord, 'device' | 'seen'>;
export type CoverageSite = {
  readonly network: NetworkSettings;
  /** The kind that fingerprints give a device. */
  readonly kindOf: (device: Device) => string | undefined;
  /** A capture file: its one port stands for whatever was recorded. */
  readonly isFile?: boolean;
};

/** The hardware addresses of VRRP, CARP, HSRP and GLBP: no device of their own. RFC 9568 §7.3; Cisco. */
const virtualRouter = /^(00:00:5e:00:0[12]|00:00:0c:07:ac|00:00:0c:9f:f|00:07:b4:0)/;
/** A bridge that takes part in these is a switch, whatever it says of itself. */
const bridgeProtocols: ReadonlySet<string> = new Set(['stp', 'rstp', 'mrp']);
/** RFC 1918, RFC 6598, RFC 4193: hosts of a cell behind a router, not of the internet. */
const isPrivate = (ip: Ip): boolean =>
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd])/.test(ip);

/** What the inventory shows of the network and, above all, what it cannot show. Pure; looks at each record once or twice. */
export function coverageOf(records: Iterable<Covered>, site: CoverageSite): Coverage {
  const byPort = new Map<PortName, Covered[]>();
  const byVlan = new Map<Vlan, Covered[]>();
  for (const record of records) {
    if (virtualRouter.test(record.device.mac)) continue;
    add(byPort, record.device.port, record);
    add(byVlan, record.device.vlan, record);
  }
  const { network } = site;
  const uplinks = network.kind === 'bridge' ? network.uplinks : [];
  const ports = network.ports.map(port => look(port, byPort.get(port) ?? [], site));
  const dark = [...byVlan].filter(([, all]) => all.every(isBroadcastOnly));
  const darkVlans = new Set(dark.map(([vlan]) => vlan));
  const gaps = [
    ...ports.flatMap(port => portGaps(port, site)),
    ...uplinks.map(uplinkGap),
    ...[...byPort.values()].flat().flatMap(routerGap),
    ...dark.map(([vlan, all]) => vlanGap(vlan, all)),
    ...ports.flatMap(port => broadcastGap(port, darkVlans)),
    ...ports.flatMap(forwardingGap),
  ];
  return {
    ports: [
      ...ports.map(({ port, role, addresses }) => ({ port, role, addresses })),
      ...uplinks.map(port => ({ port, role: 'uplink' as const, addresses: 0 })),
    ],
    vlans: [...byVlan]
      .map(([vlan, all]) => ({ vlan, addresses: addressesOf(all), talking: addressesOf(all.filter(one => !isBroadcastOnly(one))) }))
      .toSorted((a, b) => a.vlan - b.vlan),
    gaps: gaps.toSorted((a, b) => gapKinds.indexOf(a.kind) - gapKinds.indexOf(b.kind)),
  };
}

type Looked = {
  readonly port: PortName;
  readonly role: PortRole;
  readonly addresses: number;
  readonly all: readonly Covered[];
  readonly switches: readonly Covered[];
  readonly accessPoints: readonly Covered[];
};

function look(port: PortName, all: readonly Covered[], { network, kindOf }: CoverageSite): Looked {
  const kinds = all.map(one => ({ one, kind: kindOf(one.device) }));
  const switches = kinds.filter(({ one, kind }) => kind === 'switch' || isBridge(one.device)).map(({ one }) => one);
  const accessPoints = kinds.filter(({ one, kind }) => kind === 'access-point' && !switches.includes(one)).map(({ one }) => one);
  const addresses = addressesOf(all);
  const several = switches.length > 0 ? 'switch' : addresses > 1 ? 'shared' : addresses === 1 ? 'single' : 'empty';
  return { port, role: network.kind === 'listen' ? 'mirror' : several, addresses, all, switches, accessPoints };
}

function portGaps(looked: Looked, site: CoverageSite): readonly Gap[] {
  const { port, role, addresses, all, switches, accessPoints } = looked;
  const gaps: Gap[] = [];
  if (role === 'mirror')
    gaps.push({
      kind: 'mirror',
      port,
      count: addresses,
      devices: [],
      notSeen:
        site.isFile === true
          ? 'A capture names no ports: where a device is plugged in, and what the recording point did not pass, is not seen'
          : `Port ${port} gets a copy of traffic: on which switch port a device is plugged in, and what is not copied, is not seen`,
      toDo: 'Compare the devices with the forwarding tables of the switches, and mirror every port and VLAN that matters',
    });
  if (role === 'shared' && accessPoints.length === 0)
    gaps.push({
      kind: 'shared-port',
      port,
      count: addresses,
      devices: named(all),
      notSeen: `${addresses} addresses share port ${port} and none is a switch that says so: what they send to each other is not seen, and any of them can send with the address of another`,
      toDo: 'Give each device a port of its own, or put a switch there that can be read; until then the place of these devices proves nothing',
    });
  if (switches.length > 0) gaps.push(switchGap(looked));
  if (accessPoints.length > 0) gaps.push(wirelessGap(looked));
  return gaps;
}

function switchGap({ port, role, all, switches }: Looked): Gap {
  const behind = addressesOf(all) - addressesOf(switches);
  const who = `${plural(addressesOf(switches), 'switch', 'switches')} (${names(switches)})`;
  return {
    kind: 'foreign-switch',
    port,
    count: behind,
    devices: named([...switches, ...(role === 'mirror' ? [] : all.filter(one => !switches.includes(one)))]),
    notSeen:
      role === 'mirror'
        ? `Frames between two ports of ${who} are seen only where these ports are mirrored`
        : `${plural(behind, 'address', 'addresses')} on port ${port} may stand behind ${who}: what they send to each other, and on which of its ports each one is, is not seen`,
    toDo: 'Read the forwarding table of the switch, or give devices that must not reach each other ports of this box',
  };
}

function wirelessGap({ port, role, addresses, accessPoints, all }: Looked): Gap {
  const own = addressesOf(accessPoints);
  return {
    kind: 'wireless',
    port,
    count: role === 'mirror' ? own : addresses - own,
    devices: named(role === 'mirror' ? accessPoints : [...accessPoints, ...all.filter(one => !accessPoints.includes(one))]),
    notSeen: `Radio clients of ${plural(own, 'access point', 'access points')} (${names(accessPoints)}) reach each other without passing here, and are not seen at all where the access point tunnels them to a controller`,
    toDo: 'Forbid traffic between clients on the access point (client isolation), and look at its list of clients',
  };
}

const uplinkGap = (port: PortName): Gap => ({
  kind: 'uplink',
  port,
  count: 0,
  devices: [],
  notSeen: `Hosts behind uplink ${port} are not listed: only what they exchange with devices of this box passes here`,
  toDo: 'Put a box there too, or mirror that part of the network to a listening port',
});

/** Hosts of other networks, when the addresses are private ones: behind the way to the internet there is no cell of ours. */
function routerGap(record: Covered): readonly Gap[] {
  const { device } = record;
  const hosts = new Set<Ip>();
  for (const { fact } of device.facts) if (fact.kind === 'behind' && isPrivate(fact.ip)) hosts.add(fact.ip);
  if (hosts.size === 0) return [];
  return [
    {
      kind: 'behind-router',
      port: device.port,
      vlan: device.vlan,
      count: hosts.size,
      devices: [device.id],
      notSeen: `At least ${plural(hosts.size, 'host', 'hosts')} (${[...hosts].slice(0, 3).join(', ')}${hosts.size > 3 ? ', …' : ''}) send through ${nameOf(device)}: their hardware addresses, their broadcasts and what they say to each other is not seen`,
      toDo: 'Put a box or a mirrored port into the network behind it; if it should not route, take it out',
    },
  ];
}

function vlanGap(vlan: Vlan, all: readonly Covered[]): Gap {
  const count = addressesOf(all);
  const where = vlan === 0 ? 'Untagged' : `In VLAN ${vlan}`;
  return {
    kind: 'vlan-broadcast-only',
    vlan,
    count,
    devices: named(all),
    notSeen: `${where} ${plural(count, 'address was', 'addresses were')} heard, by broadcast and multicast alone: the conversations there do not pass here`,
    toDo: vlan === 0 ? 'Mirror untagged traffic in both directions' : `Mirror VLAN ${vlan} too, in both directions`,
  };
}

/** On a port with one device it says nothing when a device only broadcasts: it may have nobody to talk to. */
function broadcastGap({ port, role, all, addresses }: Looked, dark: ReadonlySet<Vlan>): readonly Gap[] {
  if (role === 'single') return [];
  const only = all.filter(one => isBroadcastOnly(one) && !dark.has(one.device.vlan));
  const count = addressesOf(only);
  if (count === 0) return [];
  return [
    {
      kind: 'broadcast-only',
      port,
      count,
      devices: named(only),
      notSeen: `${count} of ${plural(addresses, 'address', 'addresses')}${role === 'mirror' ? '' : ` on port ${port}`} ${count === 1 ? 'was' : 'were'} heard by broadcast and multicast alone: whom they talk to, and how they serve, is not seen`,
      toDo: 'Mirror the switch ports of these devices, or ask them actively (probes)',
    },
  ];
}

function forwardingGap({ port, all }: Looked): readonly Gap[] {
  const only = all.filter(({ device, seen }) => device.seenBy === 'forwarding-table' && seen.packets === 0);
  if (only.length === 0) return [];
  const count = addressesOf(only);
  return [
    {
      kind: 'forwarding-table-only',
      port,
      count,
      devices: named(only),
      notSeen: `${plural(count, 'address', 'addresses')} on port ${port} ${count === 1 ? 'is' : 'are'} known from the forwarding table alone: no frame of theirs was captured`,
      toDo: `Look whether the capture on port ${port} runs, and at the devices themselves`,
    },
  ];
}

const isBridge = ({ facts }: Device): boolean => facts.some(({ fact }) => fact.kind === 'bridge' && bridgeProtocols.has(fact.protocol));
const isBroadcastOnly = ({ seen }: Covered): boolean => seen.packets > 0 && seen.unicast === 0;
const macsOf = (all: readonly Covered[]): ReadonlySet<Mac> => new Set(all.map(({ device }) => device.mac));
const addressesOf = (all: readonly Covered[]): number => macsOf(all).size;
const named = (all: readonly Covered[]): Gap['devices'] => [...new Set(all.map(({ device }) => device.id))].slice(0, maxNamed);
const nameOf = ({ fields, mac }: Device): string => fields.hostname?.value ?? fields.model?.value ?? mac;
const plural = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

/** The first three by name. */
function names(all: readonly Covered[]): string {
  const list = [...new Set(all.map(({ device }) => nameOf(device)))];
  return `${list.slice(0, 3).join(', ')}${list.length > 3 ? ', …' : ''}`;
}

function add<K>(map: Map<K, Covered[]>, key: K, record: Covered): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [record]);
  else list.push(record);
}
