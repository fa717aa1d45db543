import { isInNetwork } from '../codec/network.ts';
import type { Ip, PortName, Vlan } from '../model/address.ts';
import type { ZoneSettings } from '../model/settings.ts';
import type { DeviceRecord } from './record.ts';

/** The zone of a device: the first of the list that names its port, its VLAN, or a prefix of one of its addresses; else the default zone. */
export function zoneOf(zones: readonly ZoneSettings[], at: { port: PortName; vlan: Vlan; ips: readonly Ip[] }): ZoneSettings {
  const has = ({ ports, vlans, prefixes }: ZoneSettings): boolean =>
    ports?.includes(at.port) === true ||
    vlans?.includes(at.vlan) === true ||
    prefixes?.some(prefix => at.ips.some(ip => isInNetwork(ip, prefix))) === true;
  const found = zones.find(has) ?? zones.find(zone => zone.default === true);
  if (found === undefined) throw new Error('Cannot find a zone: the settings have no default zone');
  return found;
}

/**
 * The zone of a record. A prefix matches what a device says itself: whoever was cut for himself (by failed Evidence, as a clone, by a person) where that
 * counts does not leave for a zone that only observes by claiming an address of it.
 */
export function zoneOfRecord(zones: readonly ZoneSettings[], record: DeviceRecord): ZoneSettings {
  const { device, decision, person, attestation } = record;
  const now = zoneOf(zones, device);
  const isCut = person?.kind === 'block' || device.cloneOf !== undefined || attestation.status === 'contraindicated';
  if (now.mode === 'enforce' || decision?.access !== 'quarantine' || !isCut) return now;
  const { zone, port, vlan } = decision.facts;
  const before = zones.find(({ name }) => name === zone);
  return before?.mode === 'enforce' && port === device.port && vlan === device.vlan ? before : now;
}

/** The zone with the times of this device's kind: the first of its ages that names the kind or the proved model. */
export function withAge(zone: ZoneSettings, kind: string | undefined, model: string | undefined): ZoneSettings {
  const age = zone.ages?.find(
    ({ kinds = [], models = [] }) => (kind !== undefined && kinds.includes(kind)) || (model !== undefined && models.includes(model)),
  );
  if (age === undefined) return zone;
  return { ...zone, evidenceTtlSeconds: age.evidenceTtlSeconds, graceSeconds: age.graceSeconds ?? zone.graceSeconds };
}

/** An IPv4 address as an unsigned 32-bit number; undefined for anything else. */
export function ip4Number(ip: string): number | undefined {
  const parts = ip.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value >>> 0;
}

/** True iff `ip` is an IPv4 host address of the prefix: neither its network nor its broadcast address. */
export function isHostOf(ip: Ip, prefix: string): boolean {
  const length = Number(prefix.split('/')[1]);
  const value = ip4Number(ip);
  if (value === undefined || !isInNetwork(ip, prefix)) return false;
  if (length >= 31) return true;
  const host = value & (2 ** (32 - length) - 1);
  return host !== 0 && host !== 2 ** (32 - length) - 1;
}
