import type { Millis } from '../../model/address.ts';
import type { Evidence, StartTime } from '../../model/attestation.ts';
import { type CborMap, mapOf } from '../../codec/cbor.ts';
import { decodeEatClaims } from '../../codec/eat.ts';
import { psaProfileOf } from '../../codec/psa-token.ts';
import { appraiseChain } from '../appraise.ts';
import type { Checks } from '../checks.ts';
import type { ChainClaims } from '../claims.ts';
import { isEar } from '../ear-read.ts';
import { type About, eatSaid } from '../eat-said.ts';
import { verifyPsa } from '../psa.ts';
import { type Context, type Scheme, scheme } from '../scheme.ts';
import { checkClass, checkSigner, identityBy, openToken, ownWordOf, type Token } from '../token.ts';

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
  checks.pass(
    'readable',
    `EAT as ${token.form === 'cbor' ? 'CWT' : 'JWT'}, ${evidence.bytes.length} bytes, ${claims.submodules.size} submodules`,
  );
  const signer = checkSigner(token, claims.ueid, context, checks);
  checkClass(signer, claims.model);
  const model = signer.model ?? claims.model;
  const about: About = {
    ...(signer.vendor === undefined ? {} : { vendor: signer.vendor }),
    ...(model === undefined ? {} : { model }),
    ...(claims.model === undefined ? {} : { classId: claims.model }),
    by: signer.authority,
  };
  const said = eatSaid(claims, about, context.now, checks);
  checks.pass('identity', claims.ueid === undefined ? signer.subject : `UEID ${claims.ueid}`, { seen: signer.serial ?? signer.subject });
  return {
    identity: identityBy(signer, model, claims.softwareVersion),
    anchor: signer.voucher,
    measured: [...said.measured, ...(signer.chain?.measured ?? [])],
    unappraised: [...said.unappraised, ...psaAlone(token.claims), ...(signer.chain?.unappraised ?? [])],
    pathEnds: Math.min(signer.notAfter, claims.expires ?? Number.MAX_SAFE_INTEGER),
    nonces: claims.nonces,
    ...ownWordOf(signer),
    ...(claims.uptime === undefined ? {} : { started: startedBefore(claims.uptime, context.now) }),
  };
}

/** Lifecycle and software components of a PSA token (RFC 9783 §4.3.1, §4.4.1): without its profile nobody knows what they mean, and nobody may pass over them. */
const psaLabels = [2395, 2399, 'psa-security-lifecycle', 'psa-software-components'] as const;
/** In its submodules too, which were read, so that they are not without end. */
const psaAlone = (claims: CborMap): readonly string[] => {
  const submodules = claims.get(266) ?? claims.get('submods');
  return psaLabels.some(label => claims.has(label))
    ? ['PSA claims without their profile']
    : submodules instanceof Map
      ? [...mapOf(submodules, 'submods').values()].flatMap(one => (one instanceof Map ? psaAlone(mapOf(one, 'submodule')) : []))
      : [];
};

/** uptime (RFC 9711 §4.2.11) counts whole seconds at the device, and the token took its time: so much may be between. */
const slackMs = 60_000;
const startedBefore = (uptime: Millis, now: Millis): StartTime => ({ before: now - uptime, after: now - uptime - slackMs });
