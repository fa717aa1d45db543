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
