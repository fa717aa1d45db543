import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { PortName } from '../../model/address.ts';
import { run } from './command.ts';

/** Every link-local group address but MAC pause, as the kernel counts them (IEEE 802.1Q table 8-1; if_bridge.h BR_GROUPFWD). */
const forwardAll = 65_533;

/** Commands for `ip -batch` that make a bridge pass what a cable passes: every group address, and IPv4 with broken headers. */
export function cableLinks(bridge: PortName, ports: readonly PortName[]): string {
  const bridged = `link set dev ${bridge} type bridge mcast_snooping 0 nf_call_iptables 0 nf_call_ip6tables 0 nf_call_arptables 0\n`;
  return bridged + ports.map(p => `link set dev ${p} type bridge_slave group_fwd_mask ${forwardAll}\n`).join('');
}

/** Kernel settings below /proc/sys that go with it; the last six keep the gateway's own tables and addresses from believing announcements. */
export const cableSettings = (bridge: PortName): readonly (readonly [name: string, value: string])[] => [
  ['net/bridge/bridge-nf-call-iptables', '0'],
  ['net/bridge/bridge-nf-call-ip6tables', '0'],
  ['net/bridge/bridge-nf-call-arptables', '0'],
  [`net/ipv4/conf/${bridge}/arp_accept`, '0'],
  [`net/ipv4/conf/${bridge}/drop_gratuitous_arp`, '1'],
  // Any held host could answer that it has our address, and the kernel would give it up (RFC 4862 §5.4.5).
  [`net/ipv6/conf/${bridge}/accept_dad`, '0'],
  [`net/ipv6/conf/${bridge}/accept_ra`, '0'],
  [`net/ipv6/conf/${bridge}/accept_redirects`, '0'],
  [`net/ipv6/conf/${bridge}/drop_unsolicited_na`, '1'],
];

/**
 * Makes a bridge a cable: LLDP, PTP peer delay, LACP and EAPOL pass by port, all multicast passes. CAP_NET_ADMIN is enough for all of
 * it. Resolves with what failed.
 */
export async function makeCable(bridge: PortName, ports: readonly PortName[]): Promise<readonly string[]> {
  const { code, stderr } = await run('ip', ['-force', '-batch', '-'], cableLinks(bridge, ports));
  const failures = await Promise.all(cableSettings(bridge).map(([name, value]) => setting(name, value)));
  return [...(code === 0 ? [] : [`Cannot set up ${bridge} as a cable: ${stderr.trim()}`]), ...failures.filter(f => f !== undefined)];
}

/** The ports that a bridge has now. */
export async function portsOf(bridge: PortName): Promise<readonly PortName[]> {
  const { stdout } = await run('bridge', ['link', 'show']);
  const found = stdout.split('\n').map(line => /^\d+: ([^:@ ]+)[@:].* master (\S+) /.exec(line));
  return found.flatMap(m => (m?.[1] !== undefined && m[2] === bridge ? [m[1]] : []));
}

/** A setting that this kernel does not have (no br_netfilter, no IPv6) needs none; one that somebody else made right, where we may not, needs nothing. */
async function setting(name: string, value: string): Promise<string | undefined> {
  try {
    await writeFile(`/proc/sys/${name}`, value);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return error.code === 'ENOENT' || isSet(name, value) ? undefined : `Cannot set ${name}: ${String(error.code)}`;
  }
}

/** True iff the kernel's setting has this value already, as in a container whose host has made it (docker/INSTALL.md). */
export function isSet(name: string, value: string): boolean {
  const path = `/proc/sys/${name}`;
  return existsSync(path) && readFileSync(path, 'utf8').trim() === value;
}
