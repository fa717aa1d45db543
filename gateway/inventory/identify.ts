import type { Mac, Millis, PortName, Vlan } from '../model/address.ts';
import type { Inventory } from './inventory.ts';
import type { DeviceRecord } from './record.ts';

/** How long after its last frame a device still holds its port against another port with the same address. Milliseconds. */
const holdsPortMs = 60_000;

/** True iff a proof, a rule with proof, or a person ties the address to its port: then it may appear there only. */
export const isBound = ({ device, decision }: DeviceRecord): boolean =>
  device.cloneOf === undefined &&
  decision?.access === 'admit' &&
  (decision.admission === 'admitted' || decision.admission === 'approved' || decision.admission === 'waived');

/** A device is looked for at its former port for so long. Milliseconds. */
const returnsMs = 3 * 24 * 3_600_000;

/**
 * True iff the device was at this place for longer than it now is elsewhere, and until lately: one frame from another port in its name, sent while it
 * was silent, must not make a clone of it where it stands.
 */
function isHome({ device }: DeviceRecord, at: { readonly port: PortName; readonly vlan: Vlan }, now: Millis): boolean {
  if (device.vlan !== at.vlan) return false;
  const stays = device.bindings.filter(({ ip }) => ip === undefined);
  const staysAt = (there: PortName): typeof stays => stays.filter(({ port }) => port === there);
  const total = (there: PortName): Millis => staysAt(there).reduce((sum, { from, until = now }) => sum + until - from, 0);
  const left = staysAt(at.port).at(-1)?.until;
  return left !== undefined && now - left <= returnsMs && total(at.port) > total(device.port);
}

/** Who an address is that no device has on this port: one that moved here, a new one, or a clone of one that holds its port. */
export type Identified =
  | { readonly kind: 'moved'; readonly record: DeviceRecord }
  | { readonly kind: 'new'; readonly cloneOf?: DeviceRecord };

export function identify(
  inventory: Inventory,
  at: { readonly mac: Mac; readonly port: PortName; readonly vlan: Vlan },
  now: Millis,
  linkIsDown: (port: PortName) => boolean,
): Identified {
  const elsewhere = inventory.withMac(at.mac).filter(({ device }) => device.port !== at.port && device.cloneOf === undefined);
  const strayed = elsewhere.find(record => !isBound(record) && isHome(record, at, now));
  if (strayed !== undefined) return { kind: 'moved', record: strayed };
  const holder =
    elsewhere.find(isBound) ?? elsewhere.find(record => !linkIsDown(record.device.port) && now - record.seen.lastAt < holdsPortMs);
  if (holder !== undefined) return { kind: 'new', cloneOf: holder };
  const gone = elsewhere.find(({ device }) => device.vlan === at.vlan);
  return gone === undefined ? { kind: 'new' } : { kind: 'moved', record: gone };
}
