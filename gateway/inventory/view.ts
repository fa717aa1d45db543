import type { Check, StartTime } from '../model/attestation.ts';
import type { Enforcement, Presence } from '../model/axes.ts';
import type { DecisionFacts } from '../model/decision.ts';
import type { AttestationState, Device, DeviceView, ResultFreshness } from '../model/device.ts';
import { isVirtualRouterMac } from '../model/address-class.ts';
import type { DeviceId, Millis } from '../model/address.ts';
import type { ReasonCode } from '../model/reason.ts';
import type { Inventory } from './inventory.ts';
import type { DeviceRecord } from './record.ts';
import { routerKey } from './sign-index.ts';

/** A device that sent nothing for so long is shown as silent. Milliseconds. */
export const silentMs = 300_000;

/** What the network should be doing with a device, given whether its port acts on decisions now. */
export function intendedEnforcement(record: DeviceRecord, acts: boolean, guarded: boolean): Enforcement {
  switch (record.decision?.access) {
    case undefined:
      return 'applying';
    case 'admit':
      return 'open';
    case 'hold':
      return acts ? 'held' : 'would-hold';
    case 'quarantine':
      if (!acts) return 'would-quarantine';
      return guarded ? 'dropped' : 'quarantined';
  }
}

/** What the other records make of a device: which count as the same, and who stands behind a virtual router address. */
export function relationsOf(inventory: Inventory, { device }: DeviceRecord): Pick<DeviceView, 'group' | 'virtualOf'> {
  const group = inventory.links.groupOf(device.id);
  const virtualOf = isVirtualRouterMac(device.mac) ? ownersOf(inventory, device) : [];
  return { ...(group === undefined ? {} : { group }), ...(virtualOf.length === 0 ? {} : { virtualOf }) };
}

/** Owners that are shown of one virtual address; two or three routers share one. */
const maxOwners = 8;

/**
 * Records with a hardware address of their own that stand behind the virtual one, in its segment: they say so, or theirs is the IP address
 * with which they speak from it.
 */
const ownersOf = (inventory: Inventory, { facts, mac: virtual, vlan }: Device): readonly DeviceId[] => {
  const spoken = facts.flatMap(({ fact }) => (fact.kind === 'router' && fact.owner !== undefined ? inventory.withIp(fact.owner) : []));
  const found = [...inventory.withSign(routerKey(virtual)), ...spoken]
    .filter(({ device }) => device.vlan === vlan && !isVirtualRouterMac(device.mac))
    .map(({ device }) => device.id);
  return [...new Set(found)].slice(0, maxOwners);
};

/** The device as pages, CLI and exports show it; undefined before the first decision. */
export function viewOf(record: DeviceRecord, now: Millis, linkIsDown: boolean): DeviceView | undefined {
  const { device, decision, attestation, enforcement, person, seen } = record;
  if (decision === undefined) return undefined;
  const presence: Presence = linkIsDown ? 'offline' : now - seen.lastAt > silentMs ? 'silent' : 'online';
  const view = {
    device,
    attestation: {
      ...attestation,
      status: decision.facts.attestation,
      assurance: decision.facts.assurance,
      ...reasonShown(decision.facts),
      ...freshnessOf(record, now),
      ...startedAgo(attestation.result?.started, now),
      checks: withExpected(withPlace(attestation.checks, decision.facts), record),
    },
    admission: decision.admission,
    enforcement,
    presence,
    decision,
    lastSeen: seen.lastAt,
    packets: seen.packets,
    bytes: seen.bytes,
  };
  return person === undefined ? view : { ...view, person };
}

/** `fresh` while a result stands, `stale` while only the zone's grace holds it, `ended` when nothing of it counts any more. */
function freshnessOf({ attestation: { result }, decision }: DeviceRecord, now: Millis): { readonly freshness?: ResultFreshness } {
  if (result === undefined || result.identity === undefined) return {};
  if (now < result.expires) return { freshness: 'fresh' };
  return { freshness: decision?.facts.attestation === 'none' ? 'ended' : 'stale' };
}

/** Evidence says what was measured at the start: of files run or changed since then it knows nothing. */
const startedAgo = (started: StartTime | undefined, now: Millis): Partial<Pick<AttestationState, 'startedAgo'>> =>
  started === undefined
    ? {}
    : { startedAgo: { atLeast: now - started.before, ...(started.after === undefined ? {} : { atMost: now - started.after }) } };

/** What stands in the way beside what was judged: time, silence, its place. */
function reasonShown({ attestationReason: reason }: DecisionFacts): { readonly reason?: ReasonCode } {
  return reason === 'LOCATION_NOT_PROVEN' ||
    reason === 'ATTESTATION_STOPPED' ||
    reason === 'EVIDENCE_EXPIRED' ||
    reason === 'MODEL_ATTESTS_ELSEWHERE'
    ? { reason }
    : {};
}

/** The same for what the list says of its place. */
function withPlace(checks: readonly Check[], { attestationReason, place, mac, port }: DecisionFacts): readonly Check[] {
  if (attestationReason !== 'LOCATION_NOT_PROVEN') return checks;
  const warned: Check = {
    check: 'bound',
    outcome: 'warned',
    code: attestationReason,
    detail:
      place === 'elsewhere'
        ? 'it is expected, but not here: a relay would look the same'
        : 'nothing says that it belongs here: a relay to it would look the same',
    expected: place === 'elsewhere' ? 'the port and address that policies/expected names' : 'its port in policies/expected',
    seen: `${mac} on ${port}`,
  };
  return checks.map(check => (check.check === 'bound' ? warned : check));
}

/** The `expected` check follows the expectation list, so it is made when looked at. */
function withExpected(checks: readonly Check[], { attestation: { result, expected } }: DeviceRecord): readonly Check[] {
  if (result === undefined) return checks;
  const seen = result.identity?.serial ?? result.identity?.deviceKey;
  if (seen === undefined || result.status === 'contraindicated')
    return [...checks, { check: 'expected', outcome: 'not-evaluated', detail: 'not evaluated, because an earlier check failed' }];
  return [
    ...checks,
    expected
      ? { check: 'expected', outcome: 'passed', detail: 'somebody listed this serial or key', seen }
      : {
          check: 'expected',
          outcome: 'failed',
          code: 'NOT_EXPECTED',
          detail: 'nobody listed this serial or key',
          expected: 'an entry in policies/expected',
          seen,
        },
  ];
}
