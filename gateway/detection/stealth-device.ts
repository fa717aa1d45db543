import type { DeviceId } from '../model/address.ts';
import { CappedMap } from './capped-map.ts';
import { type DetectionRule, type Finding, nothing } from './rule.ts';

/** Whoever is silent about itself for so long while it sends is not just starting. Milliseconds. */
const patienceMs = 900_000;
/** A device that sent something within the last minute is alive. */
const aliveMs = 60_000;
/** How often all devices are looked at. */
const everyMs = 60_000;
const [maxTold, ageMs] = [8192, 24 * 3_600_000];

/** Sends, but never asks for an address, announces a name or answers ARP: it does not want to be seen, or is a tap that leaks. */
export const stealthDevice: DetectionRule = {
  name: 'stealth-device',
  spec: 'a device that sent frames for a quarter of an hour and announced neither address nor name in that time',
  knownFalse: ['a device that has just started', 'a device of another port of ours: uplinks', 'one VLAN mirrored twice'],
  about: [],
  create: () => {
    const told = new CappedMap<DeviceId, true>(maxTold, ageMs);
    let nextLook = 0;
    return {
      observe: () => nothing,
      tick({ now, all, lastAt, withMac, uplinks }) {
        if (now < nextLook) return nothing;
        nextLook = now + everyMs;
        const findings: Finding[] = [];
        for (const device of all()) {
          const { id, mac, port, vlan, seenBy, firstSeen } = device;
          const at = lastAt(device);
          if (seenBy === 'announcement' || at - firstSeen < patienceMs || now - at > aliveMs || uplinks.includes(port)) continue;
          if (told.get(id, now) !== undefined || withMac(mac).some(twin => twin.seenBy === 'announcement')) continue;
          told.set(id, true, now);
          findings.push({
            actor: mac,
            port,
            vlan,
            at: now,
            frame: 0,
            detail: `speaks on ${port} and never says who it is: a tap, or a port of a bond that only sends`,
          });
        }
        return findings;
      },
    };
  },
};
