import type { Millis } from '../model/address.ts';
import { sameName } from '../codec/x509-name-match.ts';
import type { Certificate } from '../codec/x509.ts';
import { EvidenceError } from './evidence-error.ts';
import { checkAlgorithm, isSignedBy, type KeyCache } from './keys.ts';
import { checkRules, deviceRules, isSelfIssued, type Path, type Rules, wrongSignature } from './path-rules.ts';
import { checkRevocation, type RevocationSources, type RevocationState } from './revocation.ts';
import type { Anchor } from './trust.ts';
import { Work } from './work.ts';

export type { Path } from './path-rules.ts';
/** A path with what is known of its revocation, leaf first; absent when nobody asked. */
export type CheckedPath = Path & { readonly revocation?: readonly RevocationState[] };

/**
 * Checks the chain as sent, leaf first, up to one of our anchors, sent along or not (RFC 5280 §6.1). There is no path building: what is out of
 * order, missing or does not chain by name is refused. Certificates after the anchor take no part. Throws EvidenceError with the reason code of
 * the first broken rule (of `rules`: those of devices), judged from the anchor downwards, and last of revocation, where there is anything to ask about it.
 */
export function checkPath(
  chain: readonly Certificate[],
  anchors: readonly Anchor[],
  now: Millis,
  keys: KeyCache,
  revocation?: RevocationSources,
  rules: Rules = deviceRules(now),
): CheckedPath {
  const path = link(chain, anchors, keys);
  const work = new Work(keys);
  checkRules(path, rules, work);
  return revocation === undefined ? path : { ...path, revocation: checkRevocation(path, revocation, now, work) };
}

/** Follows names upwards until an anchor's key verifies. */
function link(chain: readonly Certificate[], anchors: readonly Anchor[], keys: KeyCache): Path {
  for (const [i, certificate] of chain.entries()) {
    const issuer = chain[i + 1];
    const named = anchors.filter(a => sameName(a.certificate.subject, certificate.issuer));
    const chains = issuer !== undefined && sameName(issuer.subject, certificate.issuer);
    if (named.length > 0) {
      checkAlgorithm(certificate);
      const anchor = named.find(a => isSignedBy(certificate, a.certificate, keys));
      if (anchor !== undefined) return { certificates: chain.slice(0, i + 1), anchor };
      if (!chains || isSelfIssued(issuer)) throw wrongSignature(certificate, named[0]?.certificate ?? certificate);
    }
    if (!chains) throw noAnchor(certificate, issuer, i);
  }
  throw new EvidenceError('CHAIN_INCOMPLETE', 'chain', 'Cannot follow chain: it is empty');
}

function noAnchor(certificate: Certificate, next: Certificate | undefined, at: number): EvidenceError {
  if (isSelfIssued(certificate))
    return new EvidenceError('CHAIN_UNTRUSTED', 'chain', `Cannot trust chain: ${certificate.subject.text} signed itself and is no anchor`, {
      expected: 'an anchor of policies/anchors',
      seen: certificate.subject.text,
    });
  if (next === undefined && at > 0)
    return new EvidenceError('CHAIN_UNTRUSTED', 'chain', `Cannot trust chain: ${certificate.issuer.text} is no anchor`, {
      expected: 'an anchor of policies/anchors',
      seen: certificate.issuer.text,
    });
  const seen = next === undefined ? 'nothing' : next.subject.text;
  return new EvidenceError(
    'CHAIN_INCOMPLETE',
    'chain',
    `Cannot follow chain: the issuer of ${certificate.subject.text} does not follow it`,
    {
      expected: certificate.issuer.text,
      seen,
    },
  );
}
