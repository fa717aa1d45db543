import { isLocalMac, type Mac, type Millis, type PortName, type Vlan } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import type { Fact, Observation } from '../model/fact.ts';
import { CappedMap } from './capped-map.ts';
import { isRouter, wasUsual } from './roles.ts';
import { type Context, type DetectionRule, type Finding, found, nothing } from './rule.ts';

/** Clients in whose name one sender asks within a minute: directly or as a relay nobody knows, and as a relay that is known: since the site was learnt, or for a day. */
const [maxClients, maxRelayed, knownMs] = [64, 1024, 24 * 3_600_000];
/**
 * Newcomers of one port that asked for a lease within a minute and still use no address a while later: of nobody's registration, of one maker's, and of any
 * maker's once the site is learnt. Whole lines that are switched on at once come while it is learnt.
 */
const [maxStrange, maxOfMaker, maxOfAny, windowMs, patienceMs] = [64, 256, 192, 60_000, 15_000];
/** The same within a day, each of which has never used an address since: systems give themselves one of the link when they get none. */
const [maxStrangeOfDay, dayMs] = [64, 24 * 3_600_000];
const [maxPorts, maxAskers, maxSlow, ageMs] = [2048, 1024, 256, dayMs];

type Asker = { readonly at: Millis; readonly frame: number };
/** Who asks on a port, the oldest first; `told`: in whose name the alarm was raised. */
type Port = {
  readonly askers: Map<Mac, Asker>;
  readonly slow: Map<Mac, Asker>;
  readonly vlan: Vlan;
  told?: Mac;
  isOver: boolean;
  isSlowOver: boolean;
};

/** Asks for leases in the name of ever new clients, until the server has none left: one sender for many, or ever new senders on one port. */
export const dhcpStarvation: DetectionRule = {
  name: 'dhcp-starvation',
  spec: `RFC 2131, RFC 8415: one sender asks for ${maxClients} clients within a minute, or ${maxStrange} new addresses that nobody registered (${maxOfMaker} of one maker) ask on one port and take no address; or 128 clients, or ${maxStrangeOfDay} such addresses, within a day`,
  knownFalse: [
    'a relay passes on what many clients ask for: it routes, or has done so for a day, or since the site was learnt',
    'all devices start again after a power cut: each asks for itself, and they are known or use what they get',
    'phones with made-up addresses at an access point: few a minute, and they use what they get, or an address of the link',
    'an access point in client mode that asks for those behind it: they are fewer',
  ],
  about: ['acted', 'protocol'],
  create: () => {
    const ports = new CappedMap<PortName, Port>(maxPorts, ageMs);
    return {
      observe(o, context) {
        const { fact } = o;
        if (fact.kind === 'acted' && fact.action === 'ask-leases') return bySender(o, context, fact.target === 'relayed', fact.detail);
        if (fact.kind !== 'protocol' || (fact.name !== 'dhcpv4' && fact.name !== 'dhcpv6') || !isNewcomer(o, context)) return nothing;
        const port: Port = ports.get(o.port, o.at) ?? { askers: new Map(), slow: new Map(), vlan: o.vlan, isOver: true, isSlowOver: true };
        const [oldest] = port.askers.keys();
        if (port.askers.size >= maxAskers && oldest !== undefined) port.askers.delete(oldest);
        port.askers.set(o.mac, { at: o.at, frame: o.frame });
        ports.set(o.port, port, o.at);
        return nothing;
      },
      tick: context => ports.entries(context.now).flatMap(([name, port]) => byPort(name, port, context)),
    };
  },
};

function bySender(o: Observation, context: Context, isRelayed: boolean, detail: string): readonly Finding[] {
  const count = Number.parseInt(detail, 10);
  const within = detail.includes('a day') ? 'a day' : 'a minute';
  const sender = context.withMac(o.mac);
  const isRouting = isRelayed && sender.some(device => isRouter(device, context));
  const max = isRelayed && sender.some(device => isKnownRelay(device, o.fact, context)) ? maxRelayed : maxClients;
  const isTooMany = !isRouting && count >= max;
  return isTooMany ? found(o, `asks for leases in the name of ${count} clients within ${within}`) : nothing;
}

/** Whoever says that he passes on what others ask may ask for them himself. */
const isKnownRelay = (device: Device, fact: Fact, { learnsUntil, now }: Context): boolean =>
  wasUsual(device, fact, { learnsUntil: Math.max(learnsUntil, now - knownMs) });

/** The device came up within the last minute: who is known and asks anew has only been restarted. */
const isNewcomer = (o: Observation, { withMac, now }: Context): boolean =>
  withMac(o.mac).every(({ firstSeen }) => now - firstSeen <= windowMs);

/** Found when the threshold is crossed, under the name of the first one of the port: one alarm, also when the flood goes on for hours. */
function byPort(name: PortName, port: Port, context: Context): readonly Finding[] {
  const { askers } = port;
  for (const [mac, asker] of askers) {
    if (context.now - asker.at <= windowMs + patienceMs) continue;
    askers.delete(mac);
    if (isStrange(mac, context) && usesNone(mac, context)) keepSlow(port.slow, mac, asker, context.now);
  }
  const fast = askers.size < maxStrange ? [] : starving([...askers], context);
  const slow = port.slow.size < maxStrangeOfDay ? [] : [...port.slow].filter(([mac]) => usesNone(mac, context));
  const isSlow = slow.length >= maxStrangeOfDay;
  const isNews = (fast.length > 0 && port.isOver) || (isSlow && port.isSlowOver);
  port.isOver = fast.length === 0;
  port.isSlowOver = !isSlow;
  const those = fast.length > 0 ? fast : slow;
  const [first] = those;
  if (first === undefined || !isNews) return nothing;
  port.told ??= first[0];
  const [actor, frames] = [port.told, those.map(([, { frame }]) => frame)];
  const detail = `ever new addresses on ${name} ask for leases and use none`;
  return [{ actor, port: name, vlan: port.vlan, at: context.now, frame: first[1].frame, frames, detail }];
}

/** Those that have waited long enough and use no address; none when they are too few. */
function starving(askers: readonly (readonly [Mac, Asker])[], context: Context): readonly (readonly [Mac, Asker])[] {
  const { now, learnsUntil } = context;
  const waiting = askers.filter(([mac, { at }]) => now - at >= patienceMs && usesNone(mac, context));
  const strange = waiting.filter(([mac]) => isStrange(mac, context));
  if (strange.length >= maxStrange) return strange;
  if (waiting.length >= maxOfAny && now >= learnsUntil + windowMs) return waiting;
  const byMaker = Map.groupBy(waiting, ([mac]) => mac.slice(0, 8));
  return [...byMaker.values()].find(some => some.length >= maxOfMaker) ?? [];
}

const isStrange = (mac: Mac, { vendorOf }: Context): boolean => isLocalMac(mac) || vendorOf(mac) === undefined;
const usesNone = (mac: Mac, { withMac }: Context): boolean => withMac(mac).every(({ ips }) => ips.length === 0);

/** The oldest first; those of before yesterday and beyond the cap go. */
function keepSlow(slow: Map<Mac, Asker>, mac: Mac, asker: Asker, now: Millis): void {
  slow.delete(mac);
  for (const [old, { at }] of slow) if (now - at > dayMs || slow.size >= maxSlow) slow.delete(old);
  slow.set(mac, asker);
}
