import type { Mac, Millis, PortName } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import type { Fact, Observation } from '../model/fact.ts';
import { CappedMap } from './capped-map.ts';
import { IdentityChanges, identityFacts, newcomerFrames } from './identity-changes.ts';
import { portsOfMany, Roaming } from './roaming.ts';
import { type Context, type DetectionRule, type Finding, found, nothing } from './rule.ts';
import { TwoVoices } from './two-voices.ts';

/** Addresses that came up on a second port, and how long the first one has to speak again: then both are alive. An address that is bound to its port waits for nothing. */
const [maxSeconds, returnsMs] = [4096, 600_000];
/** Who speaks behind an uplink and on a device port by turns, both within so long, is two: a host that roams is silent where it was. Milliseconds. */
const turnsMs = 60_000;

/** One hardware address is two devices: it speaks on two ports at once, or its signs change together with its lease. */
export const macClone: DetectionRule = {
  name: 'mac-clone',
  spec: 'a hardware address on two live ports, or whose DHCP signs change together with its name or its TCP, or that asks for a lease while the address it has goes on to speak',
  knownFalse: [
    'a device that moved: its old port is silent',
    'a station that roams between access points and back, a virtual machine that moves to another host and back: where both ports are of many that have long been there',
    'a host that roams between an uplink and a device port: it is silent where it was',
    'a virtual machine that moved at once (vMotion), with all its signs: its old port says nothing after that',
    'one VLAN mirrored twice: the port is the same',
    'a node of PRP or HSR that said so on both ports in the learning time',
    'a network boot that asks for a lease before the system does',
    'an update or a rename: one family of signs changes',
    'two laptops at one docking station, by turns: told once',
    'a fixed address and a leased one from the start, a container with a client identifier of its own',
  ],
  about: ['seen', 'turned', ...identityFacts],
  create: () => {
    const changes = new IdentityChanges();
    const voices = new TwoVoices();
    const roaming = new Roaming();
    const seconds = new CappedMap<Mac, Observation>(maxSeconds, returnsMs);
    /** Those that came up on a device port while they were known behind an uplink; `back`: when that one was heard again. */
    const ofUplinks = new CappedMap<Mac, { readonly o: Observation; readonly back?: Millis }>(maxSeconds, returnsMs);
    return {
      observe(o, context) {
        const [here, other] = context.arrival === 'found' ? pairOf(o, context) : [];
        if (here !== undefined && other !== undefined) {
          if (context.isBound(other)) return twoPorts(o, other);
          seconds.set(o.mac, o, o.at);
        }
        if (context.arrival === 'found' && beyond(o, context) !== undefined) ofUplinks.set(o.mac, { o }, o.at);
        const second = o.fact.kind === 'turned' ? voices.source(o, context) : undefined;
        if (second !== undefined) return found(o, second.text, o.mac).map(one => ({ ...one, frames: second.frames }));
        const changed = changes.observe(o, context) ?? ('text' in o.fact ? changes.recent(o.mac, o.at) : undefined);
        if (changed === undefined) return nothing;
        const { dhcp, name, stack, tls, ip } = changed;
        const strong = [dhcp, name, stack].filter(sign => sign !== undefined);
        const all = [...strong, ...[tls, ip].filter(sign => sign !== undefined)];
        // Its TCP and its name alone: mac-clone-same-ip.
        const isClone = (strong.length >= 2 && (dhcp !== undefined || ip !== undefined)) || (strong.length >= 1 && all.length >= 3);
        if (!isClone || (dhcp === undefined && ip === undefined)) return nothing;
        changes.told(o.mac, changed, o.at);
        const frames = newcomerFrames(all, o, context.vendorOf(o.mac));
        return found(o, `${all.map(({ text }) => text).join('; ')}; or it started another system`, o.mac).map(one => ({ ...one, frames }));
      },
      tick: context => {
        let shared: ReadonlySet<PortName> | undefined;
        return [
          ...seconds.entries(context.now).flatMap(([mac, o]) => {
            const [, other] = pairOf(o, context);
            if (other === undefined || context.lastAt(other) <= o.at) return nothing;
            seconds.delete(mac);
            if (isTwice(mac, o.port, context) && isTwice(mac, other.port, context)) return nothing;
            shared ??= portsOfMany(context);
            if (!shared.has(o.port) || !shared.has(other.port)) return twoPorts(o, other);
            roaming.follow(mac, context);
            return nothing;
          }),
          ...roaming.tick(context).flatMap(({ mac, port, vlan, cloneOf }) => {
            const other = context.withMac(mac).find(device => device.port !== port && (cloneOf === undefined || device.id === cloneOf));
            return other === undefined ? nothing : twoPorts({ mac, port, vlan, at: context.now, frame: 0 }, other);
          }),
          ...ofUplinks.entries(context.now).flatMap(([mac, { o, back }]) => {
            const other = beyond(o, context);
            if (other === undefined) return nothing;
            const there = context.lastAt(other);
            if (back === undefined) {
              if (there > o.at) ofUplinks.set(mac, { o, back: there }, context.now);
              return nothing;
            }
            const here = Math.max(0, ...context.withMac(mac).flatMap(device => (device.port === o.port ? context.lastAt(device) : [])));
            if (here <= back) return nothing;
            ofUplinks.delete(mac);
            if (here - back <= turnsMs) return found(o, `${mac} behind ${other.port} also speaks on ${o.port}`, mac);
            ofUplinks.set(mac, { o: { ...o, at: here } }, context.now);
            return nothing;
          }),
        ];
      },
    };
  },
};

/** The device that spoke, and the one on another port whose address it has. */
function pairOf(o: Observation, { withMac }: Context): readonly [here: Device | undefined, other: Device | undefined] {
  const devices = withMac(o.mac);
  const here = devices.find(({ port, vlan }) => port === o.port && vlan === o.vlan);
  return [here, here?.cloneOf === undefined ? undefined : devices.find(({ id }) => id === here.cloneOf)];
}

/** The host behind an uplink that has the address. */
const beyond = (o: Observation, { beyondWith, isSameSegment, uplinks }: Context): Device | undefined =>
  uplinks.includes(o.port) ? undefined : beyondWith(o.mac).find(({ vlan }) => isSameSegment(vlan, o.vlan));

/** It said there, while the site was learnt, that it speaks on two networks at once. IEC 62439-3 §4.2. */
const isTwice = (mac: Mac, at: PortName, { withMac, learnsUntil }: Context): boolean =>
  withMac(mac).some(({ port, facts }) => port === at && facts.some(one => isRedundant(one.fact) && one.at < learnsUntil));
const isRedundant = (fact: Fact): boolean => fact.kind === 'bridge' && (fact.protocol === 'prp' || fact.protocol === 'hsr');

type Spoke = Pick<Observation, 'mac' | 'port' | 'vlan' | 'at' | 'frame'>;
const twoPorts = ({ mac, port, vlan, at, frame }: Spoke, other: Device): readonly Finding[] => {
  const detail = `${mac} of ${other.id} on ${other.port} also speaks on ${port}${honestly}`;
  return [{ actor: mac, victim: mac, port, vlan, at, frame, detail }];
};
/** Frames do not tell these from a second device. */
const honestly = ', unless both are ports of one host (a bond), or it went there and came back';
