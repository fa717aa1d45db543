import { createHash } from 'node:crypto';
import type { Digest } from '../model/attestation.ts';
import { hex } from './address.ts';
import { sameBytes } from './bytes.ts';
import { bytesOf, type CborMap, decodeCbor, mapOf, textOf } from './cbor.ts';
import { DecodeError, Reader } from './reader.ts';
import { type DerReader, integer, openWhole, tags, utf8 } from './der.ts';
import type { Flags } from './dice.ts';

/**
 * DICE input of Open Profile for DICE 2.5: what one stage measured of the next, as it stands in X.509 (extension 1.3.6.1.4.1.11129.2.1.24) and in CBOR (claims of
 * a CWT, labels -4670545 to -4670554). Untrusted until the certificate's path is checked.
 */
export type OpenDiceInput = {
  readonly codeHash: Uint8Array;
  /** Set iff the configuration input is a hash; then it is the hash of the descriptor. */
  readonly configurationHash?: Uint8Array;
  /** What was hashed, else the 64 bytes of the input itself. */
  readonly configurationDescriptor: Uint8Array;
  readonly authorityHash: Uint8Array;
  /** The mode as flags: debug and recovery as they are; normal is none of them; all else is not configured. */
  readonly flags: Flags;
  readonly profileName?: string;
};

/** What the configuration says, where its form is known. */
export type OpenDiceConfiguration = {
  readonly component?: string;
  readonly version?: string;
  readonly svn?: bigint;
  /** Ports or features for debugging are open: the second byte of the 64-byte form. */
  readonly debugPorts: boolean;
};

/** Sizes of a DICE input: 64 octets, a shorter hash being padded with zeros; profiles of their own use the bare hash. */
const inputSizes: ReadonlySet<number> = new Set([32, 48, 64]);
const inlineSize = 64;
const maxDescriptor = 4096;
const maxProfile = 64;

/** The fields of either encoding before they are checked. */
type Fields = {
  readonly [name in 'codeHash' | 'configurationHash' | 'configurationDescriptor' | 'authorityHash' | 'profileName']: Uint8Array | undefined;
} & { readonly mode: bigint | undefined };

/** OpenDiceInput { [0] to [7] EXPLICIT, OPTIONAL }. The profile requires codeHash, configurationDescriptor, authorityHash and mode. Throws DecodeError. */
export function decodeOpenDiceInput(value: Uint8Array): OpenDiceInput {
  const parts = openWhole(value, tags.sequence, 'OpenDiceInput');
  const octets = (tag: number, what: string) => explicit(parts, tag, what, inner => inner.take(tags.octetString, what).content);
  const codeHash = octets(0xa0, 'codeHash');
  capped(octets(0xa1, 'codeDescriptor'), 'codeDescriptor');
  const configurationHash = octets(0xa2, 'configurationHash');
  const configurationDescriptor = octets(0xa3, 'configurationDescriptor');
  const authorityHash = octets(0xa4, 'authorityHash');
  capped(octets(0xa5, 'authorityDescriptor'), 'authorityDescriptor');
  // The text says INTEGER, the reference code and what is built on it writes ENUMERATED.
  const mode = explicit(parts, 0xa6, 'mode', inner =>
    integer((inner.maybe(tags.enumerated) ?? inner.take(tags.integer, 'mode')).content, 'mode', 8),
  );
  const profileName = explicit(parts, 0xa7, 'profileName', inner => inner.take(tags.utf8String, 'profileName').content);
  parts.end('OpenDiceInput');
  return inputOf({ codeHash, configurationHash, configurationDescriptor, authorityHash, profileName, mode });
}

/** EXPLICIT: exactly one element inside. */
function explicit<T>(parts: DerReader, tag: number, what: string, read: (inner: DerReader) => T): T | undefined {
  if (parts.peek() !== tag) return undefined;
  const inner = parts.open(tag, what);
  const found = read(inner);
  inner.end(what);
  return found;
}

const measuredLabels = {
  codeHash: -4670545,
  codeDescriptor: -4670546,
  configurationHash: -4670547,
  configurationDescriptor: -4670548,
  authorityHash: -4670549,
  authorityDescriptor: -4670550,
  mode: -4670551,
} as const;
/** Labels of the CWT. */
export const openDiceLabels = { ...measuredLabels, subjectPublicKey: -4670552, keyUsage: -4670553, profileName: -4670554 } as const;

/** The input among the claims of a CWT; undefined where there is none of it: the certificate of a UDS, or of a key that a stage certified. Throws DecodeError. */
export function openDiceInputOf(claims: CborMap): OpenDiceInput | undefined {
  if (!Object.values(measuredLabels).some(label => claims.has(label))) return undefined;
  const octets = (name: keyof typeof measuredLabels): Uint8Array | undefined => {
    const value = claims.get(measuredLabels[name]);
    return value === undefined ? undefined : bytesOf(value, name, 0, maxDescriptor);
  };
  const profile = claims.get(openDiceLabels.profileName);
  octets('codeDescriptor');
  octets('authorityDescriptor');
  const mode = octets('mode');
  if (mode !== undefined && mode.length !== 1) throw new DecodeError(`Cannot read mode: ${mode.length} bytes`);
  return inputOf({
    codeHash: octets('codeHash'),
    configurationHash: octets('configurationHash'),
    configurationDescriptor: octets('configurationDescriptor'),
    authorityHash: octets('authorityHash'),
    profileName: profile === undefined ? undefined : new TextEncoder().encode(textOf(profile, 'profileName')),
    mode: mode === undefined ? undefined : BigInt(mode[0] ?? 0),
  });
}

