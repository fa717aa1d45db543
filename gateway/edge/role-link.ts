import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { lineWriter, readLines } from './lines.ts';

/** What the gateway does with a process behind a door. */
export type RoleLinkParts = {
  /** A message of the process. Untrusted: check its shape. */
  readonly take: (value: unknown) => void;
  readonly problem: (what: string) => void;
  /** The supervisor is gone. */
  readonly alone: () => void;
};

/**
 * Connects to a process as often as the supervisor says that it has started: a line with the path of its door. Returns what sends a message,
 * or says false while there is no connection: every process says hello on a new one, and is told then what it must know.
 */
export function callRole<T>(supervisor: Duplex, { take, problem, alone }: RoleLinkParts): (message: T) => boolean {
  let role: Socket | undefined;
  let write: (message: T) => boolean = () => false;
  supervisor.on('error', ({ message }) => problem(message)).on('close', alone);
  createInterface({ input: supervisor }).on('line', path => {
    role?.destroy(); // also when nothing closed it: whoever holds the other end is not the process that was started
    role = createConnection(path);
    role.on('error', ({ message }) => problem(message));
    readLines(role, take, problem);
    write = lineWriter<T>(role);
  });
  return message => write(message);
}
