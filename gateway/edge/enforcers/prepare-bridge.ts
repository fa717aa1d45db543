import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { NetworkSettings } from '../../model/settings.ts';
import { table } from '../../quarantine/render.ts';
import { cableLinks, cableSettings, isSet } from './cable.ts';

/**
 * Makes the bridge a cable before any process of ours runs, once, as root. The enforcer does the same again for every port that the
 * bridge has; this is for the time before it, and for machines where /proc/sys is closed to it. Missing interfaces are no error: they may come.
 */
export function prepareBridge(network: Extract<NetworkSettings, { kind: 'bridge' }>): void {
  const ports = [...new Set([...network.ports, ...network.uplinks])];
  spawnSync('ip', ['-force', '-batch', '-'], { input: cableLinks(network.bridge, ports), timeout: 10_000 });
  for (const [name, value] of cableSettings(network.bridge)) {
    try {
      writeFileSync(`/proc/sys/${name}`, value);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      if (error.code !== 'ENOENT' && !isSet(name, value)) process.stderr.write(`Cannot set ${name}: ${String(error.code)}\n`);
    }
  }
}

/** True iff the kernel has our table: who listens only starts no enforcer, and what an earlier start cut stays cut. */
export const leftInForce = (): boolean => spawnSync('nft', ['list', 'table', ...table.split(' ')], { timeout: 10_000 }).status === 0;
