import { createHash, timingSafeEqual } from 'node:crypto';
import type { Hex, Millis } from '../../model/address.ts';
import type { TpmPublic } from '../../codec/tpm-public.ts';
import type { Certificate } from '../../codec/x509.ts';
import { sha256 } from '../evidence.ts';
import { EvidenceError } from '../evidence-error.ts';
import type { Context } from '../scheme.ts';
import { checkEkChain } from './ak.ts';
import type { Activated } from './context.ts';
import { checkAkAttributes, nameOf, nameText, publicKeyOf } from './keys.ts';
import { type Credential, type Entropy, makeCredential } from './make-credential.ts';

/**
 * How an attestation key without a certificate comes to be trusted: we make a credential for the TPM's endorsement key and the name of the
 * attestation key; who sends the secret back has both in one TPM (MakeCredential, ActivateCredential). Pure: each step gives the next state.
 */
export type Activation =
  | ({ readonly kind: 'challenged'; readonly secretHash: Hex; readonly expires: Millis } & Activated)
  | ({ readonly kind: 'activated' } & Activated)
  | { readonly kind: 'refused'; readonly code: 'NONCE_MISMATCH' | 'NONCE_EXPIRED' | 'NONCE_REUSED' };

/** The secret is as long as a nonce. Bytes. */
export const secretBytes = 32;
/** How long a TPM may take: RSA keys in old ones are slow to load. */
const activationMillis = 60_000;

/** Who wants its attestation key activated. Untrusted. */
export type Candidate = { readonly ekChain: readonly Certificate[]; readonly ek: TpmPublic; readonly ak: TpmPublic };

/**
 * Checks who asks and makes the credential. Throws EvidenceError: the endorsement certificate leads to no anchor, is of another key, or a key's
 * attributes are wrong. `secret` is `secretBytes` of randomness and is kept as a hash only.
 */
export function challengeActivation(
  { ekChain, ek, ak }: Candidate,
  secret: Uint8Array,
  entropy: Entropy,
  context: Pick<Context, 'trust' | 'now' | 'keys'>,
): { readonly state: Activation; readonly credential: Credential } {
  checkAkAttributes(ak);
  publicKeyOf(ak);
  const [leaf] = checkEkChain(ekChain, context).certificates;
  if (leaf === undefined || !publicKeyOf(ek).equals(context.keys.get(leaf.spki)))
    throw new EvidenceError('IDENTITY_MISMATCH', 'chain', 'Cannot trust endorsement key: its certificate is of another key');
  const credential = makeCredential(ek, nameOf(ak), secret, entropy);
  const expires = context.now + activationMillis;
  return { state: { kind: 'challenged', secretHash: sha256(secret), expires, ak: nameText(ak), ek: sha256(leaf.spki) }, credential };
}

/** What comes back. Any answer ends the challenge: nobody gets to guess twice. */
export function answerActivation(state: Activation, secret: Uint8Array, now: Millis): Activation {
  if (state.kind !== 'challenged') return { kind: 'refused', code: 'NONCE_REUSED' };
  if (now > state.expires) return { kind: 'refused', code: 'NONCE_EXPIRED' };
  const expected = Buffer.from(state.secretHash, 'hex');
  if (!timingSafeEqual(createHash('sha256').update(secret).digest(), expected)) return { kind: 'refused', code: 'NONCE_MISMATCH' };
  return { kind: 'activated', ak: state.ak, ek: state.ek };
}
