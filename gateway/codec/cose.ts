import { type CborMap, CborTag, type CborValue, bytesOf, decodeCbor, encodeCborArray, intOf, listOf, mapOf, maxCborFile } from './cbor.ts';
import { concat } from './bytes.ts';
import { DecodeError } from './reader.ts';

/** COSE_Sign1 and COSE_Mac0 (RFC 9052 §4.2, §6.2). Everything throws DecodeError and nothing else. Nothing here is trusted yet. */
export type CoseMessage = {
  readonly kind: 'sign1' | 'mac0';
  /** The protected header as sent: what the signature covers. */
  readonly protectedBytes: Uint8Array;
  readonly protectedHeader: CborMap;
  readonly unprotectedHeader: CborMap;
  /** Absent iff it is detached (nil). */
  readonly payload?: Uint8Array;
  /** The signature, or the authentication tag. */
  readonly proof: Uint8Array;
  /** What is signed before the payload, where that is known of a message that differs in its payload alone. */
  readonly signedBefore?: Uint8Array;
};

/** Header parameters by label (RFC 9052 §3.1, RFC 9360 §2, RFC 9596). */
export const coseHeaders = { algorithm: 1, critical: 2, contentType: 3, keyId: 4, type: 16, x5chain: 33 } as const;
/** Those that `crit` may name: the ones that are honoured or that say nothing about how the message is to be taken. */
const understood: ReadonlySet<CborValue> = new Set([
  coseHeaders.algorithm,
  coseHeaders.contentType,
  coseHeaders.keyId,
  coseHeaders.x5chain,
]);
const tags: ReadonlyMap<number, CoseMessage['kind']> = new Map([
  [18, 'sign1'],
  [17, 'mac0'],
]);
/** CBOR Web Token (RFC 8392 §6): may stand around the COSE tag. */
const cwtTag = 61;
/** "This is CBOR" (RFC 8949 §3.4.6): says nothing else, and may stand before all. */
const selfDescribed = 55_799;
const maxCertificates = 10;

/** Reads a tagged message, with or without the CWT tag, and with or without that of CBOR before them; an untagged one is what `untagged` says, else it is refused. `file`: see `CborRules`. */
export function decodeCose(bytes: Uint8Array, untagged?: CoseMessage['kind'], file = false): CoseMessage {
  const sent = decodeCbor(bytes, { lenient: true, file });
  const whole = sent instanceof CborTag && sent.number === selfDescribed ? sent.value : sent;
  const value = whole instanceof CborTag && whole.number === cwtTag && whole.value instanceof CborTag ? whole.value : whole;
  const kind = value instanceof CborTag ? tags.get(value.number) : untagged;
  if (kind === undefined)
    throw new DecodeError(`Cannot read COSE: ${value instanceof CborTag ? `tag ${value.number}` : 'no tag'}, wanted 18 or 17`);
  const parts = listOf(value instanceof CborTag ? value.value : value, 'COSE');
  if (parts.length !== 4) throw new DecodeError(`Cannot read COSE: ${parts.length} elements, wanted 4`);
  const protectedBytes = bytesOf(parts[0], 'COSE protected header');
  const protectedHeader =
    protectedBytes.length === 0 ? new Map() : mapOf(decodeCbor(protectedBytes, { lenient: true }), 'COSE protected header');
  const unprotectedHeader = mapOf(parts[1], 'COSE unprotected header');
  checkHeaders(protectedHeader, unprotectedHeader);
  return {
    kind,
    protectedBytes,
    protectedHeader,
    unprotectedHeader,
    ...(parts[2] === null ? {} : { payload: file ? bytesOf(parts[2], 'COSE payload', 0, maxCborFile) : bytesOf(parts[2], 'COSE payload') }),
    proof: bytesOf(parts[3], 'COSE signature', 1, 1024),
  };
}

/** RFC 9052 §3: a label stands in one header only; what must be understood is protected, there, and understood. */
function checkHeaders(protectedHeader: CborMap, unprotectedHeader: CborMap): void {
  for (const label of unprotectedHeader.keys())
    if (protectedHeader.has(label)) throw new DecodeError(`Cannot read COSE: header ${String(label)} is there twice`);
  if (unprotectedHeader.has(coseHeaders.critical)) throw new DecodeError('Cannot read COSE: crit is not protected');
  const critical = protectedHeader.get(coseHeaders.critical);
  if (critical === undefined) return;
  const labels = listOf(critical, 'COSE crit');
  if (labels.length === 0) throw new DecodeError('Cannot read COSE: crit is empty');
  for (const label of labels) {
    const named = typeof label === 'number' || typeof label === 'string' ? label : undefined;
    if (named === undefined || !understood.has(named) || !protectedHeader.has(named))
      throw new DecodeError(`Cannot read COSE: critical header ${named ?? 'of another type'}`);
  }
}

/** The algorithm, which must be protected: an attacker would choose the other one (RFC 9052 §3.1). */
export const coseAlgorithm = (message: CoseMessage): number =>
  intOf(message.protectedHeader.get(coseHeaders.algorithm), 'COSE protected algorithm');

/** Certificates of x5chain (RFC 9360 §2), leaf first; either header may carry it, for the path check makes its own mind up. Empty without one. */
export function coseChain(message: CoseMessage): readonly Uint8Array[] {
  const value = message.protectedHeader.get(coseHeaders.x5chain) ?? message.unprotectedHeader.get(coseHeaders.x5chain);
  if (value === undefined) return [];
  const found = value instanceof Uint8Array ? [value] : listOf(value, 'COSE x5chain').map(v => bytesOf(v, 'COSE x5chain', 1));
  if (found.length === 0 || found.length > maxCertificates) throw new DecodeError(`Cannot read COSE x5chain: ${found.length} certificates`);
  return found;
}

/** What stands outside the message, where a protocol says so: the detached payload, and bytes that are signed too (RFC 9052 §4.3). */
export type CoseOutside = { readonly payload?: Uint8Array; readonly externalAad?: Uint8Array };

/** Sig_structure or MAC_structure (RFC 9052 §4.4, §6.3): exactly what is signed. Throws when the payload is nowhere, or in both places. */
export function coseToBeSigned(message: CoseMessage, { payload, externalAad }: CoseOutside = {}): Uint8Array {
  if (message.payload !== undefined && payload !== undefined)
    throw new DecodeError('Cannot read COSE: it has a payload, and another was handed over');
  const content = message.payload ?? payload;
  if (content === undefined) throw new DecodeError('Cannot read COSE: its payload is detached');
  if (message.signedBefore !== undefined && externalAad === undefined) return concat(message.signedBefore, content);
  const context = message.kind === 'sign1' ? 'Signature1' : 'MAC0';
  // An empty map is signed as no bytes at all, however it was sent.
  const header = message.protectedHeader.size === 0 ? new Uint8Array() : message.protectedBytes;
  return encodeCborArray([context, header, externalAad ?? new Uint8Array(), content]);
}
