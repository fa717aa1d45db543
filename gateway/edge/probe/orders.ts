import { z } from 'zod';
import { isIp6 } from '../../codec/ip6.ts';
import { probeNames } from '../../model/probe.ts';

/** The shapes of what the gateway tells the prober (`ToProber`). The gateway holds the page and hears users: what it sends is checked again here. */
const mac = z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
const ip = z.ipv4();
const ip6 = z.string().refine(isIp6);
const cidr6 = z.string().regex(/^[0-9a-f:]{2,39}\/\d{1,3}$/);
const own6 = z.array(z.object({ ip: ip6, prefix: cidr6 })).max(64);
const port = z.string().regex(/^[\w.-]{1,15}$/);
const cidr = z.string().regex(/^[\d.]{7,15}\/\d{1,2}$/);
const text = z.string().max(200);

const order = z.object({
  id: z.string().max(80),
  probe: z.enum(probeNames),
  zone: z.string().max(64),
  armedBy: text,
  target: z
    .object({
      device: z.string().max(40),
      mac,
      ip: z.union([ip, ip6]),
      port,
      vlan: z.literal(0),
      service: z.number().int().min(0).max(65_535),
    })
    .exactOptional(),
  ports: z.array(port).max(256).exactOptional(),
  prefix: cidr.exactOptional(),
});

export const proberOrder = z.discriminatedUnion('type', [
  z.object({ type: z.literal('probe'), order, own: z.object({ mac, ip, prefix: cidr, ip6: own6.exactOptional() }) }),
  z.object({ type: z.literal('stop'), ids: z.array(z.string().max(80)).max(256).exactOptional() }),
]);

const options = z.strictObject({ bridge: port, ports: z.array(port).min(1).max(256), user: z.number().int().min(1) });
export type ProberOptions = z.infer<typeof options>;

/** What the supervisor tells the prober in its first argument. Throws when it is none of ours. */
export const parseProberOptions = (json: string): ProberOptions => options.parse(JSON.parse(json));
