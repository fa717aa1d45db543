import { DecodeError } from '../../../codec/reader.ts';
import { fromBase64Url, toBase64Url } from '../../../codec/bytes.ts';
import { decodeJson, jsonMapOf } from '../../../codec/json.ts';
import { evidenceTypeOf } from '../../../attestation/evidence-type.ts';
import { messageEvidence } from '../../../attestation/evidence.ts';
import type { Evidence, EvidenceMediaType } from '../../../model/attestation.ts';
import { type Channel, type Exchange, failed, type Failed } from './channel.ts';
import { type HttpAnswer, Https, statusFailure } from './https.ts';

/** Where ratsd serves, and what we say that we can judge; the unsigned bundle is only opened, what is in it must be signed. */
const usualPath = '/ratsd/chares';
const unsigned = 'application/eat-ucs+json';
const taken: readonly EvidenceMediaType[] = [
  'application/eat+cwt',
  'application/eat+jwt',
  'application/eat-bun+cbor',
  'application/eat-bun+json',
  'application/psa-attestation-token',
  'application/cmw+cbor',
  'application/cmw+json',
];
const headers = { 'content-type': 'application/vnd.veraison.chares+json', accept: [...taken, unsigned].join(', ') };

/**
 * An HTTPS endpoint that answers a nonce with Evidence: the challenge-response body of Veraison's ratsd, answered by its bundle or by a bare EAT, PSA
 * token or CMW, told apart by Content-Type. The certificates of the connection come along: a token may be signed by their key.
 */
export const chares: Channel = {
  name: 'chares',
  patience: 10_000,
  ask: (target, left) =>
    Https.with<Exchange>(target, left, async https => {
      const { bytes: nonce, expires } = target.nonce(https.exporter);
      const body = JSON.stringify({ nonce: toBase64Url(nonce) });
      const answer = await https.ask({ method: 'POST', path: target.path ?? usualPath, headers, body });
      if (answer.kind === 'failed') return answer;
      const evidence = evidenceOf(answer, https.certificates);
      if (evidence.kind === 'failed') return evidence;
      const channel = `chares over ${https.protocol}`;
      return { kind: 'answered', evidence: evidence.evidence, freshness: { kind: 'nonce', nonce, expires, spent: false, channel } };
    }),
};

function evidenceOf(answer: HttpAnswer, certificates: readonly Uint8Array[]): { readonly kind: 'evidence'; evidence: Evidence } | Failed {
  if (answer.status !== 200) return statusFailure(answer);
  const type = evidenceTypeOf(answer.type);
  if (type !== undefined && taken.includes(type)) return { kind: 'evidence', evidence: messageEvidence(type, answer.body, certificates) };
  if (answer.type !== unsigned) return statusFailure(answer);
  const wrapped = wrapperIn(answer.body);
  if (wrapped === undefined) return failed('refused', 'answers with an unsigned bundle that cannot be read');
  return { kind: 'evidence', evidence: messageEvidence('application/cmw+json', wrapped, certificates) };
}

/** The CMW in a bundle of ratsd, whose own claims nobody signed and nobody uses (RFC 9782 §2: UCS). */
function wrapperIn(body: Uint8Array): Uint8Array | undefined {
  try {
    const cmw = jsonMapOf(decodeJson(body), 'bundle').get('cmw');
    return typeof cmw === 'string' ? fromBase64Url(cmw) : undefined;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return undefined;
  }
}
