import { isRouter } from './roles.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** Distinct addresses asked for; a router asks for whomever traffic from outside is for, so it may ask for many more. */
const [maxAsked, maxAskedByRouter] = [64, 4096];

/** Asks by ARP for one address after the other, to find who is there. */
export const arpScan: DetectionRule = {
  name: 'arp-scan',
  spec: `asks by ARP for ${maxAsked} or more addresses in a short time`,
  knownFalse: ['a router asks for hosts that traffic from outside is for'],
  about: ['acted'],
  create: () => ({
    observe(o, context) {
      if (o.fact.kind !== 'acted' || o.fact.action !== 'scan-arp') return nothing;
      const asked = Number.parseInt(o.fact.detail, 10);
      const max = context.withMac(o.mac).some(device => isRouter(device, context)) ? maxAskedByRouter : maxAsked;
      return asked >= max ? found(o, `asked for ${asked} addresses`) : nothing;
    },
  }),
};
