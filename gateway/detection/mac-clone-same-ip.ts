import { IdentityChanges, identityFacts, newcomerFrames } from './identity-changes.ts';
import { type DetectionRule, found, nothing } from './rule.ts';
import { TwoVoices } from './two-voices.ts';

/** A second device behind the hardware and the IP address of another: its TCP and its name change, its lease does not. */
export const macCloneSameIp: DetectionRule = {
  name: 'mac-clone-same-ip',
  spec: 'the TCP signs and the name of a hardware address change together, its IP address and DHCP signs do not; or it speaks by turns as two, one of which says a name that is new',
  knownFalse: [
    'an update: only its TCP changes',
    'a rename: only its name changes',
    'two systems on one disk: DHCP changes too, and the first one is silent meanwhile',
    'a management processor or a guest system that shares the addresses of its host: two times to live by turns, but one name',
    'a program that sets a time to live of its own',
  ],
  about: ['turned', ...identityFacts],
  create: () => {
    const changes = new IdentityChanges();
    const voices = new TwoVoices();
    return {
      observe(o, context) {
        const second = voices.stack(o, context);
        if (second !== undefined) return found(o, second.text, o.mac).map(one => ({ ...one, frames: second.frames }));
        const changed = changes.observe(o, context) ?? ('text' in o.fact ? changes.recent(o.mac, o.at) : undefined);
        if (changed === undefined) return nothing;
        const { stack, name, dhcp, ip } = changed;
        if (stack === undefined || name === undefined || dhcp !== undefined || ip !== undefined) return nothing;
        changes.told(o.mac, changed, o.at);
        const frames = newcomerFrames([stack, name], o, context.vendorOf(o.mac));
        return found(o, `${stack.text}; ${name.text}; or it started another system`, o.mac).map(one => ({ ...one, frames }));
      },
    };
  },
};
