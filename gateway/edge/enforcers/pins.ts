import { isLinkLocal6 } from '../../codec/ip6.ts';
import type { Ip, Mac, PortName } from '../../model/address.ts';
import type { ReplyLane, RuleSet } from '../../model/rule-set.ts';
import { run } from './command.ts';

/** Tag of our entries in the neighbour table and of our routes (`… protocol`), so that we take away no one else's. */
const protocol = 83;
/** Most neighbours we pin; further devices are asked for by ARP or NDP as usual. */
export const maxNeighbours = 4096;

/**
 * Entries of the bridge's forwarding table and of our own neighbour table that must stay as they are. `routes`: addresses that are reached by the bridge, whatever
 * a router announced on another interface; as values the metric, which no announced route beats.
 */
export type Pins = {
  readonly forwarding: ReadonlyMap<Mac, PortName>;
  readonly neighbours: ReadonlyMap<Ip, Mac>;
  readonly routes: ReadonlyMap<Ip, string>;
};

/**
 * Bound devices keep their port, whoever uses their address elsewhere. Planned addresses and those of open lanes keep their MAC in the
 * gateway's neighbour table: no ARP or NDP of a held host can change or add an entry, and we need not ask a held host for its address. An IPv6 address of an
 * open lane has a route of its own; a link-local one is asked on the bridge by its zone.
 */
export function pinsOf(ruleSet: RuleSet, lanes: Iterable<ReplyLane>): Pins {
  const inside = ruleSet.devices.filter(d => ruleSet.enforced.includes(d.port));
  const neighbours = new Map<Ip, Mac>();
  const routes = new Map<Ip, string>();
  for (const lane of lanes) {
    neighbours.set(lane.ip, lane.mac);
    if (is6(lane.ip) && !isLinkLocal6(lane.ip)) routes.set(lane.ip, '1');
  }
  for (const d of inside) for (const ip of d.ips) if (neighbours.size < maxNeighbours) neighbours.set(ip, d.mac);
  return { forwarding: new Map(inside.filter(d => d.bound).map(d => [d.mac, d.port])), neighbours, routes };
}

const is6 = (ip: Ip): boolean => ip.includes(':');

/** True iff the kernel sends what it has for this address to this device, by the bridge, and nothing that is announced changes that. */
export async function isPinned(bridge: string, { ip, mac }: ReplyLane): Promise<boolean> {
  const family = is6(ip) ? '-6' : '-4';
  const neigh = await run('ip', [family, 'neigh', 'show', ip, 'dev', bridge]);
  if (permanent(neigh.stdout).get(ip) !== mac) return false;
  if (!is6(ip) || isLinkLocal6(ip)) return true;
  return metrics((await run('ip', ['-6', 'route', 'show', `${ip}/128`, 'dev', bridge, 'protocol', String(protocol)])).stdout).has(ip);
}

/** Puts the kernel's entries right. Resolves with what was wrong and could not be mended; undefined when all is as wanted. */
export async function applyPins(bridge: string, pins: Pins): Promise<string | undefined> {
  const ours = ['dev', bridge, 'protocol', String(protocol)];
  const [fdb, neigh, route6] = await Promise.all([
    run('bridge', ['fdb', 'show', 'br', bridge]),
    // Of both families.
    run('ip', ['neigh', 'show', ...ours]),
    run('ip', ['-6', 'route', 'show', ...ours]),
  ]);
  const forwarding = changes(sticky(fdb.stdout), pins.forwarding, {
    add: (mac, port) => `fdb replace ${mac} dev ${port} master static sticky`,
    remove: (mac, port) => `fdb del ${mac} dev ${port} master`,
  });
  const neighbours = changes(permanent(neigh.stdout), pins.neighbours, {
    add: (ip, mac) => `neigh replace ${ip} lladdr ${mac} dev ${bridge} nud permanent protocol ${protocol}`,
    remove: ip => `neigh del ${ip} dev ${bridge}`,
  });
  const routes = changes(metrics(route6.stdout), pins.routes, {
    add: (ip, metric) => `route replace ${ip}/128 dev ${bridge} metric ${metric} protocol ${protocol}`,
    remove: (ip, metric) => `route del ${ip}/128 dev ${bridge} metric ${metric} protocol ${protocol}`,
  });
  const [a, b] = await Promise.all([batch('bridge', forwarding), batch('ip', [...neighbours, ...routes])]);
  return a ?? b;
}

function changes(
  have: ReadonlyMap<string, string>,
  want: ReadonlyMap<string, string>,
  text: { readonly add: (key: string, value: string) => string; readonly remove: (key: string, value: string) => string },
): readonly string[] {
  const gone = [...have].filter(([k]) => !want.has(k)).map(([k, v]) => text.remove(k, v));
  return [...gone, ...[...want].filter(([k, v]) => have.get(k) !== v).map(([k, v]) => text.add(k, v))];
}

/** `02:… dev v1 sticky master br0 static`: nobody else makes sticky entries on a bridge of ours. */
function sticky(text: string): ReadonlyMap<Mac, PortName> {
  return entries(text, /^([0-9a-f:]{17}) dev (\S+) (?:.* )?sticky /);
}

/** `10.0.0.9 lladdr 02:… PERMANENT proto 83`. An entry that lost its address is not one of ours any more. */
function permanent(text: string): ReadonlyMap<Ip, Mac> {
  return entries(text, /^(\S+) lladdr ([0-9a-f:]{17}) PERMANENT/);
}

/** `fd00::9 metric 1 pref medium`. */
function metrics(text: string): ReadonlyMap<Ip, string> {
  return entries(text, /^([0-9a-f:]+) .*\bmetric (\d+)/);
}

function entries(text: string, pattern: RegExp): ReadonlyMap<string, string> {
  const found = text.split('\n').map(line => pattern.exec(line));
  return new Map(found.flatMap(m => (m?.[1] !== undefined && m[2] !== undefined ? [[m[1], m[2]] as const] : [])));
}

async function batch(program: 'ip' | 'bridge', lines: readonly string[]): Promise<string | undefined> {
  if (lines.length === 0) return undefined;
  const { code, stderr } = await run(program, ['-force', '-batch', '-'], `${lines.join('\n')}\n`);
  return code === 0 ? undefined : `Cannot pin addresses: ${stderr.trim().split('\n')[0] ?? code}`;
}
