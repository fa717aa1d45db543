import type { Millis } from '../../model/address.ts';
import type { Evidence, StartTime } from '../../model/attestation.ts';
import type { Flags } from '../../codec/dice.ts';
import { type DebugState, decodeEatClaims, type EatClaims } from '../../codec/eat.ts';
import { psaProfileOf } from '../../codec/psa-token.ts';
import { appraiseChain } from '../appraise.ts';
import type { Checks } from '../checks.ts';
import type { ChainClaims, MeasuredClaim } from '../claims.ts';
import { isEar } from '../ear-read.ts';
import { EvidenceError } from '../evidence-error.ts';
import { verifyPsa } from '../psa.ts';
import { type Context, type Scheme, scheme } from '../scheme.ts';
import { checkClass, checkSigner, identityBy, openToken, type Token } from '../token.ts';

/**
 * An Entity Attestation Token, as CWT or as JWT. One that carries a PSA profile is judged by that profile's rules; one whose profile is that of an EAR is no
 * Evidence but an Attestation Result, and is judged as such.
 */
export const eatOr = (results: Scheme): Scheme => ({
  ...token,
  judge: (evidence, context) => (isEar(evidence, context.keys) ? results : token).judge(evidence, context),
});

const token = scheme<ChainClaims>({
  name: 'eat',
  spec: 'RFC 9711 (EAT as CWT and JWT), RFC 10013 (measured component), RFC 9783 by its profile, RFC 7515',
  mediaTypes: ['application/eat+cwt', 'application/eat+jwt'],
  freshBy: 'nonce',
  verify: (evidence, context, checks) => {
    const opened = openToken(evidence, context);
    return opened.form === 'cbor' && psaProfileOf(opened.claims) !== undefined
      ? verifyPsa(opened, evidence, context, checks)
      : verifyEat(opened, evidence, context, checks);
  },
  appraise: appraiseChain,
});

function verifyEat(token: Token, evidence: Evidence, context: Context, checks: Checks): ChainClaims {
  const claims = decodeEatClaims(token.claims, token.form);
  checkProfile(claims);
  checks.pass(
    'readable',
    `EAT as ${token.form === 'cbor' ? 'CWT' : 'JWT'}, ${evidence.bytes.length} bytes, ${claims.submodules.size} submodules`,
  );
  const signer = checkSigner(token, claims.ueid, context, checks);
  checkClass(signer, claims.model);
  checkTimes(claims, context.now);
  const model = signer.model ?? claims.model;
  const about: About = {
    ...(signer.vendor === undefined ? {} : { vendor: signer.vendor }),
    ...(model === undefined ? {} : { model }),
    ...(claims.model === undefined ? {} : { classId: claims.model }),
    by: signer.authority,
  };
  checks.pass('identity', claims.ueid === undefined ? signer.subject : `UEID ${claims.ueid}`, { seen: signer.serial ?? signer.subject });
  return {
    identity: identityBy(signer, model, claims.softwareVersion),
    anchor: signer.voucher,
    measured: [...measuredOf(claims, about, ''), ...(signer.chain?.measured ?? [])],
    unappraised: [...unreadOf(claims), ...(signer.chain?.unappraised ?? [])],
    pathEnds: Math.min(signer.notAfter, claims.expires ?? Number.MAX_SAFE_INTEGER),
    nonces: claims.nonces,
    ...(claims.uptime === undefined ? {} : { started: startedBefore(claims.uptime, context.now) }),
  };
}

/** uptime (RFC 9711 §4.2.11) counts whole seconds at the device, and the token took its time: so much may be between. */
const slackMs = 60_000;
const startedBefore = (uptime: Millis, now: Millis): StartTime => ({ before: now - uptime, after: now - uptime - slackMs });

type About = Pick<MeasuredClaim, 'vendor' | 'model' | 'classId' | 'by'>;

/** Signers and flags of a component mean what the profile says; a consumer that does not know it must reject the token (RFC 10013 §5). */
function checkProfile(claims: EatClaims): void {
  if (claims.measurements.some(m => m.needsProfile))
    throw new EvidenceError(
      'PROFILE_VIOLATED',
      'readable',
      'Cannot read EAT: a measured component has signers or flags of a profile that is not known',
      {
        expected: 'measured components without signers and flags',
        seen: claims.profile ?? 'no profile',
      },
    );
  for (const inner of claims.submodules.values()) checkProfile(inner);
}

/** exp and nbf (RFC 8392 §3.1.4 and §3.1.5), of submodules too. iat is not judged: many devices have no clock, and the nonce proves more. */
function checkTimes(claims: EatClaims, now: number): void {
  if (claims.expires !== undefined && now >= claims.expires)
    throw new EvidenceError('EVIDENCE_EXPIRED', 'fresh', 'Cannot accept EAT: it has ended');
  if (claims.notBefore !== undefined && now < claims.notBefore)
    throw new EvidenceError('EVIDENCE_NOT_FRESH', 'fresh', 'Cannot accept EAT: it is not valid yet');
  for (const inner of claims.submodules.values()) checkTimes(inner, now);
}

/** Whoever can debug can change what measures. `disabled` says nothing of the time before now (RFC 9711 §4.2.9.2). */
const debugFlags: { readonly [state in DebugState]: Partial<Flags> } = {
  enabled: { debug: true },
  disabled: { notConfigured: true },
  'disabled-since-boot': {},
  'disabled-permanently': {},
  'disabled-fully-and-permanently': {},
};

/** Components of the token and of its submodules, whose names stand before those of their components: `radio/boot`. */
function measuredOf(claims: EatClaims, about: About, prefix: string): readonly MeasuredClaim[] {
  const components = claims.measurements.map(
    ({ name, version, digest }): MeasuredClaim => ({
      ...about,
      key: `${prefix}${name}`,
      ...(version === undefined ? {} : { version }),
      digests: digest === undefined ? [] : [digest],
    }),
  );
  const said = claims.debug !== undefined || claims.isBootAuthorised !== undefined;
  const flags: Flags = {
    notConfigured: false,
    notSecure: claims.isBootAuthorised === false,
    recovery: false,
    debug: false,
    ...(claims.debug === undefined ? {} : debugFlags[claims.debug]),
  };
  const inner = [...claims.submodules].flatMap(([name, module]) => measuredOf(module, about, `${prefix}${name}/`));
  return [...components, ...(said ? [{ ...about, digests: [], flags }] : []), ...inner];
}

/** What is measured in ways that nothing appraises keeps the result from affirming. */
const unreadOf = (claims: EatClaims): readonly string[] => [
  ...claims.unread,
  ...claims.measurements.filter(m => m.digest === undefined).map(() => 'a raw measurement'),
  ...[...claims.submodules.values()].flatMap(unreadOf),
];
