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

/** Changes a controller that it was not seen to change while the site was learnt. */
export const unauthorisedWrite: DetectionRule = {
  name: 'unauthorised-write',
  spec: 'a write, control, program or DCP Set from a source that did none to this target in the learning time',
  knownFalse: ['the control system that writes all the time', 'reading'],
  about: ['acted'],
  create: () => ({
    observe(o, { now, learnsUntil, withMac, withIp }) {
      const { fact } = o;
      if (fact.kind !== 'acted' || now < learnsUntil) return nothing;
      const does = changing[fact.action];
      if (does === undefined) return nothing;
      const { target } = fact;
      const isUsual = withMac(o.mac).some(({ facts }) =>
        facts.some(({ at, fact: old }) => old.kind === 'acted' && old.target === target && old.action in changing && at < learnsUntil),
      );
      const victim = withIp(target)[0]?.mac ?? withMac(target)[0]?.mac;
      return isUsual ? nothing : found(o, `${does} ${target}: ${fact.detail}`, victim);
    },
  }),
};
