import type { Millis } from '../../model/address.ts';
import type { ChallengeOutcome, Evidence, StartTime } from '../../model/attestation.ts';
import { type CborMap, mapOf } from '../../codec/cbor.ts';
import { decodeEatClaims } from '../../codec/eat.ts';
import { decodeEatBundle, type EatBundle, type NestedToken, type SignedToken } from '../../codec/eat-nested.ts';
import { psaProfileOf } from '../../codec/psa-token.ts';
import { DecodeError } from '../../codec/reader.ts';
import { appraiseChain } from '../appraise.ts';
import type { Checks } from '../checks.ts';
import type { ChainClaims } from '../claims.ts';
import { isEar } from '../ear-read.ts';
import { takenApart, withDetached } from '../eat-detached.ts';
import { deeper, type Inside, insideOf, loweredBy, type Nesting, outermost } from '../eat-inside.ts';
import { type About, eatSaid } from '../eat-said.ts';
import { messageEvidence } from '../evidence.ts';
import { KeyCache } from '../keys.ts';
import { verifyPsa } from '../psa.ts';
import { type Context, type Scheme, scheme } from '../scheme.ts';
import { checkClass, checkSigner, identityBy, openToken, ownWordOf, type Token } from '../token.ts';

/**
 * An Entity Attestation Token, as CWT or as JWT. One that carries a PSA profile is judged by that profile's rules; one whose profile is that of an EAR is no
 * Evidence but an Attestation Result, and is judged as such.
 */
export const eatOr = (results: Scheme): Scheme => ({
  ...about,
  judge: (evidence, context) => (isEar(evidence, context.keys) ? results.judge(evidence, context) : judgeToken(evidence, context)),
});

/** A token as it came: by itself, or in a bundle with the claims sets of which it has digests (RFC 9711 §5). */
type Sent = { readonly main: Evidence; readonly bundle?: EatBundle };
type Claims = ChainClaims & { readonly inside?: readonly Inside[] };

const judgeToken = (evidence: Evidence, context: Context): ChallengeOutcome => schemeOf(sentOf, outermost()).judge(evidence, context);

const schemeOf = (sent: (evidence: Evidence) => Sent, nesting: Nesting): Scheme =>
  scheme<Claims>({
    ...about,
    verify: (evidence, context, checks) => {
      const { main, bundle } = sent(evidence);
      const opened = openToken(main, context);
      if (opened.form === 'json' || psaProfileOf(opened.claims) === undefined)
        return verifyEat(opened, { main, ...(bundle === undefined ? {} : { bundle }) }, nesting, context, checks);
      // Its profile knows no digests of claims (RFC 9783 §4), so nobody would have signed those that came along.
      if (bundle !== undefined) throw new DecodeError('Cannot read bundle: its token is a PSA token');
      return verifyPsa(opened, main, context, checks);
    },
    appraise: (claims, trust, checks) => loweredBy(appraiseChain(claims, trust, checks), claims.inside ?? [], checks),
  });

const about = {
  name: 'eat',
  spec: 'RFC 9711 (EAT as CWT and JWT, nested, detached), RFC 10013 (measured component), RFC 9783 by its profile, RFC 7515',
  mediaTypes: ['application/eat+cwt', 'application/eat+jwt', 'application/eat-bun+cbor', 'application/eat-bun+json'],
  freshBy: 'nonce',
} as const;

function sentOf(evidence: Evidence): Sent {
  const { mediaType, bytes, certificates } = evidence;
  if (mediaType !== 'application/eat-bun+cbor' && mediaType !== 'application/eat-bun+json') return { main: evidence };
  const bundle = decodeEatBundle(bytes, mediaType === 'application/eat-bun+cbor' ? 'cbor' : 'json');
  const main = evidenceOf(bundle.token, certificates);
  if (isEar(main, noKeys)) throw new DecodeError('Cannot read bundle: its token is an Attestation Result');
  return { main, bundle };
}

const evidenceOf = ({ kind, bytes }: SignedToken, certificates: readonly Uint8Array[] = []): Evidence =>
  messageEvidence(`application/eat+${kind}`, bytes, certificates);
/** Nothing is verified in order to read a profile. */
const noKeys = new KeyCache(1);

/** Judges a token inside another by its own key: certificates that came beside the outer one are not its own. */
function judgeInside(path: string, token: NestedToken, nesting: Nesting, context: Context): Inside {
  const next = deeper(nesting);
  const main = evidenceOf(token.kind === 'bundle' ? token.token : token);
  if (isEar(main, noKeys)) return { path };
  const sent = token.kind === 'bundle' ? { main, bundle: token } : { main };
  const outcome = schemeOf(() => sent, next).judge(main, insideOf(context));
  return outcome.kind === 'appraised' ? { path, result: outcome.result } : { path };
}

function verifyEat(token: Token, { main, bundle }: Sent, nesting: Nesting, context: Context, checks: Checks): Claims {
  const signed = decodeEatClaims(token.claims, token.form);
  checks.pass(
    'readable',
    `EAT as ${token.form === 'cbor' ? 'CWT' : 'JWT'}, ${main.bytes.length} bytes, ${signed.submodules.size + signed.nested.size + signed.detached.size} submodules`,
  );
  const signer = checkSigner(token, signed.ueid, context, checks);
  const { own: claims, nested } = takenApart(bundle === undefined ? signed : withDetached(signed, bundle));
  const inside = [...nested].map(([path, one]) => judgeInside(path, one, nesting, context));
  checkClass(signer, claims.model);
  const model = signer.model ?? claims.model;
  const of: About = {
    ...(signer.vendor === undefined ? {} : { vendor: signer.vendor }),
    ...(model === undefined ? {} : { model }),
    ...(claims.model === undefined ? {} : { classId: claims.model }),
    by: signer.authority,
  };
  const said = eatSaid(claims, of, context.now, checks);
  checks.pass('identity', claims.ueid === undefined ? signer.subject : `UEID ${claims.ueid}`, { seen: signer.serial ?? signer.subject });
  return {
    identity: identityBy(signer, model, claims.softwareVersion),
    anchor: signer.voucher,
    measured: [...said.measured, ...(signer.chain?.measured ?? [])],
    unappraised: [...said.unappraised, ...psaAlone(token.claims), ...(signer.chain?.unappraised ?? [])],
    pathEnds: Math.min(
      signer.notAfter,
      claims.expires ?? Number.MAX_SAFE_INTEGER,
      ...inside.flatMap(({ result }) => result?.expires ?? []),
    ),
    ...(inside.length === 0 ? {} : { inside }),
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
