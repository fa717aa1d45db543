import { Socket } from 'node:net';
import { lineWriter, readLines } from '../../gateway/edge/lines.ts';
import { callRole } from '../../gateway/edge/role-link.ts';
import { roles } from '../../gateway/edge/roles.ts';

/** Stands in for the gateway: writes each message of each fd that its argument names as a line on stdout. `send` in the environment goes out first. */
const fds: unknown = JSON.parse(process.argv[2] ?? '[]');
const first: unknown = JSON.parse(process.argv[3] ?? '{}');
process.stdout.write(`${JSON.stringify({ fd: 0, message: { type: 'started', pid: process.pid } })}\n`);
for (const fd of Array.isArray(fds) ? fds : []) {
  if (typeof fd !== 'number') continue;
  const end = (): never => process.exit(0);
  const say = (line: object): void => void process.stdout.write(`${JSON.stringify({ fd, ...line })}\n`);
  const role = new Socket({ fd, readable: true, writable: true });
  if (fd === roles.sensor.fd) {
    callRole(role, { take: message => say({ message }), problem: spoilt => say({ spoilt }), alone: end });
    continue;
  }
  role.on('error', end).on('close', end).on('end', end);
  readLines(
    role,
    message => say({ message }),
    spoilt => say({ spoilt }),
  );
  if (typeof first === 'object' && first !== null && String(fd) in first)
    lineWriter(role)(Object.entries(first).find(([k]) => k === String(fd))?.[1]);
}
