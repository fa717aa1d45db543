import type { Reader } from './reader.ts';

/**
 * Templates of the list of files that Linux measured (Documentation/security/IMA-templates): which fields an entry has, and what of them is hashed
 * for the PCR.
 */

/** What follows digest and name: a signature or the measured buffer itself, in hex; a digest with its algorithm. */
type Extra = 'hex' | 'digest';

/** Fields behind digest and name, by template. */
export const imaTemplates: ReadonlyMap<string, readonly Extra[]> = new Map<string, readonly Extra[]>([
  ['ima-ng', []],
  ['ima-ngv2', []],
  ['ima-sig', ['hex']],
  ['ima-sigv2', ['hex']],
  ['ima-buf', ['hex']],
  ['ima-modsig', ['hex', 'digest', 'hex']],
]);

/** The first template: a SHA-1 without its name, and a name without an end. What is hashed has no lengths, and the name in 256 octets. */
export const oldTemplate = 'ima';
export const oldDigestBytes = 20;
export const maxOldName = 255;

/** Template data of the first template, as it is hashed. */
export function oldTemplateData(digest: Uint8Array, name: Uint8Array): Uint8Array {
  const data = new Uint8Array(oldDigestBytes + maxOldName + 1);
  data.set(digest);
  data.set(name, oldDigestBytes);
  return data;
}

/** A field with its length before it, 32 bits, little-endian. */
export const imaField = (r: Reader, most: number): Uint8Array => {
  const size = r.u32le();
  if (size > most) throw r.fault(`a field of ${size} bytes`);
  return r.take(size);
};

/** Template data of a field in text: its length before it. A digest has its algorithm, a colon and a zero before its octets. Undefined where the text is none. */
export function extraData(kind: Extra, text: string): Uint8Array | undefined {
  const [, algorithm = '', hexDigits] = /^(?:([a-z0-9_-]+):)?((?:[0-9a-f]{2})*)$/.exec(text) ?? [];
  if (hexDigits === undefined || (text !== '' && (kind === 'digest') !== (algorithm !== ''))) return undefined;
  const name = algorithm === '' ? '' : `${algorithm}:\0`;
  const data = new Uint8Array(4 + name.length + hexDigits.length / 2);
  new DataView(data.buffer).setUint32(0, data.length - 4, true);
  for (let i = 0; i < name.length; i++) data[4 + i] = name.charCodeAt(i);
  for (let i = 0; i < hexDigits.length; i += 2) data[4 + name.length + i / 2] = Number.parseInt(hexDigits.slice(i, i + 2), 16);
  return data;
}
