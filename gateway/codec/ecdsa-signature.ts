import { DecodeError } from './reader.ts';

/** Longest half of a pair that we write, bytes: that of P-521. */
const maxHalf = 66;

/**
 * Ecdsa-Sig-Value in DER (RFC 3279 §2.2.3) of r and s as they stand side by side in COSE, JOSE, TPM and SPDM, each of the same length. OpenSSL takes that
 * form as it is; the other it would convert too, but through a description of the key that costs more than half a check. Throws DecodeError.
 */
export function derOfPair(pair: Uint8Array): Uint8Array {
  const half = pair.length >> 1;
  if (half === 0 || half > maxHalf || pair.length % 2 !== 0)
    throw new DecodeError(`Cannot read signature: ${pair.length} bytes are no pair`);
  const [r, s] = [firstDigit(pair, 0, half), firstDigit(pair, half, pair.length)];
  const [rLength, sLength] = [lengthOf(pair, r, half), lengthOf(pair, s, pair.length)];
  const length = 4 + rLength + sLength;
  const header = length < 0x80 ? 2 : 3;
  const der = new Uint8Array(header + length);
  der[0] = 0x30;
  if (header === 3) der[1] = 0x81;
  der[header - 1] = length;
  writeInteger(der, header, rLength, pair, r, half);
  writeInteger(der, header + 2 + rLength, sLength, pair, s, pair.length);
  return der;
}

/** Where the number starts, without its leading zeros; its last octet stands in any case. */
function firstDigit(pair: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end - 1 && pair[at] === 0) at += 1;
  return at;
}

/** Octets of an INTEGER, with the zero that keeps it positive (X.690 §8.3). */
const lengthOf = (pair: Uint8Array, from: number, end: number): number => end - from + ((pair[from] ?? 0) >> 7);

/** An INTEGER of so many octets, whose number starts at `from`. */
function writeInteger(der: Uint8Array, at: number, length: number, pair: Uint8Array, from: number, end: number): void {
  der[at] = 0x02;
  der[at + 1] = length;
  let to = at + 2 + length - (end - from);
  for (let i = from; i < end; i++) der[to++] = pair[i] ?? 0;
}
