import type { AttestationResult } from '../model/attestation.ts';
import type { CborKey, CborMap } from '../codec/cbor.ts';
import { type CoseMessage, coseToBeSigned } from '../codec/cose.ts';
import { sameBytes } from '../codec/bytes.ts';
import type { KnownKey } from './keys.ts';
import { bufferOf, Recent } from './recent.ts';
import type { Trust } from './trust.ts';

/** A CWT, opened: its message and its claims. */
export type OpenedCwt = { readonly message: CoseMessage & { readonly payload: Uint8Array }; readonly claims: CborMap };

/** What came of a token whose signature was good: its result and what it rests on. Where one of these is another, it is judged anew. */
export type JudgedToken = Pick<Trust, 'keys' | 'referenceSets'> & {
  readonly channel: string;
  readonly certificates: number;
  /** The listed key that signed it. */
  readonly key: KnownKey;
  readonly result: AttestationResult;
};

type Known = OpenedCwt & {
  /** The token as it was sent. */
  readonly bytes: Uint8Array;
  /** Where the nonce stands in it, and how long it is, octets. */
  readonly at: number;
  readonly length: number;
  /** The claim that holds the nonce. */
  readonly label: CborKey;
  /** Where the payload stands in the token. */
  readonly payloadAt: number;
  judged?: JudgedToken;
};

/** A token that is known but for its nonce and its signature, which is not checked yet. */
export class Found {
  readonly #known: Known;
  readonly #bytes: Uint8Array;

  constructor(known: Known, bytes: Uint8Array) {
    this.#known = known;
    this.#bytes = bytes;
  }

  get message(): OpenedCwt['message'] {
    const { message, payloadAt: at } = this.#known;
    const proof = this.#bytes.subarray(this.#bytes.length - proofBytes);
    return { ...message, payload: this.#bytes.subarray(at, at + message.payload.length), proof };
  }

  get claims(): CborMap {
    const { claims, label, at, length } = this.#known;
    return new Map(claims).set(label, this.#bytes.subarray(at, at + length));
  }

  get judged(): JudgedToken | undefined {
    return this.#known.judged;
  }

  keep(judged: JudgedToken): void {
    this.#known.judged = judged;
  }
}

/** Octets of an ECDSA signature on P-256 and of Ed25519: what devices sign with. Tokens with others are read each time. */
const proofBytes = 64;
/** Longest token that is kept, bytes. */
const maxKept = 4096;

/**
 * What tokens said whose signature was good. A device that is asked again says the same with another nonce and another signature, both of the length
 * that stands before them: so all octets but these two are what a token is known by, and what is the same need not be read again. The nonce that counts
 * is the one that stands in the token, and the signature is checked each time.
 */
export class KnownTokens {
  /** At most as many as the cache has keys; only those that a key of ours signed, so nobody else can fill it. */
  readonly #known: Recent<Known>;

  constructor(cap: number) {
    this.#known = new Recent(cap);
  }

  get size(): number {
    return this.#known.size;
  }

  /** The token as reading it would give it; undefined: it must be read. Nothing in it is trusted yet. */
  recall(bytes: Uint8Array, nonce: Uint8Array): Found | undefined {
    const buffer = bufferOf(bytes);
    const at = placeOf(buffer, nonce);
    const known = at === undefined ? undefined : this.#known.get(nameAt(buffer, at + nonce.length));
    return known !== undefined && known.at === at && known.length === nonce.length && isSameBut(buffer, known)
      ? new Found(known, bytes)
      : undefined;
  }

  /** Keeps a token whose signature is good, unless its nonce is not one plain claim. */
  keep(bytes: Uint8Array, nonce: Uint8Array, { message, claims }: OpenedCwt): void {
    const buffer = bufferOf(bytes);
    const at = placeOf(buffer, nonce);
    // What stands twice could be told from the wrong place.
    if (
      at === undefined ||
      buffer.indexOf(nonce, at + 1) >= 0 ||
      message.proof.length !== proofBytes ||
      !sameBytes(bytes.subarray(bytes.length - proofBytes), message.proof)
    )
      return;
    const label = [...claims].find(([, value]) => value instanceof Uint8Array && sameBytes(value, nonce))?.[0];
    const nonceAt = bufferOf(message.payload).indexOf(nonce);
    if (label === undefined || nonceAt < 0) return;
    const signedBefore = coseToBeSigned(message).slice(0, -message.payload.length);
    const known = { bytes, at, length: nonce.length, message: { ...message, signedBefore }, claims, label, payloadAt: at - nonceAt };
    this.#known.set(nameAt(buffer, at + nonce.length), known);
  }
}

/** Where the nonce stands first, in a token that ends in the head and the octets of a signature of 64 (RFC 8949 §3.1); else undefined. */
function placeOf(bytes: Buffer, nonce: Uint8Array): number | undefined {
  const head = bytes.length - proofBytes - 2;
  if (nonce.length === 0 || bytes.length > maxKept || bytes[head] !== 0x58 || bytes[head + 1] !== proofBytes) return undefined;
  const at = bytes.indexOf(nonce);
  return at < 0 || at + nonce.length > head ? undefined : at;
}

/** Octets behind the nonce by which a token is looked for: in most it is the first claim, and the instance the next. Which share them take one place in turns. */
const nameBytes = 48;
const nameAt = (bytes: Buffer, from: number): string =>
  bytes.toString('latin1', from, Math.min(from + nameBytes, bytes.length - proofBytes));

/** Whether all octets but nonce and signature are those of the token that is known. */
function isSameBut(bytes: Buffer, { bytes: known, at, length }: Known): boolean {
  const [behind, end] = [at + length, bytes.length - proofBytes];
  return bytes.length === known.length && bytes.compare(known, behind, end, behind, end) === 0 && bytes.compare(known, 0, at, 0, at) === 0;
}
