import { hex } from './address.ts';
import { concat } from './bytes.ts';
import { latin1 } from './der.ts';
import { extraData, imaField as field, imaTemplates, maxOldName, oldDigestBytes, oldTemplate, oldTemplateData } from './ima-template.ts';
import { DecodeError, Reader } from './reader.ts';
import { tpmHashNamed } from './tpm-algorithms.ts';
import { ofWhole } from './whole.ts';

/**
 * The list of files that Linux measured (IMA, Documentation/security/IMA-templates), as `ascii_runtime_measurements` or
 * `binary_runtime_measurements`. What is extended into the PCR is the hash of an entry's template data, which is rebuilt here from either form.
 */

/** One entry. `digest` is what the kernel says of the file at `path`: `sha256:…`. All of it is untrusted until the list is replayed. */
export type ImaEntry = {
  readonly pcr: number;
  /** SHA-1 of the template data, as the list says; zeros mark a violation: the file was written while it was read. */
  readonly templateHash: Uint8Array;
  readonly template: string;
  readonly data: Uint8Array;
  readonly digest: string;
  readonly path: string;
  readonly isViolation: boolean;
};

/** Caps of a list that is read at once; a longer one is read entry by entry (`imaEntries`). */
export const maxImaBytes = 6 << 20;
const maxImaEntries = 50_000;
const maxPath = 4096;
const maxExtra = 8192;
/** Template data: signature, digest and signature at most. */
const maxData = maxPath + 2 * maxExtra + 512;

const entry = (pcr: number, templateHash: Uint8Array, template: string, data: Uint8Array, digest: string, path: string): ImaEntry => ({
  pcr,
  templateHash,
  template,
  data,
  digest,
  path,
  isViolation: isZero(templateHash),
});

function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}

/** `10 <template hash> ima-ng sha256:<digest> <path>`, a line each. Throws DecodeError. */
export function decodeImaAscii(text: string): readonly ImaEntry[] {
  if (text.length > maxImaBytes) throw new DecodeError(`Cannot read IMA list: ${text.length} characters`);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length > maxImaEntries) throw new DecodeError(`Cannot read IMA list: ${lines.length} entries`);
  return lines.map(asciiEntry);
}

export type ImaForm = 'ascii' | 'binary';
/** Lines are made text so many bytes at a time; longer than this none can be. */
const blockBytes = 65_536;

/** The entries of a list of any length, each read when it is asked for, in little memory. Throws DecodeError at the entry that breaks the format. */
export function* imaEntries(form: ImaForm, bytes: Uint8Array): Generator<ImaEntry, undefined, undefined> {
  if (form === 'binary') {
    const r = new Reader(bytes, 'IMA list');
    while (r.left > 0) yield ofWhole(() => binaryEntry(r));
    return;
  }
  const decoder = new TextDecoder();
  let count = 0;
  for (let from = 0; from < bytes.length; ) {
    const end = blockEnd(bytes, from);
    if (end - from > blockBytes) throw new DecodeError(`Cannot read IMA list: line ${count + 1} has more than ${blockBytes} bytes`);
    for (const line of decoder.decode(bytes.subarray(from, end)).split('\n')) {
      yield asciiEntry(line, count);
      count++;
    }
    from = end + 1;
  }
}

/** Where a block of whole lines that begins here ends: before a line break, or at the end of all. */
function blockEnd(bytes: Uint8Array, from: number): number {
  if (bytes.length - from <= blockBytes) return bytes.at(-1) === lineBreak ? bytes.length - 1 : bytes.length;
  const last = bytes.lastIndexOf(lineBreak, from + blockBytes);
  return last >= from ? last : bytes.length;
}
const lineBreak = 0x0a;

