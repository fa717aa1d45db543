import { networkInterfaces } from 'node:os';
import { inPrefix6, isLanHost6, isLinkLocal6, type OwnIp6, ownFor } from '../codec/ip6.ts';
import type { Ip, Mac, PortName } from '../model/address.ts';

/** What stands on the bridge. `ip6`: those of its IPv6 addresses from which devices are reached; empty where it has none. */
export type BridgeAddress = {
  readonly bridge: PortName;
  readonly mac: Mac;
  readonly ip: Ip;
  readonly prefix: string;
  readonly ip6: readonly OwnIp6[];
};

/** The bridge's own hardware address, and the prefix of the address that the settings name. Throws when the bridge has no such address. */
export function bridgeAddress(bridge: PortName, ip: Ip, interfaces = networkInterfaces()): BridgeAddress {
  const addresses = interfaces[bridge] ?? [];
  const own = addresses.find(({ address }) => address === ip);
  if (own === undefined || own.cidr === null) {
    const found = addresses.map(({ address }) => address).join(', ') || 'none';
    throw new Error(
      `Cannot use bridge ${bridge}: settings name its address ${ip}, found ${found}; add it with: ip addr add ${ip}/PREFIX dev ${bridge}`,
    );
  }
  const others = Object.entries(interfaces).flatMap(([name, list]) => (name === bridge ? [] : (list ?? [])));
  return { bridge, mac: own.mac, ip, prefix: own.cidr, ip6: ownIp6(addresses, others) };
}

/** The two ends of a connection, as sockets want them. */
export type Ends = { readonly ip: string; readonly localAddress: string };

/**
 * Both ends of a connection to a device at this address: link-local ones with the bridge as their zone (RFC 4007 §11), since each interface has its own. Undefined
 * where we have no address on its network.
 */
export function endsOn({ bridge, ip: ip4, ip6 }: BridgeAddress, ip: Ip): Ends | undefined {
  if (!ip.includes(':')) return { ip, localAddress: ip4 };
  const own = ownFor(ip, ip6);
  const zone = isLinkLocal6(ip) ? `%${bridge}` : '';
  return own && { ip: `${ip}${zone}`, localAddress: `${own.ip}${zone}` };
}

/** Our IPv6 addresses where devices of the bridge reach us, as sockets want them. */
export const listenOn = ({ bridge, ip6 }: BridgeAddress): readonly string[] =>
  ip6.map(({ ip }) => `${ip}${isLinkLocal6(ip) ? `%${bridge}` : ''}`);

/** The networks of the devices, in CIDR form. */
export const networksOf = ({ prefix, ip6 }: BridgeAddress): readonly string[] => [prefix, ...ip6.map(one => one.prefix)];

type Listed = { readonly address: string; readonly cidr: string | null };

/**
 * A network that another interface has too is left out: what is there may be of the management, and the way to it is not ours to choose. Link-local ones are
 * each interface's own.
 */
function ownIp6(addresses: readonly Listed[], others: readonly Listed[]): readonly OwnIp6[] {
  return addresses.flatMap(({ address, cidr }) => {
    if (cidr === null || !isLanHost6(address)) return [];
    const isShared = others.some(other => other.cidr !== null && (inPrefix6(other.address, cidr) || inPrefix6(address, other.cidr)));
    return isShared && !isLinkLocal6(address) ? [] : [{ ip: address, prefix: cidr }];
  });
}
