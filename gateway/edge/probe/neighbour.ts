import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Ip, Mac, PortName } from '../../model/address.ts';

/** The hardware address that the kernel would send to on this bridge; undefined while it has none (proc(5), /proc/net/arp: flag 2 is complete). */
export function neighbourOf(ip: Ip, bridge: PortName, text?: string): Mac | undefined {
  if (ip.includes(':')) return neighbour6(text ?? shown6(ip, bridge));
  for (const line of (text ?? readFileSync('/proc/net/arp', 'latin1')).split('\n').slice(1)) {
    const [address, , flags, mac, , device] = line.split(/\s+/);
    if (address === ip && device === bridge && (Number(flags) & 2) !== 0) return mac;
  }
  return undefined;
}

/** Of IPv6 only what the enforcer pinned counts: an entry that was learnt may be another before the question has left. */
const neighbour6 = (text: string): Mac | undefined => /^\S+ lladdr ([0-9a-f:]{17}) PERMANENT/m.exec(text)?.[1];

/** The kernel has no file for it. A question leaves at most `ceilings` times a second, and this is asked once for each. */
function shown6(ip: Ip, bridge: PortName): string {
  try {
    return execFileSync('ip', ['-6', 'neigh', 'show', ip, 'dev', bridge], {
      timeout: 1_000,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    if (error instanceof Error) return '';
    throw error;
  }
}
