import type { DeviceId, Millis } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import type { DeviceLink } from '../model/link.ts';
import type { DeviceRecord } from './record.ts';
import type { Inventory } from './inventory.ts';
import type { Proof } from './proofs.ts';

/**
 * Who once attested and is, or says to be, this device: by its address, by the serial that it shows, or as another interface of it. `kin`: another device of
 * what it says to be its vendor and model.
 */
export type Remembered = { readonly proof: Proof; readonly as: 'address' | 'serial' | 'interface' | 'kin' };

/** Another device of its vendor and model that attested. Its own words say which it is, so this is a finding for people and grants nothing. */
export function kinOf({ proofs }: Inventory, { mac, fields }: Device): Proof | undefined {
  const { model, maker, vendor } = fields;
  if (model === undefined) return undefined;
  return proofs.ofClass(
    [maker, vendor].flatMap(said => (said === undefined ? [] : [said.value])),
    model.value,
    mac,
  );
}

/** Whether two members of a group were linked by then, or a person linked one of them whenever. */
function wereOne(links: readonly DeviceLink[], one: DeviceId, other: DeviceId, at: Millis): boolean {
  return [one, other].every(id => links.some(link => (link.a === id || link.b === id) && (link.by !== undefined || link.at <= at)));
}

/**
 * Whether this device is known to be able to attest. A newcomer who shows the serial of one that attested is that one with another address, or lies: in
 * neither case is it one that cannot attest.
 */
export function rememberedOf(inventory: Inventory, { device, person }: DeviceRecord): Remembered | undefined {
  const { proofs, links } = inventory;
  const own = proofs.of(device.mac);
  if (own !== undefined) return { proof: own, as: 'address' };
  for (const said of [device.fields.serial?.value, device.fields.serial?.observed?.value]) {
    const proof = said === undefined ? undefined : proofs.withSerial(said);
    if (proof !== undefined) return { proof, as: 'serial' };
  }
  const group = links.groupOf(device.id);
  for (const id of group?.members ?? []) {
    const proof = proofs.of(inventory.get(id)?.device.mac ?? '');
    if (proof === undefined || group === undefined) continue;
    // Anybody can link himself to a device by copying its words: what a person allowed before stands until a person says that they are one.
    if (person?.kind !== 'approval' || wereOne(group.links, device.id, id, person.at)) return { proof, as: 'interface' };
  }
  const kin = kinOf(inventory, device);
  return kin === undefined ? undefined : { proof: kin, as: 'kin' };
}
