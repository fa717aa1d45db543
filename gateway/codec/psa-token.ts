import type { Hex } from '../model/address.ts';
import type { Digest } from '../model/attestation.ts';
import { hex } from './address.ts';
import { bytesOf, type CborKey, type CborMap, type CborValue, intOf, listOf, mapOf, textOf } from './cbor.ts';
import { namedDigest } from './named-information.ts';
import { DecodeError } from './reader.ts';

/** The three dialects of the PSA token: RFC 9783, the drafts before it as TF-M still sends them, and PSA_IOT_PROFILE_1 (RFC 9783 §4.7). */
const psaProfiles = ['tag:psacertified.org,2023:psa#tfm', 'http://arm.com/psa/2.0.0', 'PSA_IOT_PROFILE_1'] as const;
export type PsaProfile = (typeof psaProfiles)[number];

/** Security lifecycle states by their high byte (RFC 9783 §4.3.1); the low byte is the implementation's own. */
const lifecycles = [
  'unknown',
  'assembly-and-test',
  'psa-rot-provisioning',
  'secured',
  'non-psa-rot-debug',
  'recoverable-psa-rot-debug',
  'decommissioned',
] as const;
export type PsaLifecycle = (typeof lifecycles)[number];

export type PsaComponent = { readonly type?: string; readonly version?: string; readonly signer: Hex; readonly digest: Digest };
/** Claims of one token. Untrusted until its signature is checked; claims that no rule is about are left out. */
export type PsaClaims = {
  readonly profile: PsaProfile;
  readonly nonce: Uint8Array;
  readonly instance: Hex;
  readonly implementation: Hex;
  readonly lifecycle: PsaLifecycle;
  /** Certification reference, or the EAN-13 alone in the oldest dialect. */
  readonly certification?: string;
  /** Empty iff the token says that there are none (PSA_IOT_PROFILE_1 only). */
  readonly components: readonly PsaComponent[];
};

type Labels = {
  readonly [name in
    | 'nonce'
    | 'instance'
    | 'client'
    | 'lifecycle'
    | 'implementation'
    | 'bootSeed'
    | 'certification'
    | 'components'
    | 'service']: number;
};
const current: Labels = {
  nonce: 10,
  instance: 256,
  client: 2394,
  lifecycle: 2395,
  implementation: 2396,
  bootSeed: 268,
  certification: 2398,
  components: 2399,
  service: 2400,
};
const labels: { readonly [profile in PsaProfile]: Labels } = {
  'tag:psacertified.org,2023:psa#tfm': current,
  'http://arm.com/psa/2.0.0': { ...current, bootSeed: 2397 },
  PSA_IOT_PROFILE_1: {
    nonce: -75008,
    instance: -75009,
    client: -75001,
    lifecycle: -75002,
    implementation: -75003,
    bootSeed: -75004,
    certification: -75005,
    components: -75006,
    service: -75010,
  },
};
const profileLabel = 265;
const oldProfileLabel = -75000;
const noMeasurementsLabel = -75007;
const maxComponents = 64;

/** The dialect that the claims are in; undefined when they are no PSA token. The oldest may leave its name out, so its labels tell it. */
export function psaProfileOf(claims: CborMap): PsaProfile | undefined {
  const named = claims.get(profileLabel);
  if (named !== undefined) return psaProfiles.find(profile => profile === named && profile !== 'PSA_IOT_PROFILE_1');
  return claims.has(oldProfileLabel) || claims.has(labels.PSA_IOT_PROFILE_1.implementation) ? 'PSA_IOT_PROFILE_1' : undefined;
}

