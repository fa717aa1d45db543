import type { Mac, Millis, PortName } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import type { BridgeId, Tree } from '../model/fact.ts';
import { CappedMap } from './capped-map.ts';
import { type DetectionRule, type Finding, found, nothing } from './rule.ts';

const [maxTrees, ageMs] = [4096, 24 * 3_600_000];
/** A bridge that speaks for so long after others follow a worse root did not make way for it: three Hello Times, IEEE 802.1Q §13.9. Milliseconds. */
const staysMs = 6000;
/** Where there is a tree, BPDUs come more often than this: Max Age, IEEE 802.1Q §13.25. Milliseconds. */
const treelessMs = 20_000;
const maxPorts = 4096;
/** Senders of BPDUs that have named no tree yet: it may come with their next frame. Milliseconds. */
const dueMs = 60_000;

type Root = { readonly id: BridgeId; readonly said: Finding; readonly isItself: boolean };
/** A root that others do not follow, with what is said of it once it is seen to be alive still. */
type Alone = { readonly said: Finding; readonly since: Millis };

/** Takes part in the spanning tree where devices are plugged in, or wants to become its root. */
export const rogueSwitch: DetectionRule = {
  name: 'rogue-switch',
  spec: 'IEEE 802.1Q §13: BPDUs that name their sender as a better root than the one that others follow, or that come from a device port, or where there was no tree',
  knownFalse: [
    'a switch that follows the known root',
    'one tree for each VLAN',
    'a topology change, told by a switch that is known',
    'a switch that starts: it takes itself for the root',
    'a root that went: the others follow the next one',
  ],
  create: () => {
    /** The root of each tree: port and instance. */
    const roots = new CappedMap<string, Root>(maxTrees, ageMs);
    /** When each port was heard first, and whether a tree was since. */
    const ports = new CappedMap<PortName, { readonly since: Millis; readonly hasTree: boolean }>(maxPorts, Infinity);
    const alone = new CappedMap<Mac, Alone>(maxTrees, ageMs);
    /** Those that only told of a topology change, which makes every switch forget who is where; until the next tick. */
    const changes = new CappedMap<Mac, Finding>(maxTrees, dueMs);
    /** What the inventory knows from before a restart is taken in once. */
    let isAware = false;
    const recall = (devices: Iterable<Device>): void => {
      for (const { port, at, tree, said } of bridgesOf(devices)) {
        ports.set(port, { since: ports.get(port, at)?.since ?? at, hasTree: true }, at);
        if (tree === undefined || (isRoot(tree) && roots.get(keyOf(port, tree.root), at) !== undefined)) continue;
        roots.set(keyOf(port, tree.root), { id: tree.root, said, isItself: isRoot(tree) }, at);
      }
    };
    return {
      observe(o, { now, learnsUntil, uplinks, withMac, all }) {
        const { fact } = o;
        if (!isAware && fact.kind === 'bridge') {
          isAware = true;
          recall(all());
        }
        const { since, hasTree } = ports.get(o.port, o.at) ?? { since: o.at, hasTree: false };
        const isBridge = fact.kind === 'bridge' && (fact.protocol === 'stp' || fact.protocol === 'rstp');
        if (since === o.at || (isBridge && !hasTree)) ports.set(o.port, { since, hasTree: hasTree || isBridge }, o.at);
        if (fact.kind === 'protocol' && fact.name === 'stp' && uplinks.length > 0 && now >= learnsUntil)
          for (const said of found(o, 'sends BPDUs on a device port: a topology change')) changes.set(o.mac, said, now);
        if (fact.kind !== 'bridge' || (fact.protocol !== 'stp' && fact.protocol !== 'rstp')) return nothing;
        const isNewHere = !withMac(o.mac).some(({ facts }) => facts.some(({ fact: old }) => old.kind === 'bridge'));
        if (uplinks.length > 0 && now >= learnsUntil && isNewHere) return found(o, `sends BPDUs on a device port: ${fact.detail}`);
        if (fact.tree === undefined) return nothing;
        const { root, bridge } = fact.tree;
        const isItself = isRoot(fact.tree);
        // It follows another one now: it made way.
        if (!isItself) alone.delete(bridge.mac);
        const key = keyOf(o.port, root);
        const known = roots.get(key, o.at);
        const [said] = found(o, `wants to be the root with priority ${root.priority}`);
        if (said === undefined) return nothing;
        if (known === undefined || known.id.mac === root.mac) {
          roots.set(key, { id: root, said: known?.said ?? said, isItself: isItself && (known?.isItself ?? true) }, o.at);
          const isFirst = !hasTree && isItself && now >= learnsUntil && o.at - since > treelessMs;
          return isFirst ? [{ ...said, detail: `${said.detail}, where there was no tree` }] : nothing;
        }
        if (isItself && isBetter(root, known.id)) return [against(said, known.id)];
        if (isItself || !known.isItself || !isBetter(known.id, root)) return nothing;
        // Who is followed by nobody, though all would have to, is not of this network; or it has gone, or makes way.
        if (bridge.mac !== known.id.mac) alone.set(known.id.mac, { said: against(known.said, root), since: o.at }, o.at);
        roots.set(key, { id: root, said, isItself: false }, o.at);
        return nothing;
      },
      tick: ({ now, withMac, lastAt }) => [
        ...alone.entries(now).flatMap(([mac, { said, since }]) => {
          if (!withMac(said.actor).some(device => lastAt(device) > since + staysMs)) return nothing;
          alone.delete(mac);
          return [said];
        }),
        ...changes.entries(now).flatMap(([mac, said]) => {
          changes.delete(mac);
          return withMac(mac).some(({ facts }) => facts.some(({ fact }) => fact.kind === 'bridge')) ? nothing : [said];
        }),
      ],
    };
  },
};

type Bridge = { readonly port: PortName; readonly at: Millis; readonly tree: Tree | undefined; readonly said: Finding };

/** Those that the inventory knows: first who takes itself for the root, then who follows one. */
const bridgesOf = (devices: Iterable<Device>): readonly Bridge[] =>
  [...devices]
    .flatMap(({ mac, port, vlan, facts }) =>
      facts.flatMap(({ fact, at, frame }): readonly Bridge[] => {
        if (fact.kind !== 'bridge' || (fact.protocol !== 'stp' && fact.protocol !== 'rstp')) return [];
        const detail = `wants to be the root with priority ${fact.tree?.root.priority ?? 0}`;
        return [{ port, at, tree: fact.tree, said: { actor: mac, port, vlan, at, frame, detail } }];
      }),
    )
    .toSorted((a, b) => Number(a.tree === undefined || !isRoot(a.tree)) - Number(b.tree === undefined || !isRoot(b.tree)) || a.at - b.at);

const isRoot = ({ root, bridge }: Tree): boolean => root.mac === bridge.mac;
const isBetter = (a: BridgeId, b: BridgeId): boolean => a.priority < b.priority || (a.priority === b.priority && a.mac < b.mac);
const against = (said: Finding, root: BridgeId): Finding => ({
  ...said,
  victim: root.mac,
  detail: `${said.detail}; the root that others follow is ${root.mac} with ${root.priority}`,
});
const keyOf = (port: PortName, { extension }: BridgeId): string => `${port} ${extension}`;
