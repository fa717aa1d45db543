import type { CborKey, CborMap } from '../codec/cbor.ts';
import type { CoseMessage } from '../codec/cose.ts';
import { sameBytes } from '../codec/bytes.ts';
import { bufferOf, nameOf, Recent } from './recent.ts';

/** A CWT, opened: its message and its claims. */
export type OpenedCwt = { readonly message: CoseMessage & { readonly payload: Uint8Array }; readonly claims: CborMap };

type Known = OpenedCwt & {
  /** The claim that holds the nonce. */
  readonly label: CborKey;
  /** Where its octets stand in the payload. */
  readonly nonceAt: number;
};

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
  recall(bytes: Uint8Array, nonce: Uint8Array): OpenedCwt | undefined {
    const at = placeOf(bytes, nonce);
    if (at === undefined) return undefined;
    const known = this.#known.get(nameBut(bytes, at, nonce.length));
    if (known === undefined) return undefined;
    const { message, claims, label, nonceAt } = known;
    const start = at - nonceAt;
    const payload = bytes.subarray(start, start + message.payload.length);
    return {
      message: { ...message, payload, proof: bytes.subarray(-proofBytes) },
      claims: new Map(claims).set(label, bytes.subarray(at, at + nonce.length)),
    };
  }

  /** Keeps a token whose signature is good, unless its nonce is not one plain claim. */
  keep(bytes: Uint8Array, nonce: Uint8Array, { message, claims }: OpenedCwt): void {
    const at = placeOf(bytes, nonce);
    // What stands twice could be told from the wrong place.
    if (
      at === undefined ||
      bufferOf(bytes).indexOf(nonce, at + 1) >= 0 ||
      message.proof.length !== proofBytes ||
      !endsWith(bytes, message.proof)
    )
      return;
    const label = [...claims].find(([, value]) => value instanceof Uint8Array && sameBytes(value, nonce))?.[0];
    const nonceAt = bufferOf(message.payload).indexOf(nonce);
    if (label === undefined || nonceAt < 0) return;
    this.#known.set(nameBut(bytes, at, nonce.length), { message, claims, label, nonceAt });
  }
}

/** Where the nonce stands first, in a token that ends in the head and the octets of a signature of 64 (RFC 8949 §3.1); else undefined. */
function placeOf(bytes: Uint8Array, nonce: Uint8Array): number | undefined {
  const head = bytes.length - proofBytes - 2;
  if (nonce.length === 0 || bytes.length > maxKept || bytes[head] !== 0x58 || bytes[head + 1] !== proofBytes) return undefined;
  const at = bufferOf(bytes).indexOf(nonce);
  return at < 0 || at + nonce.length > head ? undefined : at;
}

/** All octets but nonce and signature. Place and length count too: else the octets behind a shorter nonce could be taken for those behind a longer one. */
const nameBut = (bytes: Uint8Array, at: number, length: number): string =>
  `${at} ${length} ${nameOf(bytes.subarray(0, at))}${nameOf(bytes.subarray(at + length, bytes.length - proofBytes))}`;

const endsWith = (bytes: Uint8Array, end: Uint8Array): boolean => sameBytes(bytes.subarray(bytes.length - end.length), end);
