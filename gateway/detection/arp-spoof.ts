import type { Ip, Mac, Millis } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import { CappedMap } from './capped-map.ts';
import { isVirtualRouterMac } from '../model/address-class.ts';
import { isKnownRouter, isOfGroup, passesOn, saysItRoutes, speaksFrom, standInTogether, standsFor, usedSince } from './roles.ts';
import { type Context, type DetectionRule, found, nothing } from './rule.ts';

const [maxClaimants, togetherMs] = [4096, 60_000];
/** A holder that was silent for longer may have left its address. Milliseconds. */
const aliveMs = 5 * 60_000;

type Claims = ReadonlyMap<Mac, { readonly ip: Ip; readonly at: Millis }>;

/** Claims the addresses of two others, or that of a router that goes on using it, to stand in between. */
export const arpSpoof: DetectionRule = {
  name: 'arp-spoof',
  spec: 'RFC 826, RFC 4861: claims addresses of two live devices within a minute, or contests the address of a router',
  knownFalse: [
    'routers that stand in for each other (VRRP, HSRP, GLBP, CARP): the address is virtual for both',
    'a router that answers for the virtual address from its own hardware address too',
    'a router of the learning time that answers for others (proxy ARP)',
    'one address that fails over to another host',
    'an address leased anew',
    'an ARP probe from 0.0.0.0',
  ],
  about: ['contested', 'address'],
  create: () => {
    const claimants = new CappedMap<Mac, Claims>(maxClaimants, togetherMs);
    return {
      observe(o, context) {
        if (o.fact.kind === 'contested')
          return contestedRouter(o.mac, o.fact.mac, o.fact.ip, context).flatMap(([actor, victim, ip]) =>
            found({ ...o, mac: actor.mac, port: actor.port, vlan: actor.vlan }, `claims ${ip} of the router ${victim.mac}`, victim.mac),
          );
        if (o.fact.kind !== 'address' || !isClaim(o.collector)) return nothing;
        const { ip } = o.fact;
        if (isOfGroup(o.mac, context, ip)) return nothing;
        const sender = context.withMac(o.mac);
        if (sender.some(device => isKnownRouter(device, context.learnsUntil) || wasLeased(device, ip))) return nothing;
        const holders = liveHolders(o, ip, context).filter(holder => !sender.some(device => sharesIt(device, holder, ip, context)));
        if (holders.length === 0) return nothing;
        const before = [...(claimants.get(o.mac, o.at) ?? [])].filter(([, claim]) => o.at - claim.at <= togetherMs);
        const claims = new Map([...before, ...holders.map(({ mac }) => [mac, { ip, at: o.at }] as const)]);
        claimants.set(o.mac, claims, o.at);
        if (claims.size < 2 || new Set([...claims.values()].map(claim => claim.ip)).size < 2) return nothing;
        const claimed = [...claims].map(([mac, claim]) => `${claim.ip} of ${mac}`).join(' and ');
        const router = [...claims.keys()].find(mac => context.withMac(mac).some(routes));
        return found(o, `claims ${claimed}, to stand in between or for them (a cluster, a sleep proxy)`, router ?? [...claims.keys()][0]);
      },
    };
  },
};

/** The address is virtual for both; of a virtual hardware address it is enough that the other one stands in for it. */
const sharesIt = (a: Device, b: Device, ip: Ip, context: Context): boolean =>
  standInTogether(a, b, ip) || speaksFrom(a, b, ip) || (isVirtualRouterMac(b.mac) && standsFor(a, ip, context));

/** A victim is a router also when it only says so. */
const routes = (device: Device): boolean => saysItRoutes(device) || passesOn(device);

/** Protocols by which a host claims an address for its hardware address. */
const isClaim = (collector: string): boolean => collector === 'arp' || collector === 'ndp';

const wasLeased = ({ facts }: Device, ip: Ip): boolean => facts.some(({ fact }) => fact.kind === 'dhcp-lease' && fact.ip === ip);

/** Other devices that use the address in this segment and are not silent. */
const liveHolders = (o: { readonly mac: Mac; readonly vlan: number }, ip: Ip, { withIp, now, lastAt, isSameSegment }: Context) =>
  withIp(ip).filter(device => device.mac !== o.mac && isSameSegment(device.vlan, o.vlan) && now - lastAt(device) <= aliveMs);

/** Claimant, router and address, when one of the two who contest it routes, and it is not virtual for both. Who stands in between soon passes on frames too. */
function contestedRouter(a: Mac, b: Mac, ip: Ip, context: Context): readonly (readonly [actor: Device, victim: Device, ip: Ip])[] {
  const { withMac, isSameSegment, learnsUntil } = context;
  const pairs = withMac(a).flatMap(one => withMac(b).map(other => [one, other] as const));
  return pairs
    .filter(
      ([one, other]) => isSameSegment(one.vlan, other.vlan) && !sharesIt(one, other, ip, context) && !sharesIt(other, one, ip, context),
    )
    .map(([one, other]) => (usedSince(one, ip) > usedSince(other, ip) ? ([one, other, ip] as const) : ([other, one, ip] as const)))
    .filter(([, victim]) => routes(victim) || isOfGroup(victim.mac, context, ip))
    .filter(([actor]) => !isKnownRouter(actor, learnsUntil) && !isOfGroup(actor.mac, context, ip))
    .slice(0, 1);
}
