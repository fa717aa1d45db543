import type { Millis } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import type { Observation } from '../model/fact.ts';
import { isKnownRouter, isOfGroup, passedOn, passesOn, routedAddresses, standInTogether, wasUsual } from './roles.ts';
import { type Context, type DetectionRule, type Finding, found, nothing } from './rule.ts';

/** A gateway passes on something at least so often. Milliseconds. */
const goneMs = 60_000;

/** Passes on frames of others without having said that it routes: a hot spot, a second gateway, a host with two networks. */
export const hiddenRouter: DetectionRule = {
  name: 'hidden-router',
  spec: `${routedAddresses} or more source addresses with a hop counted, from a device that neither said in the learning time that it routes, nor stands in for the gateway, nor is it, and that no DHCP server names; or several systems with a hop counted from its own address (RFC 3022)`,
  knownFalse: [
    'the gateway of the site',
    'a device on an uplink',
    'a router that said so in the learning time (RA, VRRP, HSRP), or passed on frames in it',
    'a router that stands in for the gateway: both say so',
    'one that was put in the place of the gateway: that is silent since it came',
    'a router that the DHCP server of the site names to its clients',
    'a host of containers or with one guest system, which passes on what one system sends',
    'a search for the way, which counts up times to live',
  ],
  about: ['behind', 'acted'],
  create: () => ({
    observe(o, context) {
      const { now, learnsUntil, withMac, all, uplinks, lastAt } = context;
      if (now < learnsUntil || uplinks.includes(o.port) || isOfGroup(o.mac, context)) return nothing;
      if (o.fact.kind === 'acted') return translates(o, context);
      if (o.fact.kind !== 'behind') return nothing;
      const devices = withMac(o.mac);
      if (devices.some(device => isKnownRouter(device, learnsUntil) || saidKind(device, learnsUntil))) return nothing;
      const behind = new Set(devices.flatMap(({ facts }) => facts.flatMap(({ fact }) => (fact.kind === 'behind' ? fact.ip : []))));
      behind.add(o.fact.ip);
      if (behind.size < routedAddresses || devices.some(device => passedOn(device, learnsUntil))) return nothing;
      if (isNamed(devices, all())) return nothing;
      // The first one that passes on frames is the gateway; who does so besides it is hidden.
      const gateways = [...all()].filter(
        ({ mac, facts }) => mac !== o.mac && facts.filter(({ fact }) => fact.kind === 'behind').length >= routedAddresses,
      );
      if (gateways.some(gateway => devices.some(device => standInTogether(device, gateway)))) return nothing;
      const [gateway] = gateways.filter(one => !isReplaced(lastAt(one), devices, now));
      return gateway === undefined
        ? nothing
        : found(
            o,
            `passes on frames of ${[...behind].slice(0, routedAddresses).join(', ')} beside the gateway ${gateway.mac}`,
            gateway.mac,
          );
    },
  }),
};

/** The gateway, which spoke last then, was gone when the other one came, and has been since. */
const isReplaced = (lastAt: Millis, by: readonly Device[], now: Millis): boolean =>
  by.every(({ firstSeen }) => lastAt < firstSeen) && now - lastAt >= goneMs;

/** Others send from its own address. The gateway does so too, and is seen to pass on what comes from outside. */
function translates(o: Observation, context: Context): readonly Finding[] {
  const { fact } = o;
  if (fact.kind !== 'acted' || fact.action !== 'translate') return nothing;
  const { learnsUntil, withMac, all } = context;
  const devices = withMac(o.mac);
  const isExcused = devices.some(
    device => passesOn(device) || isKnownRouter(device, learnsUntil) || saidKind(device, learnsUntil) || wasUsual(device, fact, context),
  );
  return isExcused || isNamed(devices, all()) ? nothing : found(o, `sends for others from ${fact.target}: ${fact.detail}`);
}

/** It said so while the site was learnt; later anybody could. */
const saidKind = ({ fields: { deviceKind } }: Device, learnsUntil: Millis): boolean =>
  deviceKind?.value === 'router' && deviceKind.at < learnsUntil;

/** A DHCP server that it is not itself gave it to others as their router. RFC 2132 §3.5. */
function isNamed(devices: readonly Device[], all: Iterable<Device>): boolean {
  const own = new Set(devices.flatMap(({ ips }) => ips));
  return [...all].some(({ facts }) =>
    facts.some(({ fact }) => fact.kind === 'dhcp-lease' && fact.router !== undefined && own.has(fact.router) && !own.has(fact.server)),
  );
}
