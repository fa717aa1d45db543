/**
 * Work that stops now and then, so that whoever runs it can do something else in between. What it gives comes at its end. Judging is pure and has no clock: how
 * long a slice lasts the caller decides, by how many steps it takes before it lets others in.
 */
export type Slices<T> = Generator<undefined, T, undefined>;

/** All of it at once. */
export function atOnce<T>(work: Slices<T>): T {
  let step = work.next();
  while (step.done !== true) step = work.next();
  return step.value;
}
