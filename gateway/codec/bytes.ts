import { DecodeError } from './reader.ts';

/** True iff both hold the same bytes. Not constant in time: for public values only. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Standard base64 with padding (RFC 4648 §4); white space is ignored. Throws DecodeError. */
export function fromBase64(text: string): Uint8Array {
  const compact = text.replace(/\s+/g, '');
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact))
    throw new DecodeError(`Cannot read base64: ${compact.length} characters are not whole groups of its alphabet`);
  return Uint8Array.from(atob(compact), c => c.charCodeAt(0));
}

/** base64url without padding (RFC 4648 §5, RFC 7515 §2); exactly one text stands for some bytes, so spare bits must be zero. Throws DecodeError. */
export function fromBase64Url(text: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1)
    throw new DecodeError(`Cannot read base64url: ${text.length} characters are not of its alphabet, or no whole bytes`);
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));
  if (toBase64Url(bytes) !== text) throw new DecodeError('Cannot read base64url: its spare bits are not zero');
  return bytes;
}

export const toBase64Url = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

/** The pieces one after the other, copied. */
export function concat(...pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
