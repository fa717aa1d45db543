import type { Millis } from '../model/address.ts';
import type { DeviceView } from '../model/device.ts';

const dayMs: Millis = 86_400_000;

/** When a device measured itself, for people: `at its start, 3 days ago`, `at its start, 2 to 9 days ago`, `at its start, 40 days ago or more`. */
export function measuredText({ atLeast, atMost }: NonNullable<DeviceView['attestation']['startedAgo']>): string {
  const [least, most] = [days(atLeast), atMost === undefined ? undefined : days(atMost)];
  if (most === undefined)
    return least === 0 ? 'at its start; nobody can tell when that was' : `at its start, ${counted(least)} ago or more`;
  if (most === 0) return 'at its start, less than a day ago';
  return `at its start, ${least === most ? counted(most) : `${least} to ${counted(most)}`} ago`;
}

const days = (ms: Millis): number => Math.max(0, Math.floor(ms / dayMs));
const counted = (n: number): string => (n === 1 ? '1 day' : `${n} days`);
