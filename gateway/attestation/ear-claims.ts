import type { Millis } from '../model/address.ts';
import type { Ar4siClaim } from '../model/attestation.ts';
import type { AttestationStatus } from '../model/axes.ts';
import { fromBase64Url } from '../codec/bytes.ts';
import { bytesOf, type CborMap, type CborValue, intOf, listOf, mapOf, textOf } from '../codec/cbor.ts';
import { DecodeError } from '../codec/reader.ts';
import { printable } from '../codec/x509-name.ts';
import type { Vector } from './ar4si.ts';
import { type EarDialect, earNames, earProfiles } from './ear.ts';

/** What another Verifier says of an Attester, once read. `status` is the worst of its appraisals. */
export type Ear = {
  readonly dialect: EarDialect;
  readonly issuedAt: Millis;
  readonly expires?: Millis;
  readonly verifier: { readonly developer: string; readonly build: string };
  /** The Relying Party's own, echoed. */
  readonly nonce?: Uint8Array;
  readonly status: AttestationStatus;
  readonly appraisals: readonly EarAppraisal[];
  readonly notBefore?: Millis;
  /** Whom it is for (RFC 7519 §4.1.3); absent: it does not say. */
  readonly audience?: readonly string[];
};
export type EarAppraisal = {
  readonly name: string;
  readonly status: AttestationStatus;
  readonly vector: Vector;
  readonly policies: readonly string[];
};

type Form = 'cbor' | 'json';
const maxAppraisals = 32;
const maxPolicies = 64;
const maxAudiences = 16;

/** Claims of every EAT that an EAR has (RFC 9711 §7, RFC 8392 §4). */
const common = {
  nonce: ['eat_nonce', 10],
  profile: ['eat_profile', 265],
  submodules: ['submods', 266],
  expires: ['exp', 4],
  notBefore: ['nbf', 5],
  audience: ['aud', 3],
  issuedAt: ['iat', 6],
} as const;
type Name = readonly [string, number];

/** The claims set of an EAR, of either dialect and either form. Says nothing of who made it. Throws DecodeError. */
export function decodeEarClaims(claims: CborMap, form: Form): Ear {
  const get = (map: CborMap, [json, label]: Name): CborValue => map.get(form === 'json' ? json : label);
  const dialect = earProfileOf(claims, form);
  if (dialect === undefined) throw new DecodeError(`Cannot read EAR: profile ${said(get(claims, common.profile))}`);
  const names = earNames[dialect];
  const submodules = [...mapOf(get(claims, common.submodules), 'EAR submods')];
  if (submodules.length === 0 || submodules.length > maxAppraisals)
    throw new DecodeError(`Cannot read EAR: ${submodules.length} appraisals`);
  const appraisals = submodules.map(([label, value]): EarAppraisal => {
    const name = printable(textOf(label, 'EAR label'));
    const map = mapOf(value, `EAR appraisal ${name}`);
    const vector = vectorOf(get(map, names.vector), form);
    const status = statusOf(get(map, names.status), form);
    const worst = worstOf(vector);
    // §3.1: no higher trust than the worst claim. Whoever says more than he found is not to be read at all.
    if (worst !== undefined && trust[status] > trust[worst])
      throw new DecodeError(`Cannot read EAR: ${name} is ${status}, and its vector ${worst}`);
    return { name, status, vector, policies: policiesOf(get(map, names.policies), dialect) };
  });
  const overall = lowest(appraisals.map(a => a.status)) ?? 'none';
  const whole = get(claims, names.status);
  if (whole !== undefined && trust[statusOf(whole, form)] > trust[overall])
    throw new DecodeError(`Cannot read EAR: its status is above ${overall}`);
  const [expires, nonce, notBefore] = [get(claims, common.expires), get(claims, common.nonce), get(claims, common.notBefore)];
  const audience = audienceOf(get(claims, common.audience));
  return {
    dialect,
    issuedAt: instant(get(claims, common.issuedAt), 'iat'),
    ...(expires === undefined ? {} : { expires: instant(expires, 'exp') }),
    verifier: verifierOf(get(claims, names.verifier), form),
    ...(nonce === undefined ? {} : { nonce: octets(nonce, form) }),
    status: whole === undefined ? overall : statusOf(whole, form),
    appraisals,
    ...(notBefore === undefined ? {} : { notBefore: instant(notBefore, 'nbf') }),
    ...(audience === undefined ? {} : { audience }),
  };
}

/** Trustee's profile is Veraison's under another name. */
const aliases: ReadonlyMap<CborValue, EarDialect> = new Map<CborValue, EarDialect>([
  [earProfiles.ietf, 'ietf'],
  [earProfiles.veraison, 'veraison'],
  ['tag:github.com,2024:confidential-containers/Trustee', 'veraison'],
]);
/** The dialect that a claims set calls itself by; undefined for what is no EAR. */
export const earProfileOf = (claims: CborMap, form: Form): EarDialect | undefined =>
  aliases.get(claims.get(common.profile[form === 'json' ? 0 : 1]));
