import { IdentityChanges } from './identity-changes.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

/** A second device behind the hardware and the IP address of another: its TCP and its name change, its lease does not. */
export const macCloneSameIp: DetectionRule = {
  name: 'mac-clone-same-ip',
  spec: 'the TCP signs and the name of a hardware address change together, its IP address and DHCP signs do not',
  knownFalse: ['an update: only its TCP changes', 'a rename: only its name changes', 'two systems on one disk: DHCP changes too'],
  create: () => {
    const changes = new IdentityChanges();
    return {
      observe(o, context) {
        const { stack, name, dhcp, ip } = changes.observe(o, context) ?? {};
        if (stack === undefined || name === undefined || dhcp !== undefined || ip !== undefined) return nothing;
        return found(o, `${stack.text}; ${name.text}`, o.mac);
      },
    };
  },
};
