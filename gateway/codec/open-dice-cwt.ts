import type { Millis } from '../model/address.ts';
import { bytesOf, type CborMap, decodeCbor, intOf, mapOf, textOf } from './cbor.ts';
import { coseAlgorithm, coseHeaders, type CoseMessage, coseToBeSigned } from './cose.ts';
import { DecodeError, Reader } from './reader.ts';
import { DerReader } from './der.ts';
import { type OpenDiceInput, openDiceInputOf, openDiceLabels } from './open-dice.ts';
import { ecdsaSignature, publicKeyOf } from './open-dice-key.ts';
import { keyUsage } from './x509-extension.ts';
import { type Name, name } from './x509-name.ts';
import type { Certificate } from './x509.ts';

/**
 * A CBOR certificate of Open Profile for DICE (2.5, "CBOR UDS certificates", "CBOR CDI certificates"): an untagged COSE_Sign1 with a CWT, put into the form of an
 * X.509 certificate, so that chains that alternate are checked by the one set of path rules. Names: an id in hex is `serialNumber=<id>`, as X.509
 * certificates of the profile have it; any other text is `CN=<text>`. Untrusted until its path is checked.
 */
export type CborCertificate = { readonly certificate: Certificate; readonly input?: OpenDiceInput };

const maxName = 64;
/** 99991231235959Z, in milliseconds: no end (RFC 5280 §4.1.2.5). */
const noEnd: Millis = 253_402_300_799_000;

/** The parts of a bare COSE_Sign1 and how many bytes it has. */
type Parts = { readonly protectedBytes: Uint8Array; readonly payload: Uint8Array; readonly proof: Uint8Array; readonly length: number };

/** One off the front: array of four, protected header, no unprotected header, payload, signature. Definite lengths of two octets at most. */
function partsOf(bytes: Uint8Array): Parts {
  const reader = new Reader(bytes, 'CBOR certificate');
  if (reader.u8() !== 0x84) throw reader.fault('no array of four');
  const protectedBytes = byteString(reader);
  if (reader.u8() !== 0xa0) throw reader.fault('an unprotected header that is not empty');
  const [payload, proof] = [byteString(reader), byteString(reader)];
  return { protectedBytes, payload, proof, length: reader.at };
}

/** Takes one CBOR certificate off the front; what it holds is not read yet. Throws DecodeError. */
export const takeCborCertificate = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, partsOf(bytes).length);

function byteString(reader: Reader): Uint8Array {
  const head = reader.u8();
  if (head < 0x40 || head > 0x59) throw reader.fault(`0x${head.toString(16)} for a byte string`);
  return reader.take(head < 0x58 ? head - 0x40 : head === 0x58 ? reader.u8() : reader.u16());
}

/** Reads one CBOR certificate, which must be all the bytes. Throws DecodeError and nothing else. */
export function decodeCborCertificate(bytes: Uint8Array): CborCertificate {
  const { protectedBytes, payload, proof, length } = partsOf(bytes);
  if (length !== bytes.length) throw new DecodeError(`Cannot read CBOR certificate: ${bytes.length - length} bytes left over`);
  const protectedHeader = mapOf(decodeCbor(protectedBytes), 'COSE protected header');
  for (const label of protectedHeader.keys())
    if (label !== coseHeaders.algorithm && label !== coseHeaders.keyId)
      throw new DecodeError(`Cannot read CBOR certificate: header ${String(label)}`);
  const message: CoseMessage = { kind: 'sign1', protectedBytes, protectedHeader, unprotectedHeader: new Map(), payload, proof };
  const claims = mapOf(decodeCbor(payload), 'CWT');
  const sub = textOf(claims.get(2), 'sub', maxName);
  const subjectKey = bytesOf(claims.get(openDiceLabels.subjectPublicKey), 'subjectPublicKey', 1, 4096);
  const { spki, key } = publicKeyOf(mapOf(decodeCbor(subjectKey), 'COSE_Key'));
  const usage = keyUsageOf(bytesOf(claims.get(openDiceLabels.keyUsage), 'keyUsage', 1, 2));
  const [oid, signature] = signatureOf(coseAlgorithm(message), proof);
  const input = openDiceInputOf(claims);
  const certificate: Certificate = {
    der: bytes,
    tbs: coseToBeSigned(message),
    signature,
    signatureAlgorithm: { oid, der: new Uint8Array() },
    version: 3,
    // The X.509 form has the id as its serial number too: a CRL may name it.
    serialNumber: hexId.test(sub) ? sub : '00',
    issuer: nameOf(textOf(claims.get(1), 'iss', maxName), 'iss'),
    subject: nameOf(sub, 'sub'),
    notBefore: instant(claims, 5, 0),
    notAfter: instant(claims, 4, noEnd),
    spki,
    key,
    extensions: [],
    basicConstraints: { ca: usage.keyCertSign },
    keyUsage: usage,
    extendedKeyUsage: [],
    policies: [],
  };
  return input === undefined ? { certificate } : { certificate, input };
}

