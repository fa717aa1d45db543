import { offeredHashes, offeredSignatures } from './spdm-algorithms.ts';
import {
  firstVersion,
  maxSpdmMessage,
  openSpdm,
  spdmCodes,
  spdmContextBytes,
  type SpdmName,
  spdmNonceBytes,
  type SpdmVersion,
} from './spdm.ts';

/** What a requester sends (DSP0274 §10): encoded by us, and decoded where the requests that belong to Evidence are judged. */

const u16 = (n: number): readonly number[] => [n & 0xff, n >>> 8];
const u32 = (n: number): readonly number[] => [...u16(n & 0xffff), ...u16(n >>> 16)];
const zeros = (count: number): readonly number[] => Array.from({ length: count }, () => 0);
const message = (version: number, name: SpdmName, params: readonly [number, number], ...body: readonly number[]): Uint8Array =>
  Uint8Array.of(version, spdmCodes[name], ...params, ...body);

export const getVersion = (): Uint8Array => message(firstVersion, 'getVersion', [0, 0]);

/** We can nothing that a responder could ask of us, and take messages of any length that the transport has: no chunks (§10.3). */
export const getCapabilities = (version: SpdmVersion): Uint8Array =>
  message(
    version,
    'getCapabilities',
    [0, 0],
    0,
    0,
    0,
    0,
    ...u32(0),
    ...(version < 0x12 ? [] : [...u32(maxSpdmMessage), ...u32(maxSpdmMessage)]),
  );

/** DMTF measurements, the algorithms that we check, since 1.2 the general format of opaque data; no extended ones and no structures (§10.4). */
export function negotiateAlgorithms(version: SpdmVersion): Uint8Array {
  const body = [1, version < 0x12 ? 0 : 2, ...u32(offeredSignatures(version)), ...u32(offeredHashes), ...zeros(16)];
  return message(version, 'negotiateAlgorithms', [0, 0], ...u16(body.length + 6), ...body);
}

export const getDigests = (version: SpdmVersion): Uint8Array => message(version, 'getDigests', [0, 0]);

export const getCertificate = (version: SpdmVersion, slot: number, offset: number, length: number): Uint8Array =>
  message(version, 'getCertificate', [slot, 0], ...u16(offset), ...u16(length));

/** Since 1.3 a context of ours comes back; we have none to tell apart. */
const context = (version: SpdmVersion): readonly number[] => (version < 0x13 ? [] : zeros(spdmContextBytes));

/** Without a summary of measurements: those are asked for by themselves. */
export const challenge = (version: SpdmVersion, slot: number, nonce: Uint8Array): Uint8Array =>
  message(version, 'challenge', [slot, 0], ...nonce, ...context(version));

/** All measurements at once, signed. */
export const getMeasurements = (version: SpdmVersion, slot: number, nonce: Uint8Array): Uint8Array =>
  message(version, 'getMeasurements', [1, allMeasurements], ...nonce, slot, ...context(version));
export const allMeasurements = 0xff;

export const respondIfReady = (version: number, request: number, token: number): Uint8Array =>
  message(version, 'respondIfReady', [request, token]);

/** GET_CERTIFICATE, read back. */
export function decodeGetCertificate(bytes: Uint8Array, version: SpdmVersion): { readonly slot: number; readonly offset: number } {
  const { r, head } = openSpdm(bytes, 'getCertificate', version);
  const offset = r.u16le();
  r.skip(2); // length wanted
  r.end();
  return { slot: head.param1 & 15, offset };
}

/** What a request that asks for a signature must say. */
export type SpdmAsked = { readonly slot: number; readonly nonce: Uint8Array; readonly context: Uint8Array };

export function decodeChallenge(bytes: Uint8Array, version: SpdmVersion): SpdmAsked & { readonly summary: number } {
  const { r, head } = openSpdm(bytes, 'challenge', version);
  const nonce = r.take(spdmNonceBytes);
  const own = r.take(version < 0x13 ? 0 : spdmContextBytes);
  r.end();
  return { slot: head.param1 & 15, summary: head.param2, nonce, context: own };
}

/** Throws DecodeError for one that asks for no signature: it is shorter. */
export function decodeGetMeasurements(
  bytes: Uint8Array,
  version: SpdmVersion,
): SpdmAsked & { readonly isSigned: boolean; readonly which: number } {
  const { r, head } = openSpdm(bytes, 'getMeasurements', version);
  const nonce = r.take(spdmNonceBytes);
  const slot = r.u8() & 15;
  const own = r.take(version < 0x13 ? 0 : spdmContextBytes);
  r.end();
  return { slot, nonce, context: own, isSigned: (head.param1 & 1) === 1, which: head.param2 };
}
