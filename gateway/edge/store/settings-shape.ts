import { isIP, isIPv4 } from 'node:net';
import { z } from 'zod';
import { prefixOf } from '../../codec/network.ts';
import { probeModes } from '../../model/probe.ts';
import { channelNames, maxChannels } from '../../model/settings.ts';
import { maxSwitches, type SwitchSettings } from '../../model/switch.ts';
import { maxSyslogTargets, syslogShape } from './settings-syslog.ts';

/**
 * What may stand in settings.json, with its defaults. The message of a shape completes "it is …, must be …". Unknown fields are refused.
 * The type of the result is `Settings` but for what depends on the folder.
 */
const count = (min: number, max: number, unit = '') =>
  z
    .int({ error: `a whole number ${min}–${max}${unit}` })
    .min(min, { error: `${min} or more` })
    .max(max, { error: `${max} or less` });
/** Linux keeps 15 characters and refuses `/`, `:` and white space (net/core/dev.c, dev_valid_name). */
const interfaceName = z
  .string({ error: 'an interface name' })
  .regex(/^(?!\.{1,2}$)[^\s/:]{1,15}$/, { error: 'an interface name of at most 15 characters' });
const ip4 = z.string({ error: 'an IPv4 address' }).refine(isIPv4, { error: 'an IPv4 address such as 10.20.4.1' });
const ip = z.string({ error: 'an IP address' }).refine(text => isIP(text) !== 0, { error: 'an IP address such as 127.0.0.1' });
const prefix = z.string({ error: 'a network' }).refine(isNetwork, {
  error: ({ input }) =>
    `${String(input).includes(':') ? 'an IPv6 network such as fd00:20:4::/64' : 'an IPv4 network such as 10.20.4.0/24'}, with no bits beyond its length`,
});
const port = count(1, 65_535);
const word = (most: number, what: string) => z.string({ error: what }).regex(new RegExp(`^[\\w.-]{1,${most}}$`), { error: what });
const modes = z.enum(['observe', 'enforce'], { error: 'observe or enforce' });
const flag = z.boolean({ error: 'true or false' });
const list = <S extends z.ZodType>(item: S, min: number, max: number) => {
  const size = `a list of ${min}–${max}`;
  return z.array(item, { error: size }).min(min, { error: size }).max(max, { error: size });
};
const folder = z.string({ error: 'a folder' }).min(1, { error: 'a folder' }).max(4096, { error: 'a folder' });

/** A path as HTTP and CoAP have it, without query. */
const path = z.string({ error: 'a path' }).regex(/^(\/[\w.~:@-]+){1,8}$/, { error: 'a path such as /attest' });
const channel = z.strictObject(
  {
    channel: z.enum(channelNames, { error: channelNames.join(', ').replace(/, ([^,]*)$/, ' or $1') }),
    port,
    path: path.exactOptional(),
  },
  { error: 'a channel with channel and port' },
);

const names = z.string({ error: 'a name' }).min(1, { error: 'a name' }).max(200, { error: 'a name of at most 200 characters' });
const age = z
  .strictObject(
    {
      kinds: list(names, 1, 64).exactOptional(),
      models: list(names, 1, 64).exactOptional(),
      evidenceTtlSeconds: count(1, 2_592_000, ' seconds'),
      graceSeconds: count(0, 604_800, ' seconds').exactOptional(),
    },
    { error: 'an age with kinds or models, and evidenceTtlSeconds' },
  )
  .refine(a => a.kinds !== undefined || a.models !== undefined, { error: 'an age with kinds or models, and evidenceTtlSeconds' });

const zone = z.strictObject(
  {
    name: word(64, 'a name of letters, digits, . _ - and at most 64'),
    mode: modes.default('observe'),
    ports: list(interfaceName, 1, 256).exactOptional(),
    vlans: list(count(1, 4094), 1, 4094).exactOptional(),
    prefixes: list(prefix, 1, 256).exactOptional(),
    default: z.literal(true, { error: 'true, or left out' }).exactOptional(),
    challenge: flag.default(false),
    challengePorts: list(port, 1, 4).exactOptional(),
    channels: list(channel, 1, maxChannels).exactOptional(),
    challengeSeen: flag.exactOptional(),
    evidenceTtlSeconds: count(1, 604_800, ' seconds').default(3600),
    graceSeconds: count(0, 604_800, ' seconds').default(900),
    ages: list(age, 1, 64).exactOptional(),
    confirmations: count(1, 10).exactOptional(),
    otherwise: z.enum(['admit', 'hold'], { error: 'admit or hold' }).default('hold'),
    probes: z.enum(probeModes, { error: 'off, broadcast or known-devices' }).default('off'),
  },
  { error: 'a zone with its fields' },
);

