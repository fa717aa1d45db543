import { BlockList, isIP, isIPv6 } from 'node:net';
import type { Ip } from '../../../model/address.ts';

/** Where nothing may be fetched from: `own` are addresses of this machine, `management` and `lan` networks in CIDR or addresses. */
export type Forbidden = {
  readonly own: readonly Ip[];
  /** Switches and the like: nobody who names a host may lead us there. */
  readonly management: readonly string[];
  /** Networks of the devices. An operator may list an address in them, a name must not lead there. */
  readonly lan: readonly string[];
};

/**
 * Networks that are nobody's server on a network: this host, link-local, multicast, reserved; and IPv6 forms that hide an IPv4 address. One list for each
 * family: a BlockList compares IPv4 addresses with ::ffff:0:0/96 too.
 */
const never = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  never.ipv4.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 96], // unspecified, loopback, IPv4-compatible
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['2001::', 32],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  never.ipv6.addSubnet(network, bits, 'ipv6');

/**
 * Why nothing may be fetched from these addresses, to which `host` was resolved; undefined: it may. One forbidden address spoils them all, since a name that
 * leads to an inner place as well is nobody's honest mistake.
 */
export function whyForbidden(host: string, addresses: readonly Ip[], { own, management, lan }: Forbidden): string | undefined {
  if (addresses.length === 0) return 'it has no address';
  const ours = listOf([...own, ...management]);
  const devices = listOf(lan);
  const isAddress = isIP(host) !== 0;
  for (const address of addresses) {
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (never[family].check(address, family)) return `${address} is loopback, link-local, multicast or reserved`;
    if (ours.check(address, family)) return `${address} is of this machine or of its management`;
    if (!isAddress && devices.check(address, family))
      return `${address} is on the network of the devices, where only a listed address may be`;
  }
  return undefined;
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (isIP(address) === 0) continue;
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
