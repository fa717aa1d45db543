import { isLocalMac, type Mac, type Millis, type PortName } from '../model/address.ts';
import type { Observation } from '../model/fact.ts';
import { CappedMap } from './capped-map.ts';
import { isRouter } from './roles.ts';
import { type Context, type DetectionRule, type Finding, found, nothing } from './rule.ts';

/** Clients in whose name one sender asks within a minute: directly, and as a relay that is no router. */
const [maxClients, maxRelayed] = [64, 1024];
/** Newcomers of one port that ask for a lease within a minute and take no address: registered to nobody, and of all. */
const [maxStrange, maxNewcomers, windowMs] = [64, 256, 60_000];
const [maxPorts, maxAskers, ageMs] = [2048, 1024, 3_600_000];

type Asker = { readonly at: Millis; readonly frame: number; readonly isStrange: boolean };

/** Asks for leases in the name of ever new clients, until the server has none left: one sender for many, or ever new senders on one port. */
export const dhcpStarvation: DetectionRule = {
  name: 'dhcp-starvation',
  spec: `RFC 2131, RFC 8415: one sender asks for ${maxClients} clients within a minute, or ${maxStrange} new addresses that nobody registered (${maxNewcomers} of any) ask on one port and take no address`,
  knownFalse: [
    'a relay passes on what many clients ask for',
    'all devices start again after a power cut: each asks for itself, and most are known',
    'phones with made-up addresses at an access point: few a minute, and they use what they get',
  ],
  create: () => {
    const ports = new CappedMap<PortName, Map<Mac, Asker>>(maxPorts, ageMs);
    return {
      observe(o, context) {
        const { fact } = o;
        if (fact.kind === 'acted' && fact.action === 'ask-leases') return bySender(o, context, fact.target === 'relayed', fact.detail);
        if (fact.kind === 'address') ports.get(o.port, o.at)?.delete(o.mac);
        if (fact.kind !== 'protocol' || (fact.name !== 'dhcpv4' && fact.name !== 'dhcpv6') || !isNewcomer(o, context)) return nothing;
        const askers = ports.get(o.port, o.at) ?? new Map<Mac, Asker>();
        for (const [mac, { at }] of askers) if (o.at - at > windowMs || askers.size >= maxAskers) askers.delete(mac);
        askers.set(o.mac, { at: o.at, frame: o.frame, isStrange: isLocalMac(o.mac) || context.vendorOf(o.mac) === undefined });
        ports.set(o.port, askers, o.at);
        return byPort(o, askers);
      },
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

/** Found at the threshold and at each doubling, under the name of the first one, in the same words: one alarm. */
function byPort(o: Observation, askers: ReadonlyMap<Mac, Asker>): readonly Finding[] {
  const strange = [...askers].filter(([, { isStrange }]) => isStrange);
  const isReached = strange.length >= maxStrange && isDoubled(strange.length / maxStrange);
  const those = isReached ? strange : askers.size >= maxNewcomers && isDoubled(askers.size / maxNewcomers) ? [...askers] : [];
  const [first] = those;
  if (first === undefined) return nothing;
  const frames = those.map(([, { frame }]) => frame);
  return found({ ...o, mac: first[0] }, `ever new addresses on ${o.port} ask for leases and use none`).map(one => ({
    ...one,
    frames,
  }));
}

const isDoubled = (ratio: number): boolean => Number.isInteger(Math.log2(ratio));
