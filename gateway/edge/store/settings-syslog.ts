import { resolve } from 'node:path';
import { z } from 'zod';
import type { SyslogTarget } from '../../model/settings.ts';

/** Most receivers of events. */
export const maxSyslogTargets = 4;
/** Reserved for examples (RFC 5612): stands for a number of the site's own until somebody gives it one. */
const exampleEnterprise = 32_473;
/** RFC 5425 §4.1, RFC 5426 §3.3; for TCP none is registered, and receivers listen there. */
const usualPorts = { tls: 6514, udp: 514, tcp: 514 } as const;

const host = z
  .string({ error: 'an IP address or host name' })
  .regex(/^(?=.{1,253}$)[A-Za-z0-9:](?:[A-Za-z0-9.:-]*[A-Za-z0-9:])?$/, { error: 'an IP address or host name' });
const whole = (min: number, max: number) =>
  z
    .int({ error: `a whole number ${min}–${max}` })
    .min(min, { error: `${min} or more` })
    .max(max, { error: `${max} or less` });

/** One receiver of syslog (RFC 5424). Without a certificate that can be checked nobody is believed: TLS is what it is by default. */
export const syslogShape = z
  .strictObject(
    {
      host,
      port: whole(1, 65_535).exactOptional(),
      transport: z.enum(['tls', 'tcp', 'udp'], { error: 'tls, tcp or udp' }).default('tls'),
      ca: z.string({ error: 'a PEM file' }).min(1, { error: 'a PEM file' }).max(4096, { error: 'a PEM file' }).exactOptional(),
      serverName: host.exactOptional(),
      all: z.boolean({ error: 'true or false' }).default(false),
      enterprise: whole(1, 2_147_483_647).default(exampleEnterprise),
    },
    { error: 'a receiver with host' },
  )
  .refine(({ transport, ca, serverName }) => transport === 'tls' || (ca === undefined && serverName === undefined), {
    error: 'a receiver whose ca and serverName go with transport tls',
  });

/** A receiver as it is asked; files start at `folder`. */
export const syslogTargetOf = ({ port, ca, ...target }: z.output<typeof syslogShape>, folder: string): SyslogTarget => ({
  ...target,
  port: port ?? usualPorts[target.transport],
  ...(ca === undefined ? {} : { ca: resolve(folder, ca) }),
});
