import type { Evidence } from '../model/attestation.ts';
import { decodePsaClaims, type PsaLifecycle } from '../codec/psa-token.ts';
import type { Flags } from '../codec/dice.ts';
import type { Checks } from './checks.ts';
import type { ChainClaims, MeasuredClaim } from './claims.ts';
import type { Context } from './scheme.ts';
import { checkClass, checkSigner, identityBy, type Token } from './token.ts';

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
  const about = {
    ...(signer.vendor === undefined ? {} : { vendor: signer.vendor }),
    // The implementation id names the class, unless who listed the key named the model.
    model: signer.model ?? psa.implementation,
    classId: psa.implementation,
    by: signer.authority,
  };
  const measured = psa.components.map(
    (component): MeasuredClaim => ({
      ...about,
      ...(component.type === undefined ? {} : { key: component.type }),
      ...(component.version === undefined ? {} : { version: component.version }),
      signer: component.signer,
      digests: [component.digest],
    }),
  );
  const flags = { notConfigured: false, notSecure: false, recovery: false, debug: false, ...modes[psa.lifecycle] };
  const certified = psa.certification === undefined ? '' : `, certification reference ${psa.certification}`;
  checks.pass('identity', `instance ${psa.instance}, implementation ${psa.implementation}${certified}, ${psa.lifecycle}`, {
    seen: signer.serial ?? psa.instance,
  });
  const version = measured.find(c => c.version !== undefined)?.version;
  return {
    identity: identityBy(signer, about.model, version),
    anchor: signer.voucher,
    measured: [...measured, { ...about, digests: [], flags }],
    unappraised: [],
    pathEnds: signer.notAfter,
    nonces: [psa.nonce],
  };
}
