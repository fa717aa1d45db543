import { isHostIp } from '../codec/address.ts';
import { type OwnIp6, ownFor } from '../codec/ip6.ts';
import { type Ip, isGroupMac, type Mac, type PortName, type Vlan } from '../model/address.ts';
import type { Access } from '../model/decision.ts';
import type { PlannedDevice, RuleSet, WishedDevice } from '../model/rule-set.ts';
import type { NetworkSettings, ZoneSettings } from '../model/settings.ts';
import { isIp4 } from './sets.ts';

export { hashRuleSet } from './hash.ts';
export { isTightening, tighten } from './tighten.ts';

/** Everything that `plan` looks at. `zones` carry the modes in force. */
export type Wish = {
  readonly network: Extract<NetworkSettings, { kind: 'bridge' }>;
  readonly attestationPort: number;
  readonly gatewayMac: Mac;
  /** The gateway's IPv6 addresses on the bridge; absent or empty: the lane has no IPv6. */
  readonly ip6?: readonly OwnIp6[] | undefined;
  readonly paused: boolean;
  readonly zones: readonly ZoneSettings[];
  readonly devices: readonly WishedDevice[];
  /** Addresses of hosts behind the uplinks, with their MACs: a device that claims one gets no lane for it. */
  readonly upstream?: ReadonlyMap<Ip, Mac>;
};

/** Most devices that one RuleSet names; bound and admitted ones come first, the rest is held without being named. */
export const maxDevices = 16_384;
/** Most addresses of one device in its lane, of IPv4 and of IPv6 each: a crowd of one kind takes no place of the other. */
export const maxIps = 8;
/** Most (port, VLAN) pairs that pass because their zone only observes. */
const maxObserved = 4096;

/**
 * All decisions → the whole desired enforcement. The same wish gives the same bytes, in whatever order its devices come.
 * A device on an uplink is never planned; in an observing zone it is admitted; an address or IP claimed twice stays with its better owner.
 */
export function plan(wish: Wish): RuleSet {
  const { network } = wish;
  const ports = list(network.ports.filter(p => !network.uplinks.includes(p)));
  const enforced = wish.paused ? [] : ports.filter(p => isEnforced(p, wish.zones));
  const mode = (d: WishedDevice): string => wish.zones.find(z => z.name === d.zone)?.mode ?? 'observe';
  const mine = wish.devices
    .filter(d => ports.includes(d.port) && d.mac !== wish.gatewayMac && !isGroupMac(d.mac))
    .map(d => (mode(d) === 'enforce' ? d : { ...d, access: 'admit' as const }));
  return {
    bridge: network.bridge,
    gateway: { mac: wish.gatewayMac, ip: network.ip, ...ip6Of(wish), attestationPort: wish.attestationPort },
    uplinks: list(network.uplinks),
    enforced,
    observed: observed(enforced, wish),
    dhcpServers: list(network.dhcpServers.filter(isIp4)),
    devices: enforced.length === 0 ? [] : devices(mine, new Set(enforced), wish),
  };
}

const ip6Of = ({ ip6 = [] }: Wish): { readonly ip6?: readonly Ip[] } => (ip6.length === 0 ? {} : { ip6: list(ip6.map(({ ip }) => ip)) });

/** A port's own zone decides, and VLAN zones listed before it; on a port that none claims, any VLAN, prefix or default zone may. */
function isEnforced(port: PortName, zones: readonly ZoneSettings[]): boolean {
  const own = zones.findIndex(z => z.ports?.includes(port));
  const hasVlans = (z: ZoneSettings): boolean => z.vlans !== undefined && z.vlans.length > 0;
  const hasPrefixes = (z: ZoneSettings): boolean => z.prefixes !== undefined && z.prefixes.length > 0;
  const able = zones.filter((z, i) =>
    own < 0 ? z.default === true || hasVlans(z) || hasPrefixes(z) : i === own || (i < own && hasVlans(z)),
  );
  return able.some(z => z.mode === 'enforce');
}

/** The zone of an unknown host on this port and VLAN; prefixes cannot be told before it has an address. */
function zoneOf(port: PortName, vlan: Vlan, zones: readonly ZoneSettings[]): ZoneSettings | undefined {
  return zones.find(z => z.ports?.includes(port) === true || z.vlans?.includes(vlan) === true) ?? zones.find(z => z.default === true);
}

