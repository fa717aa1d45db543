import type { Hex, Millis } from '../../model/address.ts';
import type { Ar4siClaim, AttestedIdentity, Evidence } from '../../model/attestation.ts';
import { DecodeError } from '../../codec/reader.ts';
import { ar4si, tier, type Vector } from '../ar4si.ts';
import { type Checks, quote } from '../checks.ts';
import type { ChainClaims, Verified } from '../claims.ts';
import { claimNames, type Ear } from '../ear-claims.ts';
import { readEar } from '../ear-read.ts';
import { earSubject, type EarSubjectNames } from '../ear-subject.ts';
import { EvidenceError, UnjudgedError } from '../evidence-error.ts';
import { sha256 } from '../evidence.ts';
import { type Appraisal, type Context, scheme } from '../scheme.ts';
import type { Trust, TrustedVerifier, VouchedKey } from '../trust.ts';

/** What an EAR claims: who the device is, and what its Verifier made of it. */
type EarVerdict = ChainClaims & { readonly ear: Ear; readonly verifier: TrustedVerifier };

/**
 * The Attestation Result of another Verifier that the device carries (RFC 9334 §5.1, passport model). It travels as an EAT, whose profile tells what it is, so
 * it has no media type of its own here. Its word only ever counts as far as the site lets that Verifier's word go, and never as if we had measured ourselves.
 */
export const ear = scheme<EarVerdict>({
  name: 'ear',
  spec: 'RFC 9334 §5.1 (passport model), draft-ietf-rats-ear-03 and draft-fv-rats-ear-00, draft-ietf-rats-ar4si',
  mediaTypes: [],
  freshBy: 'nonce',
  verify,
  appraise,
});

function verify(evidence: Evidence, context: Context, checks: Checks): EarVerdict {
  const { trust, keys, now } = context;
  const { ear: read, claims, form, verifier, ends } = readEar(evidence, { verifiers: trust.verifiers ?? [], keys, now });
  const by = `${read.verifier.developer} ${read.verifier.build}`;
  checks.pass('readable', `EAR of ${by} as ${form === 'cbor' ? 'CWT' : 'JWT'}, ${evidence.bytes.length} bytes`, { seen: described(read) });
  checks.pass('chain', `the signature is good; it is by ${verifier.name}`);
  const identity = identityOf(read, earSubject(claims, form), verifier, trust, ends);
  const shown = evidence.certificates[0] === undefined ? undefined : leafKeyOf(evidence.certificates[0], context);
  checks.pass(
    'identity',
    `${identity.subject}${shown === identity.deviceKey ? ', by the key of the connection that it came over' : ''}`,
    identity.serial === undefined ? {} : { seen: identity.serial },
  );
  // A passport: nobody asked for it now. It may be genuine and of another time or device, so it proves nothing, and nothing is wrong with it either.
  if (read.nonce === undefined && context.freshness.kind !== 'none')
    throw new UnjudgedError('EVIDENCE_NOT_FRESH', 'fresh', 'Cannot take EAR as fresh: it echoes no nonce');
  return {
    identity,
    anchor: verifier,
    measured: [],
    unappraised: [],
    pathEnds: ends,
    nonces: read.nonce === undefined ? [] : [read.nonce],
    ear: read,
    verifier,
  };
}

/**
 * The one device that it speaks of. A device whose key is listed here is that key's, whoever speaks of it, so that it is one device whichever way it attests;
 * a Verifier speaks for devices of its own vendor only. Throws EvidenceError IDENTITY_MISMATCH, also as UnjudgedError where it names nobody.
 */
function identityOf(
  { verifier: by }: Ear,
  { ueids, keys, serials }: EarSubjectNames,
  verifier: TrustedVerifier,
  trust: Trust,
  notAfter: Millis,
): AttestedIdentity {
  if (ueids.length > 1 || keys.length > 1 || serials.length > 1)
    throw new EvidenceError('IDENTITY_MISMATCH', 'identity', 'Cannot accept EAR: it speaks of several devices', {
      expected: 'one device',
      seen: [...ueids, ...keys, ...serials].join(', '),
    });
  const [ueid, key] = [ueids[0], keys[0]];
  if (ueid === undefined && key === undefined)
    throw new UnjudgedError('IDENTITY_MISMATCH', 'identity', 'Cannot accept EAR: it does not say of which device it speaks', {
      expected: 'a UEID, or an attested key',
      seen: 'neither',
    });
  const listed = ueid === undefined ? undefined : trust.keys.get(ueid)?.[0];
  const deviceKey = agreed(listed, key, verifier) ?? key ?? sha256(new TextEncoder().encode(`ueid:${ueid}`));
  const serial = ueid ?? serials[0];
  return {
    ...(serial === undefined ? {} : { serial }),
    subject: ueid === undefined ? `key sha-256:${key}` : `UEID ${ueid}`,
    issuer: `${by.developer} ${by.build}`,
    deviceKey,
    leafKey: deviceKey,
    anchor: verifier.name,
    ...(verifier.vendor === undefined ? {} : { vendor: verifier.vendor }),
    ...(listed?.model === undefined ? {} : { model: listed.model }),
    notAfter,
  };
}

