import { constants, createHash, verify } from 'node:crypto';
import { concat } from '../../codec/bytes.ts';
import type { SpdmHash, SpdmSignature } from '../../codec/spdm-algorithms.ts';
import { type SpdmVersion, spdmVersionText } from '../../codec/spdm.ts';
import type { Certificate } from '../../codec/x509.ts';
import { EvidenceError } from '../evidence-error.ts';
import { type KeyCache } from '../keys.ts';
import type { Transcript } from './signed-pairs.ts';

/** What a signature is for (DSP0274 §15, since 1.2): one that was made for something else is none. */
export type SpdmPurpose = 'responder-challenge_auth signing' | 'responder-measurements signing';

/** Octets of the purpose with the zeros before it. */
const purposeBytes = 36;

/** combined_spdm_prefix (§15): the version four times, then the purpose at the end of 36 octets. */
function signingPrefix(version: SpdmVersion, purpose: SpdmPurpose): Uint8Array {
  const text = `dmtf-spdm-v${spdmVersionText(version)}.*`.repeat(4);
  return new TextEncoder().encode(`${text}${'\0'.repeat(purposeBytes - purpose.length)}${purpose}`);
}

/** What is signed: before 1.2 the transcript itself; since then the prefix and the transcript's hash. */
function signedBytes(version: SpdmVersion, hash: SpdmHash, purpose: SpdmPurpose, transcript: readonly Uint8Array[]): Uint8Array {
  if (version < 0x12) return concat(...transcript);
  const digest = createHash(hash.name);
  for (const piece of transcript) digest.update(piece);
  return concat(signingPrefix(version, purpose), digest.digest());
}

type Algorithms = { readonly version: SpdmVersion; readonly hash: SpdmHash; readonly signature: SpdmSignature };

/** Throws EvidenceError SIGNATURE_INVALID unless the leaf's key signed the transcript for this; ALGORITHM_REFUSED when it is a key of another kind. */
export function checkTranscript(
  { version, hash, signature }: Algorithms,
  purpose: SpdmPurpose,
  transcript: Transcript,
  leaf: Certificate,
  keys: KeyCache,
): void {
  const found = leaf.key.kind === 'ec' ? leaf.key.curve : leaf.key.kind;
  if (found !== signature.key || (leaf.key.kind === 'rsa' && leaf.key.bits !== signature.bits))
    throw new EvidenceError('ALGORITHM_REFUSED', 'chain', `Cannot check exchange: its leaf has no key for ${signature.name}`, {
      expected: signature.name,
      seen: leaf.key.kind === 'rsa' ? `RSA of ${leaf.key.bits} bits` : found,
    });
  const key = keys.get(leaf.spki);
  const signed = signedBytes(version, hash, purpose, transcript.signed);
  const isGood =
    signature.key === 'ed25519'
      ? verify(null, signed, key, transcript.signature)
      : signature.key === 'rsa'
        ? verify(hash.name, signed, { key, ...padding(signature, hash) }, transcript.signature)
        : verify(hash.name, signed, { key, dsaEncoding: 'ieee-p1363' }, transcript.signature);
  if (!isGood)
    throw new EvidenceError(
      'SIGNATURE_INVALID',
      'fresh',
      `Cannot verify ${purpose.slice('responder-'.length)}: it is not by the key of the chain over what was said`,
    );
}

const padding = ({ isPss }: SpdmSignature, hash: SpdmHash) =>
  isPss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: hash.bytes } : { padding: constants.RSA_PKCS1_PADDING };
