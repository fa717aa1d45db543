import type { Millis } from '../model/address.ts';
import type { AttestationResult, Check, TransportFailure } from '../model/attestation.ts';
import type { AttestationState } from '../model/device.ts';
import type { EventBody } from '../model/event.ts';
import type { ReasonCode } from '../model/reason.ts';

/** The public reason of a transport failure. None of them quarantines (DESIGN §7). */
function reasonOfFailure(failure: TransportFailure): ReasonCode {
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

type Attested = Extract<EventBody, { readonly kind: 'attested' }>;

/**
 * Where attestation stands after one more outcome. A judged result replaces the last one. "No Evidence" from a device that had proved itself by a handshake
 * ends the proof now, and the zone's grace begins; a transport failure leaves the last result to age, and so does the page of a device that proves itself by
 * tokens or quotes: nobody said that its key would answer there. What failed is replaced by a judged result only: neither silence nor what says nothing is a
 * way out.
 */
export function foldOutcome(state: AttestationState, { outcome, checks: own, asleep }: Attested, at: Millis): AttestationState {
  const { lastFailure: _, ...kept } = state;
  switch (outcome.kind) {
    case 'appraised': {
      const { result } = outcome;
      const failedHere = own.find(check => check.outcome === 'failed');
      // What nobody can judge says no more than no Evidence.
      if (result.status === 'none' && failedHere === undefined && hasStood(state))
        return ended(state, result.reason ?? 'NO_EVIDENCE', 'its Evidence cannot be judged', at);
      const { reason: _old, continuityKey: _key, shown: _shown, stoppedAt: _stopped, unconfirmed: _odd, ...base } = kept;
      const unconfirmed = failedHere === undefined ? oddness(state, result, at) : undefined;
      // What failed outranks what was only found odd.
      const reason = result.status === 'contraindicated' ? (result.reason ?? failedHere?.code) : (failedHere?.code ?? result.reason);
      return {
        ...base,
        status: failedHere === undefined ? result.status : 'contraindicated',
        assurance: failedHere === undefined ? result.assurance : 0,
        result,
        checks: [...result.checks, ...own],
        ...(reason === undefined ? {} : { reason }),
        ...(unconfirmed === undefined ? {} : { unconfirmed }),
        ...(result.identity !== undefined && failedHere === undefined ? { lastVerified: result.at } : {}),
      };
    }
    case 'no-evidence': {
      const detail = 'TLS answers, but has no Evidence';
      if (hasStood(state)) return ended(state, 'NO_EVIDENCE', detail, at);
      if (state.result !== undefined && state.result.scheme !== 'tls-x509')
        return { ...state, lastFailure: { at, code: 'NO_EVIDENCE', detail } };
      const { result: _result, ...base } = kept;
      const same = outcome.leafKey !== undefined && outcome.leafKey === state.continuityKey;
      return {
        ...base,
        status: 'none',
        assurance: same ? 2 : 0,
        reason: 'NO_EVIDENCE',
        checks: outcome.checks,
        ...(outcome.leafKey === undefined ? {} : { continuityKey: outcome.leafKey }),
        ...(outcome.evidence === undefined ? {} : { shown: outcome.evidence }),
      };
    }
    case 'transport-failure': {
      const code = reasonOfFailure(outcome.failure);
      const failed: AttestationState = { ...state, lastFailure: { at, code, detail: outcome.detail } };
      // What we could not send or judge is no silence of the device, and neither is sleep.
      const isOurs = outcome.failure === 'lane' || outcome.failure === 'verifier';
      if (state.result !== undefined) return isOurs || asleep === true ? failed : stopped(failed, at);
      if (isOurs && state.reason !== undefined) return failed;
      const check: Check = { check: 'answered', outcome: 'failed', code, detail: outcome.detail };
      return { ...failed, status: 'none', reason: code, checks: [check] };
    }
  }
}

/** A digest of firmware or of a file that nobody lists; what goes on to say so is `unconfirmed`. */
const isUnrecognised = (reason: ReasonCode | undefined): boolean => reason === 'DIGEST_UNKNOWN' || reason === 'FILE_NOT_LISTED';

/**
 * A digest that nobody lists may be an update in flight or a list that comes late, so it counts after several fresh answers only. What stood before ends now:
 * whoever shows it once and then falls silent has the zone's grace left. What has failed before has failed; what was judged again from what is kept is not new.
 */
function oddness(state: AttestationState, result: AttestationResult, at: Millis): AttestationState['unconfirmed'] {
  if (result.status !== 'contraindicated' || !isUnrecognised(result.reason)) return undefined;
  const { unconfirmed, status, assurance, reason } = state;
  const isFresh = result.at !== state.result?.at || result.evidence !== state.result.evidence;
  if (unconfirmed !== undefined) return isFresh ? { ...unconfirmed, count: unconfirmed.count + 1 } : unconfirmed;
  if (status === 'contraindicated') return undefined;
  const until = Math.min(state.result?.expires ?? at, at);
  return { count: 1, until, status, assurance, ...(reason === undefined ? {} : { reason }) };
}

/** True iff it was once verified, or has failed: then what says nothing changes nothing for the better. */
const hasStood = ({ status, lastVerified }: AttestationState): boolean => status === 'contraindicated' || lastVerified !== undefined;

/** The first time that it does not attest though it could; silence and no Evidence are one stop. */
const stopped = (state: AttestationState, at: Millis): AttestationState =>
  state.lastVerified === undefined ? state : { ...state, stoppedAt: state.stoppedAt ?? at };

/** It answers and does not attest: what it proved ends now. A device that proves itself by tokens or quotes may have a page beside, so its proof ages. */
function ended(state: AttestationState, code: ReasonCode, detail: string, at: Millis): AttestationState {
  const { result } = state;
  const lasting = stopped({ ...state, lastFailure: { at, code, detail } }, at);
  if (result === undefined || state.status === 'contraindicated' || result.scheme !== 'tls-x509') return lasting;
  return { ...lasting, result: { ...result, expires: Math.min(result.expires, at) } };
}

/** The same result, judged anew at `at`. */
export function renewed(before: AttestationState, at: Millis, expires: Millis): AttestationState {
  const { stoppedAt: _, ...state } = before;
  if (state.result === undefined) return state;
  const { unconfirmed } = state;
  const seen = unconfirmed === undefined ? {} : { unconfirmed: { ...unconfirmed, count: unconfirmed.count + 1 } };
  return { ...state, ...seen, result: { ...state.result, at, expires }, ...(state.lastVerified === undefined ? {} : { lastVerified: at }) };
}

/** What was proved leaned on reference values that are accepted no more. It fails until it is judged again; who it is stays proved. */
export function withdrawn(
  before: AttestationState,
  { code, detail }: Extract<EventBody, { readonly kind: 'reference-withdrawn' }>,
): AttestationState {
  const { unconfirmed: _, ...state } = before;
  const check: Check = { check: 'reference', outcome: 'failed', code, detail };
  return {
    ...state,
    status: 'contraindicated',
    assurance: state.assurance > 3 ? 3 : state.assurance,
    reason: code,
    checks: state.checks.map(c => (c.check === 'reference' ? check : c)),
  };
}
