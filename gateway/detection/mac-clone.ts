import { IdentityChanges, newcomerFrames } from './identity-changes.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** One hardware address is two devices: it speaks on two ports at once, or its signs change together with its lease. */
export const macClone: DetectionRule = {
  name: 'mac-clone',
  spec: 'a hardware address on two live ports, or whose DHCP signs change together with its name or its TCP',
  knownFalse: [
    'a device that moved: its old port is silent',
    'a virtual machine that moved, with all its signs',
    'one VLAN mirrored twice: the port is the same',
    'a network boot that asks for a lease before the system does',
    'an update or a rename: one family of signs changes',
  ],
  create: () => {
    const changes = new IdentityChanges();
    return {
      observe(o, context) {
        const here = context.withMac(o.mac).find(({ port, vlan }) => port === o.port && vlan === o.vlan);
        if (context.arrival === 'found' && here?.cloneOf !== undefined) {
          const other = context.withMac(o.mac).find(({ id }) => id === here.cloneOf);
          return found(o, `${o.mac} of ${here.cloneOf} on ${other?.port ?? 'another port'} also speaks on ${o.port}`, o.mac);
        }
        const changed = changes.observe(o, context) ?? ('text' in o.fact ? changes.recent(o.mac, o.at) : {});
        const { dhcp, name, stack, tls, ip } = changed;
        const strong = [dhcp, name, stack].filter(sign => sign !== undefined);
        const all = [...strong, ...[tls, ip].filter(sign => sign !== undefined)];
        // Its TCP and its name alone: mac-clone-same-ip.
        const isClone = (strong.length >= 2 && (dhcp !== undefined || ip !== undefined)) || (strong.length >= 1 && all.length >= 3);
        if (!isClone || (dhcp === undefined && ip === undefined)) return nothing;
        const frames = newcomerFrames(all, o, context.vendorOf(o.mac));
        return found(o, all.map(({ text }) => text).join('; '), o.mac).map(one => ({ ...one, frames }));
      },
    };
  },
};
