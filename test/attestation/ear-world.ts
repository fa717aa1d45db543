import { encode } from 'cborg';
import { type JWTHeaderParameters, SignJWT } from 'jose';
import type { ChallengeOutcome, EvidenceMediaType } from '../../gateway/model/attestation.ts';
import type { ListedKey, ListedVerifier, ReferenceSet } from '../../gateway/model/trust.ts';
import { messageEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import type { Context } from '../../gateway/attestation/scheme.ts';
import { schemeFor } from '../../gateway/attestation/schemes/index.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { base64, base64url, claims as map, fromHex, keyPairs, makeSign1, spkiOf } from '../vectors/tokens.ts';
import { answer, instance, nonce, now } from './token-world.ts';

/** What the tests of EARs share: one other Verifier with an ES384 key, whose results `jose` signs, and a site that lets its word count. */
export const verifierKeys = keyPairs.ES384;
export const listed: ListedVerifier = {
  name: 'plant',
  spki: base64(spkiOf(verifierKeys.publicKey)),
  most: 'affirming',
  maxAgeSeconds: 600,
  vendor: 'Acme Sensors',
};
const seconds = now / 1000;
export type Json = Readonly<Record<string, unknown>>;
/** Claims of a good EAR; `appraisal` changes its one appraisal, undefined takes away. */
export const draft = (changed: Json = {}, appraisal: Json = {}): Json => ({
  eat_profile: 'tag:ietf.org,2026:rats/ear#03',
  iat: seconds,
  exp: seconds + 300,
  eat_nonce: base64url(nonce),
  ueid: base64url(fromHex(instance)),
  ear_verifier_id: { developer: 'https://verifier.example', build: '1' },
  submods: { PSA: { ear_status: 'affirming', ear_trustworthiness_vector: { 'instance-identity': 2, executables: 2 }, ...appraisal } },
  ...changed,
});
export const signed = async (claims: Json, header: Partial<JWTHeaderParameters> = {}, key = verifierKeys.privateKey): Promise<Uint8Array> =>
  new TextEncoder().encode(await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES384', ...header }).sign(key));
/** The same as CWT. */
export const asCwt = (changed: readonly (readonly [number, unknown])[] = []): Uint8Array =>
  makeSign1(
    encode(
      map(
        [265, 'tag:ietf.org,2026:rats/ear#03'],
        [6, seconds],
        [4, seconds + 300],
        [10, nonce],
        [256, fromHex(instance)],
        [1004, map([0, 'somebody'], [1, '1'])],
        [266, new Map([['PSA', map([1000, 2], [1001, map([0, 2], [2, 2])])]])],
        ...changed,
      ),
    ),
    { algorithm: 'ES384', key: verifierKeys.privateKey },
  );

export type Options = {
  readonly verifiers?: readonly ListedVerifier[];
  readonly keys?: readonly ListedKey[];
  readonly sets?: readonly ReferenceSet[];
  readonly mediaType?: EvidenceMediaType;
  readonly certificates?: readonly Uint8Array[];
} & Partial<Pick<Context, 'freshness' | 'now' | 'zone'>>;
const cache = new KeyCache();
export function judge(
  bytes: Uint8Array,
  { verifiers = [listed], keys = [], sets = [], mediaType = 'application/eat+jwt', certificates, ...more }: Options = {},
): ChallengeOutcome {
  const { trust, problems } = prepareTrust({ anchors: [], referenceSets: sets, verifiers, keys });
  if (problems.length > 0) throw new Error(problems.join('; '));
  const context = { trust, keys: cache, now, freshness: answer, ttlSeconds: 3600, ...more };
  const outcome = schemeFor(mediaType)?.judge(messageEvidence(mediaType, bytes, certificates), context);
  if (outcome === undefined) throw new Error('no scheme');
  return outcome;
}
