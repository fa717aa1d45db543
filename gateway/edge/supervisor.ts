import { Keeper, type LogLine, type RoleSpec } from './keeper.ts';

export type Supervisor = {
  /** Process id of a role that runs now. */
  pid(name: string): number | undefined;
  /** Ends the processes, the gateway first, by their ids. What the kernel enforces stays in force. */
  stop(): Promise<void>;
};

/**
 * Starts the roles and starts each again when it ends, until `stop`. Runs as root, parses nothing, and touches nothing in the kernel: when
 * it dies, the processes see fd 3 close and end, and enforcement stays. Sets this process's umask to 077 for them.
 */
export function supervise(options: { readonly roles: readonly RoleSpec[]; readonly log?: (line: LogLine) => void }): Supervisor {
  process.umask(0o077);
  const log = options.log ?? (line => process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`));
  const gateways = options.roles.filter(r => r.gatewayFd === undefined);
  if (gateways.length !== 1) throw new Error(`Cannot supervise: ${gateways.length} roles are the gateway`);
  const keepers = options.roles.map(spec => new Keeper(spec, log));
  const gateway = keepers.find(k => k.spec.gatewayFd === undefined);
  for (const keeper of keepers) if (keeper !== gateway) gateway?.serve(keeper);
  for (const keeper of keepers) keeper.start();
  return {
    pid: name => keepers.find(k => k.spec.name === name)?.pid,
    stop: async () => {
      for (const keeper of keepers) keeper.retire();
      await gateway?.end();
      await Promise.all(keepers.map(k => k.end()));
    },
  };
}
