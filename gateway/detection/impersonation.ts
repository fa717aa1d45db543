import type { Mac } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import { type Fact, identifierSchemes, type Observation } from '../model/fact.ts';
import { isVirtualRouterMac } from '../model/address-class.ts';
import { CappedMap } from './capped-map.ts';
import { isOfGroup, isRouter, passedOn, passesOn } from './roles.ts';
import { type Context, type DetectionRule, type Finding, found, nothing } from './rule.ts';

/** Senders of redirects that are not judged yet, and after how long a router has passed on something. Milliseconds. */
const [maxRedirects, forwardsMs] = [4096, 5000];
/** A hardware address inside a name, `axis-00408c123456`. */
const embedded = /(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])/i;
/** Identities that a device has once: the serial of its type plate, the name that an engineer gave it. */
const plates: ReadonlySet<string> = new Set(identifierSchemes.filter(scheme => ['cip-serial', 's7-serial', 'knx-serial'].includes(scheme)));

type Router = Extract<Fact, { readonly kind: 'router' }>;

/** Says that it is a device which its hardware address cannot be: a name made from another maker's address, or another one's type plate. */
export const impersonation: DetectionRule = {
  name: 'impersonation',
  spec: 'a name with a hardware address of a maker, spoken from an address that is not that maker’s; a serial that another device shows; a device that came after the learning time and stands in for the virtual address of routers that were there; a host that redirects others and passes on nothing',
  knownFalse: [
    'a device with several interfaces names itself after one of them: the maker is the same',
    'a serial number that looks like an address',
    'a router of the group that was silent until the first one failed: it was there before',
    'a group that is new itself',
    'a router that redirects its hosts: it passes on what they send meanwhile',
  ],
  about: ['router', 'hostname', 'identifier'],
  create: () => {
    const redirects = new CappedMap<Mac, Observation>(maxRedirects, 10 * forwardsMs);
    return {
      observe(o, context) {
        const { vendorOf } = context;
        const { fact } = o;
        if (fact.kind === 'router' && fact.protocol === 'redirect') redirects.set(o.mac, o, o.at);
        if (fact.kind === 'router') return joins(o, fact, context);
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
        const other = context.showing(fact.scheme, fact.value).find(({ mac }) => mac !== o.mac)?.mac;
        const isOther = other !== undefined && vendorOf(other) !== vendorOf(o.mac);
        return isOther ? found(o, `shows the ${fact.scheme} ${fact.value} of ${other}`, other) : nothing;
      },
      tick: context =>
        redirects
          .entries(context.now, ({ at }) => context.now - at >= forwardsMs)
          .flatMap(([mac, o]) => {
            redirects.delete(mac);
            return redirectsFalsely(o, context);
          }),
    };
  },
};

/**
 * Whoever may redirect has just passed on what it is about, and goes on to: RFC 1812 §5.2.7.2, RFC 4861 §8.2. What it passes on of one host only excuses nothing: so
 * does who has redirected that host to himself.
 */
function redirectsFalsely(o: Observation, context: Context): readonly Finding[] {
  const { fact } = o;
  const { learnsUntil, uplinks, withMac } = context;
  if (fact.kind !== 'router' || uplinks.includes(o.port) || isOfGroup(o.mac, context)) return nothing;
  const routes = withMac(o.mac).some(device => isRouter(device, context) || passedOn(device, learnsUntil, 1));
  // A capture may show nothing else of the router of its network.
  const isPlace = uplinks.length > 0 || [...context.all()].some(other => other.mac !== o.mac && passesOn(other));
  return routes || !isPlace
    ? nothing
    : found(o, `tells hosts to send by way of ${fact.ip ?? 'another'}, as only a router may: ${fact.detail}`);
}

/** A newcomer in a group of routers. Where the frame comes from the virtual address itself (RFC 9568 §7.3), the address it says it has tells who it is. */
function joins(o: Observation, fact: Router, { now, learnsUntil, withMac, withIp, all }: Context): readonly Finding[] {
  const { ip, owner } = fact;
  if (now < learnsUntil || ip === undefined || fact.protocol === 'ra' || fact.protocol === 'redirect') return nothing;
  const senders = isVirtualRouterMac(o.mac) ? (owner === undefined ? [] : withIp(owner)) : withMac(o.mac);
  const [sender] = senders;
  if (sender === undefined || senders.some(({ firstSeen }) => firstSeen < learnsUntil)) return nothing;
  const standsIn = (device: Device): boolean =>
    device.firstSeen < learnsUntil &&
    device.facts.some(one => one.fact.kind === 'router' && one.fact.protocol === fact.protocol && one.fact.ip === ip);
  const member = [...all()].find(device => device.mac !== sender.mac && standsIn(device));
  if (member === undefined) return nothing;
  const detail = `says by ${fact.protocol} that it stands in for ${ip}, as ${member.mac} did before it came: ${fact.detail}`;
  return found({ ...o, mac: sender.mac, port: sender.port, vlan: sender.vlan }, detail, member.mac);
}
