import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Crockford's base 32: no I, L, O, U, so that a code can be read aloud and typed in gloves. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const groups = 4;
const groupLength = 4;

/** A one-time code of 80 random bits, `7Q4K-0M2X-…`. */
export function makeSetupCode(): string {
  const letters = Array.from(randomBytes(groups * groupLength), byte => alphabet.charAt(byte & 31));
  return Array.from({ length: groups }, (_, i) => letters.slice(i * groupLength, (i + 1) * groupLength).join('')).join('-');
}

/** As typed: any case, dashes and spaces anywhere, O for 0, I and L for 1. */
const normal = (code: string): string => code.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');

/** Compares hashes, in constant time whatever the lengths are. */
export function isSetupCode(typed: string, code: string): boolean {
  const digest = (text: string) => createHash('sha256').update(normal(text)).digest();
  return timingSafeEqual(digest(typed), digest(code));
}
