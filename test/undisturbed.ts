/**
 * For a test whose claim is about moments (a stop within half a second, an answer before a short time-out): a machine that stands still in one of them says
 * nothing about the product, so it is tried again. What is always too slow fails each time.
 */
export const undisturbed = { retry: 4 } as const;

/** Milliseconds of processor that `act` costs this thread: what other processes take of the machine meanwhile is none of them. */
export function cost(act: () => void): number {
  const before = process.threadCpuUsage();
  act();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
