import type { DeviceId, Mac, Millis, PortName } from '../model/address.ts';
import type { Device } from '../model/device.ts';
import { CappedMap } from './capped-map.ts';
import type { Context } from './rule.ts';

/** A port with more devices that have long been there leads to an access point, a switch or a host of virtual machines. */
const maxOwn = 3;
/** Who came in the learning time, or has been there for so long, is no extra that somebody brought along. Milliseconds. */
const settledMs = 24 * 3_600_000;
/** No station or virtual machine goes to another port and comes back, and speaks on both, within so long. Milliseconds. */
const backMs = 3000;
/** So often within so long: a frame that was delivered late is one time. Milliseconds. */
const [minOverlaps, togetherMs] = [3, 300_000];
const [maxRoamers, ageMs] = [4096, 24 * 3_600_000];

type Roamer = { readonly lastAt: ReadonlyMap<DeviceId, Millis>; readonly overlaps: readonly Millis[] };

/**
 * Follows addresses that come and go between ports with many devices, as stations do between access points, and machines between their hosts: there it is no
 * sign of a second device that the address is back where it was, but that it speaks here while it speaks there. At most 4096 addresses, each for a day.
 */
export class Roaming {
  readonly #roamers = new CappedMap<Mac, Roamer>(maxRoamers, ageMs);

  follow(mac: Mac, context: Context): void {
    if (this.#roamers.get(mac, context.now) === undefined)
      this.#roamers.set(mac, { lastAt: spokenBy(mac, context), overlaps: [] }, context.now);
  }

  /** Those that turn out to speak on two ports at once, each with the place where it came up last. */
  tick(context: Context): readonly Device[] {
    return this.#roamers.entries(context.now).flatMap(([mac, { lastAt, overlaps }]) => {
      const spoken = spokenBy(mac, context);
      const recent = overlaps.filter(at => context.now - at <= togetherMs);
      const found = isOverlap(context.withMac(mac), lastAt, spoken, context) ? [...recent, context.now] : recent;
      const newest = context.withMac(mac).toSorted((a, b) => b.firstSeen - a.firstSeen)[0];
      if (newest === undefined || found.length >= minOverlaps) this.#roamers.delete(mac);
      else if (spoken.size > 0) this.#roamers.set(mac, { lastAt: spoken, overlaps: found }, Math.max(...spoken.values()));
      return newest !== undefined && found.length >= minOverlaps ? [newest] : [];
    });
  }
}

/** Ports that many share, of those that were there in the learning time or for a day. */
export function portsOfMany({ all, learnsUntil, now }: Context): ReadonlySet<PortName> {
  const settled = new Map<PortName, Set<Mac>>();
  for (const { mac, port, firstSeen, cloneOf } of all())
    if (cloneOf === undefined && (firstSeen < learnsUntil || now - firstSeen >= settledMs))
      settled.set(port, (settled.get(port) ?? new Set<Mac>()).add(mac));
  return new Set([...settled].filter(([, macs]) => macs.size > maxOwn).map(([port]) => port));
}

const spokenBy = (mac: Mac, { withMac, lastAt }: Context): ReadonlyMap<DeviceId, Millis> =>
  new Map(withMac(mac).map(device => [device.id, lastAt(device)]));

/** One spoke twice within a short while, and another one in between, on another port. */
function isOverlap(
  devices: readonly Device[],
  before: ReadonlyMap<DeviceId, Millis>,
  spoken: ReadonlyMap<DeviceId, Millis>,
  { isSameSegment }: Context,
): boolean {
  return devices.some(one => {
    const [from = Infinity, to = 0] = [before.get(one.id), spoken.get(one.id)];
    if (to <= from || to - from > backMs) return false;
    return devices.some(other => {
      const at = spoken.get(other.id) ?? 0;
      return other.port !== one.port && isSameSegment(other.vlan, one.vlan) && from < at && at < to;
    });
  });
}
