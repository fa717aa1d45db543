import type { DeviceRecord } from './record.ts';
import type { Inventory } from './inventory.ts';
import type { Proof } from './proofs.ts';

/** Who once attested and is, or says to be, this device. `as`: by its address, by the serial that it shows, or as another interface of it. */
export type Remembered = { readonly proof: Proof; readonly as: 'address' | 'serial' | 'interface' };

/**
 * Whether this device is known to be able to attest. A newcomer who shows the serial of one that attested is that one with another address, or lies: in
 * neither case is it one that cannot attest.
 */
export function rememberedOf(inventory: Inventory, { device }: DeviceRecord): Remembered | undefined {
  const { proofs, links } = inventory;
  const own = proofs.of(device.mac);
  if (own !== undefined) return { proof: own, as: 'address' };
  for (const said of [device.fields.serial?.value, device.fields.serial?.observed?.value]) {
    const proof = said === undefined ? undefined : proofs.withSerial(said);
    if (proof !== undefined) return { proof, as: 'serial' };
  }
  for (const id of links.groupOf(device.id)?.members ?? []) {
    const proof = proofs.of(inventory.get(id)?.device.mac ?? '');
    if (proof !== undefined) return { proof, as: 'interface' };
  }
  return undefined;
}
