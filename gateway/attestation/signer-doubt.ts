import type { Millis } from '../model/address.ts';
import type { SignerDoubt } from '../model/reference.ts';
import { fromBase64 } from '../codec/bytes.ts';
import { DecodeError } from '../codec/reader.ts';
import { decodeCertificate } from '../codec/x509.ts';
import { EvidenceError } from './evidence-error.ts';
import { maxCertificates } from './evidence.ts';
import { KeyCache } from './keys.ts';
import { checkPath, type Path } from './path.ts';
import { referenceSignerRules } from './reference-signer.ts';
import { checkRevocation, type RevocationSources } from './revocation.ts';
import type { Anchor } from './trust.ts';
import { Work } from './work.ts';

/** Who signs by a chain in the file (x5chain): up to one of these anchors, which are for that. `revocation`: what may tell that they were revoked; absent: nobody asks. */
export type ReferenceSigners = { readonly anchors: readonly Anchor[]; readonly now: Millis; readonly revocation?: RevocationSources };

/** As chains of devices are asked about (`revocation.ts`); undefined where nothing is said against it. Throws EvidenceError where the question itself cannot be answered. */
export function doubtOf(path: Path, sources: RevocationSources, now: Millis, keys: KeyCache): SignerDoubt | undefined {
  try {
    checkRevocation(path, sources, now, new Work(keys));
    return undefined;
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    if (error.code !== 'CERT_REVOKED' && error.code !== 'REVOCATION_UNKNOWN') throw error;
    return { standing: error.code === 'CERT_REVOKED' ? 'revoked' : 'ended', why: `of its signer: ${error.message} [${error.code}]` };
  }
}

/**
 * What is to be said by now against a signer whose signature was good when its file was brought. `chain`: DER in base64, leaf first. One that leads to none of the anchors
 * any more vouches for nothing, and was not revoked.
 */
export function signerDoubt(chain: readonly string[], { anchors, now, revocation }: ReferenceSigners): SignerDoubt | undefined {
  const cache = new KeyCache(maxCertificates + 1);
  try {
    const path = checkPath(
      chain.map(der => decodeCertificate(fromBase64(der))),
      anchors,
      now,
      cache,
      undefined,
      referenceSignerRules(now),
    );
    return revocation === undefined ? undefined : doubtOf(path, revocation, now, cache);
  } catch (error) {
    if (error instanceof EvidenceError) return { standing: 'ended', why: `of its signer: ${error.message} [${error.code}]` };
    if (error instanceof DecodeError) return { standing: 'ended', why: `of its signer: ${error.message}` };
    throw error;
  }
}