function inputOf({ codeHash, configurationHash, configurationDescriptor, authorityHash, profileName, mode }: Fields): OpenDiceInput {
  if (configurationDescriptor === undefined) throw new DecodeError('Cannot read OpenDiceInput: no configurationDescriptor');
  if (mode === undefined) throw new DecodeError('Cannot read OpenDiceInput: no mode');
  capped(configurationDescriptor, 'configurationDescriptor');
  if (configurationHash === undefined && configurationDescriptor.length !== inlineSize)
    throw new DecodeError(`Cannot read configurationDescriptor: ${configurationDescriptor.length} bytes without a hash`);
  if (profileName !== undefined && profileName.length > maxProfile)
    throw new DecodeError(`Cannot read profileName: ${profileName.length} bytes`);
  const found = {
    codeHash: sized(codeHash, 'codeHash'),
    ...(configurationHash === undefined ? {} : { configurationHash: sized(configurationHash, 'configurationHash') }),
    configurationDescriptor,
    authorityHash: sized(authorityHash, 'authorityHash'),
    flags: { notConfigured: mode < 1n || mode > 3n, notSecure: false, debug: mode === 2n, recovery: mode === 3n },
    ...(profileName === undefined ? {} : { profileName: utf8(profileName, 'profileName') }),
  };
  checkConfiguration(found);
  return found;
}

function sized(value: Uint8Array | undefined, what: string): Uint8Array {
  if (value === undefined || !inputSizes.has(value.length))
    throw new DecodeError(`Cannot read ${what}: ${value === undefined ? 'it is missing' : `${value.length} bytes`}`);
  return value;
}

function capped(value: Uint8Array | undefined, what: string): void {
  if (value !== undefined && value.length > maxDescriptor) throw new DecodeError(`Cannot read ${what}: ${value.length} bytes`);
}

/** A DICE input as a digest: SHA-256 and SHA-384 stand in 64 bytes with zeros behind them. All zeros is a value of its own that nothing hashes to. */
export function digestOf(input: Uint8Array): Digest {
  const isZero = (from: number): boolean => input.subarray(from).every(byte => byte === 0);
  const isPadded = input.length === 64 && !isZero(0);
  const length = isPadded && isZero(32) ? 32 : isPadded && isZero(48) ? 48 : input.length;
  return { alg: `sha-${length * 8}`, value: hex(input.subarray(0, length)) };
}

/** Digest of the configuration: the input if it is a hash; of the 64 bytes that are the input themselves, SHA-512 by us. */
export const configurationDigest = ({ configurationHash, configurationDescriptor }: OpenDiceInput): Digest =>
  configurationHash === undefined ? hashed('sha-512', configurationDescriptor) : digestOf(configurationHash);

const hashed = (alg: string, bytes: Uint8Array): Digest => ({
  alg,
  value: createHash(alg.replace('-', '')).update(bytes).digest('hex'),
});

/** The descriptor must be what was hashed, or it could say anything. */
function checkConfiguration({ configurationHash, configurationDescriptor }: OpenDiceInput): void {
  if (configurationHash === undefined) return;
  const wanted = digestOf(configurationHash);
  if (hashed(wanted.alg, configurationDescriptor).value !== wanted.value)
    throw new DecodeError('Cannot read configurationDescriptor: configurationHash is not its hash');
}

/** Reads the configuration in the two forms that are told apart: the 64-byte layout of the profile, and a CBOR map as the Android profile has it. */
export function configurationOf({ configurationHash, configurationDescriptor }: OpenDiceInput): OpenDiceConfiguration {
  if (configurationHash === undefined) return inlineConfiguration(configurationDescriptor);
  try {
    return mapConfiguration(mapOf(decodeCbor(configurationDescriptor), 'configurationDescriptor'));
  } catch (error) {
    // Its form is the implementer's, and the reference code writes any bytes under the name of the Android profile too. The digest counts all the same.
    if (!(error instanceof DecodeError)) throw error;
    return { debugPorts: false };
  }
}

/** Layout: verified boot, debug ports, boot source, version (u16), 27 reserved bytes that are zero, 32 of the vendor. Following it is optional: the zeros tell. */
function inlineConfiguration(bytes: Uint8Array): OpenDiceConfiguration {
  const reader = new Reader(bytes, 'configurationDescriptor');
  reader.skip(1);
  const debugPorts = reader.u8() !== 0;
  reader.skip(1);
  const version = reader.u16();
  if (!sameBytes(reader.take(27), new Uint8Array(27))) return { debugPorts: false };
  return { debugPorts, ...(version === 0 ? {} : { version: version.toString() }) };
}

const descriptor = { componentName: -70002, componentVersion: -70003, securityVersion: -70005 } as const;

/** Configuration descriptor of the Android profile: component name and version, security version. */
function mapConfiguration(map: CborMap): OpenDiceConfiguration {
  const name = map.get(descriptor.componentName);
  const version = map.get(descriptor.componentVersion);
  const svn = map.get(descriptor.securityVersion);
  if (svn !== undefined && !((typeof svn === 'number' && Number.isSafeInteger(svn) && svn >= 0) || (typeof svn === 'bigint' && svn >= 0n)))
    throw new DecodeError('Cannot read security version: no unsigned integer');
  return {
    debugPorts: false,
    ...(name === undefined ? {} : { component: textOf(name, 'component name') }),
    ...(version === undefined ? {} : { version: typeof version === 'string' ? textOf(version, 'component version') : numberText(version) }),
    ...(svn === undefined ? {} : { svn: BigInt(svn) }),
  };
}

function numberText(value: unknown): string {
  if ((typeof value === 'number' && Number.isSafeInteger(value)) || typeof value === 'bigint') return value.toString();
  throw new DecodeError('Cannot read component version: neither integer nor text');
}
