import type { Millis } from '../model/address.ts';
import type { AttestationResult, Check } from '../model/attestation.ts';
import type { Assurance, AttestationStatus } from '../model/axes.ts';
import type { ReasonCode } from '../model/reason.ts';
import { toBase64Url } from '../codec/bytes.ts';

/**
 * EAT Attestation Results (EAR) as JSON: what a Relying Party reads of an AttestationResult. Two dialects are alive: `ietf` is draft-ietf-rats-ear-03
 * (names with underscores), `veraison` the one before it (draft-fv-rats-ear-00, names with dots), which Veraison's libraries and Trustee read.
 */
export const earDialects = ['ietf', 'veraison'] as const;
export type EarDialect = (typeof earDialects)[number];

/** The EAT profile of each dialect; the draft lets no other stand in an EAR of its own (§3). */
export const earProfiles: { readonly [dialect in EarDialect]: string } = {
  ietf: 'tag:ietf.org,2026:rats/ear#03',
  veraison: 'tag:github.com,2023:veraison/ear',
};
/** How an EAR is called where it travels by itself (RFC 9782 §2). */
export const earMediaType = (dialect: EarDialect): string => `application/eat+jwt; eat_profile="${earProfiles[dialect]}"`;

/** Claim names of each dialect, as [JSON name, CBOR label of draft-ietf-rats-ear-03 §9.1]. Both dialects have the same labels. */
export const earNames = {
  ietf: {
    status: ['ear_status', 1000],
    vector: ['ear_trustworthiness_vector', 1001],
    rawEvidence: ['ear_raw_evidence', 1002],
    policies: ['ear_appraisal_policy_ids', 1003],
    verifier: ['ear_verifier_id', 1004],
    ours: ['ear_sallyport_appraisal', -75300],
  },
  veraison: {
    status: ['ear.status', 1000],
    vector: ['ear.trustworthiness-vector', 1001],
    rawEvidence: ['ear.raw-evidence', 1002],
    policies: ['ear.appraisal-policy-id', 1003],
    verifier: ['ear.verifier-id', 1004],
    ours: ['ear.sallyport.appraisal', -75300],
  },
} as const;

/** Who we are in an EAR (draft-ietf-rats-ar4si §3.3). `build` is set by who issues. */
const earDeveloper = 'Sallyport';

/** One appraisal to be told: a result, or what the machine made of one, where the checks are more and the status may be lower. */
export type EarSubject = {
  readonly result: AttestationResult;
  readonly status: AttestationStatus;
  readonly assurance: Assurance;
  readonly reason?: ReasonCode;
  readonly checks: readonly Check[];
  /** What it was judged by besides reference sets: hashes or names of policies. */
  readonly policies: readonly string[];
};

/** A result as its scheme gave it. */
export const subjectOf = (result: AttestationResult): EarSubject => {
  const { status, assurance, reason, checks } = result;
  return { result, status, assurance, ...(reason === undefined ? {} : { reason }), checks, policies: [] };
};

export type EarIssue = {
  readonly now: Millis;
  /** Version of the program that judged. */
  readonly build: string;
  readonly dialect: EarDialect;
  /** Of the Relying Party that asks, 8 to 64 bytes: it is echoed, so that no old EAR can be sold as new. */
  readonly nonce?: Uint8Array;
};

/** An EAR as a JSON claims set, not signed yet. */
export type EarClaims = { readonly [name: string]: unknown };

/** Thrown when there is nothing that may be told: the result has ended, so an EAR of it would say of now what held before. */
export class EarStale extends Error {
  override readonly name = 'EarStale';
}

const seconds = (at: Millis): number => Math.floor(at / 1000);

/**
 * The claims set of one result. The appraisal stands in `submods` under the name of its scheme; raw Evidence is named by its SHA-256 and not included, since
 * it names the device to whoever the EAR is shown to (§8). Throws EarStale.
 */
export function earClaims(subject: EarSubject, { now, build, dialect, nonce }: EarIssue): EarClaims {
  const { result, status, policies } = subject;
  if (now >= result.expires) throw new EarStale(`Cannot issue EAR: the result ended at ${new Date(result.expires).toISOString()}`);
  const names = earNames[dialect];
  const ids = [...policies, ...result.referenceSets];
  // The older dialect has room for one policy only.
  const told = ids.length === 0 ? {} : { [names.policies[0]]: dialect === 'ietf' ? ids : ids.join(' ') };
  const appraisal = { [names.status[0]]: status, [names.vector[0]]: result.vector, ...told, [names.ours[0]]: ours(subject) };
  return {
    eat_profile: earProfiles[dialect],
    iat: seconds(now),
    exp: seconds(result.expires),
    [names.verifier[0]]: { developer: earDeveloper, build },
    ...(dialect === 'ietf' ? { [names.status[0]]: status } : {}),
    ...(nonce === undefined ? {} : { eat_nonce: toBase64Url(nonce) }),
    submods: { [result.scheme]: appraisal },
  };
}

/** Our private claims. An extension is a map (§4). */
const ours = ({ result, assurance, reason, checks }: EarSubject): EarClaims => ({
  assurance: `A${assurance}`,
  ...(reason === undefined ? {} : { reason }),
  scheme: result.scheme,
  'appraised-at': seconds(result.at),
  'evidence-sha-256': result.evidence,
  ...(result.identity === undefined ? {} : { identity: result.identity }),
  checks,
});

/** What signs: ES256, so 64 bytes r ‖ s (RFC 7518 §3.4). `keyId` names the public key in the JWKS. */
export type EarSigner = { readonly keyId: string; readonly sign: (bytes: Uint8Array) => Promise<Uint8Array> };

/** The claims set as a JWT (RFC 7519) in compact form. Rejects as the signer does. */
export async function signEar(claims: EarClaims, { keyId, sign }: EarSigner): Promise<string> {
  const part = (value: unknown): string => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));
  const input = `${part({ alg: 'ES256', typ: 'JWT', kid: keyId })}.${part(claims)}`;
  return `${input}.${toBase64Url(await sign(new TextEncoder().encode(input)))}`;
}
