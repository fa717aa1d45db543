import { wasUsual } from './roles.ts';
import { type DetectionRule, foundSince, nothing } from './rule.ts';

/** Distinct targets that refused or did not answer. */
const maxKnocked = 16;

/** Tries to connect to many hosts or ports that do not let it in. */
export const portScan: DetectionRule = {
  name: 'port-scan',
  spec: `${maxKnocked} or more connections to different hosts or ports that were refused or not answered within a minute, 64 within an hour; segments of no connection (RFC 9293 §3.10.7) and protocols above IP that no network uses count too`,
  knownFalse: [
    'a server that many devices answer',
    'a poller of many controllers that all answer',
    'connections that a host which has restarted no longer knows: to one port of it each',
    'a router that speaks many protocols above IP',
    'a controller that is switched off and tried again and again, or all of them whom it could reach before',
    'an inventory that ran while the site was learnt',
    'a search for the way, and answers to who no longer waits',
  ],
  about: ['acted'],
  create: () => ({
    observe(o, context) {
      if (o.fact.kind !== 'acted' || o.fact.action !== 'scan-ports') return nothing;
      const { fact } = o;
      if (context.withMac(o.mac).some(device => wasUsual(device, fact, context))) return nothing;
      const knocked = Number.parseInt(fact.detail, 10);
      return knocked >= maxKnocked ? foundSince(o, fact.detail, `knocked in vain at ${knocked} hosts or ports`) : nothing;
    },
  }),
};
