import type { CheckName } from '../model/attestation.ts';
import type { ReasonCode } from '../model/reason.ts';

/** The Attester's fault: its Evidence breaks a rule. The AttestationResult is contraindicated with this code (STYLE §5). */
export class EvidenceError extends Error {
  override readonly name = 'EvidenceError';
  readonly code: ReasonCode;
  readonly check: CheckName;
  readonly expected: string | undefined;
  readonly seen: string | undefined;

  /** `check` is the check that failed. `message` in the form `Cannot <verb> <what>: <state found>`. */
  constructor(code: ReasonCode, check: CheckName, message: string, compared: { readonly expected?: string; readonly seen?: string } = {}) {
    super(message);
    this.code = code;
    this.check = check;
    this.expected = compared.expected;
    this.seen = compared.seen;
  }
}

/** We cannot say: the Evidence rests on something that we do not know, and nothing of it was found wrong. The AttestationResult is *none* with this code. */
export class UnjudgedError extends EvidenceError {}
