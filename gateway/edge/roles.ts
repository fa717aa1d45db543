import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { doorPath } from './door.ts';
import type { Reach } from './reach.ts';
import type { RoleSpec } from './keeper.ts';

/**
 * Who runs with what. Each process has its own user and group of the same number, no_new_privs, umask 077 and an environment of two
 * words; `bounding` is all that it could ever have, `ambient` what it has. The numbers need no entry in /etc/passwd.
 */
export const roles = {
  // Opens its handles as root that can do nothing else, then becomes `becomes` with nothing (capture/privileges.ts).
  sensor: {
    entry: 'edge/capture/sensor',
    user: 0,
    becomes: 61171,
    bounding: ['net_raw', 'setuid', 'setgid'],
    ambient: [],
    nodeOptions: ['--max-old-space-size=192'],
    fd: 3,
  },
  enforcer: {
    entry: 'edge/enforcers/enforcer',
    user: 61172,
    becomes: 61172,
    bounding: ['net_admin'],
    ambient: ['net_admin'],
    nodeOptions: ['--max-old-space-size=128'],
    fd: 4,
  },
  // Decodes what devices send, so it is ended after 2 s of silence.
  challenger: {
    entry: 'edge/challenge/challenger',
    user: 61173,
    becomes: 61173,
    bounding: [],
    ambient: [],
    nodeOptions: ['--max-old-space-size=96'],
    fd: 5,
  },
  // Its parser is not ours: it may hang or grow, so it is ended after 2 s of silence and has little room.
  browser: {
    entry: 'edge/probe/mdns-browser',
    user: 61175,
    becomes: 61175,
    bounding: [],
    ambient: [],
    nodeOptions: ['--max-old-space-size=64'],
    fd: 6,
  },
  // Opens its sending handles as root that can do nothing else, then becomes `becomes` with nothing, as the sensor does.
  prober: {
    entry: 'edge/probe/prober',
    user: 0,
    becomes: 61176,
    bounding: ['net_raw', 'setuid', 'setgid'],
    ambient: [],
    nodeOptions: ['--max-old-space-size=64'],
    fd: 7,
  },
  // Decodes what switches answer, so it is ended after 2 s of silence.
  'switch-reader': {
    entry: 'edge/probe/switch-reader',
    user: 61177,
    becomes: 61177,
    bounding: [],
    ambient: [],
    nodeOptions: ['--max-old-space-size=96'],
    fd: 8,
  },
  // Has no fd of its own: the others are its fds 3 to 8.
  gateway: { entry: 'main', user: 61174, becomes: 61174, bounding: [], ambient: [], nodeOptions: [], fd: undefined },
} as const satisfies Record<string, RolePrivileges>;

export type RoleName = keyof typeof roles;

type Capability = 'net_raw' | 'net_admin' | 'setuid' | 'setgid';
type RolePrivileges = {
  /** Script below `gateway/`, without its ending. */
  readonly entry: string;
  readonly user: number;
  readonly becomes: number;
  readonly bounding: readonly Capability[];
  readonly ambient: readonly Capability[];
  readonly nodeOptions: readonly string[];
  readonly fd: number | undefined;
};

const silenceMillis = 2_000;
/** Say a word each half second, so that silence means that they hang. */
const beating: ReadonlySet<RoleName> = new Set(['browser', 'challenger', 'prober', 'switch-reader']);
/** Reached by the gateway without the supervisor between, because each wake-up counts there. Nobody listens for their heartbeat. */
const behindDoors: ReadonlySet<RoleName> = new Set(['sensor']);
const thisFile = fileURLToPath(import.meta.url);

/** Path of a role's script, source or compiled as this file is. */
export const entryOf = (name: RoleName): string => join(thisFile, '..', '..', `${roles[name].entry}${extname(thisFile)}`);

/** The process of a role with these arguments, seen through `reach`. `entry` replaces the table's script. */
export function roleSpec(name: RoleName, args: readonly string[], reach: Reach, entry = entryOf(name)): RoleSpec {
  const role: RolePrivileges = roles[name];
  const node = [reach.path(process.execPath), ...role.nodeOptions, reach.path(entry), ...args];
  return {
    name,
    command: [...reach.prefix, ...setpriv(role), ...node],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
    ...(role.fd === undefined ? {} : { gatewayFd: role.fd }),
    ...(beating.has(name) ? { silenceMillis } : {}),
    ...(behindDoors.has(name) ? { door: { path: doorPath(name), caller: roles.gateway.becomes } } : {}),
    ...(name === 'sensor' ? { lastWords: true } : {}),
  };
}

/** setpriv(1) as an argument list. Root keeps what the bounding set leaves, so sensor and prober need no ambient capability. */
export function setpriv(role: RolePrivileges): readonly string[] {
  const only = (capabilities: readonly Capability[]): string => ['-all', ...capabilities.map(c => `+${c}`)].join(',');
  const user = role.user === 0 ? [] : [`--reuid=${role.user}`, `--regid=${role.user}`];
  return [
    'setpriv',
    ...user,
    '--clear-groups',
    `--inh-caps=${only(role.ambient)}`,
    `--ambient-caps=${only(role.ambient)}`,
    `--bounding-set=${only(role.bounding)}`,
    '--no-new-privs',
    '--',
  ];
}