/** How many entries a list has, by its line breaks or by its lengths alone. Throws DecodeError. */
export function countImaEntries(form: ImaForm, bytes: Uint8Array): number {
  let count = 0;
  if (form === 'ascii') {
    for (let at = bytes.indexOf(lineBreak); at >= 0; at = bytes.indexOf(lineBreak, at + 1)) count++;
    return bytes.length > 0 && bytes.at(-1) !== lineBreak ? count + 1 : count;
  }
  return ofWhole(() => {
    for (const r = new Reader(bytes, 'IMA list'); r.left > 0; count++) {
      r.take(24);
      if (latin1(field(r, 16)) === oldTemplate) oldFields(r);
      else field(r, maxData);
    }
    return count;
  });
}

function asciiEntry(line: string, at: number): ImaEntry {
  const fault = (what: string): DecodeError => new DecodeError(`Cannot read IMA list: ${what} in line ${at + 1}`);
  const parts = /^ ?(\d{1,2}) ((?:[0-9a-f]{2}){20,64}) (ima-[a-z0-9]+) ((?:(?:ima|verity):)?[a-z0-9_-]+):([0-9a-f]+) (.+)$/.exec(line);
  const [, pcr = '', hash = '', template = '', algorithm = '', digest = '', rest = ''] = parts ?? [];
  const kinds = imaTemplates.get(template);
  if (parts === null) return oldAsciiEntry(line, fault);
  if (kinds === undefined || Number(pcr) > 31) throw fault('no entry of a known template');
  checkDigest(algorithm, digest.length / 2, fault);
  // Names have no spaces (the kernel writes underscores), so the last ones part the name from what follows it.
  let path = rest;
  const extras: Uint8Array[] = [];
  for (const kind of kinds.toReversed()) {
    const split = path.lastIndexOf(' ');
    const text = split < 0 ? '' : path.slice(split + 1);
    const extra = text.length > maxExtra * 2 ? undefined : extraData(kind, text);
    if (extra === undefined) throw fault('a field behind the name that is none');
    extras.unshift(extra);
    if (split >= 0) path = path.slice(0, split);
  }
  const name = utf8Length(path);
  if (name === 0 || name > maxPath || path.includes('\0')) throw fault(`a name of ${name} bytes`);
  // In one piece: a list has a hundred thousand of them.
  const digestBytes = algorithm.length + 2 + digest.length / 2;
  const data = new Uint8Array(4 + digestBytes + 4 + name + 1);
  let place = length(data, 0, digestBytes);
  place = unhex(digest, data, ascii(`${algorithm}:\0`, data, place));
  place = length(data, place, name + 1);
  if (name === path.length) ascii(path, data, place);
  else new TextEncoder().encodeInto(path, data.subarray(place));
  const all = extras.length === 0 ? data : concat(data, ...extras);
  return entry(Number(pcr), templateHashOf(hash), template, all, `${bare(algorithm)}:${digest}`, path);
}

/** `10 <template hash> ima <SHA-1> <path>`. */
function oldAsciiEntry(line: string, fault: (what: string) => DecodeError): ImaEntry {
  const [, pcr, hash = '', digest = '', path = ''] = /^ ?(\d{1,2}) ((?:[0-9a-f]{2}){20,64}) ima ([0-9a-f]{40}) (.+)$/.exec(line) ?? [];
  if (pcr === undefined || Number(pcr) > 31) throw fault('no entry of a known template');
  const octets = new Uint8Array(oldDigestBytes);
  unhex(digest, octets, 0);
  const name = new TextEncoder().encode(path);
  if (name.length > maxOldName || path.includes('\0')) throw fault(`a name of ${name.length} bytes`);
  return entry(Number(pcr), templateHashOf(hash), oldTemplate, oldTemplateData(octets, name), `sha1:${digest}`, path);
}

function templateHashOf(digits: string): Uint8Array {
  const bytes = new Uint8Array(digits.length / 2);
  unhex(digits, bytes, 0);
  return bytes;
}

/** Bytes of a text in UTF-8, without making them where it is ASCII. */
const utf8Length = (text: string): number => (/^[\0-\x7f]*$/.test(text) ? text.length : new TextEncoder().encode(text).length);

