import { fileURLToPath } from 'node:url';
import { roles, roleSpec, type RoleName } from '../../gateway/edge/roles.ts';
import { sweepDoors } from '../../gateway/edge/door.ts';
import { makeReach, sweepReach } from '../../gateway/edge/reach.ts';
import { supervise } from '../../gateway/edge/supervisor.ts';

/**
 * A supervisor for tests. Argument: `{ real: { sensor: [args], browser: [] }, standIns: ["enforcer"], first: { "3": message } }`.
 * The gateway and the roles in `standIns` are stand-ins, with the real privileges.
 */
type Plan = {
  readonly real: { readonly [name in RoleName]?: readonly string[] };
  readonly standIns: readonly RoleName[];
  readonly first?: Readonly<Record<string, unknown>>;
};
const plan = JSON.parse(process.argv[2] ?? '') as Plan; // our own test wrote it
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const names = (Object.keys(roles) as RoleName[]).filter(n => n !== 'gateway' && (plan.real[n] !== undefined || plan.standIns.includes(n)));
/** Also those of processes that are not there. */
const fds = Array.from({ length: Math.max(...names.map(n => roles[n].fd ?? 0)) - 2 }, (_, i) => i + 3);

sweepReach();
sweepDoors();
const reach = makeReach([{ path: fileURLToPath(new URL('../..', import.meta.url)), access: 'read' }]);
const supervisor = supervise({
  roles: [
    ...names.map(n =>
      plan.standIns.includes(n) ? roleSpec(n, [n], reach, script('stand-in.ts')) : roleSpec(n, plan.real[n] ?? [], reach),
    ),
    roleSpec('gateway', [JSON.stringify(fds), JSON.stringify(plan.first ?? {})], reach, script('gateway-stand-in.ts')),
  ],
});
process.on('SIGTERM', () => {
  void supervisor.stop().then(() => {
    reach.remove();
    sweepDoors();
    process.exit(0);
  });
});
