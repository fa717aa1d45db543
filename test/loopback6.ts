import { networkInterfaces } from 'node:os';

/** Why nothing can listen at ::1 here, as in many containers; undefined: it can. */
export const loopback6IsMissing = Object.values(networkInterfaces()).some(all => all?.some(({ address }) => address === '::1'))
  ? undefined
  : 'this machine has no ::1';
if (loopback6IsMissing !== undefined) console.log(`skipped: ${loopback6IsMissing}`);
