import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import { z } from 'zod';
import { lineWriter, readLines } from '../lines.ts';
import type { FromEnforcer, ToEnforcer } from '../messages.ts';
import { enforcers } from './index.ts';

/**
 * The process that may change the network, and nothing else: CAP_NET_ADMIN, no sockets but its channel on fd 3, no files but in the folder on fd 4, which may be
 * absent (the argument `kept` says that it is there).
 */

const text = (pattern: RegExp): z.ZodString => z.string().regex(pattern);
const mac = text(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
const port = text(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,14}$/);
const ip = text(/^[0-9a-f.:]{2,39}$/);
const number = (most: number): z.ZodNumber => z.number().int().min(0).max(most);

/** The gateway holds the page and hears users: what it sends is checked before it becomes text for nft. */
const message: z.ZodType<ToEnforcer> = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('enforce'),
    hash: text(/^[0-9a-f]{64}$/),
    ruleSet: z.object({
      bridge: port,
      gateway: z.object({ mac, ip, ip6: z.array(ip).max(64).exactOptional(), attestationPort: number(65_535) }),
      uplinks: z.array(port).max(1023),
      enforced: z.array(port).max(1023),
      observed: z.array(z.object({ port, vlan: number(4094) })).max(65_536),
      dhcpServers: z.array(ip).max(256),
      devices: z
        .array(z.object({ mac, port, ips: z.array(ip).max(16), access: z.enum(['admit', 'hold', 'quarantine']), bound: z.boolean() }))
        .max(65_536),
    }),
  }),
  z.object({
    type: z.literal('open-lane'),
    id: z.string().max(200),
    lane: z.object({
      mac,
      port,
      ip,
      remotePort: number(65_535),
      localPort: number(65_535),
      protocol: z.literal('udp').exactOptional(),
      ttlSeconds: z.number().min(0).max(3_600),
    }),
  }),
  z.object({ type: z.literal('close-lane'), id: z.string().max(200) }),
]);

/** A RuleSet that is none is told to whoever asked; what is in force stays. */
const refused = z.object({ type: z.literal('enforce'), hash: text(/^[0-9a-f]{64}$/) });

function main(): void {
  const channel = new Socket({ fd: 3 });
  const send = lineWriter<FromEnforcer>(channel);
  // The path of a descriptor: the folder lies where this user may not pass.
  const folder = process.argv[2] === 'kept' ? '/proc/self/fd/4' : undefined;
  const running = enforcers.map(e => e.start(send, folder));
  const obey = (value: ToEnforcer): void => {
    for (const enforcer of running) {
      switch (value.type) {
        case 'enforce':
          enforcer.enforce(value.ruleSet, value.hash);
          break;
        case 'open-lane':
          enforcer.openLane(value.id, value.lane);
          break;
        case 'close-lane':
          enforcer.closeLane(value.id);
          break;
      }
    }
  };
  readLines(
    channel,
    value => {
      const parsed = message.safeParse(value);
      if (parsed.success) return obey(parsed.data);
      const detail = `Cannot obey a message: ${parsed.error.issues[0]?.path.join('.')} ${parsed.error.issues[0]?.message}`;
      const asked = refused.safeParse(value);
      if (asked.success) send({ type: 'enforcement', state: 'failed', ruleSet: asked.data.hash, detail, at: Date.now() });
      complain(detail);
    },
    complain,
  );
  // Without its channel nobody can ask for anything: it goes, and everything stays in force.
  const leave = (): void => {
    for (const enforcer of running) enforcer.stop();
    process.exit(0);
  };
  channel.on('error', leave).on('close', leave).on('end', leave);
  send({ type: 'hello', role: 'enforcer', epoch: randomUUID(), pid: process.pid });
}

function complain(why: string): void {
  process.stderr.write(`enforcer: ${why}\n`);
}

main();
