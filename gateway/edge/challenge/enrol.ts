import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { Hex } from '../../model/address.ts';
import type { ReasonCode } from '../../model/reason.ts';
import { DecodeError } from '../../codec/reader.ts';
import { decodeTpmPublic } from '../../codec/tpm-public.ts';
import { decodeNvCertificate } from '../../codec/x509-nv.ts';
import { EvidenceError } from '../../attestation/evidence-error.ts';
import type { Context } from '../../attestation/scheme.ts';
import { challengeActivation, secretBytes } from '../../attestation/tpm/activation.ts';

/** Who wants to be enrolled: TPM2B_PUBLIC of both keys and the certificates of the endorsement key (DER, leaf first). All of it is untrusted. */
export type EnrolmentWish = {
  readonly agent: string;
  readonly ak: Uint8Array;
  readonly ek: Uint8Array;
  readonly certificates: readonly Uint8Array[];
};

/**
 * `blob`: the credential that only the TPM with this endorsement key opens, and only with that attestation key in it (base64, in the form of tpm2-tools).
 * `tag`: SHA-256 of the answer that shows that it did.
 */
export type Enrolment =
  | { readonly kind: 'challenged'; readonly blob: string; readonly tag: Hex; readonly ek: Hex }
  | { readonly kind: 'refused'; readonly code: ReasonCode; readonly detail: string };

/** What tpm2-tools put before credential and secret: magic and version. */
const blobHeader = Buffer.from('badcc0de00000001', 'hex');
/** As long as the longest hash of a name; a shorter one takes the beginning. */
const seedBytes = 64;

/** As the registrar of Keylime does it: the agent answers with HMAC-SHA-384 over its name, by the secret in base64. The secret never leaves this process. */
export function enrol({ agent, ak, ek, certificates }: EnrolmentWish, context: Pick<Context, 'trust' | 'now' | 'keys'>): Enrolment {
  try {
    const [akPublic, ekPublic] = [decodeTpmPublic(ak), decodeTpmPublic(ek)];
    const secret = randomBytes(secretBytes);
    const { bytes } = ekPublic.nameAlgorithm;
    const seeds = randomBytes(2 * seedBytes);
    const field = ekPublic.key.kind === 'ecc' ? ekPublic.key.curve.bytes : bytes;
    const entropy = {
      seed: seeds.subarray(0, bytes),
      oaepSeed: seeds.subarray(seedBytes, seedBytes + bytes),
      // Below the order of any curve of its size.
      scalar: Buffer.concat([Buffer.from([0]), randomBytes(field - 1)]),
    };
    const wish = { ekChain: certificates.map(der => decodeNvCertificate(der)), ek: ekPublic, ak: akPublic };
    const { state, credential } = challengeActivation(wish, secret, entropy, context);
    if (state.kind !== 'challenged') throw new Error('Cannot enrol key: it was not challenged');
    const answer = createHmac('sha384', secret.toString('base64')).update(agent).digest('hex');
    return {
      kind: 'challenged',
      blob: Buffer.concat([blobHeader, credential.blob, credential.secret]).toString('base64'),
      tag: createHash('sha256').update(answer).digest('hex'),
      ek: state.ek,
    };
  } catch (error) {
    if (error instanceof EvidenceError) return { kind: 'refused', code: error.code, detail: error.message };
    if (error instanceof DecodeError) return { kind: 'refused', code: 'EVIDENCE_MALFORMED', detail: error.message };
    throw error;
  }
}
