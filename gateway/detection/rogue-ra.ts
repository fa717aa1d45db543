import type { Mac } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import { CappedMap } from './capped-map.ts';
import { isKnownRouter, passesOn, standInTogether } from './roles.ts';
import { type DetectionRule, type Finding, found, nothing } from './rule.ts';

const [maxSenders, ageMs] = [256, 24 * 3_600_000];

/** Announces itself as IPv6 router where another one routes. */
export const rogueRa: DetectionRule = {
  name: 'rogue-ra',
  spec: 'RFC 4861 §4.2: Router Advertisements of a host that does not route, beside those of one that does or was first; RFC 4191: or that asks to be preferred where another one routes',
  knownFalse: [
    'two routers that both route',
    'a router for IPv6 alone: it does not ask to be preferred',
    'routers that stand in for each other (VRRP, HSRP, CARP): both say so of one virtual address',
  ],
  about: ['router'],
  create: () => {
    /** What the inventory knows from before a restart is taken in once; who went makes way after a day. */
    const senders = new CappedMap<Mac, Finding>(maxSenders, Infinity);
    let isAware = false;
    /** Those that asked to be preferred, until they route or are told. */
    const preferred = new CappedMap<Mac, Finding>(maxSenders, ageMs);
    return {
      observe(o, { withMac, isSameSegment, learnsUntil, lastAt, now, all }) {
        if (o.fact.kind !== 'router' || o.fact.protocol !== 'ra') return nothing;
        if (!isAware) for (const known of advertisersOf(all())) senders.set(known.actor, known, known.at);
        isAware = true;
        const isHere = (mac: Mac): boolean => withMac(mac).some(device => now - lastAt(device) <= ageMs);
        const routes = (mac: Mac): boolean => withMac(mac).some(device => passesOn(device) || isKnownRouter(device, learnsUntil, 'ra'));
        const standIn = (a: Mac, b: Mac): boolean => withMac(a).some(one => withMac(b).some(other => standInTogether(one, other)));
        const [said] = found(o, `announces itself as IPv6 router: ${o.fact.detail}`);
        if (said === undefined) return nothing;
        if (o.fact.isPreferred === true && !routes(o.mac)) preferred.set(o.mac, said, o.at);
        const others = senders.entries(o.at).filter(([mac, other]) => mac !== o.mac && isSameSegment(other.vlan, o.vlan) && isHere(mac));
        if (senders.get(o.mac, o.at) === undefined) senders.set(o.mac, said, o.at);
        const first = others[0]?.[1];
        if (first === undefined || standIn(o.mac, first.actor)) return nothing;
        if (!routes(o.mac)) return [{ ...said, victim: first.actor }];
        // The one that was first may have been the rogue: now that a router speaks, who does not route stands out.
        return others.filter(([mac]) => !routes(mac) && !standIn(o.mac, mac)).map(([, other]) => ({ ...other, victim: o.mac }));
      },
      tick({ now, all, withMac, isSameSegment, learnsUntil }) {
        if (preferred.size === 0) return nothing;
        const routers = [...all()].filter(device => passesOn(device));
        return preferred.entries(now).flatMap(([mac, said]) => {
          const senders = withMac(mac);
          const router = routers.find(one => one.mac !== mac && isSameSegment(one.vlan, said.vlan));
          const isRouter = senders.some(device => passesOn(device) || isKnownRouter(device, learnsUntil));
          if (router === undefined && !isRouter) return nothing;
          preferred.delete(mac);
          const isExcused = isRouter || router === undefined || senders.some(device => standInTogether(device, router));
          return isExcused ? nothing : [{ ...said, victim: router.mac }];
        });
      },
    };
  },
};

/** Those that the inventory knows, the first one first. */
const advertisersOf = (devices: Iterable<Device>): readonly Finding[] =>
  [...devices]
    .flatMap(({ mac, port, vlan, facts }) =>
      facts.flatMap(({ fact, at, frame }) =>
        fact.kind === 'router' && fact.protocol === 'ra'
          ? [{ actor: mac, port, vlan, at, frame, detail: `announces itself as IPv6 router: ${fact.detail}` }]
          : [],
      ),
    )
    .toSorted((a, b) => a.at - b.at);
