import type { Millis } from '../model/address.ts';
import type { CborMap } from '../codec/cbor.ts';
import type { Flags } from '../codec/dice.ts';
import { type DebugState, decodeEatClaims, type EatClaims } from '../codec/eat.ts';
import { type Checks, quote } from './checks.ts';
import type { ChainClaims, MeasuredClaim } from './claims.ts';
import { clockSkewMillis } from './crl-scope.ts';
import { EvidenceError } from './evidence-error.ts';

/** What the claims of an EAT (RFC 9711) say of what runs and in which mode, in the form of all others. */
export type Said = Pick<ChainClaims, 'measured' | 'unappraised'> & { readonly ends?: Millis };

/** Throws EvidenceError when the claims do not hold now, or mean what no profile that we know says. Warns where they are meant for others. */
export function eatSaid(claims: EatClaims, about: About, now: Millis, checks: Checks): Said {
  checkProfile(claims);
  checkTimes(claims, now);
  checkUse(claims, checks);
  const ends = claims.expires === undefined ? {} : { ends: claims.expires };
  return { measured: measuredOf(claims, about, ''), unappraised: unreadOf(claims), ...ends };
}

/** Claims of any EAT that may stand in a PSA token too: aud, exp, nbf, oemboot, dbgstat, submods, manifests, measurements, measres, intuse. Its profile allows more claims (RFC 9783 §4). */
const besides = [3, 4, 5, 262, 263, 266, 272, 273, 274, 275] as const;

/** What a token of another profile says besides in the words of any EAT; undefined when nothing. Throws DecodeError, and as `eatSaid`. */
export function saidBesides(claims: CborMap, about: About, now: Millis, checks: Checks): Said | undefined {
  const found = besides.flatMap(label => (claims.has(label) ? [[label, claims.get(label)] as const] : []));
  return found.length === 0 ? undefined : eatSaid(decodeEatClaims(new Map(found), 'cbor'), about, now, checks);
}

/** Of whom a token speaks. */
export type About = Pick<MeasuredClaim, 'vendor' | 'model' | 'classId' | 'by'>;

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

/**
 * exp and nbf (RFC 8392 §3.1.4 and §3.1.5), of submodules too. iat is not judged: many devices have no clock, and the nonce proves more. A clock that is a few minutes ahead
 * writes an nbf of then (RFC 7519 §4.1.5 allows for it).
 */
function checkTimes(claims: EatClaims, now: Millis): void {
  if (claims.expires !== undefined && now >= claims.expires)
    throw new EvidenceError('EVIDENCE_EXPIRED', 'fresh', 'Cannot accept EAT: it has ended');
  if (claims.notBefore !== undefined && now < claims.notBefore - clockSkewMillis)
    throw new EvidenceError('EVIDENCE_NOT_FRESH', 'fresh', 'Cannot accept EAT: it is not valid yet');
  for (const inner of claims.submodules.values()) checkTimes(inner, now);
}

/**
 * What is said to a registrar or a CA was said to nobody else (RFC 9711 §4.3.3), and of an audience nobody here is one (RFC 7519 §4.1.3): somebody may have handed our nonce on
 * as his own. So it counts for no admission, and is for a person to look at.
 */
function checkUse({ use, audience, submodules }: EatClaims, checks: Checks): void {
  if (use !== undefined && use !== 'generic')
    checks.warn('readable', 'EVIDENCE_NOT_FOR_US', 'the token is made for something else than to show what a device is', {
      expected: 'generic, or no intended use',
      seen: use,
    });
  if (audience !== undefined)
    checks.warn('readable', 'EVIDENCE_NOT_FOR_US', 'the token is made for another Verifier', {
      expected: 'no audience',
      seen: audience.map(quote).join(', '),
    });
  for (const inner of submodules.values()) checkUse(inner, checks);
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
  ...[...claims.nested.keys()].map(name => `submodule ${quote(name)}: a token of its own`),
  ...[...claims.detached.keys()].map(name => `submodule ${quote(name)}: a digest of claims that are not here`),
  ...[...claims.submodules.values()].flatMap(unreadOf),
];
