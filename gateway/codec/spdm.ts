import { DecodeError, Reader } from './reader.ts';

/**
 * Messages of the Security Protocol and Data Model (DMTF DSP0274) 1.1 to 1.3 that take a device's certificates and measurements. Numbers are
 * little-endian. Each decoder reads a whole message and throws DecodeError; reserved fields are not looked at (§7). All of it is untrusted.
 */
export const spdmCodes = {
  digests: 0x01,
  certificate: 0x02,
  challengeAuth: 0x03,
  version: 0x04,
  measurements: 0x60,
  capabilities: 0x61,
  algorithms: 0x63,
  error: 0x7f,
  getDigests: 0x81,
  getCertificate: 0x82,
  challenge: 0x83,
  getVersion: 0x84,
  getMeasurements: 0xe0,
  getCapabilities: 0xe1,
  negotiateAlgorithms: 0xe3,
  respondIfReady: 0xff,
} as const;
export type SpdmName = keyof typeof spdmCodes;

/** Versions that we speak, as they stand in a message: major and minor in four bits each. */
const spdmVersions = [0x11, 0x12, 0x13] as const;
export type SpdmVersion = (typeof spdmVersions)[number];
/** GET_VERSION and VERSION are of 1.0 for good (§10.2). */
export const firstVersion = 0x10;
export const spdmVersionText = (version: number): string => `${version >> 4}.${version & 15}`;

/** Longest message: what fits a frame of the TCP binding. Bytes. */
export const maxSpdmMessage = 0xffff - 2;
export const spdmNonceBytes = 32;
/** RequesterContext of 1.3. */
export const spdmContextBytes = 8;
/** §9.2: opaque data is never longer. */
const maxOpaque = 1024;

export type SpdmHeader = { readonly version: number; readonly code: number; readonly param1: number; readonly param2: number };

/** The four octets that every message begins with (§8.1). Throws DecodeError. */
export const spdmHeader = (bytes: Uint8Array): SpdmHeader => header(new Reader(bytes, 'SPDM message'));

function header(r: Reader): SpdmHeader {
  const [version, code, param1, param2] = [r.u8(), r.u8(), r.u8(), r.u8()];
  return { version, code, param1, param2 };
}

/** Opens a message that must be this one. */
export function openSpdm(bytes: Uint8Array, name: SpdmName, version: number): { readonly r: Reader; readonly head: SpdmHeader } {
  const r = new Reader(bytes, `SPDM ${name}`);
  const head = header(r);
  if (head.code !== spdmCodes[name] || head.version !== version)
    throw new DecodeError(`Cannot read SPDM ${name}: code 0x${head.code.toString(16)} of version ${spdmVersionText(head.version)}`);
  return { r, head };
}

/** VERSION (§10.2): what the responder speaks, as in a message. Versions that are not released yet (`alpha`) are left out. */
export function decodeVersions(bytes: Uint8Array): readonly number[] {
  const { r } = openSpdm(bytes, 'version', firstVersion);
  r.skip(1);
  const entries = Array.from({ length: r.u8() }, () => r.u16le());
  r.end();
  return entries.filter(entry => (entry & 15) === 0).map(entry => entry >> 8);
}

/** The highest version that it speaks and we do. */
export const commonVersion = (versions: readonly number[]): SpdmVersion | undefined => spdmVersions.findLast(v => versions.includes(v));

/** What a responder can, of what matters here (§10.3). */
export type SpdmCapabilities = {
  readonly certificates: boolean;
  readonly challenge: boolean;
  /** Whether it measures, and signs what it measured. */
  readonly measurements: 'none' | 'unsigned' | 'signed';
  /** Measured anew for each request; else at its last reset. */
  readonly fresh: boolean;
  /** Its leaf is made by the device itself. */
  readonly alias: boolean;
};
const measures = ['none', 'unsigned', 'signed'] as const;

/** CAPABILITIES (§10.3). */
export function decodeCapabilities(bytes: Uint8Array, version: SpdmVersion): SpdmCapabilities {
  const { r } = openSpdm(bytes, 'capabilities', version);
  r.skip(4); // reserved, CTExponent, reserved
  const flags = r.u32le();
  if (version >= 0x12) r.skip(8); // DataTransferSize, MaxSPDMmsgSize
  r.end();
  const has = (bit: number): boolean => ((flags >>> bit) & 1) === 1;
  const measurements = measures[(flags >>> 3) & 3];
  if (measurements === undefined) throw r.fault('reserved MEAS_CAP');
  return { certificates: has(1), challenge: has(2), measurements, fresh: has(5), alias: has(18) };
}

/** Selections of ALGORITHMS (§10.4), as bit fields. */
export type SpdmSelections = {
  readonly isDmtf: boolean;
  readonly measurementHash: number;
  readonly signature: number;
  readonly hash: number;
};