/** The key that is listed here for the device. Throws EvidenceError IDENTITY_MISMATCH where the Verifier says otherwise, or has no say. */
function agreed(listed: VouchedKey | undefined, key: Hex | undefined, verifier: TrustedVerifier): Hex | undefined {
  if (listed === undefined) return undefined;
  const { keyHash, vendor } = listed.voucher;
  if (vendor === verifier.vendor && (key === undefined || key === keyHash)) return keyHash;
  throw new EvidenceError('IDENTITY_MISMATCH', 'identity', 'Cannot accept EAR: the device that it names is listed here otherwise', {
    expected: `${vendor ?? 'no vendor'}, key ${keyHash}`,
    seen: `${verifier.vendor ?? 'no vendor'}, key ${key ?? 'none'}`,
  });
}

/** SHA-256 of the key that the connection was made with; undefined for a certificate that cannot be read, which is nobody's business here. */
function leafKeyOf(der: Uint8Array, { keys }: Context): Hex | undefined {
  try {
    return sha256(keys.certificate(der).spki);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

const described = ({ appraisals }: Ear): string =>
  appraisals
    .map(({ name, status, vector }) =>
      [`${name}: ${status}`, ...Object.entries(vector).map(([claim, value]) => `${claim} ${value}`)].join(', '),
    )
    .join('; ');

/** What the other Verifier found, as far as its word goes here. It can only lower: nothing of it is more than its own status, nor more than the site allows. */
function appraise({ ear: read, verifier }: Verified<EarVerdict>, _trust: Trust, checks: Checks): Appraisal {
  const vector = worstOf(read);
  const by = `${read.verifier.developer} ${read.verifier.build}`;
  const policies = read.appraisals.flatMap(a => a.policies).map(quote);
  const told = { expected: 'affirming', seen: `${read.status}${policies.length === 0 ? '' : ` by ${policies.join(', ')}`}` };
  const firmware = tier(vector.executables ?? 0) === 'affirming';
  if (read.status === 'contraindicated') checks.fail('reference', 'EAR_NOT_AFFIRMING', `${by} says that it is contraindicated`, told);
  else if (read.status !== 'affirming') checks.warn('reference', 'EAR_NOT_AFFIRMING', `${by} says no more than ${read.status}`, told);
  else {
    if (firmware) checks.pass('measured', `${by} recognised what runs there`);
    else checks.warn('measured', 'NO_MEASUREMENTS', `${by} does not say that it recognised what runs there`);
    if (verifier.most === 'warning') checks.warn('reference', 'EAR_CAPPED', `${verifier.name} counts for a warning at most`, told);
    else checks.pass('reference', `${by} says that it is affirming`, told);
  }
  for (const check of ['version', 'mode'] as const) checks.skip(check, 'the other Verifier judged what there is of it');
  const capped = read.status === 'affirming' && checks.reason !== undefined ? 'warning' : read.status;
  return {
    status: capped,
    // Never A5: no reference value of ours was matched.
    assurance: read.status === 'none' ? 0 : firmware && read.status === 'affirming' ? 4 : 3,
    vector,
    digestsSeen: [],
    digestsExpected: [],
    referenceSets: [],
  };
}

/** Of several appraisals the worst value of each claim. Values that a Verifier defines itself (negative) are told by their tier, which is all that we know. */
function worstOf({ appraisals }: Ear): Vector {
  const worst: { [claim in Ar4siClaim]?: number } = {};
  for (const { vector } of appraisals)
    for (const claim of claimNames) {
      const value = vector[claim];
      if (value === undefined) continue;
      const known = value <= -97 ? ar4si.contraindicated : value <= -33 ? ar4si.unsafeConfiguration : value < 0 ? 0 : value;
      worst[claim] = Math.max(worst[claim] ?? 0, known);
    }
  return worst;
}
