import type { PortName } from '../../model/address.ts';

/** What the supervisor tells the sensor, as JSON in its first argument. */
export type SensorOptions = {
  /** At most 64. */
  readonly ports: readonly PortName[];
  readonly filter: 'none' | 'identity';
  /** User and group that it becomes once the handles are open. */
  readonly user: number;
};

/** A Linux interface name (IFNAMSIZ 16) as the gateway believes it; it becomes part of a path in /sys. */
const isPort = (value: unknown): value is PortName => typeof value === 'string' && /^(?!\.{1,2}$)[\w.-]{1,15}$/.test(value);

/** Throws when the argument is none of ours. */
export function parseSensorOptions(text: string): SensorOptions {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('ports' in value) || !('filter' in value) || !('user' in value))
    throw new Error('Cannot start the sensor: ports, filter or user is missing');
  const { ports, filter, user } = value;
  if (!Array.isArray(ports) || ports.length === 0 || ports.length > 64 || !ports.every(isPort))
    throw new Error('Cannot start the sensor: ports are no list of 1 to 64 interface names');
  if (filter !== 'none' && filter !== 'identity') throw new Error('Cannot start the sensor: filter is neither none nor identity');
  if (typeof user !== 'number' || !Number.isInteger(user) || user < 1)
    throw new Error('Cannot start the sensor: user is no unprivileged id');
  return { ports: [...new Set(ports)], filter, user };
}

/** The ports that the last epoch left cut, from the last words that the supervisor handed on (its last line, names separated by blanks). */
export function parseLastWords(base64: string | undefined): ReadonlySet<PortName> {
  const lines = Buffer.from(base64 ?? '', 'base64')
    .toString('utf8')
    .split('\n');
  return new Set((lines.at(-2) ?? '').split(' ').filter(isPort)); // the very last piece is what follows the last newline
}

/** The kernel's ring per port: 32 MiB (a tenth of a second of a full gigabit link of small frames), less when many ports would make it more than 64 MiB in all. Bytes. */
export const ringBytes = (ports: number): number => Math.max(2, Math.min(32, Math.floor(64 / ports))) * 1024 * 1024;
