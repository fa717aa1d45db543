import { readFileSync } from 'node:fs';
import type { Ip, Mac, PortName } from '../../model/address.ts';

/** The hardware address that the kernel would send to on this bridge; undefined while it has none (proc(5), /proc/net/arp: flag 2 is complete). */
export function neighbourOf(ip: Ip, bridge: PortName, text = readFileSync('/proc/net/arp', 'latin1')): Mac | undefined {
  for (const line of text.split('\n').slice(1)) {
    const [address, , flags, mac, , device] = line.split(/\s+/);
    if (address === ip && device === bridge && (Number(flags) & 2) !== 0) return mac;
  }
  return undefined;
}
