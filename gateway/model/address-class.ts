import { type Ip, isLocalMac, type Mac } from './address.ts';

/**
 * What stands behind a hardware address, as far as the address itself says it:
 * - `registered`: its vendor has the prefix from the IEEE (U/L bit clear);
 * - `made`: locally administered in a range that programs and labs are known to use; it stays;
 * - `randomised`: any other locally administered address; it may be another tomorrow (IEEE 802 §8.4, IEEE 802E);
 * - `virtual`: of a group of routers that stand in for each other; it is nobody's own.
 */
export const addressClasses = ['registered', 'made', 'randomised', 'virtual'] as const;
export type AddressClass = (typeof addressClasses)[number];

/** VRRP and CARP for IPv4 and IPv6 (RFC 9568 §7.3), HSRP 1 and 2, HSRP 2 for IPv6, GLBP (prefixes that Cisco's manuals name). */
const routerPrefixes: readonly string[] = [
  '00:00:5e:00:01:',
  '00:00:5e:00:02:',
  '00:00:0c:07:ac:',
  '00:00:0c:9f:f',
  '00:05:73:a0:0',
  '00:07:b4:',
];

/**
 * Docker, QEMU and libvirt, VirtualBox host-only, the loopback adapter of Windows; IANA's own OUI with the local bit, from which RFC 9542
 * §2.1 has people take numbers by hand; DECnet Phase IV, whose range was given away with that bit set; and `52:79`, which stands in for the
 * hosts of captures without hardware addresses.
 */
const madePrefixes: readonly string[] = ['02:42:', '52:54:00:', '0a:00:27:', '02:00:4c:4f:4f:50', '02:00:5e:', 'aa:00:04:', '52:79:'];

export const isVirtualRouterMac = (mac: Mac): boolean => routerPrefixes.some(prefix => mac.startsWith(prefix));

/**
 * True iff the hardware address is the one that Network Load Balancing of Windows makes of the IP address of a cluster: 02-BF and 03-BF with all four bytes
 * (unicast, multicast), 01-00-5E-7F with the last two (IGMP). Anybody can make it of the address of another.
 */
export function isClusterMac(mac: Mac, ip: Ip): boolean {
  const bytes = ip.split('.').map(part => Number(part).toString(16).padStart(2, '0'));
  if (bytes.length !== 4) return false;
  const [whole, last] = [bytes.join(':'), bytes.slice(2).join(':')];
  return mac === `02:bf:${whole}` || mac === `03:bf:${whole}` || mac === `01:00:5e:7f:${last}`;
}

export function addressClass(mac: Mac): AddressClass {
  if (isVirtualRouterMac(mac)) return 'virtual';
  if (!isLocalMac(mac)) return 'registered';
  return madePrefixes.some(prefix => mac.startsWith(prefix)) ? 'made' : 'randomised';
}
