import { hex } from './address.ts';
import { latin1 } from './der.ts';
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

/** Caps of one piece: the whole list of a busy server comes in several. */
export const maxImaBytes = 6 << 20;
export const maxImaEntries = 50_000;
const maxPath = 4096;
const maxExtra = 8192;

/** Templates by whether a third field follows digest and name: a signature, or the measured buffer itself. */
const templates: ReadonlyMap<string, boolean> = new Map([
  ['ima-ng', false],
  ['ima-ngv2', false],
  ['ima-sig', true],
  ['ima-sigv2', true],
  ['ima-buf', true],
]);

const entry = (pcr: number, templateHash: Uint8Array, template: string, data: Uint8Array, digest: string, path: string): ImaEntry => ({
  pcr,
  templateHash,
  template,
  data,
  digest,
  path,
  isViolation: templateHash.every(byte => byte === 0),
});

/** `10 <template hash> ima-ng sha256:<digest> <path>`, a line each. Throws DecodeError. */
export function decodeImaAscii(text: string): readonly ImaEntry[] {
  if (text.length > maxImaBytes) throw new DecodeError(`Cannot read IMA list: ${text.length} characters`);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length > maxImaEntries) throw new DecodeError(`Cannot read IMA list: ${lines.length} entries`);
  return lines.map(asciiEntry);
}

function asciiEntry(line: string, at: number): ImaEntry {
  const fault = (what: string): DecodeError => new DecodeError(`Cannot read IMA list: ${what} in line ${at + 1}`);
  const parts = /^ ?(\d{1,2}) ((?:[0-9a-f]{2}){20,64}) (ima-[a-z0-9]+) ((?:(?:ima|verity):)?[a-z0-9_-]+):([0-9a-f]+) (.+)$/.exec(line);
  const [, pcr = '', hash = '', template = '', algorithm = '', digest = '', rest = ''] = parts ?? [];
  const hasExtra = templates.get(template);
  if (parts === null || hasExtra === undefined || Number(pcr) > 31) throw fault('no entry of a known template');
  checkDigest(algorithm, digest.length / 2, fault);
  // Names have no spaces (the kernel writes underscores), so the last one parts the name from what follows it.
  const split = hasExtra ? rest.lastIndexOf(' ') : rest.length;
  const [path, extra] = [split < 0 ? rest : rest.slice(0, split), rest.slice(split < 0 ? rest.length : split + 1)];
  if (!/^(?:[0-9a-f]{2})*$/.test(extra) || extra.length > maxExtra * 2) throw fault('a third field that is no hex');
  const name = new TextEncoder().encode(path);
  if (name.length === 0 || name.length > maxPath || path.includes('\0')) throw fault(`a name of ${name.length} bytes`);
  const fields = [joined(new TextEncoder().encode(`${algorithm}:\0`), unhex(digest)), joined(name, Uint8Array.of(0))];
  if (hasExtra) fields.push(unhex(extra));
  return entry(Number(pcr), unhex(hash), template, joined(...fields.flatMap(f => [length(f), f])), `${bare(algorithm)}:${digest}`, path);
}

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
  const hasExtra = templates.get(template);
  if (hasExtra === undefined || pcr > 31) throw r.fault('no entry of a known template');
  const data = field(r, maxPath + maxExtra + 256);
  const inner = new Reader(data, 'IMA entry');
  const digest = field(inner, 128);
  const name = field(inner, maxPath + 1);
  if (hasExtra) field(inner, maxExtra);
  inner.end();
  const colon = digest.indexOf(0);
  const algorithm = latin1(digest.subarray(0, Math.max(colon - 1, 0)));
  if (colon < 2 || digest[colon - 1] !== 0x3a) throw inner.fault('a digest without its algorithm');
  checkDigest(algorithm, digest.length - colon - 1, what => inner.fault(what));
  if (name.length < 2 || name.indexOf(0) !== name.length - 1) throw inner.fault('a name that does not end once');
  const path = new TextDecoder().decode(name.subarray(0, -1));
  return entry(pcr, hash, template, data, `${bare(algorithm)}:${hex(digest.subarray(colon + 1))}`, path);
}

const field = (r: Reader, most: number): Uint8Array => {
  const size = r.u32le();
  if (size > most) throw r.fault(`a field of ${size} bytes`);
  return r.take(size);
};

const bare = (algorithm: string): string => algorithm.replace(/^(?:ima|verity):/, '');

/** The kernel's names of hashes, where they are not ours. */
const renamed: ReadonlyMap<string, string> = new Map([['sm3_256', 'sm3']]);

function checkDigest(algorithm: string, bytes: number, fault: (what: string) => DecodeError): void {
  const name = bare(algorithm);
  const hash = tpmHashNamed(renamed.get(name) ?? name);
  if (hash?.bytes !== bytes) throw fault(`${bytes} bytes of a hash that we do not know`);
}

const unhex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16));
const length = (bytes: Uint8Array): Uint8Array => Uint8Array.of(bytes.length, bytes.length >> 8, bytes.length >> 16, bytes.length >> 24);

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
