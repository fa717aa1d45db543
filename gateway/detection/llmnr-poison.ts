import type { Mac } from '../model/address.ts';
import { CappedMap } from './capped-map.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** Names that hosts ask for by themselves and that no host should have. */
const baits: ReadonlySet<string> = new Set(['wpad', 'isatap']);
const [maxHosts, ageMs, maxNames] = [4096, 3_600_000, 16];

/** Answers LLMNR, NBNS or mDNS questions for names that are not its own, so that credentials come to it. */
export const llmnrPoison: DetectionRule = {
  name: 'llmnr-poison',
  spec: 'RFC 4795, RFC 1002: one host answers for a name that is a bait, is of another device, or for two names that are not its own',
  knownFalse: ['a host answers for its own name', 'a host with a second name'],
  create: () => {
    const answered = new CappedMap<Mac, readonly string[]>(maxHosts, ageMs);
    return {
      observe(o, { withMac }) {
        if (o.fact.kind !== 'answers-for') return nothing;
        const name = short(o.fact.name);
        if (name === '' || withMac(o.mac).some(({ hostnames = [] }) => hostnames.some(({ value }) => short(value) === name)))
          return nothing;
        const names = [...new Set([...(answered.get(o.mac, o.at) ?? []), name])].slice(0, maxNames);
        answered.set(o.mac, names, o.at);
        return baits.has(name) || names.length > 1 ? found(o, `answers ${o.fact.protocol} questions for ${names.join(', ')}`) : nothing;
      },
    };
  },
};

const short = (name: string): string => (name.split('.', 1)[0] ?? '').toLowerCase();
