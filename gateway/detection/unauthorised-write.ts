import type { Millis } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import type { ActionName } from '../model/fact.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** Acts that change a controller or its place on the network. */
const changing: Partial<Readonly<Record<ActionName, string>>> = {
  write: 'writes to',
  'set-name': 'names',
  'set-address': 'gives an address to',
  control: 'controls',
  upload: 'reads the program of',
  download: 'writes the program of',
};

/** Who changed so many while the site was learnt is its control system: of 96 facts that are remembered of a device, the first may be gone. */
const manyTargets = 32;

/** Changes a controller that it was not seen to change while the site was learnt. */
export const unauthorisedWrite: DetectionRule = {
  name: 'unauthorised-write',
  spec: 'a write, control, program or DCP Set from a source that did none to this target in the learning time',
  knownFalse: [
    'the control system that writes all the time, in other words each time',
    'a control system that writes to more controllers than are remembered of it, after a restart',
    'reading',
  ],
  about: ['acted'],
  create: () => ({
    observe(o, { now, learnsUntil, withMac, withIp }) {
      const { fact } = o;
      if (fact.kind !== 'acted' || now < learnsUntil) return nothing;
      const does = changing[fact.action];
      if (does === undefined) return nothing;
      const { target } = fact;
      const [victim] = [...withIp(target), ...withMac(target)];
      const wasThere = victim !== undefined && victim.firstSeen < learnsUntil;
      const isUsual = withMac(o.mac).some(device => {
        const learnt = changedIn(device, learnsUntil);
        return learnt.has(target) || (wasThere && learnt.size >= manyTargets);
      });
      return isUsual ? nothing : found(o, `${does} ${target}: ${fact.detail}`, victim?.mac);
    },
  }),
};

/** Whom it changed while the site was learnt, as far as that is remembered. */
function changedIn({ facts }: Device, learnsUntil: Millis): ReadonlySet<string> {
  const targets = new Set<string>();
  for (const { at, since = at, fact } of facts)
    if (since < learnsUntil && fact.kind === 'acted' && fact.action in changing) targets.add(fact.target);
  return targets;
}
