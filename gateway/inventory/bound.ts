import type { DeviceId } from '../model/address.ts';
import type { ChallengeOutcome, Check } from '../model/attestation.ts';
import type { Inventory } from './inventory.ts';

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

/** The IPv4 addresses of a device that may be asked: on the gateway's own prefix, nobody else's, newest first. */
export function askable(inventory: Inventory, id: DeviceId, usable: (ip: string) => boolean): readonly string[] {
  const record = inventory.get(id);
  if (record === undefined) return [];
  const taken = new Set(
    [...inventory.records()].filter(r => r.device.id !== id && r.decision?.access === 'admit').flatMap(r => r.device.ips),
  );
  return [...record.device.ips].reverse().filter(ip => usable(ip) && !taken.has(ip));
}
