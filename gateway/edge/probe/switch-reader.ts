import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import { z } from 'zod';
import type { SwitchAccess } from '../../model/switch.ts';
import { lineWriter, readLines } from '../lines.ts';
import type { FromSwitchReader } from '../messages.ts';
import { readSwitch } from './read-switch.ts';

/**
 * The switch reader process: asks listed switches by SNMP who is at which port, and decodes what they answer. It has no privilege, keeps no credential
 * longer than a reading, beats so that a hang shows, and ends when fd 3 closes.
 */
const beatMillis = 500;
/** Readings at once; more wait with the gateway. */
const maxReadings = 4;

const text = z.string().min(1).max(255);
const read = z.object({
  type: z.literal('read'),
  switchIp: z.ipv4(),
  access: z.discriminatedUnion('version', [
    z.object({ version: z.enum(['1', '2c']), community: text }),
    z.object({ version: z.literal('3'), user: text, password: text, privacyPassword: text.exactOptional() }),
  ]),
});

const gateway = new Socket({ fd: 3, readable: true, writable: true });
const say = lineWriter<FromSwitchReader>(gateway);
const end = (): never => process.exit(0);
const running = new Set<string>();
gateway.on('error', end).on('close', end).on('end', end);
readLines(gateway, take, why => process.stderr.write(`${JSON.stringify({ process: 'switch-reader', spoilt: why })}\n`));
say({ type: 'hello', role: 'switch-reader', epoch: randomUUID(), pid: process.pid });
setInterval(() => say({ type: 'beat' }), beatMillis);

function take(value: unknown): void {
  const order = read.safeParse(value);
  if (!order.success) return;
  const { switchIp, access } = order.data;
  if (running.has(switchIp) || running.size >= maxReadings) return;
  running.add(switchIp);
  void answer(switchIp, access).finally(() => running.delete(switchIp));
}

async function answer(switchIp: string, access: SwitchAccess): Promise<void> {
  const reading = await readSwitch(switchIp, access, { signal: new AbortController().signal });
  say({ type: 'switch', switchIp, reading });
}
