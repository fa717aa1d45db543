import type { Hex } from '../model/address.ts';
import type { Evidence } from '../model/attestation.ts';
import { decodePsaClaims, type PsaClaims, type PsaComponent, type PsaLifecycle } from '../codec/psa-token.ts';
import type { Flags } from '../codec/dice.ts';
import type { Checks } from './checks.ts';
import type { ChainClaims, MeasuredClaim } from './claims.ts';
import type { Context } from './scheme.ts';
import { type About, saidBesides } from './eat-said.ts';
import { checkClass, checkSigner, identityBy, ownWordOf, type Signer, type Token } from './token.ts';

/**
 * What each lifecycle state says of the mode (RFC 9783 §4.3.1): only `secured` is a state in which Evidence is worth what it says. `unknown` is a warning,
 * since some roots of trust never learn it.
 */
const modes: { readonly [state in PsaLifecycle]: Partial<Flags> } = {
  unknown: { notConfigured: true },
  'assembly-and-test': { notSecure: true },
  'psa-rot-provisioning': { notSecure: true },
  secured: {},
  'non-psa-rot-debug': { debug: true },
  'recoverable-psa-rot-debug': { debug: true },
  decommissioned: { notSecure: true },
};

/** Authenticates a PSA token and puts its claims as all others are put. Throws DecodeError or EvidenceError. */
export function verifyPsa(token: Token, evidence: Evidence, context: Context, checks: Checks): ChainClaims {
  const psa = decodePsaClaims(token.claims);
  checks.pass('readable', `PSA token, ${psa.profile}, ${psa.components.length} software components, ${evidence.bytes.length} bytes`);
  const signer = checkSigner(token, psa.instance, context, checks);
  checkClass(signer, psa.implementation);
  const own = measuredBy(psa, signer);
  const also = saidBesides(token.claims, aboutOf(psa, signer), context.now, checks);
  const more = [also, signer.chain].filter(one => one !== undefined);
  const certified = psa.certification === undefined ? '' : `, certification reference ${psa.certification}`;
  checks.pass('identity', `instance ${psa.instance}, implementation ${psa.implementation}${certified}, ${psa.lifecycle}`, {
    seen: signer.serial ?? psa.instance,
  });
  const version = own.find(c => c.version !== undefined)?.version;
  return {
    identity: identityBy(signer, modelOf(psa, signer), version),
    anchor: signer.voucher,
    measured: more.length === 0 ? own : [...own, ...more.flatMap(one => one.measured)],
    unappraised: more.length === 0 ? nothing : more.flatMap(one => one.unappraised),
    pathEnds: Math.min(signer.notAfter, also?.ends ?? Number.MAX_SAFE_INTEGER),
    nonces: [psa.nonce],
    ...ownWordOf(signer),
  };
}

/** Most PSA tokens carry nothing that nobody here appraises. */
const nothing: readonly string[] = [];
/** The implementation id names the class, unless who listed the key named the model. */
const modelOf = (psa: PsaClaims, signer: Signer): string => signer.model ?? psa.implementation;

/** What was made of software components, for as long as they live: of a token that is known they are the same object. */
const measuredOf = new WeakMap<readonly PsaComponent[], Measured>();
type Measured = {
  readonly signer: Signer;
  readonly implementation: Hex;
  readonly lifecycle: PsaLifecycle;
  readonly measured: readonly MeasuredClaim[];
};

const aboutOf = (psa: PsaClaims, signer: Signer): About => ({
  ...(signer.vendor === undefined ? {} : { vendor: signer.vendor }),
  model: modelOf(psa, signer),
  classId: psa.implementation,
  by: signer.authority,
});

/** One claim for each software component, and one for the lifecycle. */
function measuredBy(psa: PsaClaims, signer: Signer): readonly MeasuredClaim[] {
  const { implementation, lifecycle, components } = psa;
  const known = measuredOf.get(components);
  if (known?.signer === signer && known.implementation === implementation && known.lifecycle === lifecycle) return known.measured;
  const about = aboutOf(psa, signer);
  const parts = components.map(
    ({ type, version, signer: by, digest }): MeasuredClaim => ({
      ...about,
      ...(type === undefined ? {} : { key: type }),
      ...(version === undefined ? {} : { version }),
      signer: by,
      digests: [digest],
    }),
  );
  const flags = { notConfigured: false, notSecure: false, recovery: false, debug: false, ...modes[lifecycle] };
  const measured = [...parts, { ...about, digests: [], flags }];
  measuredOf.set(components, { signer, implementation, lifecycle, measured });
  return measured;
}
