import type { ListedVerifier } from './trust.ts';

/** What a Verifier's key stands for, where an anchor has the subject of its certificate. */
export const verifierSubject = ({ most, maxAgeSeconds, audience }: Omit<ListedVerifier, 'spki'>): string =>
  `key of another Verifier, whose results make a device ${most} at most, for ${maxAgeSeconds} s${audience === undefined ? '' : `, to ${audience}`}`;