const said = (profile: CborValue): string => (typeof profile === 'string' ? printable(profile.slice(0, 80)) : 'missing');

function audienceOf(value: CborValue): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const list = typeof value === 'string' ? [value] : listOf(value, 'EAR audience');
  if (list.length === 0 || list.length > maxAudiences) throw new DecodeError(`Cannot read EAR: ${list.length} audiences`);
  return list.map(one => textOf(one, 'EAR audience', 1000));
}

/** How far a status lets a Relying Party trust. *None* is less than affirming: nobody looked. */
const trust: { readonly [status in AttestationStatus]: number } = { contraindicated: 0, warning: 1, none: 2, affirming: 3 };
const lowest = (found: readonly AttestationStatus[]): AttestationStatus | undefined => found.toSorted((a, b) => trust[a] - trust[b])[0];

/** Undefined where the Verifier was asked to leave its findings out (§3.1). A claim that says nothing lowers no other. */
function worstOf(vector: Vector): AttestationStatus | undefined {
  const values = Object.values(vector);
  return values.length === 0 ? undefined : (lowest(values.filter(value => value !== 0).map(tier)) ?? 'none');
}

/** Tier of one claim, of the values for all and of those that a Verifier defines itself, which are negative (draft-ietf-rats-ar4si §2.3.2). */
function tier(value: number): AttestationStatus {
  if (value >= 96 || value <= -97) return 'contraindicated';
  if (value >= 32 || value <= -33) return 'warning';
  // 1 and -1: the Evidence surprised the Verifier, or the Verifier failed.
  return value >= 2 || value <= -2 ? 'affirming' : 'none';
}

const statuses: ReadonlyMap<CborValue, AttestationStatus> = new Map<CborValue, AttestationStatus>([
  [0, 'none'],
  [2, 'affirming'],
  [32, 'warning'],
  [96, 'contraindicated'],
]);
/** A word in JSON, a number in CBOR; older writers put numbers into JSON too. */
function statusOf(value: CborValue, form: Form): AttestationStatus {
  const word = form === 'json' ? [...statuses.values()].find(known => known === value) : undefined;
  const status = word ?? statuses.get(value);
  if (status === undefined) throw new DecodeError('Cannot read EAR: a status that is none');
  return status;
}

/** In the order of their labels. */
export const claimNames: readonly Ar4siClaim[] = [
  'instance-identity',
  'configuration',
  'executables',
  'file-system',
  'hardware',
  'runtime-opaque',
  'storage-opaque',
  'sourced-data',
];
function vectorOf(value: CborValue, form: Form): Vector {
  if (value === undefined) return {};
  const found = [...mapOf(value, 'EAR vector')].map(([key, claim]) => {
    const name = form === 'json' ? claimNames.find(known => known === key) : typeof key === 'number' ? claimNames[key] : undefined;
    const int8 = intOf(claim, 'EAR vector');
    if (name === undefined || int8 < -128 || int8 > 127) throw new DecodeError('Cannot read EAR: a claim of its vector is none');
    return [name, int8] as const;
  });
  return Object.fromEntries(found);
}

function policiesOf(value: CborValue, dialect: EarDialect): readonly string[] {
  if (value === undefined) return [];
  const list = dialect === 'veraison' ? [value] : listOf(value, 'EAR policies');
  if (list.length === 0 || list.length > maxPolicies) throw new DecodeError(`Cannot read EAR: ${list.length} policies`);
  return list.map(one => printable(textOf(one, 'EAR policy', 2000)));
}

function verifierOf(value: CborValue, form: Form): Ear['verifier'] {
  const map = mapOf(value, 'EAR verifier');
  const get = (json: string, label: number): string => printable(textOf(map.get(form === 'json' ? json : label), 'EAR verifier'));
  return { developer: get('developer', 0), build: get('build', 1) };
}

/** Whole seconds (§3: no floating point), as milliseconds. */
function instant(value: CborValue, what: string): Millis {
  const seconds = intOf(value, `EAR ${what}`);
  if (seconds < 0 || seconds > 253_402_300_799) throw new DecodeError(`Cannot read EAR: ${what} is no time`);
  return seconds * 1000;
}

/** 8 to 64 bytes (RFC 9711 §4.1); base64url in JSON. Writers of either dialect pad it or not. */
function octets(value: CborValue, form: Form): Uint8Array {
  const bytes = form === 'cbor' ? bytesOf(value, 'EAR nonce') : fromBase64Url(textOf(value, 'EAR nonce').replace(/=+$/, ''));
  if (bytes.length < 8 || bytes.length > 64) throw new DecodeError(`Cannot read EAR: a nonce of ${bytes.length} bytes`);
  return bytes;
}
