import { networkInterfaces } from 'node:os';
import type { Ip, Mac, PortName } from '../model/address.ts';

/** The bridge's own hardware address, and the prefix of the address that the settings name. Throws when the bridge has no such address. */
export function bridgeAddress(bridge: PortName, ip: Ip): { readonly mac: Mac; readonly ip: Ip; readonly prefix: string } {
  const addresses = networkInterfaces()[bridge] ?? [];
  const own = addresses.find(({ address }) => address === ip);
  if (own === undefined || own.cidr === null) {
    const found = addresses.map(({ address }) => address).join(', ') || 'none';
    throw new Error(
      `Cannot use bridge ${bridge}: settings name its address ${ip}, found ${found}; add it with: ip addr add ${ip}/PREFIX dev ${bridge}`,
    );
  }
  return { mac: own.mac, ip, prefix: own.cidr };
}
