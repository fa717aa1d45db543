import type { Evidence, EvidenceMediaType } from '../../model/attestation.ts';
import { type CborMap, decodeCbor, mapOf } from '../../codec/cbor.ts';
import { decodeCose } from '../../codec/cose.ts';
import { decodeJson, type JsonMap, jsonMapOf } from '../../codec/json.ts';
import { decodeJws } from '../../codec/jws.ts';
import { psaProfileOf } from '../../codec/psa-token.ts';
import { DecodeError } from '../../codec/reader.ts';
import { earProfiles } from '../../attestation/ear.ts';
import { chainEvidence, messageEvidence } from '../../attestation/evidence.ts';
import { schemes } from '../../attestation/schemes/index.ts';
import { looksLike } from './looks.ts';
import { type Piece, textOf, VerifyCallError } from './pieces.ts';
import { hasQuote, isFileList, quoteOf } from './tpm-parts.ts';

/** What KIND may be: a scheme, an Attestation Result, or what the files look like. */
export const kinds: readonly string[] = [...schemes.map(({ name }) => name), 'auto'];

const bytesOf = (piece: Piece): Uint8Array => piece.bytes;
/** A JWT as people keep it, with a line end. */
const isJwt = (bytes: Uint8Array): boolean => /^[\w-]+\.[\w-]+\.[\w-]+\s*$/.test(textOf(bytes.subarray(0, 131_072)));
const trimmed = (bytes: Uint8Array): Uint8Array => (isJwt(bytes) ? new TextEncoder().encode(textOf(bytes).trim()) : bytes);

/**
 * The Evidence in these files, as the scheme of this name takes it: certificates beside a message are its chain. What a channel would have handed over in
 * parts is put together. Throws VerifyCallError or DecodeError.
 */
export function gather(kind: string, pieces: readonly Piece[]): Evidence {
  const scheme = schemes.find(({ name }) => name === kind);
  if (scheme === undefined) throw new VerifyCallError(`Cannot verify '${kind}': give one of ${kinds.join(', ')}`);
  const certificates = pieces.flatMap(piece => (piece.kind === 'certificates' ? piece.certificates : []));
  switch (kind) {
    case 'tls-x509':
      // What is no certificate at all stays in its place in the chain: the scheme says that it cannot read it.
      return chainEvidence(pieces.flatMap(piece => (piece.kind === 'certificates' ? piece.certificates : [piece.bytes])));
    case 'open-dice':
      return messageEvidence('application/vnd.sallyport.open-dice-chain', joined(pieces));
    case 'tpm-quote':
      if (hasQuote(pieces)) return quoteOf(pieces);
      break;
    default:
  }
  const list = kind === 'tpm-quote' ? pieces.find(isFileList) : undefined;
  const messages = pieces.filter(piece => piece.kind === 'message' && piece !== list);
  const [only] = messages;
  if (only === undefined || messages.length > 1)
    throw new VerifyCallError(
      only === undefined
        ? `Cannot verify ${kind}: all of the files are certificates, give the message that they sign`
        : `Cannot verify ${kind}: ${messages.length} of the files are no certificates, give one: ${messages.map(({ path, bytes }) => `${path} is ${looksLike(bytes)}`).join('; ')}`,
    );
  const types = scheme.mediaTypes.length === 0 ? tokenTypes : scheme.mediaTypes;
  const evidence = messageEvidence(mediaTypeOf(types, only.bytes), trimmed(only.bytes), certificates);
  return list === undefined ? evidence : { ...evidence, list: list.bytes };
}

const joined = (pieces: readonly Piece[]): Uint8Array =>
  new Uint8Array(Buffer.concat(pieces.flatMap(piece => (piece.kind === 'certificates' ? [...piece.certificates] : [piece.bytes]))));

/** What an EAR travels as. */
const tokenTypes = ['application/eat+cwt', 'application/eat+jwt'] as const;

