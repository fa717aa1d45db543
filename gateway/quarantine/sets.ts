import { isIp6 } from '../codec/ip6.ts';
import type { Ip, Mac, PortName } from '../model/address.ts';
import type { PlannedDevice, RuleSet } from '../model/rule-set.ts';

/** The sets whose elements a RuleSet states; the order is that of the rendered text. Types as nft spells them. */
export const setTypes = {
  uplinks: 'ifname',
  enforced: 'ifname',
  /** Enforced ports with an admitted device: group addresses and control frames pass them, both ways. */
  open: 'ifname',
  admitted: 'ether_addr . ifname',
  cut: 'ether_addr . ifname',
  /** Planned addresses of enforced ports: there they pass on their own port, or in its lane, and on no other. */
  taken: 'ether_addr',
  /** Addresses that may come in on their own port only, and those ports. */
  bound: 'ether_addr',
  home: 'ether_addr . ifname',
  /** Addresses bound on ports that only observe: never seen on an enforced one. */
  outside: 'ether_addr',
  /** Who may speak to the gateway from which address. Each IP has one owner, so a match ties MAC, IP and port together. */
  addresses: 'ether_addr . ipv4_addr . ifname',
  addresses6: 'ether_addr . ipv6_addr . ifname',
  observed: 'ifname . integer',
  plain: 'ifname',
  dhcp_servers: 'ipv4_addr',
} as const;

export type SetName = keyof typeof setTypes;
export const setNames = Object.keys(setTypes).filter((n): n is SetName => n in setTypes);

/** One element: its parts in the order of the set's type. Sorted lists of these are what is compared with the kernel. */
export type Element = readonly string[];

type Elements = Readonly<Record<SetName, readonly Element[]>>;

/** RuleSets do not change, and each is asked for several times; entries leave with their RuleSet. */
const known = new WeakMap<RuleSet, Elements>();

/** Everything a RuleSet says, as set elements. Throws RangeError when a name or address could not stand in nft text. */
export function elementsOf(ruleSet: RuleSet): Elements {
  const elements = known.get(ruleSet) ?? compute(ruleSet);
  known.set(ruleSet, elements);
  return elements;
}

function compute(ruleSet: RuleSet): Elements {
  check(ruleSet);
  const enforced = new Set(ruleSet.enforced);
  const inside = ruleSet.enforced.length === 0 ? [] : ruleSet.devices.filter(d => enforced.has(d.port));
  const outside = ruleSet.enforced.length === 0 ? [] : ruleSet.devices.filter(d => !enforced.has(d.port));
  const admitted = inside.filter(d => d.access === 'admit');
  const isAdmitted = new Set(admitted.map(d => d.mac));
  const at = (d: PlannedDevice): Element => [d.mac, d.port];
  return {
    uplinks: list(ruleSet.uplinks.map(p => [p])),
    enforced: list(ruleSet.enforced.map(p => [p])),
    open: list(admitted.map(d => [d.port])),
    admitted: list(admitted.map(at)),
    cut: list(inside.filter(d => d.access !== 'admit' && !isAdmitted.has(d.mac)).map(at)),
    taken: list(inside.map(d => [d.mac])),
    bound: list(inside.filter(d => d.bound).map(d => [d.mac])),
    home: list(inside.filter(d => d.bound).map(at)),
    outside: list(outside.filter(d => d.bound).map(d => [d.mac])),
    addresses: list(inside.flatMap(d => d.ips.filter(isIp4).map(ip => [d.mac, ip, d.port]))),
    addresses6: list(inside.flatMap(d => d.ips.filter(ip => !isIp4(ip)).map(ip => [d.mac, ip, d.port]))),
    observed: list(ruleSet.observed.map(o => [o.port, String(o.vlan)])),
    plain: list(ruleSet.observed.filter(o => o.vlan === 0).map(o => [o.port])),
    dhcp_servers: list(ruleSet.dhcpServers.map(ip => [ip])),
  };
}

/** `{ a . "b" }` as nft reads it: interface names are quoted, the rest is not. */
export function elementText(set: SetName, element: Element): string {
  const types = setTypes[set].split(' . ');
  return element.map((part, i) => (types[i] === 'ifname' ? `"${part}"` : part)).join(' . ');
}

/** Sorted, without doubles. */
export function list(elements: readonly Element[]): readonly Element[] {
  const byKey = new Map(elements.map(e => [e.join(' . '), e]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, e]) => e);
}

const isMac = (s: Mac): boolean => /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(s);
const isPort = (s: PortName): boolean => /^[A-Za-z0-9][A-Za-z0-9._@-]{0,14}$/.test(s);
/** True for a dotted quad with every part at most 255 and no leading zeros. */
export const isIp4 = (s: Ip): boolean =>
  s.split('.').length === 4 && s.split('.').every(p => /^(0|[1-9]\d{0,2})$/.test(p) && Number(p) <= 255);

/** What stands in the rules as text is checked here, once: a RuleSet crosses a process border. */
function check(r: RuleSet): void {
  const ports = [r.bridge, ...r.uplinks, ...r.enforced, ...r.observed.map(o => o.port), ...r.devices.map(d => d.port)];
  const macs = [r.gateway.mac, ...r.devices.map(d => d.mac)];
  const ips = r.devices.flatMap(d => d.ips);
  refuse('port', ports, isPort);
  refuse('address', macs, isMac);
  refuse('IPv4 address', [r.gateway.ip, ...r.dhcpServers, ...ips.filter(ip => !ip.includes(':'))], isIp4);
  refuse('IPv6 address', [...(r.gateway.ip6 ?? []), ...ips.filter(ip => ip.includes(':'))], isIp6);
  refuse(
    'VLAN',
    r.observed.map(o => o.vlan),
    v => Number.isInteger(v) && v >= 0 && v <= 4094,
  );
  refuse('attestation port', [r.gateway.attestationPort], p => Number.isInteger(p) && p > 0 && p < 65536);
  const owners = new Map<Ip, Mac>();
  for (const d of r.devices)
    for (const ip of d.ips) {
      if ((owners.get(ip) ?? d.mac) !== d.mac) throw new RangeError(`Cannot render a RuleSet: ${ip} has two owners`);
      owners.set(ip, d.mac);
    }
}

function refuse<T>(what: string, values: readonly T[], good: (value: T) => boolean): void {
  const bad = values.find(v => !good(v));
  if (bad !== undefined) throw new RangeError(`Cannot render a RuleSet: ${what} ${JSON.stringify(bad)}`);
}
