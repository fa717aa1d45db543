import type { EventBody } from '../model/event.ts';
import type { DeviceId, Hex } from '../model/address.ts';
import type { Enforcement } from '../model/axes.ts';
import type { WishedDevice } from '../model/rule-set.ts';
import { ownIps } from './address-owner.ts';
import { isBound } from './identify.ts';
import type { Inventory } from './inventory.ts';
import type { DeviceRecord } from './record.ts';
import { intendedEnforcement } from './view.ts';

export { isBound };

/** What `plan` needs of decided devices. */
export const wishesOf = (inventory: Inventory, records: readonly DeviceRecord[]): readonly WishedDevice[] =>
  records.map(record => {
    const { device, decision } = record;
    const { mac, port, vlan } = device;
    const [zone, access] = [decision?.facts.zone ?? device.zone, decision?.access ?? 'hold'];
    return { mac, port, vlan, zone, ips: ownIps(inventory, record), access, bound: isBound(record) };
  });

type Report = { readonly state: 'applied' | 'mismatch' | 'failed'; readonly ruleSet: Hex };

/**
 * Follows a RuleSet from wish to kernel: what each device's enforcement will be, and whether it was read back. "Sent" is not "in force".
 * Holds an entry per device that is not confirmed yet.
 */
export class Enforcing {
  readonly #intended = new Map<DeviceId, Enforcement>();
  #planned: Hex | undefined;
  #applied: Hex | undefined;
  #state: Report['state'] = 'applied';

  /** Notes what each device's enforcement becomes once RuleSet `hash` is in force. True iff that RuleSet is another than the last. */
  intend(records: readonly DeviceRecord[], acts: (record: DeviceRecord) => boolean, hash: Hex): boolean {
    const guarded = new Set(records.filter(isBound).map(({ device }) => device.id));
    this.#intended.clear();
    for (const record of records) {
      const { id, cloneOf } = record.device;
      const enforcement = intendedEnforcement(record, acts(record), cloneOf !== undefined && guarded.has(cloneOf));
      if (enforcement !== record.enforcement) this.#intended.set(id, enforcement);
    }
    const changed = hash !== this.#planned;
    this.#planned = hash;
    if (hash === '') this.#applied = hash;
    return changed;
  }

  /** Takes what the enforcer read back. True iff that is news for the journal. */
  report({ state, ruleSet }: Report): boolean {
    const news = state !== this.#state || this.#applied === undefined;
    this.#state = state;
    this.#applied = state === 'applied' ? ruleSet : '?';
    return news;
  }

  /** Devices whose enforcement is now known to be in force and differs from what was journalled last. */
  confirmed(inventory: Inventory): readonly { readonly id: DeviceId; readonly enforcement: Enforcement }[] {
    if (this.#applied !== this.#planned) return [];
    const out = [...this.#intended].filter(([id]) => inventory.get(id) !== undefined).map(([id, enforcement]) => ({ id, enforcement }));
    this.#intended.clear();
    return out;
  }

  /** What is true now for people: drifted while the kernel disagrees, applying until it is read back. */
  shown(id: DeviceId, journalled: Enforcement): Enforcement {
    if (this.#state !== 'applied') return 'drifted';
    return this.#intended.has(id) ? 'applying' : journalled;
  }
}

/** True iff an Event may change the RuleSet. */
export function plansAnew(event: EventBody): boolean {
  if (event.kind === 'fact-learned') return event.observation.fact.kind === 'address' || event.observation.fact.kind === 'contested';
  return ['decided', 'device-moved', 'device-forgotten', 'paused', 'resumed', 'zone-mode'].includes(event.kind);
}

/** False for Events about a device that nobody decides by: what the network does, that it was asked, what counts as the same device. */
export const decidesAnew = (event: EventBody): boolean =>
  !['enforced', 'challenged', 'probed', 'devices-linked', 'devices-unlinked', 'attached'].includes(event.kind);
