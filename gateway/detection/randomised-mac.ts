import { isStandIn } from '../codec/link-ip.ts';
import { isLocalMac, type Mac, type PortName } from '../model/address.ts';
import { CappedMap } from './capped-map.ts';
import { isVirtualRouterMac } from '../model/address-class.ts';
import type { Observation } from '../model/fact.ts';
import { type Context, type DetectionRule, type Finding, found, nothing } from './rule.ts';

const [maxPorts, ageMs] = [2048, 24 * 3_600_000];
/** Those that are a registered address of their port but for that bit, until the next tick: then it is known what they speak. */
const [maxTwins, twinMs] = [256, 60_000];
/**
 * Addresses that programs make up for what they run: containers, virtual machines, bonds. The lab of a vendor, no hiding. And the nodes of DECnet, whose
 * registered range has that bit, and 127.0.0.0/8 and ::1, for which a capture of all interfaces of a host has such ones beside real ones.
 */
const made: readonly string[] = [
  '02:42:',
  '52:54:00:',
  'fe:54:00:',
  '0a:00:27:',
  '02:00:4c:4f:4f:50',
  'aa:00:04:',
  '52:79:7f:',
  '52:79:00:00:00:01',
];

/** Comes with a made-up hardware address. All of a port are one alarm, since phones change theirs again and again. */
export const randomisedMac: DetectionRule = {
  name: 'randomised-mac',
  spec: 'IEEE 802 §8.4: a locally administered hardware address that appears after the learning time',
  knownFalse: [
    'containers and virtual machines',
    'nodes of DECnet',
    'routers that stand in for each other',
    'a phone that changes its address: no new alarm',
    'a host that speaks to itself in a capture of all its interfaces',
    'a capture of raw IP, where every address stands for an IP address',
    'frames that an EtherCAT master gets back: the last slave sets that bit of its address',
  ],
  about: ['seen'],
  create: () => {
    const first = new CappedMap<PortName, Mac>(maxPorts, ageMs);
    const twins = new CappedMap<Mac, Observation>(maxTwins, twinMs);
    const tell = (o: Observation): readonly Finding[] => {
      const known = first.get(o.port, o.at);
      if (known === undefined) first.set(o.port, o.mac, o.at);
      return found({ ...o, mac: known ?? o.mac }, `made-up hardware addresses on ${o.port}`);
    };
    return {
      observe(o, { arrival, now, learnsUntil, withMac, all }) {
        if (arrival !== 'found' || now < learnsUntil || !isLocalMac(o.mac)) return nothing;
        if (isVirtualRouterMac(o.mac) || made.some(prefix => o.mac.startsWith(prefix))) return nothing;
        if (isMadeOfIp(o.mac) && isRawIp(all())) return nothing;
        if (!withMac(registered(o.mac)).some(({ port }) => port === o.port)) return tell(o);
        twins.set(o.mac, o, o.at);
        return nothing;
      },
      tick: context =>
        twins.entries(context.now).flatMap(([mac, o]) => {
          twins.delete(mac);
          return isEtherCat(mac, context) && isEtherCat(registered(mac), context) ? nothing : tell(o);
        }),
    };
  },
};

const isMadeOfIp = (mac: Mac): boolean => isStandIn(Number.parseInt(mac.slice(0, 2) + mac.slice(3, 5), 16));
/** Nobody there has a real one: who takes such an address on a network of stations is told like any other. */
function isRawIp(devices: Iterable<{ readonly mac: Mac }>): boolean {
  for (const { mac } of devices) if (!isMadeOfIp(mac)) return false;
  return true;
}

/** The address with that bit cleared. ETG.1000.4 §4.5. */
const registered = (mac: Mac): Mac => `${(Number.parseInt(mac.slice(0, 2), 16) & ~2).toString(16).padStart(2, '0')}${mac.slice(2)}`;
const isEtherCat = (mac: Mac, { withMac }: Context): boolean => withMac(mac).some(({ protocols = [] }) => protocols.includes('ethercat'));
