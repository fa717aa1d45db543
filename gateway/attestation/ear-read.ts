import type { Millis } from '../model/address.ts';
import { sameBytes } from '../codec/bytes.ts';
import { decodeCbor, mapOf } from '../codec/cbor.ts';
import { decodeCose } from '../codec/cose.ts';
import { decodeJson, jsonMapOf } from '../codec/json.ts';
import { decodeJws } from '../codec/jws.ts';
import { DecodeError } from '../codec/reader.ts';
import { decodeEarClaims, type Ear } from './ear-claims.ts';
import { EvidenceError } from './evidence-error.ts';
import type { PublishedKey } from './jwks.ts';
import type { KeyCache } from './keys.ts';
import { checkJws, checkSign1 } from './signature.ts';

/** Who may have signed, what time it is, and how old an EAR without an end of its own may be. With `nonce` it must echo this one. */
export type EarJudge = {
  readonly keys: readonly PublishedKey[];
  readonly cache: KeyCache;
  readonly now: Millis;
  readonly maxAgeSeconds: number;
  readonly nonce?: Uint8Array;
};

/** A Verifier's clock may be so far ahead of ours. */
const skewMs = 60_000;

/**
 * Reads an EAR as JWT or CWT: signature by one of the keys, not ended, not from the future, not older than allowed. Throws DecodeError, or EvidenceError
 * SIGNATURE_INVALID, ALGORITHM_REFUSED, EVIDENCE_EXPIRED, EVIDENCE_NOT_FRESH or NONCE_MISMATCH.
 */
export function readEar(bytes: Uint8Array, form: 'jwt' | 'cwt', judge: EarJudge): Ear {
  const ear = form === 'jwt' ? openJwt(bytes, judge) : openCwt(bytes, judge);
  const { now, maxAgeSeconds, nonce } = judge;
  const ends = ear.expires ?? ear.issuedAt + maxAgeSeconds * 1000;
  if (now >= ends)
    throw new EvidenceError('EVIDENCE_EXPIRED', 'fresh', 'Cannot accept EAR: it has ended', { expected: iso(now), seen: iso(ends) });
  if (ear.issuedAt > now + skewMs)
    throw new EvidenceError('EVIDENCE_NOT_FRESH', 'fresh', 'Cannot accept EAR: it was issued in the future', {
      expected: iso(now),
      seen: iso(ear.issuedAt),
    });
  if (nonce !== undefined && (ear.nonce === undefined || !sameBytes(nonce, ear.nonce)))
    throw new EvidenceError('NONCE_MISMATCH', 'fresh', 'Cannot accept EAR: it answers another request');
  return ear;
}

const iso = (at: Millis): string => new Date(at).toISOString();

function openJwt(bytes: Uint8Array, { keys, cache }: EarJudge): Ear {
  const jws = decodeJws(bytes);
  const keyId = jws.header.get('kid');
  // A name only chooses among the keys that we hold; one without a name may have made anything.
  bySome(
    keys.filter(key => keyId === undefined || key.keyId === undefined || key.keyId === keyId),
    key => checkJws(jws, key.spki, cache),
  );
  return decodeEarClaims(jsonMapOf(decodeJson(jws.payload), 'EAR'), 'json');
}

function openCwt(bytes: Uint8Array, { keys, cache }: EarJudge): Ear {
  const message = decodeCose(bytes);
  if (message.payload === undefined) throw new DecodeError('Cannot read EAR: its claims are detached');
  bySome(keys, key => checkSign1(message, key.spki, cache));
  return decodeEarClaims(mapOf(decodeCbor(message.payload), 'EAR'), 'cbor');
}

/** The last key's complaint is the one that is told. */
function bySome(keys: readonly PublishedKey[], check: (key: PublishedKey) => void): void {
  let complaint = new EvidenceError('SIGNATURE_INVALID', 'chain', 'Cannot verify EAR: none of the published keys has its name');
  for (const key of keys)
    try {
      return check(key);
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
      complaint = error;
    }
  throw complaint;
}
