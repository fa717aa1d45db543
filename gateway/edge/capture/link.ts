import { readFileSync } from 'node:fs';
import type { PortName } from '../../model/address.ts';

/** What the kernel says of an interface. `no-carrier`: up, but its link is not. */
export type Link =
  | { readonly kind: 'up' | 'no-carrier' | 'down'; readonly index: number; readonly received: number }
  | { readonly kind: 'gone' };

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '');

const read = (port: PortName, file: string): string => readFileSync(`/sys/class/net/${port}/${file}`, 'utf8').trim();

/** Reads `/sys`, which must be the one of this network namespace (`ip netns exec` sees to that). */
export function readLink(port: PortName): Link {
  try {
    const rest = { index: Number(read(port, 'ifindex')), received: Number(read(port, 'statistics/rx_packets')) };
    return { kind: readCarrier(port), ...rest };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENODEV') return { kind: 'gone' };
    throw error;
  }
}

/** The kernel refuses to say whether an interface that is down has a carrier. */
function readCarrier(port: PortName): 'up' | 'no-carrier' | 'down' {
  try {
    return read(port, 'carrier') === '1' ? 'up' : 'no-carrier';
  } catch (error) {
    if (codeOf(error) === 'EINVAL') return 'down';
    throw error;
  }
}
