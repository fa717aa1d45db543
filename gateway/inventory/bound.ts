import type { DeviceId, Ip, Mac, Millis } from '../model/address.ts';
import type { ChallengeOutcome, Check } from '../model/attestation.ts';
import type { EventBody } from '../model/event.ts';
import { withBaseline } from './baseline.ts';
import type { Inventory } from './inventory.ts';
import { relink } from './linking.ts';
import type { DeviceRecord } from './record.ts';
import { isHostOf } from './zone.ts';

/**
 * The check that only the inventory can make: the reply came through the lane of the bound MAC, port and address, and no other device
 * proved the same device key. A genuine chain relayed by a rogue, or a copied key, fails here for the later of the two.
 */
export function boundCheck(inventory: Inventory, id: DeviceId, outcome: ChallengeOutcome): readonly Check[] {
  const record = inventory.get(id);
  if (outcome.kind !== 'appraised' || record === undefined) return [];
  const key = outcome.result.identity?.deviceKey;
  const { mac, port } = record.device;
  if (key === undefined) return [{ check: 'bound', outcome: 'not-evaluated', detail: 'not evaluated, because an earlier check failed' }];
  const other = [...inventory.records()].find(
    ({ device, attestation }) => device.id !== id && attestation.status === 'affirming' && attestation.result?.identity?.deviceKey === key,
  );
  if (other === undefined)
    return [{ check: 'bound', outcome: 'passed', detail: `answered from ${mac} on ${port}; no other device proved this key` }];
  return [
    {
      check: 'bound',
      outcome: 'failed',
      code: 'KEY_SEEN_ELSEWHERE',
      detail: 'another device proved the same device key',
      expected: `only ${other.device.mac} on ${other.device.port} (${other.device.id})`,
      seen: `${mac} on ${port}`,
    },
  ];
}

/** The Event of an outcome: the whole of it, or one short line when it says again what was judged last. */
function attestedEvent(inventory: Inventory, device: DeviceId, challenge: string, outcome: ChallengeOutcome): EventBody {
  const checks = boundCheck(inventory, device, outcome);
  const last = inventory.get(device)?.attestation;
  if (outcome.kind === 'appraised' && last?.result !== undefined && last.lastFailure === undefined) {
    const { at: _at, expires, ...now } = outcome.result;
    const { at: _before, expires: _ended, ...before } = last.result;
    const own = JSON.stringify(last.checks) === JSON.stringify([...outcome.result.checks, ...checks]);
    if (own && JSON.stringify(now) === JSON.stringify(before)) return { kind: 'attested-again', device, challenge, expires };
  }
  return { kind: 'attested', device, challenge, outcome, checks };
}

/** Folds an outcome in, with what follows from it. */
export function attestedEvents(
  inventory: Inventory,
  device: DeviceId,
  challenge: string,
  outcome: ChallengeOutcome,
  now: Millis,
  emit: (now: Millis, event: EventBody) => void,
): void {
  const held = withBaseline(outcome, inventory.get(device)?.attestation.baseline);
  emit(now, attestedEvent(inventory, device, challenge, held));
  relink(inventory, device, event => emit(now, event));
}

/**
 * The address at which a device may be asked: its newest IPv4 host address on the gateway's own prefix that neither an admitted device
 * nor a host behind the uplinks uses.
 * A clone is never asked: its answer could only be the genuine one's.
 */
export function askableAt(
  inventory: Inventory,
  record: DeviceRecord,
  gateway: { readonly ip: Ip; readonly prefix: string },
  upstream: ReadonlyMap<Ip, Mac>,
): Ip | undefined {
  const { id, mac, ips, cloneOf } = record.device;
  if (cloneOf !== undefined) return undefined;
  const isOthers = (ip: Ip): boolean =>
    (upstream.get(ip) ?? mac) !== mac ||
    inventory.withIp(ip).some(({ device, decision }) => device.id !== id && decision?.access === 'admit');
  return ips.findLast(ip => ip !== gateway.ip && isHostOf(ip, gateway.prefix) && !isOthers(ip));
}
