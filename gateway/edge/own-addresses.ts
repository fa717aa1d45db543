import { readdirSync } from 'node:fs';
import type { PortName } from '../model/address.ts';
import type { NetworkSettings } from '../model/settings.ts';
import { type BridgeAddress, bridgeAddress, networksOf } from './bridge-address.ts';
import { Follower } from './enforcers/command.ts';

/** The kernel tells of several addresses one after the other: they are read when there was no more news for so long. Milliseconds. */
const settleMs = 1_000;

/** What differs in words, old and new; undefined when nothing does. The order in which the kernel lists addresses says nothing. */
export function changeOf(before: BridgeAddress, now: BridgeAddress): string | undefined {
  const text = (one: BridgeAddress): string => [one.mac, one.prefix, ...networksOf(one).slice(1).toSorted()].join(', ');
  return text(before) === text(now) ? undefined : `${text(before)} before, ${text(now)} now`;
}

/**
 * Calls `changed` once when the bridge has other addresses than at the start: another hardware address, network or IPv6 address. While the address of the
 * settings is missing nothing is called, since nobody could start with that. Returns what ends it.
 */
export function watchOwnAddresses(started: BridgeAddress | undefined, changed: (how: string) => void, read = bridgeAddress): () => void {
  if (started === undefined) return () => undefined;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const how = changeOf(started, nowOf(started, read));
    if (how === undefined) return;
    stop();
    changed(how);
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(look, settleMs);
  };
  const follower = new Follower(['ip', 'monitor', 'address', 'link', 'dev', started.bridge], soon, soon);
  const stop = (): void => {
    clearTimeout(timer);
    follower.stop();
  };
  return stop;
}

function nowOf(started: BridgeAddress, read: typeof bridgeAddress): BridgeAddress {
  try {
    return read(started.bridge, started.ip);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Cannot use bridge')) return started;
    throw error;
  }
}

/** How often the ports of the bridge are looked at. Milliseconds. */
const portsEvery = 5_000;

/** What is wrong with the ports that the bridge has; empty when it has none but those of the settings. A rule is bound to the name of a port. */
export function foreignPorts(
  { bridge, ports, uplinks }: Extract<NetworkSettings, { kind: 'bridge' }>,
  members: readonly PortName[],
): string {
  const foreign = members.filter(port => !ports.includes(port) && !uplinks.includes(port)).toSorted();
  if (foreign.length === 0) return '';
  const subject = foreign.length === 1 ? 'a port' : 'ports';
  return `${bridge} has ${subject} that no setting names: ${foreign.slice(0, 8).join(', ')}; what is plugged in there is neither seen nor held`;
}

/** Says so whenever that changes: a port that was renamed, or put into the bridge, is a way around every rule. Returns what ends it. */
export function watchForeignPorts(network: NetworkSettings, say: (what: string) => void): () => void {
  if (network.kind !== 'bridge') return () => undefined;
  const look = (): void => say(foreignPorts(network, membersOf(network.bridge)));
  look();
  const timer = setInterval(look, portsEvery);
  return () => clearInterval(timer);
}

function membersOf(bridge: PortName): readonly PortName[] {
  try {
    return readdirSync(`/sys/class/net/${bridge}/brif`);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return []; // no such bridge, which is told elsewhere
    throw error;
  }
}
