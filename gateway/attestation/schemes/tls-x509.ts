import type { Evidence } from '../../model/attestation.ts';
import { latin1 } from '../../codec/der.ts';
import { DecodeError } from '../../codec/reader.ts';
import { sameName } from '../../codec/x509-name-match.ts';
import { type Certificate, decodeCertificate } from '../../codec/x509.ts';
import { appraiseChain } from '../appraise.ts';
import { checkPathInAnyOrder } from '../any-order.ts';
import { type Follow, serialOf, verifyChain } from '../chain.ts';
import type { Checks } from '../checks.ts';
import type { ChainClaims } from '../claims.ts';
import { contentOf, hasDice } from '../dice-content.ts';
import { checkSize, sha256 } from '../evidence.ts';
import { type Context, scheme } from '../scheme.ts';
import { anchorsFor, type Trust } from '../trust.ts';

/**
 * The certificate chain of a TLS server: an IDevID or LDevID (IEEE 802.1AR), a DICE chain (TCG DICE Attestation Architecture) or one of Open Profile for DICE, whose
 * leaf key signed our handshake. Evidence is the union of the measurements over the whole path, each said by the key that signed its certificate.
 */
export const tlsX509 = scheme<ChainClaims>({
  name: 'tls-x509',
  spec: 'RFC 8446 §4.4.2, IEEE 802.1AR, TCG DICE Attestation Architecture 1.2, Open Profile for DICE 2.5',
  mediaTypes: ['application/vnd.sallyport.x509-chain'],
  freshBy: 'handshake',
  isEvidence,
  unverifiedLeaf,
  verify,
  appraise: appraiseChain,
});

function verify(evidence: Evidence, context: Context, checks: Checks): ChainClaims {
  checkSize(evidence.certificates);
  // Measurements of all certificates are read first: one that cannot be read is an error, never "no measurements".
  const links = evidence.certificates
    .map(der => context.keys.certificate(der))
    .map(certificate => ({ certificate, content: contentOf(certificate) }));
  checks.pass('readable', `${links.length} certificates`);
  return verifyChain(links, context, checks, undefined, inAnyOrder);
}

const inAnyOrder: Follow = (chain, { trust, keys, now }) =>
  checkPathInAnyOrder(chain, anchorsFor(trust, 'identity'), now, keys, trust.revocation);

/** DER of the OIDs that mark Evidence, for certificates that cannot be read: 2.23.133.5.4, Open DICE, HardwareModuleName. */
const marks = ['\x67\x81\x05\x05\x04', '\x2b\x06\x01\x04\x01\xd6\x79\x02\x01\x18', '\x2b\x06\x01\x05\x05\x07\x08\x04'];

/**
 * Whether a chain that failed claims to be Evidence: DICE content or a HardwareModuleName anywhere; or a serial number in a chain that
 * names one of our anchors. A serial number alone is found in printers' self-signed certificates too.
 */
function isEvidence(evidence: Evidence, trust: Trust): boolean {
  const read = evidence.certificates.map(der => ({ der, certificate: tryDecode(der) }));
  const claims = read.some(({ der, certificate }) =>
    certificate === undefined
      ? marks.some(mark => latin1(der).includes(mark))
      : hasDice(certificate) || certificate.hardwareModule !== undefined,
  );
  if (claims) return true;
  const chain = read.flatMap(({ certificate }) => certificate ?? []);
  const anchors = anchorsFor(trust, 'identity');
  return (
    chain.some(certificate => serialOf(certificate) !== undefined) &&
    chain.some(({ issuer }) => anchors.some(anchor => sameName(anchor.certificate.subject, issuer)))
  );
}

function unverifiedLeaf(evidence: Evidence): { readonly leafKey?: string; readonly subject?: string } {
  const leaf = tryDecode(evidence.certificates[0] ?? new Uint8Array());
  return leaf === undefined ? {} : { leafKey: sha256(leaf.spki), subject: leaf.subject.text };
}

function tryDecode(der: Uint8Array): Certificate | undefined {
  try {
    return decodeCertificate(der);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return undefined;
  }
}
