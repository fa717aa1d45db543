import { readFileSync, statSync } from 'node:fs';
import { fromBase64 } from '../../codec/bytes.ts';
import { DerReader, tags } from '../../codec/der.ts';
import { DecodeError } from '../../codec/reader.ts';
import { maxListBytes } from '../../attestation/tpm/list-beside.ts';
import { fileFault } from '../../model/file-fault.ts';

/** One file of the command line: certificates (DER, in the order of the file), or a message that a scheme reads. Untrusted. */
export type Piece = { readonly path: string; readonly bytes: Uint8Array } & (
  | { readonly kind: 'certificates'; readonly certificates: readonly Uint8Array[] }
  | { readonly kind: 'message' }
);

/** What cannot be read because of how the verb was called, not because of what the Evidence says. */
export class VerifyCallError extends Error {
  override readonly name = 'VerifyCallError';
}

/** Reads a file of at most `most` bytes; `-` is the standard input, which says its length only when it ends. Throws VerifyCallError. */
export function readFile(path: string, most = maxListBytes): Uint8Array {
  const check = (size: number): void => {
    if (size > most) throw new VerifyCallError(`Cannot read ${path}: ${size} bytes, more than ${most}`);
  };
  try {
    if (path !== '-') check(statSync(path).size);
    const bytes = new Uint8Array(readFileSync(path === '-' ? 0 : path));
    check(bytes.length);
    return bytes;
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw new VerifyCallError(`Cannot read ${path}: ${fileFault(error)}`);
    throw error;
  }
}

/** Tokens are passed around as hex, too: a file of nothing else, at least eight bytes of it, is what the digits say. */
function unhexed(bytes: Uint8Array): Uint8Array {
  if (!isHexDigit(bytes[0] ?? 0)) return bytes;
  const digits = textOf(bytes).replace(/\s+/g, '');
  return /^(?:[0-9a-fA-F]{2}){8,}$/.test(digits) ? new Uint8Array(Buffer.from(digits, 'hex')) : bytes;
}
const isHexDigit = (byte: number): boolean => /[0-9a-fA-F]/.test(String.fromCharCode(byte));

const pemBlock = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g;

/** Tells certificates, in PEM or DER, from everything else. What is in PEM and no base64 throws DecodeError. */
export function readPiece(path: string): Piece {
  const bytes = unhexed(readFile(path));
  const blocks = [...textOf(bytes).matchAll(pemBlock)].map(([, block]) => fromBase64(block ?? ''));
  if (blocks.length > 0) return { path, bytes, kind: 'certificates', certificates: blocks };
  const certificates = derCertificates(bytes);
  return certificates === undefined ? { path, bytes, kind: 'message' } : { path, bytes, kind: 'certificates', certificates };
}

/** The bytes as text, each byte one character: for looking at, never for reading a text of people. */
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/**
 * DER certificates one after the other; undefined when the file is nothing but such. One is told by its shape alone, tbs, algorithm and signature (RFC 5280
 * §4.1): what is wrong inside is for the scheme to say.
 */
function derCertificates(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const found: Uint8Array[] = [];
  try {
    for (let rest = bytes; rest.length > 0; ) {
      const { whole, content } = new DerReader(rest).take(tags.sequence, 'certificate');
      const inner = new DerReader(content);
      for (const tag of [tags.sequence, tags.sequence, tags.bitString]) inner.take(tag, 'certificate');
      found.push(whole);
      rest = rest.subarray(whole.length);
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return undefined;
  }
  return found.length === 0 ? undefined : found;
}
