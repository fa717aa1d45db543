import type { ChildProcess, StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { Duplex } from 'node:stream';
import { Door } from '../../gateway/edge/door.ts';

/** A process behind a real door, of which the test is supervisor and gateway. */
export type BehindDoor = {
  readonly child: ChildProcess;
  readonly path: string;
  /** The supervisor's end. */
  readonly supervisor: Duplex;
  /** A new connection to it. */
  readonly call: () => Promise<Socket>;
};

/** Starts a process with `spawn`, which gets its `stdio`. `caller`: the user who may connect. Needs root when that is another. */
export function behindDoor(spawn: (stdio: StdioOptions) => ChildProcess, caller = process.getuid?.() ?? 0): BehindDoor {
  const path = join(mkdtempSync('/run/sallyport-test-door-'), 'door');
  const door = new Door({ path, caller });
  const child = spawn(['pipe', 'pipe', 'inherit', door.open(), 'pipe']);
  door.handedOver(true);
  child.once('exit', () => rmSync(dirname(path), { recursive: true, force: true }));
  const supervisor = child.stdio[4];
  if (!(supervisor instanceof Duplex)) throw new Error('Cannot supervise: the process has no fd 4');
  supervisor.on('error', () => undefined).resume();
  const call = async (): Promise<Socket> => {
    const socket = createConnection(path);
    await once(socket, 'connect');
    return socket;
  };
  return { child, path, supervisor, call };
}
