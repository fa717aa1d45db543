import type { Mac } from '../model/address.ts';
import type { Observation } from '../model/fact.ts';
import { CappedMap } from './capped-map.ts';
import { type Context, type DetectionRule, type Finding, found, nothing } from './rule.ts';

/** Names that hosts ask for by themselves and that no host should have. */
const baits: ReadonlySet<string> = new Set(['wpad', 'isatap']);
const [maxHosts, ageMs, maxNames] = [4096, 3_600_000, 40];
/** Names that an alarm shows: the last ones. */
const maxShown = 16;
/** Names that one host may give itself by mDNS within an hour beside its own: of other devices, and at all. A host of containers has one for each service. */
const [maxOfOthers, maxMore] = [1, 32];

/** Answers LLMNR, NBNS or mDNS questions for names that are not its own, so that credentials come to it. */
export const llmnrPoison: DetectionRule = {
  name: 'llmnr-poison',
  spec: `RFC 4795, RFC 1002, RFC 6762: one host answers for a name that is a bait, for the name of another device, or for two names that are not its own; by mDNS, where an answer is a name, for ${maxOfOthers + 1} names of others or ${maxMore + 1} of any`,
  knownFalse: [
    'a host answers for its own name',
    'a host with a second name',
    'a cluster: a name that moves from one machine to the next',
    'a name server for NetBIOS (WINS), which answers with the addresses of others',
    'one name with a number behind it after a conflict (RFC 6762 §9), one name on two interfaces',
    'a host of containers with a name for each service',
    'names made at random: of browsers (UUID), of Matter and Android devices',
  ],
  about: ['hostname', 'answers-for'],
  create: () => {
    const answered = new CappedMap<Mac, readonly string[]>(maxHosts, ageMs);
    const named = new CappedMap<Mac, readonly string[]>(maxHosts, ageMs);
    return {
      observe(o, context) {
        const { fact } = o;
        if (fact.kind === 'hostname' && o.collector === 'mdns') return byMdns(o, short(fact.name), named, context);
        if (fact.kind !== 'answers-for') return nothing;
        const name = short(fact.name);
        if (name === '' || ownNames(o.mac, context).includes(name)) return nothing;
        const names = [...new Set([...(answered.get(o.mac, o.at) ?? []), name])].slice(0, maxNames);
        answered.set(o.mac, names, o.at);
        return baits.has(name) || names.length > 1 || isAnothers(name, o.mac, context)
          ? found(o, `answers ${fact.protocol} questions for ${names.slice(0, maxShown).join(', ')}`)
          : nothing;
      },
    };
  },
};

/**
 * One name is enough when another device has that one and no other, and the sender has one of its own that has nothing to do with it. A second interface
 * says the name of its host itself; a name that moves between machines, of a cluster, is not the only one of who had it.
 */
function isAnothers(name: string, sender: Mac, context: Context): boolean {
  const own = ownNames(sender, context);
  if (own.length === 0 || own.some(one => stem(one) === stem(name))) return false;
  for (const { mac, hostnames = [] } of context.all())
    if (mac !== sender && hostnames.length > 0 && hostnames.every(({ value }) => short(value) === name)) return true;
  return false;
}

/** A multicast answer gives its sender a name, whoever asked for it: what it gives itself first is its own, what has nothing to do with that is not. */
function byMdns(o: Observation, name: string, named: CappedMap<Mac, readonly string[]>, context: Context): readonly Finding[] {
  if (baits.has(name)) return found(o, `answers mdns questions for ${name}`);
  const own = ownNames(o.mac, context);
  const before = named.get(o.mac, o.at) ?? [];
  const isRelated = [...own, ...before].some(other => stem(other) === stem(name));
  if (name === '' || isRelated || isRandom(name) || own.length === 0) return nothing;
  const names = [...before, name].slice(-maxNames);
  named.set(o.mac, names, o.at);
  if (names.length <= maxOfOthers) return nothing;
  const others = new Set<string>();
  for (const { mac, hostnames = [] } of context.all()) if (mac !== o.mac) for (const { value } of hostnames) others.add(short(value));
  const isTooMany = names.length > maxMore || names.filter(one => others.has(one)).length > maxOfOthers;
  return isTooMany ? found(o, `answers mdns questions for ${names.slice(-maxShown).join(', ')}`) : nothing;
}

const ownNames = (mac: Mac, { withMac }: Context): readonly string[] =>
  withMac(mac).flatMap(({ hostnames = [] }) => hostnames.map(({ value }) => short(value)));

const short = (name: string): string => (name.split('.', 1)[0] ?? '').toLowerCase();
/** Its first word, else what stands before a number at its end. */
const stem = (name: string): string => /^[a-z]{3,}/.exec(name)?.[0] ?? name.replace(/[-_ (]*\d+\)?$/, '');
const isRandom = (name: string): boolean => /^[0-9a-f]{12,}$/.test(name) || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name);
