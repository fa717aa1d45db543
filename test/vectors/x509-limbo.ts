import { X509Certificate } from 'node:crypto';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { checkPath } from '../../gateway/attestation/path.ts';
import { type Anchor, readAnchor } from '../../gateway/attestation/trust.ts';
import { EvidenceError } from '../../gateway/attestation/evidence-error.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { type Certificate, decodeCertificate } from '../../gateway/codec/x509.ts';

/**
 * The path check as a validator of the C2SP x509-limbo harness: accepts when any order of the intermediates is accepted, since the suite
 * gives them as a set and we take a chain as sent. Names of peers, extended key usage and CRLs are not ours to check here.
 */
type Input = {
  readonly leafPem: string;
  readonly intermediatesPem: readonly string[];
  readonly rootsPem: readonly string[];
  readonly time: Date;
};
const maxOrders = 200;

const der = (pem: string): Uint8Array => new Uint8Array(new X509Certificate(pem).raw);

export function validate({ leafPem, intermediatesPem, rootsPem, time }: Input): { readonly ok: boolean; readonly reason?: string } {
  let reason = 'no order was tried';
  try {
    const anchors: readonly Anchor[] = rootsPem.map((pem, i) => readAnchor(`root ${i}`, der(pem)));
    const leaf = decodeCertificate(der(leafPem));
    const keys = new KeyCache();
    let tried = 0;
    for (const order of orders(intermediatesPem.map(pem => decodeCertificate(der(pem))))) {
      if (++tried > maxOrders) break;
      try {
        checkPath([leaf, ...order], anchors, time.getTime(), keys);
        return { ok: true };
      } catch (error) {
        if (!(error instanceof EvidenceError)) throw error;
        reason = `${error.code}: ${error.message}`;
      }
    }
  } catch (error) {
    if (!(error instanceof EvidenceError || error instanceof DecodeError)) throw error;
    reason = error.message;
  }
  return { ok: false, reason };
}

function* orders(of: readonly Certificate[]): Generator<readonly Certificate[]> {
  yield [];
  for (const [i, one] of of.entries()) for (const rest of orders(of.toSpliced(i, 1))) yield [one, ...rest];
}