const hexId = /^(?:[0-9a-f]{2}){1,32}$/;
const [serialNumberType, commonNameType] = [Uint8Array.of(0x06, 3, 0x55, 4, 5), Uint8Array.of(0x06, 3, 0x55, 4, 3)];

/** A name of one attribute, as DER: lengths stay below 128. */
function nameOf(text: string, what: string): Name {
  if (text === '') throw new DecodeError(`Cannot read ${what}: it is empty`);
  const isId = hexId.test(text);
  const value = new TextEncoder().encode(text);
  if (value.length > maxName) throw new DecodeError(`Cannot read ${what}: ${value.length} bytes`);
  const string = tlv(isId ? 0x13 : 0x0c, value);
  const pair = tlv(0x30, Uint8Array.of(...(isId ? serialNumberType : commonNameType), ...string));
  return name(new DerReader(tlv(0x30, tlv(0x31, pair))), what);
}
const tlv = (tag: number, content: Uint8Array): Uint8Array => Uint8Array.of(tag, content.length, ...content);

/** Bits of X.509 keyUsage, bit 0 being the low-order bit of the first byte; X.509 counts from the other end. */
function keyUsageOf(bits: Uint8Array): ReturnType<typeof keyUsage> {
  const turned = Uint8Array.from(bits, byte => Array.from({ length: 8 }, (_, i) => ((byte >> i) & 1) << (7 - i)).reduce((a, b) => a | b));
  return keyUsage(tlv(0x03, Uint8Array.of(0, ...turned)));
}

/** NumericDate (RFC 8392 §3.1), whole seconds, as milliseconds. */
function instant(claims: CborMap, label: number, otherwise: Millis): Millis {
  const value = claims.get(label);
  if (value === undefined) return otherwise;
  const seconds = intOf(value, label === 4 ? 'exp' : 'nbf');
  if (seconds < 0 || seconds * 1000 > noEnd) throw new DecodeError(`Cannot read ${label === 4 ? 'exp' : 'nbf'}: ${seconds}`);
  return seconds * 1000;
}

/** The X.509 algorithm that says the same as the COSE one, and the signature as X.509 has it. What we do not know keeps its number, to be refused by name. */
function signatureOf(alg: number, proof: Uint8Array): readonly [string, Uint8Array] {
  switch (alg) {
    case -7:
      return ['1.2.840.10045.4.3.2', ecdsaSignature(proof, 32)];
    case -35:
      return ['1.2.840.10045.4.3.3', ecdsaSignature(proof, 48)];
    case -36:
      return ['1.2.840.10045.4.3.4', ecdsaSignature(proof, 66)];
    case -8:
      return ['1.3.101.112', proof];
    default:
      return [mlDsa.get(alg) ?? `COSE algorithm ${alg}`, proof];
  }
}

/** ML-DSA-44, -65 and -87 (RFC 9881, draft-ietf-cose-dilithium). */
const mlDsa: ReadonlyMap<number, string> = new Map([
  [-48, '2.16.840.1.101.3.4.3.17'],
  [-49, '2.16.840.1.101.3.4.3.18'],
  [-50, '2.16.840.1.101.3.4.3.19'],
]);