/** Reads the claims by the rules of their dialect (RFC 9783 §4). Throws DecodeError for each broken one. */
export function decodePsaClaims(claims: CborMap): PsaClaims {
  const profile = psaProfileOf(claims);
  if (profile === undefined) throw new DecodeError('Cannot read PSA token: no profile of it');
  const isOld = profile === 'PSA_IOT_PROFILE_1';
  if (isOld && claims.has(oldProfileLabel) && claims.get(oldProfileLabel) !== profile)
    throw new DecodeError('Cannot read PSA token: another profile');
  const at = labels[profile];
  const client = intOf(claims.get(at.client), 'PSA client-id');
  if (client < -0x80000000 || client > 0x7fffffff) throw new DecodeError(`Cannot read PSA client-id: ${client}`);
  if (isOld) bytesOf(claims.get(at.bootSeed), 'PSA boot-seed', 32, 32);
  else optional(claims, at.bootSeed, value => bytesOf(value, 'PSA boot-seed', 8, 32));
  optional(claims, at.service, value => nonEmpty(textOf(value, 'PSA verification-service', 1024), 'PSA verification-service'));
  const certification = optional(claims, at.certification, value => certificationOf(textOf(value, 'PSA certification-reference'), isOld));
  return {
    profile,
    nonce: hashSized(claims.get(at.nonce), 'PSA nonce'),
    instance: instanceOf(claims.get(at.instance)),
    implementation: hex(bytesOf(claims.get(at.implementation), 'PSA implementation-id', 32, 32)),
    lifecycle: lifecycleOf(intOf(claims.get(at.lifecycle), 'PSA security-lifecycle')),
    ...(certification === undefined ? {} : { certification }),
    components: componentsOf(claims, at.components, isOld),
  };
}

const optional = <T>(map: CborMap, label: CborKey, read: (value: CborValue) => T): T | undefined => {
  const value = map.get(label);
  return value === undefined ? undefined : read(value);
};

function nonEmpty(text: string, what: string): string {
  if (text === '') throw new DecodeError(`Cannot read ${what}: it is empty`);
  return text;
}

/** psa-hash-type: 32, 48 or 64 octets. */
function hashSized(value: CborValue, what: string): Uint8Array {
  const bytes = bytesOf(value, what, 32, 64);
  if (bytes.length !== 32 && bytes.length !== 48 && bytes.length !== 64)
    throw new DecodeError(`Cannot read ${what}: ${bytes.length} bytes`);
  return bytes;
}

/** A UEID of type RAND with 256 bits (RFC 9783 §4.2.1). */
function instanceOf(value: CborValue): Hex {
  const bytes = bytesOf(value, 'PSA instance-id', 33, 33);
  if (bytes[0] !== 0x01) throw new DecodeError(`Cannot read PSA instance-id: UEID type ${bytes[0]}`);
  return hex(bytes);
}

function lifecycleOf(value: number): PsaLifecycle {
  const found = value >= 0 && value <= 0xffff && (value & 0xf00) === 0 ? lifecycles[value >> 12] : undefined;
  if (found === undefined) throw new DecodeError(`Cannot read PSA security-lifecycle: ${value}`);
  return found;
}

function certificationOf(text: string, isOld: boolean): string {
  if (!(isOld ? /^\d{13}(?:-\d{5})?$/ : /^\d{13}-\d{5}$/).test(text))
    throw new DecodeError('Cannot read PSA certification-reference: no EAN-13 with version');
  return text;
}

function componentsOf(claims: CborMap, label: number, isOld: boolean): readonly PsaComponent[] {
  const value = claims.get(label);
  const none = isOld ? claims.get(noMeasurementsLabel) : undefined;
  if (none !== undefined) {
    if (none !== 1 || value !== undefined) throw new DecodeError('Cannot read PSA software-components: both some and none');
    return [];
  }
  const list = listOf(value, 'PSA software-components');
  if (list.length === 0 || list.length > maxComponents)
    throw new DecodeError(`Cannot read PSA software-components: ${list.length} of them`);
  const known = componentsOfLists.get(list);
  if (known !== undefined) return known;
  const read = list.map(one => componentOf(mapOf(one, 'PSA software-component')));
  componentsOfLists.set(list, read);
  return read;
}

/** Components that were read, for as long as their list lives. */
const componentsOfLists = new WeakMap<readonly CborValue[], readonly PsaComponent[]>();

/** RFC 9783 §4.4.1. Some firmware has type (1) and description (6) swapped; the words are kept as they are and then match no reference value. */
function componentOf(map: CborMap): PsaComponent {
  const type = optional(map, 1, value => textOf(value, 'PSA measurement-type'));
  const version = optional(map, 4, value => textOf(value, 'PSA component version'));
  const description = optional(map, 6, value => textOf(value, 'PSA measurement-description')) ?? '';
  const value = hashSized(map.get(2), 'PSA measurement-value');
  const family = /^sha-?3/i.test(description) && !/^sha-?384/i.test(description) ? 'sha3' : 'sha';
  return {
    ...(type === undefined ? {} : { type }),
    ...(version === undefined ? {} : { version }),
    signer: hex(hashSized(map.get(5), 'PSA signer-id')),
    digest: namedDigest(`${family}-${value.length * 8}`, value),
  };
}
