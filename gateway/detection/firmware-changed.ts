import { type DetectionRule, found, nothing } from './rule.ts';

/** Says by the same protocol that it runs another firmware than before: an update, a downgrade or another device. */
export const firmwareChanged: DetectionRule = {
  name: 'firmware-changed',
  spec: 'a firmware version other than the one that the same address said by the same protocol before',
  knownFalse: ['two protocols that write one version in two ways', 'a version that is told in full later'],
  about: ['firmware'],
  create: () => ({
    observe(o, { withMac }) {
      const { fact } = o;
      if (fact.kind !== 'firmware') return nothing;
      const old = withMac(o.mac)
        .flatMap(({ facts }) => facts)
        .find(one => one.collector === o.collector && one.fact.kind === 'firmware');
      if (old?.fact.kind !== 'firmware') return nothing;
      const [before, now] = [old.fact.text, fact.text];
      if (before.includes(now) || now.includes(before)) return nothing;
      return found(o, `runs ${now} instead of ${before}, by ${o.collector}`);
    },
  }),
};
