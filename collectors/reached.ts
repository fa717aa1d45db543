import type { Vlan } from '../gateway/model/address.ts';
import type { AddressTable } from './address-table.ts';
import type { Packet } from './packet.ts';

/** The VLAN in which the frame's target speaks, when it is another than the frame's; undefined for a group, and for whoever speaks here or nowhere. */
export function reached(table: AddressTable, packet: Packet, port: number, vlans: Iterable<Vlan>): Vlan | undefined {
  const { bytes: b, start: i, vlan } = packet;
  const high = ((b[i] ?? 0) << 8) | (b[i + 1] ?? 0);
  if ((high & 0x100) !== 0) return undefined;
  const low = (((b[i + 2] ?? 0) << 24) | ((b[i + 3] ?? 0) << 16) | ((b[i + 4] ?? 0) << 8) | (b[i + 5] ?? 0)) >>> 0;
  if (table.find(high, low, port, vlan) >= 0) return undefined;
  for (const other of vlans) if (table.find(high, low, port, other) >= 0) return other;
  return undefined;
}
