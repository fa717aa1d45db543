import type { Mac } from '../model/address.ts';
import { isOfGroup, isRouter, standsFor } from './roles.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** Says by ARP that an IP address is at a hardware address that is not its own. */
export const claimedMac: DetectionRule = {
  name: 'claimed-mac',
  spec: 'RFC 826: the sender hardware address of an ARP is not the source of its frame',
  knownFalse: ['a router speaks for the virtual address of its group (VRRP, HSRP, GLBP)'],
  about: ['claimed-mac'],
  create: () => ({
    observe(o, context) {
      if (o.fact.kind !== 'claimed-mac') return nothing;
      const { mac, ip } = o.fact;
      const speaks = (sender: Mac): boolean =>
        isOfGroup(sender, context) || context.withMac(sender).some(device => isRouter(device, context) || standsFor(device, ip, context));
      if ((isOfGroup(mac, context, ip) && speaks(o.mac)) || (isOfGroup(o.mac, context) && speaks(mac))) return nothing;
      return found(o, `${o.mac} says that ${ip} is at ${mac}`, mac);
    },
  }),
};
