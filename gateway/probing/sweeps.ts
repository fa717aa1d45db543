import type { ZoneProbing } from '../model/probe.ts';
import { ceilings } from './ceilings.ts';

/**
 * What sweeps of a zone cover: each of its prefixes, else our own. Wider than a /22 only after an explicit word, wider than a /20 never. Of an own
 * prefix that is too wide the probe takes the part around our own address by itself (undefined); a zone's is left out, as is one of IPv6: nobody sweeps that.
 */
export function sweepsOf(
  zone: Pick<ZoneProbing, 'wide'>,
  prefixes: readonly string[] | undefined,
  own: string,
): readonly (string | undefined)[] {
  const most = zone.wide === true ? ceilings.wideSweep : ceilings.sweep;
  if (prefixes === undefined) return [addresses(own) <= most ? own : undefined];
  return prefixes.filter(prefix => !prefix.includes(':') && addresses(prefix) <= most);
}

/** Host addresses of a CIDR prefix. */
export const addresses = (prefix: string): number => 2 ** (32 - Number(prefix.split('/')[1])) - 2;
