import { expect, it } from 'vitest';
import { RunningTotal } from '../../gateway/edge/running-total.ts';

it('a counter is added up over restarts of the process that counts', () => {
  const total = new RunningTotal();
  expect([3, 10, 10, 4, 4, 5, 0, 2].map(counter => total.take(counter))).toEqual([3, 10, 10, 14, 14, 15, 15, 17]);
});
