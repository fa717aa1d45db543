import { fromBase64, fromBase64Url } from './bytes.ts';
import { decodeJson, type JsonMap, jsonMapOf } from './json.ts';
import { DecodeError } from './reader.ts';

/** A JWS in compact form (RFC 7515 §7.1). Nothing here is trusted yet. */
export type Jws = {
  readonly header: JsonMap;
  /** What the signature covers: both first parts as sent, with the dot. */
  readonly signingInput: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** Certificates of x5c, leaf first (RFC 7515 §4.1.6). `jwk`, `jku` and `x5u` are never looked at: no message names its own key. */
  readonly certificates: readonly Uint8Array[];
};

/** Longest token, bytes. */
const maxToken = 98_304;
const maxCertificates = 10;
const ascii = new TextDecoder('latin1');

/** Reads one compact JWS. Throws DecodeError; also for `crit` and `b64`, since no extension is understood (RFC 7515 §4.1.11, RFC 7797). */
export function decodeJws(bytes: Uint8Array): Jws {
  if (bytes.length > maxToken) throw new DecodeError(`Cannot read JWS: ${bytes.length} bytes`);
  const [head, body, proof, ...more] = ascii.decode(bytes).split('.');
  if (head === undefined || body === undefined || proof === undefined || more.length > 0)
    throw new DecodeError('Cannot read JWS: it has not three parts');
  const header = jsonMapOf(decodeJson(fromBase64Url(head)), 'JWS header');
  for (const name of ['crit', 'b64']) if (header.has(name)) throw new DecodeError(`Cannot read JWS: header ${name}`);
  const signature = fromBase64Url(proof);
  if (signature.length === 0 || signature.length > 1024) throw new DecodeError(`Cannot read JWS: a signature of ${signature.length} bytes`);
  return {
    header,
    signingInput: bytes.subarray(0, head.length + 1 + body.length),
    payload: fromBase64Url(body),
    signature,
    certificates: chainOf(header),
  };
}

function chainOf(header: JsonMap): readonly Uint8Array[] {
  const value = header.get('x5c');
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length === 0 || value.length > maxCertificates)
    throw new DecodeError('Cannot read JWS: x5c is no short list');
  return value.map(one => {
    if (typeof one !== 'string') throw new DecodeError('Cannot read JWS: x5c holds no text');
    return fromBase64(one);
  });
}

/** The algorithm as the header names it. `none` and what is no text is refused here already (RFC 8725 §3.1). */
export function jwsAlgorithm({ header }: Jws): string {
  const value = header.get('alg');
  if (typeof value !== 'string' || value.toLowerCase() === 'none') throw new DecodeError('Cannot read JWS: no algorithm');
  return value;
}
