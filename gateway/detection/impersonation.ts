import type { Mac } from '../model/address.ts';
import { identifierSchemes } from '../model/fact.ts';
import { CappedMap } from './capped-map.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

const [maxIdentities, ageMs] = [16_384, 24 * 3_600_000];
/** A hardware address inside a name, `axis-00408c123456`. */
const embedded = /(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])/i;
/** Identities that a device has once: the serial of its type plate, the name that an engineer gave it. */
const plates: ReadonlySet<string> = new Set(identifierSchemes.filter(scheme => ['cip-serial', 's7-serial', 'knx-serial'].includes(scheme)));

/** Says that it is a device which its hardware address cannot be: a name made from another maker's address, or another one's type plate. */
export const impersonation: DetectionRule = {
  name: 'impersonation',
  spec: 'a name with a hardware address of a maker, spoken from an address that is not that maker’s; a serial that another device shows',
  knownFalse: [
    'a device with several interfaces names itself after one of them: the maker is the same',
    'a serial number that looks like an address',
  ],
  create: () => {
    const shown = new CappedMap<string, Mac>(maxIdentities, ageMs);
    return {
      observe(o, { withMac, vendorOf }) {
        const { fact } = o;
        if (fact.kind === 'hostname') {
          const digits = embedded.exec(fact.name)?.[0].toLowerCase();
          const mac = digits?.replace(/..(?=.)/g, '$&:');
          const maker = mac === undefined ? undefined : vendorOf(mac);
          if (mac === undefined || mac === o.mac || maker === undefined || maker === vendorOf(o.mac)) return nothing;
          const word = (maker.split(/[^\p{L}\p{N}]+/u, 1)[0] ?? '').toLowerCase();
          if (word.length < 3 || !fact.name.toLowerCase().includes(word)) return nothing;
          return found(o, `calls itself ${fact.name} of ${maker}, but its address is registered to ${vendorOf(o.mac) ?? 'nobody'}`);
        }
        if (fact.kind !== 'identifier' || !plates.has(fact.scheme)) return nothing;
        const key = `${fact.scheme} ${fact.value}`;
        const other = shown.get(key, o.at);
        if (other === undefined || other === o.mac) shown.set(key, o.mac, o.at);
        const isOther = other !== undefined && other !== o.mac && withMac(other).length > 0 && vendorOf(other) !== vendorOf(o.mac);
        return isOther ? found(o, `shows the ${fact.scheme} ${fact.value} of ${other}`, other) : nothing;
      },
    };
  },
};
