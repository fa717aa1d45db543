import type { PortName } from '../model/address.ts';
import type { Access } from '../model/decision.ts';
import type { PlannedDevice, RuleSet } from '../model/rule-set.ts';
import { hashRuleSet } from './hash.ts';

/**
 * What may be applied before the Events behind `next` are committed: nothing that `previous` cut becomes open, everything that `next`
 * cuts is cut. `previous` undefined: nothing was cut, so all of `next` may be.
 */
export function tighten(previous: RuleSet | undefined, next: RuleSet): RuleSet {
  if (previous === undefined) return next;
  const enforced = union(previous.enforced, next.enforced);
  const [old, now] = [new Set(previous.enforced), new Set(next.enforced)];
  const pairs = union(previous.observed.map(pair), next.observed.map(pair));
  const [oldPairs, nowPairs] = [new Set(previous.observed.map(pair)), new Set(next.observed.map(pair))];
  const passes = (key: string): boolean => {
    const port = key.slice(0, key.indexOf(' '));
    return (!old.has(port) || oldPairs.has(key)) && (!now.has(port) || nowPairs.has(key));
  };
  return {
    bridge: next.bridge,
    gateway: next.gateway,
    uplinks: next.uplinks.filter(p => previous.uplinks.includes(p) && !enforced.includes(p)),
    enforced,
    observed: pairs.filter(passes).map(key => ({ port: key.slice(0, key.indexOf(' ')), vlan: Number(key.slice(key.indexOf(' ') + 1)) })),
    dhcpServers: tightServers(previous.dhcpServers, next.dhcpServers),
    devices: enforced.length === 0 ? [] : tightDevices(previous, next, enforced),
  };
}

/** True iff applying `next` opens nothing that `previous` cut. */
export function isTightening(previous: RuleSet | undefined, next: RuleSet): boolean {
  return hashRuleSet(tighten(previous, next)) === hashRuleSet(next);
}

const strictness = { admit: 0, hold: 1, quarantine: 2 } as const;
const key = (d: PlannedDevice): string => `${d.mac} ${d.port}`;
const pair = (o: { port: PortName; vlan: number }): string => `${o.port} ${o.vlan}`;

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].sort((x, y) => (x < y ? -1 : x > y ? 1 : 0));
}

/** An empty list lets every server behind the uplinks answer, so a list meets an empty one as itself. */
function tightServers(a: readonly string[], b: readonly string[]): readonly string[] {
  if (a.length === 0 || b.length === 0) return union(a, b);
  const both = b.filter(ip => a.includes(ip));
  return both.length > 0 ? both : a;
}

function tightDevices(previous: RuleSet, next: RuleSet, enforced: readonly PortName[]): readonly PlannedDevice[] {
  const [old, now] = [new Map(previous.devices.map(d => [key(d), d])), new Map(next.devices.map(d => [key(d), d]))];
  const owners = new Map(next.devices.flatMap(d => d.ips.map(ip => [ip, d.mac] as const)));
  const [oldHome, newHome] = [homes(previous), homes(next)];
  const sameGateway = JSON.stringify(previous.gateway) === JSON.stringify(next.gateway);
  return union([...old.keys()], [...now.keys()]).flatMap(k => {
    const [was, is] = [old.get(k), now.get(k)];
    const { mac, port } = was ?? is ?? { mac: '', port: '' };
    const [wasCut, isCut] = [previous.enforced.includes(port), next.enforced.includes(port)];
    // An address that moves between ports is cut on both until the move is committed; its old port keeps the clone guard.
    const ports = [oldHome.get(mac), newHome.get(mac)].filter(p => p !== undefined);
    const bound = (ports.find(p => enforced.includes(p)) ?? ports[0]) === port;
    const least = ports.every(p => p === port) || !enforced.includes(port) ? 'admit' : 'hold';
    const access = tightAccess(wasCut ? was?.access : 'admit', isCut ? is?.access : 'admit', bound ? 'hold' : undefined);
    if (access === undefined || (!bound && !enforced.includes(port))) return [];
    const lane = (ip: string): boolean => (!wasCut || was?.ips.includes(ip) === true) && (!isCut || is?.ips.includes(ip) === true);
    const ips = (is ?? was)?.ips.filter(ip => sameGateway && lane(ip) && (owners.get(ip) ?? mac) === mac) ?? [];
    return [{ mac, port, ips, access: stricter(access, least), bound }];
  });
}

const homes = (r: RuleSet): ReadonlyMap<string, PortName> => new Map(r.devices.filter(d => d.bound).map(d => [d.mac, d.port]));

/**
 * Where one side does not name the device, it is cut but for the VLANs that only observe; not naming it is as tight as naming it admitted
 * by the other. `named`: what it is called when it must be named all the same.
 */
function tightAccess(was: Access | undefined, is: Access | undefined, named: Access | undefined): Access | undefined {
  if (was !== undefined && is !== undefined) return stricter(was, is);
  const other = was ?? is;
  return other === undefined || other === 'admit' ? named : other;
}

function stricter(a: Access, b: Access): Access {
  return strictness[a] >= strictness[b] ? a : b;
}
