import { isInNetwork } from '../codec/network.ts';
import type { Ip } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import type { Observation } from '../model/fact.ts';
import type { ZoneSettings } from '../model/settings.ts';
import { CappedMap } from './capped-map.ts';
import { isOfGroup, isRouter } from './roles.ts';
import { type Context, type DetectionRule, type Finding, found, nothing } from './rule.ts';

/** Devices that are to be looked at, and after how long: who comes from elsewhere goes on with its old address until it is leased another. */
const [maxDue, settleMs] = [8192, 120_000];

/** Is in a zone where it does not belong: by the address it uses, or by the zone that the list of expected devices names for its serial. */
export const wrongZone: DetectionRule = {
  name: 'wrong-zone',
  spec: 'a device whose port or VLAN is of one zone and whose IP address of another or of none, or that is expected in another zone; for two minutes',
  knownFalse: [
    'a device that has just moved and goes on with its old lease',
    'a device that moves between ports of one zone',
    'a link-local address',
    'an IP version of which the zone names no prefix',
    'a router, which has addresses of several zones',
    'a zone that names no prefixes, or prefixes only',
  ],
  about: ['address', 'serial', 'seen'],
  create: () => {
    const due = new CappedMap<string, Observation>(maxDue, 10 * settleMs);
    return {
      observe(o, { arrival, uplinks, now }) {
        const says = o.fact.kind === 'address' || o.fact.kind === 'serial' || arrival !== 'known';
        const key = `${o.mac} ${o.port} ${o.vlan}`;
        if (says && !uplinks.includes(o.port) && due.get(key, now) === undefined) due.set(key, o, now);
        return nothing;
      },
      tick(context) {
        const findings: Finding[] = [];
        for (const [key, o] of due.entries(context.now, ({ at }) => context.now - at >= settleMs)) {
          due.delete(key);
          const device = context.withMac(o.mac).find(({ port, vlan }) => port === o.port && vlan === o.vlan);
          const why = device === undefined ? undefined : (wrongAddress(device, context) ?? wrongPlace(device, context));
          if (why !== undefined) findings.push(...found(o, why));
        }
        return findings;
      },
    };
  },
};

/** Only the latest address of each IP version counts: an older one may have been that of another place. */
function wrongAddress(device: Device, context: Context): string | undefined {
  const { mac, port, vlan, ips } = device;
  const own = context.zones.find(({ ports, vlans }) => ports?.includes(port) === true || vlans?.includes(vlan) === true);
  if (own === undefined || isOfGroup(mac, context) || isRouter(device, context)) return undefined;
  for (const is of [isIp4, isIp6]) {
    const ip = ips.findLast(one => is(one) && !isOfLink(one));
    if (ip === undefined || fits(own, ip)) continue;
    const other = context.zones.find(zone => fits(zone, ip));
    if (other !== undefined) return `uses ${ip} of the zone ${other.name} in the zone ${own.name}`;
    if (own.prefixes?.some(is) === true) return `uses ${ip}, which is no address of the zone ${own.name}`;
  }
  return undefined;
}

const isIp6 = (text: string): boolean => text.includes(':');
const isIp4 = (text: string): boolean => !isIp6(text);
const isOfLink = (ip: Ip): boolean => ip.startsWith('169.254.') || isInNetwork(ip, 'fe80::/10');

function wrongPlace(device: Device, { zones, expectedZones }: Context): string | undefined {
  const expected = expectedZones(device).filter(({ zone }) => zones.some(({ name }) => name === zone));
  const [first] = expected;
  if (first === undefined || expected.some(({ zone }) => zone === device.zone)) return undefined;
  return `is in the zone ${device.zone}; ${first.at} expects it in ${first.zone}`;
}

const fits = ({ prefixes }: ZoneSettings, ip: Ip): boolean => prefixes?.some(prefix => isInNetwork(ip, prefix)) === true;
