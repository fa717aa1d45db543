import type { Millis } from '../model/address.ts';
import type { ChallengeOutcome, Check, TransportFailure } from '../model/attestation.ts';
import type { AttestationState } from '../model/device.ts';
import type { EventBody } from '../model/event.ts';
import type { ReasonCode } from '../model/reason.ts';

/** The public reason of a transport failure. None of them quarantines (DESIGN §7). */
export function reasonOfFailure(failure: TransportFailure): ReasonCode {
  switch (failure) {
    case 'refused':
    case 'not-tls':
      return 'CANNOT_ATTEST';
    case 'timeout':
    case 'unreachable':
    case 'reset':
    case 'lane':
      return 'NO_RESPONSE';
    case 'verifier':
      return 'VERIFIER_FAILED';
  }
}

/**
 * Where attestation stands after one more outcome. A judged result replaces the last one; "no Evidence" from a device that had
 * proved itself by a handshake takes the proof away (another key answered); a transport failure leaves the last result to age, and so does the page of a
 * device that proves itself by tokens or quotes: nobody said that its key would answer there.
 */
export function foldOutcome(state: AttestationState, outcome: ChallengeOutcome, own: readonly Check[], at: Millis): AttestationState {
  const { lastFailure: _, ...kept } = state;
  switch (outcome.kind) {
    case 'appraised': {
      const { result } = outcome;
      const failedHere = own.find(check => check.outcome === 'failed');
      const { reason: _old, continuityKey: _key, ...base } = kept;
      // What failed outranks what was only found odd.
      const reason = result.status === 'contraindicated' ? (result.reason ?? failedHere?.code) : (failedHere?.code ?? result.reason);
      return {
        ...base,
        status: failedHere === undefined ? result.status : 'contraindicated',
        assurance: failedHere === undefined ? result.assurance : 0,
        result,
        checks: [...result.checks, ...own],
        ...(reason === undefined ? {} : { reason }),
      };
    }
    case 'no-evidence': {
      if (state.result !== undefined && state.result.scheme !== 'tls-x509')
        return { ...state, lastFailure: { at, code: 'NO_EVIDENCE', detail: 'TLS answers, but has no Evidence' } };
      const { result: _result, ...base } = kept;
      const same = outcome.leafKey !== undefined && outcome.leafKey === state.continuityKey;
      return {
        ...base,
        status: 'none',
        assurance: same ? 2 : 0,
        reason: 'NO_EVIDENCE',
        checks: outcome.checks,
        ...(outcome.leafKey === undefined ? {} : { continuityKey: outcome.leafKey }),
      };
    }
    case 'transport-failure': {
      const code = reasonOfFailure(outcome.failure);
      const failed: AttestationState = { ...state, lastFailure: { at, code, detail: outcome.detail } };
      if (state.result !== undefined) return failed;
      const check: Check = { check: 'answered', outcome: 'failed', code, detail: outcome.detail };
      return { ...failed, status: 'none', reason: code, checks: [check] };
    }
  }
}

/** The same result, judged anew at `at`. */
export function renewed(state: AttestationState, at: Millis, expires: Millis): AttestationState {
  return state.result === undefined ? state : { ...state, result: { ...state.result, at, expires } };
}

/** What was proved leaned on reference values that are accepted no more. It fails until it is judged again; who it is stays proved. */
export function withdrawn(
  state: AttestationState,
  { code, detail }: Extract<EventBody, { readonly kind: 'reference-withdrawn' }>,
): AttestationState {
  const check: Check = { check: 'reference', outcome: 'failed', code, detail };
  return {
    ...state,
    status: 'contraindicated',
    assurance: state.assurance > 3 ? 3 : state.assurance,
    reason: code,
    checks: state.checks.map(c => (c.check === 'reference' ? check : c)),
  };
}
