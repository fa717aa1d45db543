import { type DetectionRule, found, nothing } from './rule.ts';

/** The manager of a redundant ring says that it is open: the next fault cuts the line. */
export const ringBroken: DetectionRule = {
  name: 'ring-broken',
  spec: 'IEC 62439-2 (MRP), ODVA CIP Vol. 2 (DLR): the manager’s test frames name the ring open or faulty after it was closed',
  knownFalse: ['a ring that is open while it is built: it was never closed'],
  about: ['bridge'],
  create: () => ({
    observe(o, { withMac }) {
      const { fact } = o;
      if (fact.kind !== 'bridge' || (fact.protocol !== 'mrp' && fact.protocol !== 'dlr') || !isOpen(fact.detail)) return nothing;
      const wasClosed = withMac(o.mac).some(({ facts }) =>
        facts.some(({ fact: old }) => old.kind === 'bridge' && old.protocol === fact.protocol && isClosed(old.detail)),
      );
      return wasClosed ? found(o, `${fact.protocol}: ${fact.detail}`) : nothing;
    },
  }),
};

const isOpen = (detail: string): boolean => /\bring (open|fault)/.test(detail);
const isClosed = (detail: string): boolean => /\bring (closed|normal)/.test(detail);