const network = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      kind: z.literal('bridge'),
      bridge: interfaceName,
      ports: list(interfaceName, 1, 256),
      uplinks: list(interfaceName, 1, 16),
      ip: ip4,
      dhcpServers: list(ip4, 0, 16).default([]),
    }),
    z.strictObject({ kind: z.literal('listen'), ports: list(interfaceName, 1, 256) }),
  ],
  { error: 'a network of kind bridge or listen' },
);

const listener = (defaultPort: number) =>
  z.strictObject({ host: ip, port: port.default(defaultPort) }, { error: 'a listener with host and port' });

const secret = (min: number, what: string) => z.string({ error: what }).min(min, { error: what }).max(64, { error: what });
/** A switch to read by SNMP: with a community, or with a user (version 3). What is wrong with a secret is said without it (`settings.ts`). */
const switchShape = z.strictObject(
  {
    ip: ip4,
    intervalSeconds: count(10, 86_400, ' seconds').default(120),
    version: z.enum(['1', '2c', '3'], { error: '1, 2c or 3' }).exactOptional(),
    community: secret(1, 'a community of 1–64 characters').exactOptional(),
    user: word(32, 'a name of letters, digits, . _ - and at most 32').exactOptional(),
    password: secret(8, 'a password of 8–64 characters').exactOptional(),
    privacyPassword: secret(8, 'a password of 8–64 characters').exactOptional(),
  },
  { error: 'a switch with ip and community, or with ip, user and password' },
);

/** A key in a PKCS #11 token. */
const signingKey = z.strictObject(
  {
    module: z
      .string({ error: 'the path of a library' })
      .regex(/^\/[^\0]{1,4000}$/, { error: 'the path of a PKCS #11 library, from the root' }),
    token: z
      .string({ error: 'the label of a token' })
      .min(1, { error: 'the label of a token' })
      .max(32, { error: 'a label of at most 32 characters' }),
    id: z.string({ error: 'hexadecimal digits' }).regex(/^(?:[0-9A-Fa-f]{2}){1,32}$/, { error: 'the id of a key in hexadecimal digits' }),
    pinFile: folder,
  },
  { error: 'a signing key with module, token, id and pinFile' },
);

const fields = z.strictObject(
  {
    dataFolder: folder.exactOptional(),
    policyFolders: list(folder, 1, 16).exactOptional(),
    network,
    page: listener(9443).default({ host: '0.0.0.0', port: 9443 }),
    attestation: listener(8444).exactOptional(),
    zones: list(zone, 1, 256).prefault([{ name: 'all', default: true }]),
    challengeClient: folder.exactOptional(),
    browseMdns: flag.default(false),
    switches: list(switchShape, 0, maxSwitches).exactOptional(),
    signingKey: signingKey.exactOptional(),
    syslog: list(syslogShape, 0, maxSyslogTargets).exactOptional(),
  },
  { error: 'settings with their fields' },
);
export type SettingsFields = z.output<typeof fields>;

/** The shape with the checks between fields. */
export const settingsShape = fields.superRefine((settings, context) => {
  for (const { path, message } of conflicts(settings)) context.addIssue({ code: 'custom', path: [...path], message });
});

type Conflict = { readonly path: readonly (string | number)[]; readonly message: string };

function conflicts(settings: SettingsFields): readonly Conflict[] {
  const { network, zones, page, attestation } = settings;
  const uplinks = network.kind === 'bridge' ? network.uplinks : [];
  const taken = network.kind === 'bridge' ? [network.bridge, ...network.ports] : [];
  return [
    ...repeated(network.ports, ['network', 'ports']),
    ...repeated(uplinks, ['network', 'uplinks']),
    ...each(uplinks, ['network', 'uplinks'], name =>
      taken.includes(name) ? 'an interface that is neither the bridge nor a device port' : undefined,
    ),
    ...each(network.ports, ['network', 'ports'], name =>
      network.kind === 'bridge' && name === network.bridge ? 'an interface other than the bridge itself' : undefined,
    ),
    ...(zones.filter(z => z.default === true).length === 1
      ? []
      : [{ path: ['zones'], message: 'a list in which exactly one zone has default: true' }]),
    ...each(
      zones.map(z => z.name),
      ['zones'],
      (name, n) => (zones.findIndex(z => z.name === name) < n ? 'a zone with a name of its own' : undefined),
    ),
    ...zones.flatMap((z, n) => zoneConflicts(settings, z, n)),
    ...(settings.switches ?? []).flatMap((one, n) => switchConflicts(settings.switches ?? [], one, n)),
    ...(collide(page, attestation ?? { host: attestationHost(settings), port: 8444 })
      ? [{ path: ['page', 'port'], message: "another port than the attestation API's" }]
      : []),
  ];
}