/** Schemes of two forms have one in CBOR and one in JSON or as JWT. */
function mediaTypeOf(types: readonly EvidenceMediaType[], bytes: Uint8Array): EvidenceMediaType {
  const isText = isJwt(bytes) || /^\s*[[{]/.test(textOf(bytes.subarray(0, 64)));
  const isBundle = isEatBundle(bytes) && types.includes('application/eat-bun+cbor');
  const fitting = types.find(type => /(json|jwt)$/.test(type) === isText && /-bun[+]/.test(type) === isBundle) ?? types[0];
  if (fitting === undefined) throw new VerifyCallError('Cannot verify: the scheme takes no media type');
  return fitting;
}

/** Names of JSON objects that only one scheme has. */
const jsonKinds: readonly (readonly [string, string])[] = [
  ['quote', 'tpm-quote'],
  ['dac', 'matter'],
  ['messages', 'spdm'],
  ['__cmwc_t', 'cmw'],
];

/** The KIND that these files look like, by their content. Throws VerifyCallError when they look like nothing. */
export function guess(pieces: readonly Piece[]): string {
  const messages = pieces.filter(piece => piece.kind === 'message').map(bytesOf);
  if (messages.length === 0) return 'tls-x509';
  if (hasQuote(pieces)) return 'tpm-quote';
  const [bytes = new Uint8Array()] = messages;
  try {
    const found = isJwt(bytes) ? jwtKind(bytes) : /^\s*[[{]/.test(textOf(bytes.subarray(0, 64))) ? jsonKind(bytes) : cborKind(bytes);
    if (found !== undefined && kinds.includes(found)) return found;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
  const seen = pieces.map(({ path, bytes }) => `${path} is ${looksLike(bytes)}`).join('; ');
  throw new VerifyCallError(
    `Cannot tell what kind of Evidence this is: ${seen}. If it is Evidence all the same, give one of ${kinds.filter(kind => kind !== 'auto').join(', ')}`,
  );
}

const isEar = (profile: unknown): boolean =>
  Object.values(earProfiles).some(known => known === profile) || profile === 'tag:github.com,2024:confidential-containers/Trustee';

function jwtKind(bytes: Uint8Array): string {
  const claims = jsonMapOf(decodeJson(decodeJws(trimmed(bytes)).payload), 'claims');
  return isEar(claims.get('eat_profile')) ? 'ear' : 'eat';
}

function jsonKind(bytes: Uint8Array): string | undefined {
  // Evidence of several megabytes is a quote with its logs: nothing else is so long, and its reader has caps of its own.
  if (bytes.length > 131_072) return 'tpm-quote';
  const value = decodeJson(bytes);
  if (Array.isArray(value)) return isEatBundle(bytes) ? 'eat' : 'cmw';
  const map: JsonMap = jsonMapOf(value, 'Evidence');
  return jsonKinds.find(([name]) => map.has(name))?.[1] ?? 'cmw';
}

function cborKind(bytes: Uint8Array): string | undefined {
  if (isOpcUa(bytes)) return 'opc-ua';
  // An untagged COSE_Sign1 is a certificate of Open DICE; a certificate in DER may stand before it.
  if (bytes[0] === 0x84 || bytes[0] === 0x30) return 'open-dice';
  if (bytes[0] === 0xd2 || bytes[0] === 0xd1 || (bytes[0] === 0xd8 && bytes[1] === 0x3d)) {
    const { payload } = decodeCose(bytes);
    const claims: CborMap = mapOf(decodeCbor(payload ?? new Uint8Array(), { lenient: true }), 'claims');
    if (isEar(claims.get(265))) return 'ear';
    return psaProfileOf(claims) === undefined ? 'eat' : 'psa';
  }
  if (isEatBundle(bytes)) return 'eat';
  return isCmwStart(bytes[0] ?? 0) ? 'cmw' : undefined;
}

/** A detached EAT bundle (RFC 9711 §5): of CBOR by its tag 602, of JSON by the list in its list, which no wrapper has. */
const isEatBundle = (bytes: Uint8Array): boolean =>
  (bytes[0] === 0xd9 && bytes[1] === 0x02 && bytes[2] === 0x5a) || /^\s*\[\s*\[/.test(textOf(bytes.subarray(0, 64)));

/** The first of its parts is a certificate with its length before it. */
function isOpcUa(bytes: Uint8Array): boolean {
  const length = bytes.length < 8 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  return length > 100 && length < bytes.length && bytes[4] === 0x30 && bytes[5] === 0x82;
}

/** A record, a tag of a Content-Format, or a collection (draft-ietf-rats-msg-wrap, demultiplexing by the first byte). */
const isCmwStart = (byte: number): boolean => [0x82, 0x83, 0x9f, 0xda, 0xbf].includes(byte) || (byte >= 0xa0 && byte <= 0xbb);
