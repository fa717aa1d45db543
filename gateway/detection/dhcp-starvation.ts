import { isLocalMac, type Mac, type Millis, type PortName, type Vlan } from '../model/address.ts';
import type { Observation } from '../model/fact.ts';
import { CappedMap } from './capped-map.ts';
import { isRouter } from './roles.ts';
import { type Context, type DetectionRule, type Finding, found, nothing } from './rule.ts';

/** Clients in whose name one sender asks within a minute: directly, and as a relay that is no router. */
const [maxClients, maxRelayed] = [64, 1024];
/** Newcomers of one port that asked for a lease within a minute and still use no address a while later: of nobody's registration, and of one maker's. */
const [maxStrange, maxOfMaker, windowMs, patienceMs] = [64, 256, 60_000, 15_000];
const [maxPorts, maxAskers, ageMs] = [2048, 1024, 3_600_000];

type Asker = { readonly at: Millis; readonly frame: number };
/** Who asks on a port, the oldest first; `told`: in whose name the alarm was raised. */
type Port = { readonly askers: Map<Mac, Asker>; readonly vlan: Vlan; told?: Mac; isOver: boolean };

/** Asks for leases in the name of ever new clients, until the server has none left: one sender for many, or ever new senders on one port. */
export const dhcpStarvation: DetectionRule = {
  name: 'dhcp-starvation',
  spec: `RFC 2131, RFC 8415: one sender asks for ${maxClients} clients within a minute, or ${maxStrange} new addresses that nobody registered (${maxOfMaker} of one maker) ask on one port and take no address`,
  knownFalse: [
    'a relay passes on what many clients ask for',
    'all devices start again after a power cut: each asks for itself, and they are known or use what they get',
    'phones with made-up addresses at an access point: few a minute, and they use what they get',
  ],
  about: ['acted', 'protocol'],
  create: () => {
    const ports = new CappedMap<PortName, Port>(maxPorts, ageMs);
    return {
      observe(o, context) {
        const { fact } = o;
        if (fact.kind === 'acted' && fact.action === 'ask-leases') return bySender(o, context, fact.target === 'relayed', fact.detail);
        if (fact.kind !== 'protocol' || (fact.name !== 'dhcpv4' && fact.name !== 'dhcpv6') || !isNewcomer(o, context)) return nothing;
        const port: Port = ports.get(o.port, o.at) ?? { askers: new Map(), vlan: o.vlan, isOver: true };
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
  const isTooMany = isRelayed
    ? count >= maxRelayed && !context.withMac(o.mac).some(device => isRouter(device, context))
    : count >= maxClients;
  return isTooMany ? found(o, `asks for leases in the name of ${count} clients within a minute`) : nothing;
}

/** The device came up within the last minute: who is known and asks anew has only been restarted. */
const isNewcomer = (o: Observation, { withMac, now }: Context): boolean =>
  withMac(o.mac).every(({ firstSeen }) => now - firstSeen <= windowMs);

/** Found when the threshold is crossed, under the name of the first one of the port: one alarm, also when the flood goes on for hours. */
function byPort(name: PortName, port: Port, context: Context): readonly Finding[] {
  const { askers } = port;
  for (const [mac, { at }] of askers) if (context.now - at > windowMs + patienceMs) askers.delete(mac);
  const those = askers.size < maxStrange ? [] : starving([...askers], context);
  const wasOver = port.isOver;
  port.isOver = those.length === 0;
  const [first] = those;
  if (first === undefined || !wasOver) return nothing;
  port.told ??= first[0];
  const [actor, frames] = [port.told, those.map(([, { frame }]) => frame)];
  const detail = `ever new addresses on ${name} ask for leases and use none`;
  return [{ actor, port: name, vlan: port.vlan, at: context.now, frame: first[1].frame, frames, detail }];
}

/** Those that have waited long enough and use no address; none when they are too few. */
function starving(askers: readonly (readonly [Mac, Asker])[], { now, withMac, vendorOf }: Context): readonly (readonly [Mac, Asker])[] {
  const waiting = askers.filter(([mac, { at }]) => now - at >= patienceMs && withMac(mac).every(({ ips }) => ips.length === 0));
  const strange = waiting.filter(([mac]) => isLocalMac(mac) || vendorOf(mac) === undefined);
  if (strange.length >= maxStrange) return strange;
  const byMaker = Map.groupBy(waiting, ([mac]) => mac.slice(0, 8));
  return [...byMaker.values()].find(some => some.length >= maxOfMaker) ?? [];
}
