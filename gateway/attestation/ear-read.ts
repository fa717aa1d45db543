import type { Millis } from '../model/address.ts';
import type { Evidence } from '../model/attestation.ts';
import type { CborMap } from '../codec/cbor.ts';
import { DecodeError } from '../codec/reader.ts';
import { quote } from './checks.ts';
import { decodeEarClaims, type Ear, earProfileOf } from './ear-claims.ts';
import { EvidenceError } from './evidence-error.ts';
import { openToken, type Token } from './token.ts';
import type { KeyCache } from './keys.ts';
import type { TrustedVerifier } from './trust.ts';

/** Whether this is a token that calls itself an EAR: by its profile (RFC 9711 §4.3.2). Looks at unverified bytes; never throws. */
export function isEar(evidence: Pick<Evidence, 'mediaType' | 'bytes'>, keys: KeyCache): boolean {
  try {
    const { claims, form } = openToken({ id: '', certificates: [], ...evidence }, { keys });
    return earProfileOf(claims, form) !== undefined;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return false;
  }
}

/** An EAR that one of these Verifiers signed, that holds now, and that is not for somebody else. `ends`: by its own word or by its age, whichever is first. */
export type GoodEar = {
  readonly ear: Ear;
  readonly claims: CborMap;
  readonly form: Token['form'];
  readonly verifier: TrustedVerifier;
  readonly ends: Millis;
};
export type EarJudge = { readonly verifiers: readonly TrustedVerifier[]; readonly keys: KeyCache; readonly now: Millis };

/**
 * Reads an EAR as JWT or CWT. Keys come from the list alone: `jku`, `jwk`, `x5u` and `x5c` of the message, and its `kid`, choose nothing. Whether it echoes a
 * nonce of ours is for who asked to say. Throws DecodeError, or EvidenceError CHAIN_UNTRUSTED, SIGNATURE_INVALID, ALGORITHM_REFUSED, EAR_STALE,
 * EVIDENCE_NOT_FRESH or EAR_NOT_FOR_US.
 */
export function readEar(evidence: Evidence, { verifiers, keys, now }: EarJudge): GoodEar {
  const token = openToken(evidence, { keys });
  const verifier = signerOf(token, verifiers);
  const { claims, form } = token;
  const ear = decodeEarClaims(claims, form);
  const ends = checkTimes(ear, verifier, now);
  checkAudience(ear, verifier);
  return { ear, claims, form, verifier, ends };
}

/** The last key's complaint is the one that is told, but a wrong signature says more than a key of another kind. */
function signerOf(token: Token, verifiers: readonly TrustedVerifier[]): TrustedVerifier {
  let complaint = new EvidenceError('CHAIN_UNTRUSTED', 'chain', 'Cannot trust EAR: no other Verifier is listed here', {
    expected: 'a Verifier that policies/anchors lists',
    seen: 'an EAR',
  });
  for (const verifier of verifiers)
    try {
      token.checkSignature(verifier.key);
      return verifier;
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
      if (complaint.code !== 'SIGNATURE_INVALID') complaint = error;
    }
  throw complaint;
}

/** A Verifier's clock may be so far ahead of ours. */
const skewMs = 60_000;
const iso = (at: Millis): string => new Date(at).toISOString();

/** When it ends: by its own word, or by its age, whichever is first. Throws EvidenceError EAR_STALE or EVIDENCE_NOT_FRESH. */
function checkTimes({ issuedAt, expires, notBefore }: Ear, { maxAgeSeconds }: TrustedVerifier, now: Millis): Millis {
  const ends = Math.min(expires ?? Number.MAX_SAFE_INTEGER, issuedAt + maxAgeSeconds * 1000);
  if (now >= ends)
    throw new EvidenceError('EAR_STALE', 'fresh', `Cannot accept EAR: it ${ends === expires ? 'has ended' : 'is too old'}`, {
      expected: `one that holds at ${iso(now)}`,
      seen: `issued at ${iso(issuedAt)}, held until ${iso(ends)}`,
    });
  const starts = Math.max(issuedAt, notBefore ?? 0);
  if (starts > now + skewMs)
    throw new EvidenceError('EVIDENCE_NOT_FRESH', 'fresh', 'Cannot accept EAR: it is of the future', {
      expected: iso(now),
      seen: iso(starts),
    });
  return ends;
}

/** RFC 8725 §3.9: what is said to others is not for us, and a site that has no name was not meant by any. */
function checkAudience({ audience }: Ear, verifier: TrustedVerifier): void {
  if (audience === undefined || (verifier.audience !== undefined && audience.includes(verifier.audience))) return;
  throw new EvidenceError('EAR_NOT_FOR_US', 'fresh', 'Cannot accept EAR: it names another audience', {
    expected: verifier.audience ?? 'no audience',
    seen: audience.map(quote).join(', '),
  });
}
