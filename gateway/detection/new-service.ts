import { type DetectionRule, found, nothing } from './rule.ts';

/** A device that was there for so long is known with its services. Milliseconds. */
const settledMs = 3_600_000;
/** Services that show up together belong to one update; those of a device are one alarm anyway. */
const lowestDynamicPort = 49_152;

/** A device that has long been known answers on a port where it never did. */
export const newService: DetectionRule = {
  name: 'new-service',
  spec: 'a TCP or UDP service of a device that has been known for an hour and more, and served others in that time',
  knownFalse: ['a port of the dynamic range (RFC 6335 §6)', 'a device of which no service was known yet'],
  about: ['service'],
  create: () => ({
    observe(o, { now, learnsUntil, withMac }) {
      const { fact } = o;
      if (fact.kind !== 'service' || fact.port >= lowestDynamicPort || now < learnsUntil) return nothing;
      const device = withMac(o.mac).find(({ port, vlan }) => port === o.port && vlan === o.vlan);
      const service = `${fact.protocol}/${fact.port}`;
      if (device === undefined || now - device.firstSeen < settledMs || device.services.length === 0) return nothing;
      return device.services.some(known => known.service === service)
        ? nothing
        : found(o, `now serves ${service}${fact.name === undefined ? '' : ` (${fact.name})`}`);
    },
  }),
};
