import type { Mac, PortName } from '../model/address.ts';
import { CappedMap } from './capped-map.ts';
import { type DetectionRule, found, nothing } from './rule.ts';

const [maxTrees, ageMs] = [4096, 24 * 3_600_000];
/** Bridge identifiers as the spanning tree collector writes them: priority/extension/address. IEEE 802.1Q §14.2.5. */
const told = /^root (\d+)\/(\d+)\/([0-9a-f:]{17}), .*bridge (\d+)\/(\d+)\/([0-9a-f:]{17})/;

type Root = { readonly priority: number; readonly mac: Mac };

/** Takes part in the spanning tree where devices are plugged in, or wants to become its root. */
export const rogueSwitch: DetectionRule = {
  name: 'rogue-switch',
  spec: 'IEEE 802.1Q §13: BPDUs that name their sender as a better root than the known one, or that come from a device port',
  knownFalse: ['a switch that follows the known root', 'one tree for each VLAN', 'a topology change'],
  create: () => {
    /** The root of each tree: port and instance. */
    const roots = new CappedMap<string, Root>(maxTrees, ageMs);
    return {
      observe(o, { now, learnsUntil, uplinks, withMac }) {
        const { fact } = o;
        if (fact.kind !== 'bridge' || (fact.protocol !== 'stp' && fact.protocol !== 'rstp')) return nothing;
        const isNewHere = !withMac(o.mac).some(({ facts }) => facts.some(({ fact: old }) => old.kind === 'bridge'));
        if (uplinks.length > 0 && now >= learnsUntil && isNewHere) return found(o, `sends BPDUs on a device port: ${fact.detail}`);
        const [, priority, tree, mac = '', , , bridge] = told.exec(fact.detail) ?? [];
        if (priority === undefined) return nothing;
        const root: Root = { priority: Number(priority), mac };
        const key = keyOf(o.port, tree);
        const known = roots.get(key, o.at);
        const isBetter =
          known !== undefined && (root.priority < known.priority || (root.priority === known.priority && root.mac < known.mac));
        if (isBetter && bridge === mac && mac !== known.mac)
          return found(
            o,
            `wants to be the root with priority ${root.priority}; the root is ${known.mac} with ${known.priority}`,
            known.mac,
          );
        if (known === undefined || known.mac === mac) roots.set(key, root, o.at);
        return nothing;
      },
    };
  },
};

const keyOf = (port: PortName, tree: string | undefined): string => `${port} ${tree}`;