/** Little-endian: PCR, SHA-1 of the template data, and name and data of the template, each after its length. Throws DecodeError. */
export function decodeImaBinary(bytes: Uint8Array): readonly ImaEntry[] {
  return ofWhole(() => {
    const r = new Reader(bytes, 'IMA list');
    if (bytes.length > maxImaBytes) throw r.fault(`${bytes.length} bytes`);
    const found: ImaEntry[] = [];
    while (r.left > 0) {
      if (found.length >= maxImaEntries) throw r.fault(`more than ${maxImaEntries} entries`);
      found.push(binaryEntry(r));
    }
    return found;
  });
}

function binaryEntry(r: Reader): ImaEntry {
  const [pcr, hash] = [r.u32le(), r.take(20)];
  const template = latin1(field(r, 16));
  const kinds = imaTemplates.get(template);
  if ((kinds === undefined && template !== oldTemplate) || pcr > 31) throw r.fault('no entry of a known template');
  if (kinds === undefined) return oldBinaryEntry(r, pcr, hash);
  const data = field(r, maxData);
  const inner = new Reader(data, 'IMA entry');
  const digest = field(inner, 128);
  const name = field(inner, maxPath + 1);
  for (const _ of kinds) field(inner, maxExtra);
  inner.end();
  const colon = digest.indexOf(0);
  const algorithm = latin1(digest.subarray(0, Math.max(colon - 1, 0)));
  if (colon < 2 || digest[colon - 1] !== 0x3a) throw inner.fault('a digest without its algorithm');
  checkDigest(algorithm, digest.length - colon - 1, what => inner.fault(what));
  if (name.length < 2 || name.indexOf(0) !== name.length - 1) throw inner.fault('a name that does not end once');
  const path = new TextDecoder().decode(name.subarray(0, -1));
  return entry(pcr, hash, template, data, `${bare(algorithm)}:${hex(digest.subarray(colon + 1))}`, path);
}

/** Of the first template the digest has no length, and the name no zero behind it. */
function oldFields(r: Reader): { readonly digest: Uint8Array; readonly name: Uint8Array } {
  return { digest: r.take(oldDigestBytes), name: field(r, maxOldName) };
}

function oldBinaryEntry(r: Reader, pcr: number, hash: Uint8Array): ImaEntry {
  const { digest, name } = oldFields(r);
  if (name.length === 0 || name.includes(0)) throw r.fault('a name that ends before its end');
  return entry(pcr, hash, oldTemplate, oldTemplateData(digest, name), `sha1:${hex(digest)}`, new TextDecoder().decode(name));
}

const bare = (algorithm: string): string => algorithm.replace(/^(?:ima|verity):/, '');

/** The kernel's names of hashes, where they are not ours. */
const renamed: ReadonlyMap<string, string> = new Map([['sm3_256', 'sm3']]);

function checkDigest(algorithm: string, bytes: number, fault: (what: string) => DecodeError): void {
  const name = bare(algorithm);
  const hash = tpmHashNamed(renamed.get(name) ?? name);
  if (hash?.bytes !== bytes) throw fault(`${bytes} bytes of a hash that we do not know`);
}

/** Each writes into `to` from `at` on, and gives where it ended. */
function ascii(text: string, to: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) to[at + i] = text.charCodeAt(i);
  return at + text.length;
}

function unhex(text: string, to: Uint8Array, at: number): number {
  const end = at + text.length / 2;
  for (let i = 0; at < end; at++, i += 2) to[at] = (digit(text.charCodeAt(i)) << 4) | digit(text.charCodeAt(i + 1));
  return end;
}
const digit = (code: number): number => (code < 0x3a ? code - 0x30 : code - 0x57);

function length(to: Uint8Array, at: number, value: number): number {
  for (let i = 0; i < 4; i++) to[at + i] = value >>> (8 * i);
  return at + 4;
}
