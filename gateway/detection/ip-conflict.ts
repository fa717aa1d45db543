import type { Device } from '../model/device.ts';
import { isOfGroup, speaksFrom, standInTogether, standsFor, usedSince } from './roles.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** Two devices go on using one address. */
export const ipConflict: DetectionRule = {
  name: 'ip-conflict',
  spec: 'RFC 5227 §2.4: an address is claimed by one device, by another, and by the first again; or it is ours',
  knownFalse: [
    'an address that fails over: the first no longer claims it',
    'one that fails over and back within a minute: both tell everybody, and neither answers for it meanwhile',
    'an address leased anew',
    'routers that stand in for each other: the address is virtual for both; one that answers from its own hardware address too',
    'one address plan in several VLANs',
    'an ARP probe from 0.0.0.0',
  ],
  about: ['contested', 'address'],
  create: () => ({
    observe(o, context) {
      const { withMac, isSameSegment, ownIps } = context;
      if (o.fact.kind === 'address') {
        const isClaim = o.collector === 'arp' || o.collector === 'ndp';
        return isClaim && ownIps.includes(o.fact.ip) ? found(o, `uses ${o.fact.ip}, the address of this gateway`) : nothing;
      }
      if (o.fact.kind !== 'contested') return nothing;
      const { ip, mac: other } = o.fact;
      const [one] = withMac(o.mac).filter(({ vlan }) => vlan === o.vlan);
      const rival = withMac(other).find(({ vlan }) => isSameSegment(vlan, o.vlan));
      if (one === undefined || rival === undefined || standInTogether(one, rival, ip)) return nothing;
      const isVirtual = (a: Device, b: Device): boolean =>
        isOfGroup(a.mac, context, ip) && (isOfGroup(b.mac, context, ip) || standsFor(b, ip, context));
      if (isVirtual(one, rival) || isVirtual(rival, one) || speaksFrom(one, rival, ip) || speaksFrom(rival, one, ip)) return nothing;
      const [actor, victim] = usedSince(one, ip) > usedSince(rival, ip) ? [one, rival] : [rival, one];
      const { mac, port, vlan } = actor;
      const detail = `uses ${ip}, which ${victim.mac} used before and still uses, unless both are ports of one host (a bond that balances)`;
      return found({ ...o, mac, port, vlan }, detail, victim.mac);
    },
  }),
};
