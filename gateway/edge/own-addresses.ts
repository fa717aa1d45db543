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
