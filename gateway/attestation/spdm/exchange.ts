import { createHash } from 'node:crypto';
import { sameBytes } from '../../codec/bytes.ts';
import { DecodeError } from '../../codec/reader.ts';
import {
  selectedHash,
  selectedMeasurementHash,
  selectedSignature,
  type SpdmHash,
  type SpdmSignature,
} from '../../codec/spdm-algorithms.ts';
import { decodeSpdmChain, type SpdmChain } from '../../codec/spdm-certificate.ts';
import { decodeGetCertificate } from '../../codec/spdm-requests.ts';
import {
  commonVersion,
  decodeAlgorithms,
  decodeCapabilities,
  decodeDigests,
  decodePortion,
  decodeVersions,
  firstVersion,
  openSpdm,
  type SpdmCapabilities,
  spdmCodes,
  spdmHeader,
  type SpdmName,
  type SpdmVersion,
  spdmVersionText,
} from '../../codec/spdm.ts';
import { EvidenceError } from '../evidence-error.ts';
import type { SpdmPair } from './message.ts';
import { type ChallengeTranscript, type MeasuredTranscript, readChallenge, readMeasurements, violated } from './signed-pairs.ts';

/** One exchange, read whole. Nothing of it is authentic until chain and signatures are checked. */
export type SpdmExchange = {
  readonly version: SpdmVersion;
  readonly capabilities: SpdmCapabilities;
  readonly signature: SpdmSignature;
  readonly hash: SpdmHash;
  /** Of the measurements; undefined when they are not by DMTF's specification, or hashed with what we do not know. */
  readonly measurementHash?: SpdmHash | 'raw';
  readonly chain: SpdmChain;
  readonly challenge?: ChallengeTranscript;
  readonly measurements?: MeasuredTranscript;
};

/** Takes the pairs one after the other, in the order of the protocol and none twice. */
class Pairs {
  readonly #pairs: readonly SpdmPair[];
  #at = 0;

  constructor(pairs: readonly SpdmPair[]) {
    this.#pairs = pairs;
  }

  take(name: SpdmName, version: number): SpdmPair {
    const pair = this.#pairs[this.#at];
    if (pair === undefined) throw new DecodeError(`Cannot read SPDM exchange: ${name} is missing`);
    openSpdm(pair.request, name, version);
    this.#at += 1;
    return pair;
  }

  /** The next one, if it is this. */
  maybe(name: SpdmName, version: number): SpdmPair | undefined {
    const pair = this.#pairs[this.#at];
    return pair !== undefined && spdmHeader(pair.request).code === spdmCodes[name] ? this.take(name, version) : undefined;
  }

  end(): void {
    if (this.#at < this.#pairs.length) throw new DecodeError(`Cannot read SPDM exchange: request ${this.#at + 1} is out of order`);
  }
}

/** Reads all messages and holds them to the rules of the protocol (DSP0274 §10). Throws DecodeError, or EvidenceError PROFILE_VIOLATED or ALGORITHM_REFUSED. */
export function readExchange(messages: readonly SpdmPair[]): SpdmExchange {
  const pairs = new Pairs(messages);
  const first = pairs.take('getVersion', firstVersion);
  const version = versionOf(first, messages[1]);
  const capable = pairs.take('getCapabilities', version);
  const capabilities = decodeCapabilities(capable.response, version);
  const negotiated = pairs.take('negotiateAlgorithms', version);
  const { hash, signature, measurementHash } = algorithmsOf(negotiated, version);
  const agreed = [first, capable, negotiated];

  const digests = pairs.maybe('getDigests', version);
  const { slot, portions, bytes } = readPortions(pairs, version);
  const chain = decodeSpdmChain(bytes, hash.bytes);
  const identified = [...(digests === undefined ? [] : [digests]), ...portions];
  const known = { version, slot, hashBytes: hash.bytes, signatureBytes: signature.bytes };
  const challenged = pairs.maybe('challenge', version);
  const measured = pairs.maybe('getMeasurements', version);
  pairs.end();
  // Else whoever measures badly would rather not show it.
  if (measured === undefined && capabilities.measurements === 'signed')
    throw violated('the measurements that it signs were left out', 'all measurements', 'none');

  const challenge = challenged === undefined ? undefined : readChallenge(challenged, known, [...agreed, ...identified]);
  const measurements = measured === undefined ? undefined : readMeasurements(measured, known, version < 0x12 ? [] : agreed);
  const digest = new Uint8Array(createHash(hash.name).update(bytes).digest());
  const said = [
    ...(digests === undefined ? [] : [decodeDigests(digests.response, version, hash.bytes).get(slot)]),
    ...(challenge === undefined ? [] : [challenge.chainHash]),
  ];
  if (said.some(one => one === undefined || !sameBytes(one, digest)))
    throw violated('its chain is not the one that it gave the digest of', 'one chain', 'two');
  return {
    version,
    capabilities,
    signature,
    hash,
    chain,
    ...(measurementHash === undefined ? {} : { measurementHash }),
    ...(challenge === undefined ? {} : { challenge }),
    ...(measurements === undefined ? {} : { measurements }),
  };
}

/** Whoever goes on in an older version than both speak was made to, by somebody in between: there the nonce stands under less. */
function versionOf({ response }: SpdmPair, second: SpdmPair | undefined): SpdmVersion {
  const versions = decodeVersions(response);
  const version = commonVersion(versions);
  if (version === undefined) throw violated('it speaks no version of ours', '1.1 to 1.3', versions.map(spdmVersionText).join(', '));
  const held = second === undefined ? version : spdmHeader(second.request).version;
  if (held !== version) throw violated('it was held in an older version than both speak', spdmVersionText(version), spdmVersionText(held));
  return version;
}

function algorithmsOf({ response }: SpdmPair, version: SpdmVersion) {
  const selected = decodeAlgorithms(response, version);
  const [signature, hash] = [selectedSignature(selected.signature), selectedHash(selected.hash)];
  if (signature === undefined || hash === undefined || (signature.key === 'ed25519' && version < 0x12))
    throw new EvidenceError('ALGORITHM_REFUSED', 'readable', 'Cannot check SPDM exchange: it selected no algorithm that was offered', {
      expected: 'ECDSA or RSA with SHA-256, SHA-384 or SHA-512, or Ed25519',
      seen: `signature 0x${selected.signature.toString(16)}, hash 0x${selected.hash.toString(16)}`,
    });
  return { signature, hash, measurementHash: selected.isDmtf ? selectedMeasurementHash(selected.measurementHash) : undefined };
}

/** All portions of one slot's chain, each where the one before ended. */
function readPortions(pairs: Pairs, version: SpdmVersion) {
  const portions: SpdmPair[] = [];
  const bytes: number[] = [];
  let slot: number | undefined;
  for (let remainder = 1; remainder > 0; ) {
    const pair = pairs.take('getCertificate', version);
    const asked = decodeGetCertificate(pair.request, version);
    const said = decodePortion(pair.response, version);
    slot ??= asked.slot;
    if (asked.slot !== slot || said.slot !== slot)
      throw violated('its chain is of more than one slot', `slot ${slot}`, `slots ${asked.slot} and ${said.slot}`);
    if (asked.offset !== bytes.length || said.portion.length === 0)
      throw new DecodeError(
        `Cannot read SPDM exchange: a portion of ${said.portion.length} bytes at ${asked.offset}, where ${bytes.length} were read`,
      );
    for (const byte of said.portion) bytes.push(byte);
    portions.push(pair);
    remainder = said.remainder;
  }
  return { slot: slot ?? 0, portions, bytes: Uint8Array.from(bytes) };
}
