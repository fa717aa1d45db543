import { readFileSync } from 'node:fs';
import { LivePort } from './live.ts';

/**
 * Gives up root for `id` as user and group, then tries what must no longer work: becoming root again, and opening a handle, which is a raw
 * socket. Throws when anything of it is still possible. Handles that are open stay open.
 */
export function dropPrivileges(id: number): void {
  if (!process.setgroups || !process.setgid || !process.setuid)
    throw new Error(`Cannot drop privileges: ${process.platform} has no setuid`);
  process.setgroups([]);
  process.setgid(id);
  process.setuid(id);
  const left = ['CapPrm', 'CapEff', 'CapAmb'].filter(name => !/^0+$/.test(status(name)));
  if (left.length > 0) throw new Error(`Cannot drop privileges: ${left.join(', ')} not empty`);
  if (status('NoNewPrivs') !== '1') throw new Error('Cannot drop privileges: no_new_privs is not set');
  if (canBecomeRoot()) throw new Error('Cannot drop privileges: root can be had again');
  if (canCapture()) throw new Error('Cannot drop privileges: a raw socket can still be opened');
}

/** One field of /proc/self/status. */
function status(name: string): string {
  const line = readFileSync('/proc/self/status', 'utf8')
    .split('\n')
    .find(l => l.startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim() ?? '';
}

function canBecomeRoot(): boolean {
  try {
    process.setuid?.(0);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPERM') return false;
    throw error;
  }
}

/** The loopback is in every network namespace, and the socket is refused before its state is looked at. */
function canCapture(): boolean {
  const nothing = (): void => undefined;
  const listener = { onFrame: nothing, onTurn: nothing, onBroken: nothing };
  try {
    LivePort.open('lo', { filter: 'none', bufferBytes: 65_536 }, listener, { last: 0 });
    return true;
  } catch (error) {
    if (error instanceof Error && /not permitted|permission/i.test(error.message)) return false;
    throw error;
  }
}
