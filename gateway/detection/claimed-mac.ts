import { isVirtualRouter } from './roles.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** Says by ARP that an IP address is at a hardware address that is not its own. */
export const claimedMac: DetectionRule = {
  name: 'claimed-mac',
  spec: 'RFC 826: the sender hardware address of an ARP is not the source of its frame',
  knownFalse: ['a router speaks for the virtual address of its group (VRRP, HSRP, GLBP)'],
  about: ['claimed-mac'],
  create: () => ({
    observe(o) {
      if (o.fact.kind !== 'claimed-mac' || isVirtualRouter(o.fact.mac) || isVirtualRouter(o.mac)) return nothing;
      return found(o, `${o.mac} says that ${o.fact.ip} is at ${o.fact.mac}`, o.fact.mac);
    },
  }),
};
