import type { ServedSession } from '../attestation/served-sessions.ts';
import type { Served } from '../attestation/serving.ts';
import type { EvidenceMediaType } from '../model/attestation.ts';

/** What came of Evidence: an EAR for whoever handed it in; that it was none; or that we could not judge it. */
export type Told = { readonly kind: 'ear'; readonly ear: string } | { readonly kind: 'no-evidence' } | { readonly kind: 'failed' };

/** What the attestation listener may have judged, and for whom; `main` hands it over. */
export type Attesting = {
  /** Whom we judge Evidence for that comes from this address now. */
  at(ip: string): Served;
  /** The port of the device known at this address, if any; asked at each connection. */
  portAt(ip: string): string | undefined;
  /** Has Evidence judged that answers this session, and folds the outcome in for the device that holds it. Never rejects. */
  judge(session: ServedSession, evidence: { readonly mediaType: EvidenceMediaType; readonly bytes: Uint8Array }): Promise<Told>;
  /** Public key that our EARs are checked with, as a JWK; undefined when there is none. */
  verificationKey(): Promise<object | undefined>;
  readonly version: string;
};
