import { isLocalMac, type Mac, type PortName } from '../model/address.ts';
import { CappedMap } from './capped-map.ts';
import { isVirtualRouter } from './roles.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

const [maxPorts, ageMs] = [2048, 24 * 3_600_000];
/** Addresses that programs make up for what they run: containers, virtual machines, bonds. The lab of a vendor, no hiding. */
const made: readonly string[] = ['02:42:', '52:54:00:', '0a:00:27:', '02:00:4c:4f:4f:50'];

/** Comes with a made-up hardware address. All of a port are one alarm, since phones change theirs again and again. */
export const randomisedMac: DetectionRule = {
  name: 'randomised-mac',
  spec: 'IEEE 802 §8.4: a locally administered hardware address that appears after the learning time',
  knownFalse: ['containers and virtual machines', 'routers that stand in for each other', 'a phone that changes its address: no new alarm'],
  about: ['seen'],
  create: () => {
    const first = new CappedMap<PortName, Mac>(maxPorts, ageMs);
    return {
      observe(o, { arrival, now, learnsUntil }) {
        if (arrival !== 'found' || now < learnsUntil || !isLocalMac(o.mac)) return nothing;
        if (isVirtualRouter(o.mac) || made.some(prefix => o.mac.startsWith(prefix))) return nothing;
        const known = first.get(o.port, o.at);
        if (known === undefined) first.set(o.port, o.mac, o.at);
        return found({ ...o, mac: known ?? o.mac }, `made-up hardware addresses on ${o.port}`);
      },
    };
  },
};
