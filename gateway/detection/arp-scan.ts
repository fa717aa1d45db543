import type { Ip } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import { isOfGroup, isRouter, wasUsual } from './roles.ts';
import { type Context, type DetectionRule, foundSince, nothing } from './rule.ts';

/**
 * Distinct addresses asked for that nobody has: within a minute, and within a day. A server whose list is stale asks for some hosts that are gone; who
 * goes through a network meets those that never were. Of the day's, the last ones are named, and a quarter may be known to be off.
 */
const [maxOfMinute, maxOfDay] = [32, 48];
/** Distinct addresses asked for within a minute, whoever has them: more than a newcomer needs, and more than anybody does. Who was here for a day is no newcomer. */
const [maxOfNewcomer, maxOfAnybody, newMs] = [64, 512, 24 * 3_600_000];

/** Asks for one address after the other by ARP or neighbour discovery, to find who is there: fast, or so slowly that only a day shows it. */
export const arpScan: DetectionRule = {
  name: 'arp-scan',
  spec: `RFC 826, RFC 4861: asks for ${maxOfMinute} or more addresses within a minute, or 64 within a day, that nobody answers for and no device is known to use; for ${maxOfAnybody} within a minute whoever has them, a newcomer for ${maxOfNewcomer}`,
  knownFalse: [
    'a router asks for hosts that traffic from outside is for',
    'a server that asks for all hosts of the site: they answer, or are known, and it was here for a day or in the learning time',
    'a controller that asks for devices which are switched off: they are known',
    'a search that ran while the site was learnt',
    'a DHCP server that asks whether an address is free before it leases it: it is used then',
  ],
  about: ['acted'],
  create: () => ({
    observe(o, context) {
      if (o.fact.kind !== 'acted' || o.fact.action !== 'scan-arp' || isOfGroup(o.mac, context)) return nothing;
      const { detail, target } = o.fact;
      const sender = context.withMac(o.mac);
      if (sender.some(device => isRouter(device, context) || wasUsual(device, o.fact, context))) return nothing;
      if (target === 'everybody') return isMany(detail, sender, context) ? foundSince(o, detail, `asked for ${detail}`) : nothing;
      const [said = '', named = ''] = detail.split(': ', 2);
      const ips = addressesOf(named);
      const strange = ips.filter(ip => !isKnown(ip, context));
      const max = said.includes('a day') ? maxOfDay : maxOfMinute;
      if (strange.length < max) return nothing;
      return foundSince(o, said, `asked for addresses that nobody has: ${detail}`);
    },
  }),
};

function isMany(detail: string, sender: readonly Device[], { now, learnsUntil }: Context): boolean {
  const isNew = sender.every(({ firstSeen }) => firstSeen >= learnsUntil && now - firstSeen < newMs);
  return Number.parseInt(detail, 10) >= (isNew ? maxOfNewcomer : maxOfAnybody);
}

const isKnown = (ip: Ip, { withIp, ownIps }: Context): boolean => withIp(ip).length > 0 || ownIps.includes(ip);

/** `10.0.0.3-5 10.0.0.9`, as one by one. */
function addressesOf(text: string): readonly Ip[] {
  return text.split(' ').flatMap(part => {
    const range = /^(\d+\.\d+\.\d+\.)(\d{1,3})-(\d{1,3})$/.exec(part);
    if (range === null) return part === '' ? [] : [part];
    const [, net = '', from = '0', to = '0'] = range;
    return Array.from({ length: Math.max(0, Math.min(255, Number(to)) - Number(from) + 1) }, (_, i) => `${net}${Number(from) + i}`);
  });
}
