import type { Evidence } from '../../model/attestation.ts';
import { sameBytes } from '../../codec/bytes.ts';
import { DecodeError } from '../../codec/reader.ts';
import { sameName } from '../../codec/x509-name-match.ts';
import { attribute, attributeTypes } from '../../codec/x509-name.ts';
import { type Certificate, decodeCertificate } from '../../codec/x509.ts';
import { appraiseChain } from '../appraise.ts';
import { verifyChain } from '../chain.ts';
import type { Checks } from '../checks.ts';
import type { ChainClaims } from '../claims.ts';
import { contentOf, hasDice } from '../dice-content.ts';
import { checkSize, sha256 } from '../evidence.ts';
import { EvidenceError } from '../evidence-error.ts';
import type { KeyCache } from '../keys.ts';
import { applicationUri } from '../opc-ua/application.ts';
import { type OpcUaProof, readOpcUaProof, readSignedOpen } from '../opc-ua/message.ts';
import { isSignedMessage, opcUaPolicies, policyOf, thumbprint } from '../opc-ua/policies.ts';
import { type Context, nonceBytes, scheme } from '../scheme.ts';
import { anchorsFor, type Trust } from '../trust.ts';

/**
 * The certificate of an OPC UA server that opened a secure channel to us: who it is, and of its firmware what its certificates measure (DICE), as over TLS: most measure nothing.
 * It signed the thumbprint of a certificate of ours that holds our nonce. Most such certificates are self-signed: they are no Evidence, and give key continuity.
 */
export const opcUa = scheme<ChainClaims>({
  name: 'opc-ua',
  spec: 'OPC 10000-6 §6.7 (secure conversation), OPC 10000-7 §6.6',
  mediaTypes: ['application/vnd.sallyport.opcua-server'],
  freshBy: 'nonce',
  isEvidence,
  unverifiedLeaf,
  verify,
  appraise: appraiseChain,
});

/** Possession first: before it, the chain is only what somebody sent. */
function verify(evidence: Evidence, context: Context, checks: Checks): ChainClaims {
  const proof = readOpcUaProof(evidence.bytes);
  const { policy, certificates } = readSignedOpen(proof.signed);
  checkSize(certificates);
  const links = certificates
    .map(der => context.keys.certificate(der))
    .map(certificate => ({ certificate, content: contentOf(certificate) }));
  checks.pass('readable', `a secure channel by ${policyOf(policy)?.name ?? 'no policy of ours'}, ${certificates.length} certificates`);
  const nonce = checkPossession(proof, links[0]?.certificate, context.keys);
  const { freshness } = context;
  if (freshness.kind === 'nonce' && !sameBytes(nonce, freshness.nonce))
    throw new EvidenceError('NONCE_MISMATCH', 'fresh', 'Cannot take channel as fresh: it answers another certificate of ours');
  checkApplication(links[0]?.certificate);
  const { path: _, ...claims } = verifyChain(links, context, checks);
  // A nonce in a certificate (DICE) was somebody else's: ours is in the one that the channel answered.
  return { ...claims, nonces: [nonce] };
}

/** The nonce of the client certificate that the leaf's key answered. Throws EvidenceError. */
function checkPossession({ client, signed, signature }: OpcUaProof, leaf: Certificate | undefined, keys: KeyCache): Uint8Array {
  const { policy, thumbprint: answered } = readSignedOpen(signed);
  const by = policyOf(policy);
  if (by === undefined || leaf?.key.kind !== 'rsa')
    throw new EvidenceError('ALGORITHM_REFUSED', 'fresh', 'Cannot check channel: its policy or key is not one that we open channels with', {
      expected: opcUaPolicies.map(p => p.name).join(', '),
      seen: policy,
    });
  if (!sameBytes(answered, thumbprint(client)))
    throw new EvidenceError('NONCE_MISMATCH', 'fresh', 'Cannot take channel as fresh: it answers another certificate than ours');
  if (!isSignedMessage(by, signed, signature, keys.get(leaf.spki)))
    throw new EvidenceError('SIGNATURE_INVALID', 'fresh', 'Cannot verify channel: its answer is not signed by the key of the certificate');
  const text = attribute(decodeCertificate(client).subject, attributeTypes.serialNumber) ?? '';
  if (text.length !== 2 * nonceBytes || !/^[0-9a-f]*$/.test(text))
    throw new DecodeError('Cannot read client certificate: it holds no nonce');
  return Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16));
}

/** An application instance certificate names one application (OPC 10000-6 §6.2.2): one that does not was made for something else. */
function checkApplication(leaf: Certificate | undefined): void {
  if (leaf !== undefined && applicationUri(leaf) !== undefined) return;
  throw new EvidenceError(
    'PROFILE_VIOLATED',
    'identity',
    'Cannot take certificate as that of an OPC UA application: it names none, or several',
    {
      expected: 'one URI',
      seen: 'none, or several',
    },
  );
}

/**
 * Whether what failed claims to be Evidence: who presents a certificate without its key does; else a chain with device identity, or one that names an anchor
 * of ours as an issuer.
 */
function isEvidence(evidence: Evidence, trust: Trust, checks: Checks): boolean {
  if (checks.list().some(c => c.outcome === 'failed' && c.check === 'fresh')) return true;
  const chain = certificatesOf(evidence);
  return chain.some(
    c => hasDice(c) || c.hardwareModule !== undefined || anchorsFor(trust, 'identity').some(a => sameName(a.certificate.subject, c.issuer)),
  );
}

function unverifiedLeaf(evidence: Evidence): { readonly leafKey?: string; readonly subject?: string } {
  const [leaf] = certificatesOf(evidence);
  return leaf === undefined ? {} : { leafKey: sha256(leaf.spki), subject: leaf.subject.text };
}

/** Those that can be read; none when one cannot. */
function certificatesOf(evidence: Evidence): readonly Certificate[] {
  try {
    return readSignedOpen(readOpcUaProof(evidence.bytes).signed).certificates.map(decodeCertificate);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return [];
  }
}
