import type { DeviceId, Ip, Mac, Millis } from '../model/address.ts';
import type { ChallengeOutcome, Check } from '../model/attestation.ts';
import type { EventBody } from '../model/event.ts';
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
  emit(now, attestedEvent(inventory, device, challenge, outcome));
  relink(inventory, device, event => emit(now, event));
}

/** The bridge's own address, and the hosts behind the uplinks with theirs. */
type Around = { readonly gateway: { readonly ip: Ip; readonly prefix: string }; readonly upstream: ReadonlyMap<Ip, Mac> };

/**
 * True iff the device may be asked, and may hand in, at this address of its own: an IPv4 host address on the gateway's own prefix that neither an admitted
 * device nor a host behind the uplinks uses. A clone never may: its answer could only be the genuine one's.
 */
function mayAnswerAt(inventory: Inventory, { device: { id, mac, cloneOf } }: DeviceRecord, ip: Ip, { gateway, upstream }: Around): boolean {
  if (cloneOf !== undefined || ip === gateway.ip || !isHostOf(ip, gateway.prefix) || (upstream.get(ip) ?? mac) !== mac) return false;
  return !inventory.withIp(ip).some(({ device, decision }) => device.id !== id && decision?.access === 'admit');
}

/** The address at which a device may be asked: its newest. */
export function askableAt(
  inventory: Inventory,
  record: DeviceRecord,
  gateway: Around['gateway'],
  upstream: Around['upstream'],
): Ip | undefined {
  return record.device.ips.findLast(ip => mayAnswerAt(inventory, record, ip, { gateway, upstream }));
}

/** The device that speaks from an address; undefined where none may, or where several claim it and nobody knows whose it is. */
export function askerAt(inventory: Inventory, ip: Ip, gateway: Around['gateway'], upstream: Around['upstream']): DeviceRecord | undefined {
  const found = inventory.withIp(ip).filter(record => mayAnswerAt(inventory, record, ip, { gateway, upstream }));
  return found.length === 1 ? found[0] : undefined;
}
