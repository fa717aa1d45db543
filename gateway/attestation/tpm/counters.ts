import type { Hex, Millis } from '../../model/address.ts';
import type { QuoteState, StartTime } from '../../model/attestation.ts';
import type { ClockInfo } from '../../codec/tpm.ts';

/** What happened to the TPM since its last quote. `back`: what cannot happen to one TPM; a state was copied or put back. */
export type Step =
  | { readonly kind: 'first' | 'running' | 'resumed' | 'rebooted' }
  | { readonly kind: 'back'; readonly expected: string; readonly seen: string };

/**
 * Compares with the last quote by the same key. For keys outside the endorsement and platform hierarchies the TPM adds to its counters a number
 * that only the key decides (TPM 2.0 Library, Part 1, §36.7), so they are compared modulo 2^32 and shown to nobody. TPM2_Clear sets them back: it
 * looks like a copied state, and the device must be enrolled again.
 */
export function stepOf(previous: QuoteState | undefined, ak: Hex, now: ClockInfo): Step {
  if (previous === undefined || previous.ak !== ak) return { kind: 'first' };
  const resets = difference(now.resetCount, previous.resetCount);
  const restarts = difference(now.restartCount, previous.restartCount);
  const clock = BigInt(previous.clock);
  // The clock may have lost what was not stored before power failed; the TPM then says so until it has caught up (Part 1, §36.3).
  const isLate = now.clock >= clock || (!now.safe && resets + Math.max(restarts, 0) > 0);
  if (resets < 0 || (resets === 0 && restarts < 0) || !isLate)
    return {
      kind: 'back',
      expected: `resets ≥ ${previous.resetCount}, resumes ≥ ${previous.restartCount}, clock ≥ ${previous.clock} ms`,
      seen: `${now.resetCount}, ${now.restartCount}, ${now.clock} ms`,
    };
  return { kind: resets > 0 ? 'rebooted' : restarts > 0 ? 'resumed' : 'running' };
}

/**
 * When the TPM was last reset, by what its quotes showed: after the last one before the step and before the first one behind it. Of a first quote nobody can
 * tell how long it has been running, and its clock counts on over resets (Part 1, §36.2). Waking up is no reset: nothing is measured anew.
 */
export function startedAt(step: Exclude<Step['kind'], 'back'>, previous: QuoteState | undefined, now: Millis): StartTime {
  if (step === 'rebooted') return { before: now, ...(previous?.at === undefined ? {} : { after: previous.at }) };
  return (step === 'first' ? undefined : previous?.started) ?? { before: now };
}

/** `a - b` of 32-bit counters that may have an offset: half the circle is forward. */
const difference = (a: number, b: number): number => (a - b) | 0;