export function decodeAlgorithms(bytes: Uint8Array, version: SpdmVersion): SpdmSelections {
  const { r, head } = openSpdm(bytes, 'algorithms', version);
  const length = r.u16le();
  if (length !== bytes.length) throw r.fault(`a length of ${length}`);
  const specification = r.u8();
  r.skip(1); // OtherParamsSelection
  const [measurementHash, signature, hash] = [r.u32le(), r.u32le(), r.u32le()];
  r.skip(12); // reserved, in 1.3 the last octet is MELspecificationSel
  const extended = r.u8() + r.u8();
  r.skip(2 + 4 * extended);
  // Of the structures that follow, each has its count of fixed octets and of extended algorithms.
  for (let i = 0; i < head.param1; i++) {
    r.skip(1);
    const count = r.u8();
    r.skip((count >> 4) + 4 * (count & 15));
  }
  r.end();
  if (extended > 0) throw r.fault('extended algorithms, which nobody offered');
  return { isDmtf: specification === 1, measurementHash, signature, hash };
}

/** DIGESTS (§10.6): of the certificate chain in each slot that has one, by slot. */
export function decodeDigests(bytes: Uint8Array, version: SpdmVersion, hashBytes: number): ReadonlyMap<number, Uint8Array> {
  const { r, head } = openSpdm(bytes, 'digests', version);
  const slots = [0, 1, 2, 3, 4, 5, 6, 7].filter(slot => ((head.param2 >> slot) & 1) === 1);
  const digests = new Map(slots.map(slot => [slot, r.take(hashBytes)]));
  r.end();
  return digests;
}

/** CERTIFICATE (§10.7): a portion of the chain, and how much is left after it. */
export function decodePortion(
  bytes: Uint8Array,
  version: SpdmVersion,
): { readonly slot: number; readonly portion: Uint8Array; readonly remainder: number } {
  const { r, head } = openSpdm(bytes, 'certificate', version);
  const [length, remainder] = [r.u16le(), r.u16le()];
  const portion = r.take(length);
  r.end();
  return { slot: head.param1 & 15, portion, remainder };
}

/** The end of what a responder signs (§10.8, §10.11): its nonce, opaque data, since 1.3 our context, and the signature over all before it. */
export type SpdmSigned = {
  readonly nonce: Uint8Array;
  /** Empty before 1.3. */
  readonly context: Uint8Array;
  readonly signature: Uint8Array;
};

/** CHALLENGE_AUTH (§10.8) to a challenge that asked for no summary of measurements. */
export function decodeChallengeAuth(
  bytes: Uint8Array,
  version: SpdmVersion,
  sizes: { readonly hash: number; readonly signature: number },
): SpdmSigned & { readonly slot: number; readonly chainHash: Uint8Array } {
  const { r, head } = openSpdm(bytes, 'challengeAuth', version);
  const chainHash = r.take(sizes.hash);
  return { slot: head.param1 & 15, chainHash, ...signed(r, version, sizes.signature) };
}

/** MEASUREMENTS (§10.11) with a signature. `record` holds so many blocks. */
export type SpdmMeasurements = SpdmSigned & {
  readonly slot: number;
  /** Since 1.2: the values changed while they were read. */
  readonly isChanged: boolean;
  readonly blocks: number;
  readonly record: Uint8Array;
};

export function decodeMeasurements(bytes: Uint8Array, version: SpdmVersion, signatureBytes: number): SpdmMeasurements {
  const { r, head } = openSpdm(bytes, 'measurements', version);
  const blocks = r.u8();
  const record = r.take(r.u16le() + 0x1_0000 * r.u8());
  const isChanged = version >= 0x12 && ((head.param2 >> 4) & 3) === 1;
  return { slot: head.param2 & 15, isChanged, blocks, record, ...signed(r, version, signatureBytes) };
}

function signed(r: Reader, version: SpdmVersion, signatureBytes: number): SpdmSigned {
  const nonce = r.take(spdmNonceBytes);
  const opaque = r.u16le();
  if (opaque > maxOpaque) throw r.fault(`opaque data of ${opaque} bytes`);
  r.skip(opaque);
  const context = r.take(version >= 0x13 ? spdmContextBytes : 0);
  const signature = r.take(signatureBytes);
  r.end();
  return { nonce, context, signature };
}

/** ERROR (§10.15). `ready` when the responder asks for time: how long in milliseconds, and how to ask again. */
export type SpdmError = {
  readonly code: number;
  readonly ready?: { readonly afterMs: number; readonly request: number; readonly token: number };
};
export const spdmErrors = { busy: 0x03, responseNotReady: 0x42 } as const;

export function decodeError(bytes: Uint8Array): SpdmError {
  const head = spdmHeader(bytes);
  const r = new Reader(bytes.subarray(4), 'SPDM error');
  if (head.code !== spdmCodes.error) throw r.fault(`code 0x${head.code.toString(16)}`);
  if (head.param1 !== spdmErrors.responseNotReady) return { code: head.param1 };
  const [exponent, request, token] = [r.u8(), r.u8(), r.u8()];
  r.skip(1); // RDTM
  r.end();
  return { code: head.param1, ready: { afterMs: Math.ceil(2 ** Math.min(exponent, 40) / 1000), request, token } };
}
