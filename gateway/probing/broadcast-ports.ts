import type { PortName, ZoneName } from '../model/address.ts';
import type { ZoneSettings } from '../model/settings.ts';

/**
 * Ports by which a broadcast of a zone may leave: whoever may hear it there must belong to an armed zone. A zone of VLANs has none, since we ask
 * untagged only; one of prefixes shares its ports with the zones after it. Uplinks are never among them: nobody behind them is a device of ours.
 */
export function broadcastPorts(
  zone: ZoneName,
  zones: readonly ZoneSettings[],
  ports: readonly PortName[],
  isArmed: (zone: ZoneName) => boolean,
): readonly PortName[] {
  return ports.filter(port => {
    const there = hearers(port, zones);
    return there.includes(zone) && there.every(isArmed);
  });
}

/** The zones that an untagged device of the port can have: the first of the list that names its port or its address, else the default. */
function hearers(port: PortName, zones: readonly ZoneSettings[]): readonly ZoneName[] {
  const found: ZoneName[] = [];
  for (const { name, ports, prefixes } of zones) {
    if (ports?.includes(port) === true) return [...found, name];
    if (prefixes !== undefined) found.push(name);
  }
  return [...found, ...zones.flatMap(({ name, default: isDefault }) => (isDefault === true ? [name] : []))];
}
