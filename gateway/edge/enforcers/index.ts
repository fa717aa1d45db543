import type { Enforcer } from './contract.ts';
import { nftables } from './nftables.ts';

/** Every enforcer there is. */
export const enforcers: readonly Enforcer[] = [nftables];
