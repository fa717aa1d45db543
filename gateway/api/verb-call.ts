import { parseArgs } from 'node:util';
import type { PastInventory } from '../export/past.ts';
import { Client, ClientError } from './client.ts';
import { type DeviceList, type DeviceRow, reasonLength } from './contract.ts';
import { candidate, findDevice } from './find-device.ts';

/** Where a verb reads and writes. `columns` of the terminal; absent when the output is no terminal, then nothing is cut. */
export type VerbIo = {
  readonly socketPath: string;
  /** `write` gives false when who reads is slow; `drained` resolves when he has caught up. */
  readonly stdout: { write(text: string): unknown; readonly columns?: number; drained?(): Promise<unknown> };
  readonly stderr: { write(text: string): unknown };
  /** Who typed, for the journal; root when absent. */
  readonly user?: string;
  /** Reads the journal of a gateway that does not run; absent: nobody can. */
  readonly offline?: { readonly version: string; readonly past: (at: number) => Promise<PastInventory> };
  /** Waits so many milliseconds; the machine's own timer when absent. */
  readonly pause?: (ms: number) => Promise<unknown>;
};

/** DESIGN §8. */
export const exit = { good: 0, wrong: 1, findings: 2, denied: 3, nothing: 4 } as const;

export class WrongCall extends Error {}
export class NoSuchDevice extends Error {}

export const options = {
  for: { type: 'string' },
  until: { type: 'string' },
  'for-good': { type: 'boolean' },
  off: { type: 'boolean' },
  mode: { type: 'string' },
  wide: { type: 'boolean' },
  zone: { type: 'string' },
  all: { type: 'boolean' },
  alone: { type: 'boolean' },
  unlock: { type: 'boolean' },
  signature: { type: 'string' },
  replaces: { type: 'string', multiple: true },
  beside: { type: 'boolean' },
  wait: { type: 'boolean' },
  reason: { type: 'string' },
  role: { type: 'string' },
  name: { type: 'string' },
  source: { type: 'string' },
  note: { type: 'string' },
  vendor: { type: 'string' },
  model: { type: 'string' },
  uses: { type: 'string' },
  most: { type: 'string' },
  'max-age': { type: 'string' },
  audience: { type: 'string' },
  yes: { type: 'boolean' },
  format: { type: 'string' },
  limit: { type: 'string' },
  'as-of': { type: 'string' },
  output: { type: 'string', short: 'o' },
  json: { type: 'boolean' },
  data: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export function readArgs(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    if (error instanceof TypeError) throw new WrongCall(`Cannot read the call: ${error.message.split('.')[0]}`);
    throw error;
  }
}

/** One call of a verb. */
export type Call = ReturnType<typeof readArgs> & { readonly client: Client; readonly io: VerbIo };

/** The device that a person typed; throws when it is none or several. */
export async function theDevice({ client, positionals }: Call, typed = positionals[0] ?? ''): Promise<DeviceRow> {
  const { rows } = await client.json<DeviceList>('GET', '/devices');
  const found = findDevice(rows, typed);
  if (found.kind === 'one') return found.row;
  if (found.kind === 'none') throw new NoSuchDevice(`Cannot find '${typed}': no device has this id, MAC, address, serial or name`);
  throw new ClientError(
    'conflict',
    [`Cannot tell which device '${typed}' is; name one by its id:`, ...found.rows.map(candidate)].join('\n'),
  );
}

/** Why a person decides; the gateway takes no other length. */
export function reasonOf({ values: { reason } }: Call): string {
  if (reason === undefined) throw new WrongCall('Cannot decide without a reason: --reason is missing');
  const { length } = reason.trim();
  if (length < reasonLength.min || length > reasonLength.max)
    throw new WrongCall(`Cannot take the reason: it has ${length} characters, give ${reasonLength.min} to ${reasonLength.max}`);
  return reason;
}
