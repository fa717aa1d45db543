import { isClusterMac } from '../model/address-class.ts';
import type { Ip, Mac } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import type { Observation } from '../model/fact.ts';
import { isOfGroup, isRouter, standsFor } from './roles.ts';
import { type Context, type DetectionRule, found, nothing } from './rule.ts';

/** Says by ARP that an IP address is at a hardware address that is not its own. */
export const claimedMac: DetectionRule = {
  name: 'claimed-mac',
  spec: 'RFC 826: the sender hardware address of an ARP is not the source of its frame',
  knownFalse: [
    'a router speaks for the virtual address of its group (VRRP, HSRP, GLBP)',
    'a host of a cluster (Windows NLB) speaks for the hardware address that is made of the IP address of the cluster, which is nobody else’s',
  ],
  about: ['claimed-mac'],
  create: () => ({
    observe(o, context) {
      if (o.fact.kind !== 'claimed-mac') return nothing;
      const { mac, ip } = o.fact;
      const speaks = (sender: Mac): boolean =>
        isOfGroup(sender, context) || context.withMac(sender).some(device => isRouter(device, context) || standsFor(device, ip, context));
      if ((isOfGroup(mac, context, ip) && speaks(o.mac)) || (isOfGroup(o.mac, context) && speaks(mac))) return nothing;
      if (isClusterMac(mac, ip) && !isTaken(ip, mac, o, context)) return nothing;
      return found(o, `${o.mac} says that ${ip} is at ${mac}`, mac);
    },
  }),
};

/** True iff somebody else uses the IP address who does not say himself that it is at the hardware address of the cluster. */
const isTaken = (ip: Ip, cluster: Mac, o: Observation, { withIp, ownIps, isSameSegment }: Context): boolean =>
  ownIps.includes(ip) ||
  withIp(ip).some(device => device.mac !== o.mac && isSameSegment(device.vlan, o.vlan) && !speaksFor(device, cluster));

const speaksFor = ({ facts }: Device, mac: Mac): boolean => facts.some(({ fact }) => fact.kind === 'claimed-mac' && fact.mac === mac);
