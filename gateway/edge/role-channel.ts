import { Socket } from 'node:net';
import { lineWriter, readLines } from './lines.ts';
import { type RoleName, roles } from './roles.ts';

/** Every process but the gateway itself. */
export type OtherRole = Exclude<RoleName, 'gateway'>;

/** What the supervisor gave the gateway to speak with a process: file descriptors as in `roles`. */
export const supervisorOf = (role: OtherRole): Socket => new Socket({ fd: roles[role].fd, readable: true, writable: true });

/** A duplex of the supervisor. A broken one ends this process, and the supervisor starts it anew. `take` gets what the process says: untrusted. */
export function roleChannel<T>(role: OtherRole, take: (value: unknown) => void, log: (line: string) => void): (message: T) => boolean {
  const socket = supervisorOf(role);
  socket.on('error', error => log(`Cannot talk to the ${role}: ${error.message}`));
  socket.on('close', () => process.exit(0));
  readLines(socket, take, why => log(`${role}: ${why}`));
  return lineWriter<T>(socket);
}
