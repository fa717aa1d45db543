import type { Evidence } from '../../model/attestation.ts';
import { sameBytes } from '../../codec/bytes.ts';
import { DerReader } from '../../codec/der.ts';
import { decodeCborCertificate, takeCborCertificate } from '../../codec/open-dice-cwt.ts';
import { ofWhole } from '../../codec/whole.ts';
import { decodeCertificate } from '../../codec/x509.ts';
import type { KeyCache } from '../keys.ts';
import { appraiseChain } from '../appraise.ts';
import { type Link, verifyChain } from '../chain.ts';
import type { Checks } from '../checks.ts';
import type { ChainClaims } from '../claims.ts';
import { contentOf } from '../dice-content.ts';
import { EvidenceError } from '../evidence-error.ts';
import { checkSize } from '../evidence.ts';
import { type Context, scheme } from '../scheme.ts';

/**
 * A chain of Open Profile for DICE in which X.509 and CBOR certificates may alternate. `application/vnd.sallyport.open-dice-chain` is the certificates one after
 * the other, leaf first, 1 to 10 of them, at most 64 KiB, without padding or anything between: DER (first byte 0x30), or an untagged COSE_Sign1 with an
 * empty unprotected header and definite lengths (first bytes 0x84). A chain by itself proves no possession: `Evidence.certificates` is the chain of the TLS
 * handshake that it came over, and the leaf's key must be the one that signed it. The CDI key itself is for certifying only, so that the leaf is the
 * certificate of a key that the last stage certified.
 */
export const openDice = scheme<ChainClaims>({
  name: 'open-dice',
  spec: 'Open Profile for DICE 2.5, RFC 8392, RFC 9052',
  mediaTypes: ['application/vnd.sallyport.open-dice-chain'],
  freshBy: 'handshake',
  verify,
  appraise: appraiseChain,
});

function verify(evidence: Evidence, context: Context, checks: Checks): ChainClaims {
  const links = ofWhole(() => split(evidence.bytes)).map(bytes => readLink(bytes, context.keys));
  checks.pass('readable', `${links.length} certificates, ${links.filter(l => l.certificate.der[0] !== 0x30).length} of them in CBOR`);
  if (context.freshness.kind === 'handshake') checkPossession(evidence, links);
  return verifyChain(links, context, checks);
}

/** The certificates as they stand, within the caps of a chain. Throws DecodeError or EvidenceError. */
function split(bytes: Uint8Array): readonly Uint8Array[] {
  checkSize([bytes]);
  const found: Uint8Array[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const one = rest[0] === 0x84 ? takeCborCertificate(rest) : new DerReader(rest).take(0x30, 'certificate of the chain').whole;
    found.push(one);
    rest = rest.subarray(one.length);
  }
  checkSize(found);
  return found;
}

function readLink(bytes: Uint8Array, keys: KeyCache): Link {
  if (bytes[0] === 0x30) {
    const certificate = keys.certificate(bytes);
    return { certificate, content: contentOf(certificate) };
  }
  const { certificate, input } = decodeCborCertificate(bytes);
  return { certificate, content: { infos: [], ...(input === undefined ? {} : { input }), unappraised: [] } };
}

/** The handshake is signed by the key of its own first certificate; that key must be the leaf's, or anybody could hand over a chain that he once saw. */
function checkPossession(evidence: Evidence, links: readonly Link[]): void {
  const signer = decodeCertificate(evidence.certificates[0] ?? new Uint8Array());
  const leaf = links[0]?.certificate;
  if (leaf === undefined || !sameBytes(signer.spki, leaf.spki))
    throw new EvidenceError('HANDSHAKE_NOT_FRESH', 'chain', 'Cannot take chain as fresh: another key signed the handshake', {
      expected: leaf?.subject.text ?? 'a leaf',
      seen: signer.subject.text,
    });
}
