import type { EventBody } from '../../../gateway/model/event.ts';

/** An Event as a journal has it first: the n-th device, found with the n-th frame. */
export const deviceFound = (n: number): EventBody => ({
  kind: 'device-found',
  device: `d${n}`,
  mac: '02:00:00:00:00:09',
  port: 'v1',
  vlan: 0,
  zone: 'dock',
  seenBy: 'frames',
  frame: n,
});
