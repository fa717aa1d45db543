import { verify } from 'node:crypto';
import { fromBase64 } from '../../codec/bytes.ts';
import { decodeTlv, tagOrdered } from '../../codec/matter-tlv.ts';
import { DecodeError } from '../../codec/reader.ts';
import type { Certificate } from '../../codec/x509.ts';
import { EvidenceError } from '../evidence-error.ts';
import type { KeyCache } from '../keys.ts';
import type { Told } from './certification.ts';

/**
 * One Matter attestation as a file, `application/vnd.sallyport.matter+json`: what an administrator of the fabric, who alone may ask, was
 * answered (Matter Core Specification §11.18.6). A JSON object with these fields and none other, binary ones in canonical base64:
 *   dac, pai                        DER certificates, as CertificateChainResponse gave them
 *   elements, signature, challenge  AttestationResponse (the signature 64 octets) and the session's attestation challenge (16 octets)
 *   cd                              instead of these three, offline: a declaration by itself, which is then never fresh
 *   vendorId?, productId?           numbers of the Basic Information cluster
 */
export type MatterMessage = {
  readonly dac: Uint8Array;
  readonly pai: Uint8Array;
  readonly told: Told;
  readonly answer:
    | { readonly kind: 'session'; readonly elements: Uint8Array; readonly signature: Uint8Array; readonly challenge: Uint8Array }
    | { readonly kind: 'offline'; readonly declaration: Uint8Array };
};

const maxMessage = 16_384;
const maxElements = 900;
const signatureBytes = 64;
const challengeBytes = 16;
const binary = ['dac', 'pai', 'cd', 'elements', 'signature', 'challenge'] as const;
const numeric = ['vendorId', 'productId'] as const;

/** Reads the file, strictly: an object that says a thing twice or in two ways is refused. Throws DecodeError. */
export function readMessage(bytes: Uint8Array): MatterMessage {
  if (bytes.length > maxMessage) throw new DecodeError(`Cannot read Matter Evidence: ${bytes.length} bytes`);
  const fields = fieldsOf(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  const octets = (name: (typeof binary)[number]): Uint8Array => canonical(name, fields.get(name));
  const told = Object.fromEntries(numeric.flatMap(name => (fields.has(name) ? [[name, id(name, fields.get(name))]] : [])));
  const common = { dac: octets('dac'), pai: octets('pai'), told };
  if (fields.has('cd')) {
    if (fields.has('elements') || fields.has('signature') || fields.has('challenge'))
      throw new DecodeError('Cannot read Matter Evidence: a declaration by itself beside the answer of a session');
    return { ...common, answer: { kind: 'offline', declaration: octets('cd') } };
  }
  const answer = { kind: 'session', elements: octets('elements'), signature: octets('signature'), challenge: octets('challenge') } as const;
  return { ...common, answer };
}

function fieldsOf(text: string): ReadonlyMap<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DecodeError('Cannot read Matter Evidence: no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new DecodeError('Cannot read Matter Evidence: no object');
  const fields = new Map<string, unknown>(Object.entries(value));
  const known: readonly string[] = [...binary, ...numeric];
  for (const name of fields.keys()) if (!known.includes(name)) throw new DecodeError('Cannot read Matter Evidence: an unknown field');
  // JSON.parse takes the last of two equal names in silence. No name or value has an escape, so quotes count them all.
  const strings = fields.size + [...fields.values()].filter(v => typeof v === 'string').length;
  if (text.includes('\\') || text.split('"').length - 1 !== 2 * strings)
    throw new DecodeError('Cannot read Matter Evidence: a field twice');
  return fields;
}

/** One text for one value: no white space, no padding bits that are not zero. */
function canonical(name: string, value: unknown): Uint8Array {
  if (typeof value !== 'string') throw new DecodeError(`Cannot read Matter Evidence: ${name} is missing or no text`);
  const bytes = fromBase64(value);
  if (btoa(String.fromCharCode(...bytes)) !== value)
    throw new DecodeError(`Cannot read Matter Evidence: ${name} is not in canonical base64`);
  return bytes;
}

function id(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffff)
    throw new DecodeError(`Cannot read Matter Evidence: ${name} is no number up to 65535`);
  return value;
}

/** Attestation elements (§11.18.4.7): the declaration (CMS), our nonce, and what the vendor says of the firmware, opaque to everybody else. */
export type Elements = { readonly declaration: Uint8Array; readonly nonce: Uint8Array; readonly firmware?: Uint8Array };
const tag = { declaration: 1, nonce: 2, timestamp: 3, firmware: 4 } as const;
const nonceBytes = 32;

/** The elements, once the DAC's key has signed them together with the session's challenge. Throws DecodeError or EvidenceError. */
export function readElements(answer: Extract<MatterMessage['answer'], { kind: 'session' }>, dac: Certificate, keys: KeyCache): Elements {
  const { elements, signature, challenge } = answer;
  if (elements.length > maxElements || signature.length !== signatureBytes || challenge.length !== challengeBytes)
    throw new DecodeError(
      `Cannot read Matter answer: elements of ${elements.length}, signature of ${signature.length}, challenge of ${challenge.length} bytes`,
    );
  const key = { key: keys.get(dac.spki), dsaEncoding: 'ieee-p1363' } as const;
  if (!verify('sha256', Uint8Array.of(...elements, ...challenge), key, signature))
    throw new EvidenceError(
      'SIGNATURE_INVALID',
      'identity',
      "Cannot verify the attestation elements: they are not signed by the DAC's key",
    );
  const fields = tagOrdered(decodeTlv(elements, 'attestation elements'), 'attestation elements');
  const octets = (name: 'declaration' | 'nonce' | 'firmware'): Uint8Array | undefined => {
    const value = fields.get(tag[name]);
    if (value !== undefined && value.kind !== 'octets')
      throw new DecodeError(`Cannot read attestation elements: ${name} is no octet string`);
    return value?.value;
  };
  const [declaration, nonce, firmware] = [octets('declaration'), octets('nonce'), octets('firmware')];
  const timestamp = fields.get(tag.timestamp);
  if (declaration === undefined || nonce?.length !== nonceBytes || timestamp?.kind !== 'integer' || timestamp.signed)
    throw new DecodeError('Cannot read attestation elements: declaration, nonce of 32 octets or timestamp is missing');
  if (firmware?.length === 0) throw new DecodeError('Cannot read attestation elements: empty firmware information');
  return { declaration, nonce, ...(firmware === undefined ? {} : { firmware }) };
}
