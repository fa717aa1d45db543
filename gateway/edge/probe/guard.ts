import { type OwnIp6, ownFor } from '../../codec/ip6.ts';
import type { Ip, Mac } from '../../model/address.ts';
import type { ProbeOrder } from '../../model/probe.ts';
import { portProblem } from '../../probing/ports.ts';
import type { ListedProbe } from '../../probing/probe.ts';

type Own = { readonly ip: Ip; readonly prefix: string; readonly ip6?: readonly OwnIp6[] };

/**
 * Why nothing of an order may leave; undefined when it may. The machine has looked at all of this before: here is the last place where a
 * mistake, or a gateway that was taken over, is stopped. `neighbour`: where the kernel would send to for an address.
 */
export function orderProblem(
  { target, ports }: Pick<ProbeOrder, 'target' | 'ports'>,
  probe: ListedProbe | undefined,
  own: Own,
  neighbour: (ip: Ip) => Mac | undefined,
): string | undefined {
  if (probe === undefined) return 'there is no such probe';
  if (probe.reach === 'broadcast') {
    if (target !== undefined) return 'a broadcast probe has no device';
    return ports === undefined || ports.length === 0 ? 'it may leave by no port' : undefined;
  }
  if (target === undefined) return 'it has no device';
  if (!isNeighbourAddress(target.ip, own))
    return `${target.ip} is not in our own network ${[own.prefix, ...(own.ip6 ?? []).map(({ prefix }) => prefix)].join(', ')}`;
  if (probe.medium.kind === 'frame') return undefined;
  const port = portProblem(probe, target.service);
  if (port !== undefined) return port;
  const mac = neighbour(target.ip);
  return mac === target.mac ? undefined : `${target.ip} leads to ${mac ?? 'nobody'}, not to ${target.mac}`;
}

/** An address of our own prefix that is neither ours, nor the network's, nor everybody's. */
function isNeighbourAddress(ip: Ip, own: Own): boolean {
  if (ip.includes(':')) return ownFor(ip, own.ip6 ?? []) !== undefined;
  const [base = '', bits = ''] = own.prefix.split('/');
  const size = 2 ** (32 - Number(bits));
  const first = number(base) - (number(base) % size);
  const at = number(ip) - first;
  return ip !== own.ip && at > 0 && at < size - 1;
}

/** The last address of a CIDR prefix. */
export function broadcastOf(prefix: string): Ip {
  const [base = '', bits = ''] = prefix.split('/');
  const size = 2 ** (32 - Number(bits));
  const last = number(base) - (number(base) % size) + size - 1;
  return [24, 16, 8, 0].map(shift => Math.floor(last / 2 ** shift) % 256).join('.');
}

const number = (ip: Ip): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