/**
 * VLANs that pass on enforced ports. A VLAN that no zone names and where nobody spoke yet is not listed: its first frame makes a device of
 * it, and the next plan lists it.
 */
function observed(enforced: readonly PortName[], { zones, devices }: Wish): RuleSet['observed'] {
  const named = [0, ...zones.flatMap(z => z.vlans ?? [])];
  const seen = new Map<PortName, Set<Vlan>>(enforced.map(p => [p, new Set(named)]));
  for (const d of devices) seen.get(d.port)?.add(d.vlan);
  const pairs = [...seen].flatMap(([port, vlans]) => [...vlans].sort((a, b) => a - b).map(vlan => ({ port, vlan })));
  return pairs.filter(({ port, vlan }) => zoneOf(port, vlan, zones)?.mode === 'observe').slice(0, maxObserved);
}

const strictness: Readonly<Record<Access, number>> = { admit: 0, hold: 1, quarantine: 2 };
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Better claims first: bound, then admitted, then held; the rest of the order only makes it one. */
const byClaim = (a: PlannedDevice, b: PlannedDevice): number =>
  Number(b.bound) - Number(a.bound) || strictness[a.access] - strictness[b.access] || byText(a.mac, b.mac) || byText(a.port, b.port);

/** Devices of enforced ports, and the bound ones of others: nobody on an enforced port may use their address. */
function devices(wished: readonly WishedDevice[], enforced: ReadonlySet<PortName>, wish: Wish): readonly PlannedDevice[] {
  const ownerOfMac = new Map<Mac, PlannedDevice>();
  const ownerOfIp = new Map(reserved(wish));
  const isHost = (ip: Ip): boolean => (isIp4(ip) && isHostIp(ip)) || ownFor(ip, wish.ip6 ?? []) !== undefined;
  const planned: PlannedDevice[] = [];
  for (const d of onePerPort(wished).sort(byClaim)) {
    const owner = ownerOfMac.get(d.mac) ?? d;
    ownerOfMac.set(d.mac, owner);
    const isClone = owner.bound && owner !== d;
    const own = isClone ? [] : d.ips.filter(ip => isHost(ip) && !(ownerOfIp.has(ip) && ownerOfIp.get(ip) !== d.mac));
    const ips = [own.filter(isIp4).slice(-maxIps), own.filter(ip => !isIp4(ip)).slice(-maxIps)].flat();
    for (const ip of ips) ownerOfIp.set(ip, d.mac);
    if (!enforced.has(d.port) && (isClone || !d.bound)) continue;
    if (planned.length === maxDevices) break;
    const access = isClone && d.access === 'admit' ? 'hold' : d.access;
    planned.push({ mac: d.mac, port: d.port, ips: list(ips), access, bound: d.bound && !isClone });
  }
  return planned.sort((a, b) => byText(a.mac, b.mac) || byText(a.port, b.port));
}

/** Addresses with an owner that no device can take over by claiming them: the gateway's, the DHCP servers', and those behind the uplinks. */
function reserved({ network, gatewayMac, upstream }: Wish): ReadonlyMap<Ip, Mac> {
  const nobody = '';
  return new Map([...(upstream ?? []), ...network.dhcpServers.map(ip => [ip, nobody] as const), [network.ip, gatewayMac]]);
}

/** One address on one port is one box, on whatever VLANs it speaks: the strictest word counts, the addresses are joined. */
function onePerPort(wished: readonly WishedDevice[]): PlannedDevice[] {
  const byKey = new Map<string, PlannedDevice>();
  for (const { mac, port, ips, access, bound } of wished) {
    const other = byKey.get(`${mac} ${port}`);
    if (other === undefined) byKey.set(`${mac} ${port}`, { mac, port, ips, access, bound });
    else {
      const stricter = strictness[access] > strictness[other.access] ? access : other.access;
      byKey.set(`${mac} ${port}`, { mac, port, ips: [...other.ips, ...ips], access: stricter, bound: bound || other.bound });
    }
  }
  return [...byKey.values()];
}

const list = (values: readonly string[]): readonly string[] => [...new Set(values)].sort(byText);
