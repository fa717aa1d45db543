import type { Millis, ZoneName } from '../model/address.ts';
import type { AnchorConstraints, DirectoryType, NameSubtree } from '../model/trust.ts';
import { tags } from '../codec/der.ts';
import { DecodeError } from '../codec/reader.ts';
import type { NameConstraints } from '../codec/x509-constraints.ts';
import type { GeneralName } from '../codec/x509-general-name.ts';
import type { Name } from '../codec/x509-name.ts';
import type { Checks } from './checks.ts';

/** What a person holds the paths below an anchor to, ready to be checked with what its certificate says (RFC 5937). */
export type Limits = { readonly pathLength?: number; readonly purposes?: readonly string[]; readonly names?: NameConstraints };

/** Until when and where a voucher counts; absent: always, everywhere. */
export type Reach = { readonly expires?: Millis; readonly zones?: readonly ZoneName[] };

/** Prepares the limits of one anchor. Throws DecodeError for what cannot be compared: a limit that never bites is worse than none. */
export function prepareLimits({ pathLength, purposes, permitted, excluded }: AnchorConstraints): Limits {
  const names: NameConstraints = {
    ...(permitted === undefined ? {} : { permitted: permitted.map(subtree) }),
    ...(excluded === undefined ? {} : { excluded: excluded.map(subtree) }),
  };
  return {
    ...(pathLength === undefined ? {} : { pathLength }),
    ...(purposes === undefined ? {} : { purposes }),
    ...(permitted === undefined && excluded === undefined ? {} : { names }),
  };
}

/**
 * Warns where a voucher has ended, or does not count in the zone of the device: what it says is shown and admits nobody. It is no failure of the device, so
 * that neither a calendar nor a device in the wrong place quarantines what its maker vouches for. Without a known zone one with zones counts nowhere.
 */
export function checkReach(
  { name, expires, zones }: Reach & { readonly name: string },
  { now, zone }: { readonly now: Millis; readonly zone?: ZoneName },
  checks: Checks,
): void {
  if (expires !== undefined && now >= expires)
    checks.warn('chain', 'ANCHOR_EXPIRED', `${name} vouches for it, and was trusted until ${new Date(expires).toISOString()} only`);
  if (zones !== undefined && (zone === undefined || !zones.includes(zone)))
    checks.warn('chain', 'ANCHOR_OUT_OF_ZONE', `${name} vouches for it, and is trusted in other zones only`, {
      expected: zones.join(', '),
      seen: zone ?? 'no zone',
    });
}

function subtree(base: NameSubtree): GeneralName {
  if ('dns' in base) return { kind: 'dns', value: base.dns };
  if ('email' in base) return { kind: 'email', value: base.email };
  if ('uri' in base) return { kind: 'uri', value: base.uri };
  if ('ip' in base) return { kind: 'ip', octets: network(base.ip) };
  return { kind: 'directory', name: nameOf(base.directory) };
}

/** Address and mask of an IPv4 network in CIDR, as a constraint has them (RFC 5280 §4.2.1.10). */
function network(cidr: string): Uint8Array {
  const found = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr)?.slice(1).map(Number);
  const [a = 256, b = 256, c = 256, d = 256, bits = 33] = found ?? [];
  if ([a, b, c, d].some(octet => octet > 255) || bits > 32)
    throw new DecodeError(`Cannot read network ${cidr.slice(0, 40)}: it is no IPv4 CIDR`);
  const mask = Array.from({ length: 4 }, (_, i) => 256 - 2 ** (8 - Math.min(8, Math.max(0, bits - 8 * i))));
  return Uint8Array.of(a, b, c, d, ...mask);
}

const typeOids: Readonly<Record<DirectoryType, string>> = {
  C: '2.5.4.6',
  ST: '2.5.4.8',
  L: '2.5.4.7',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  CN: '2.5.4.3',
  DC: '0.9.2342.19200300.100.1.25',
};

/** A name to compare subjects with; it stands in no certificate, so it has no octets of its own. */
function nameOf(parts: readonly { readonly type: DirectoryType; readonly value: string }[]): Name {
  if (parts.length === 0) throw new DecodeError('Cannot read directory name: it is empty');
  const attributes = parts.map(({ type, value }) => ({ type: typeOids[type], tag: tags.utf8String, value }));
  const text = parts.map(({ type, value }) => `${type}=${value}`).join(', ');
  return { der: new Uint8Array(), rdns: attributes.map(one => [one]), attributes, text };
}