function zoneConflicts({ network, zones }: SettingsFields, zone: SettingsFields['zones'][number], n: number): readonly Conflict[] {
  const before = new Set(zones.slice(0, n).flatMap(z => z.ports ?? []));
  return [
    ...repeated(zone.ports ?? [], ['zones', n, 'ports']),
    ...each(zone.ports ?? [], ['zones', n, 'ports'], name => {
      if (!network.ports.includes(name)) return 'one of network.ports';
      return before.has(name) ? 'a port that no zone before has' : undefined;
    }),
    ...(network.kind === 'listen' && zone.mode === 'enforce'
      ? [{ path: ['zones', n, 'mode'], message: 'observe: where we only listen, nothing can be enforced' }]
      : []),
    ...(network.kind === 'listen' && zone.probes !== 'off'
      ? [{ path: ['zones', n, 'probes'], message: 'off: where we only listen, we ask nothing' }]
      : []),
  ];
}

type SwitchFields = NonNullable<SettingsFields['switches']>[number];

function switchConflicts(switches: readonly SwitchFields[], one: SwitchFields, n: number): readonly Conflict[] {
  const path = ['switches', n];
  const isUser = one.user !== undefined;
  const isWhole = isUser
    ? one.password !== undefined && one.community === undefined
    : one.community !== undefined && one.password === undefined && one.privacyPassword === undefined;
  return [
    ...(switches.findIndex(other => other.ip === one.ip) < n ? [{ path: [...path, 'ip'], message: 'there only once' }] : []),
    ...(isWhole ? [] : [{ path, message: 'a switch with community, or with user and password' }]),
    ...(one.version !== undefined && (one.version === '3') !== isUser
      ? [{ path: [...path, 'version'], message: '3 with a user, 1 or 2c with a community' }]
      : []),
  ];
}

/** A switch as it is read: which version follows from how it lets us in. */
export function switchOf({ ip, intervalSeconds, version, community, user, password, privacyPassword }: SwitchFields): SwitchSettings {
  if (user === undefined) return { ip, intervalSeconds, version: version === '1' ? '1' : '2c', community: community ?? '' };
  return {
    ip,
    intervalSeconds,
    version: '3',
    user,
    password: password ?? '',
    ...(privacyPassword === undefined ? {} : { privacyPassword }),
  };
}

const each = <T>(items: readonly T[], path: Conflict['path'], check: (item: T, n: number) => string | undefined): readonly Conflict[] =>
  items.flatMap((item, n) => {
    const message = check(item, n);
    return message === undefined ? [] : [{ path: [...path, n], message }];
  });
const repeated = (names: readonly string[], path: Conflict['path']): readonly Conflict[] =>
  each(names, path, (name, n) => (names.indexOf(name) < n ? 'there only once' : undefined));

/** The attestation API is for devices: on the bridge's own address, and without a bridge for this machine only. */
export const attestationHost = ({ network }: Pick<SettingsFields, 'network'>): string =>
  network.kind === 'bridge' ? network.ip : '127.0.0.1';

/** A wildcard address takes the port of every address. */
function collide(a: { host: string; port: number }, b: { host: string; port: number }): boolean {
  const wild = (host: string): boolean => host === '0.0.0.0' || host === '::';
  return a.port === b.port && (a.host === b.host || wild(a.host) || wild(b.host));
}

/** CIDR without host bits: `10.20.4.7/24` is most likely a slip. */
function isNetwork(text: string): boolean {
  const network = prefixOf(text);
  if (network === undefined || !text.endsWith(`/${network.length}`)) return false;
  return network.bytes.every((byte, i) => (byte & (0xff >> Math.min(8, Math.max(0, network.length - i * 8)))) === 0);
}
