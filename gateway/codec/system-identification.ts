import { decodeText } from './text.ts';
import { Reader } from './reader.ts';

/** Bytes of a SystemIdentification. */
const systemIdentificationLength = 80;

/**
 * What newer PROFINET devices put in the place of an LLDP chassis: fields of fixed width with a blank between them. IEC 61158-6-10,
 * SystemIdentification. Undefined when the blanks are not where they must be; fields may be empty. Untrusted.
 */
export function decodeSystemIdentification(
  bytes: Uint8Array,
): { readonly type: string; readonly order: string; readonly serial: string; readonly firmware: string } | undefined {
  if (bytes.length !== systemIdentificationLength) return undefined;
  const r = new Reader(bytes, 'SystemIdentification');
  const text = (width: number): string => decodeText(r.take(width)).trim();
  const isBlank = (): boolean => r.u8() === 0x20;
  const type = text(25);
  if (!isBlank()) return undefined;
  const order = text(20);
  if (!isBlank()) return undefined;
  const serial = text(16);
  if (!isBlank()) return undefined;
  r.skip(5); // hardware revision
  if (!isBlank()) return undefined;
  // A letter, then three numbers of three characters each: `V  4  2  1` is V4.2.1.
  const [prefix, revision] = [text(1), [text(3), text(3), text(3)]];
  return { type, order, serial, firmware: revision.includes('') ? '' : prefix + revision.join('.') };
}
