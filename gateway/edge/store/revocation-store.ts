import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hex, Millis } from '../../model/address.ts';
import { cacheLimits } from '../../attestation/revocation-cache.ts';

/** A CRL or an OCSP response as it was fetched; `der` is base64. Nobody here reads it: who judges by it checks its signature. */
export type KeptRevocation = { readonly kind: 'crl' | 'ocsp'; readonly der: string; readonly seen: Millis };

type File = { readonly name: string; readonly kind: 'crl' | 'ocsp'; readonly bytes: number; readonly seen: Millis };

/** Longest that is kept, bytes: what fits into a line to the challenger. */
export const maxKeptBytes = 5_500_000;
const kindOf = (name: string): 'crl' | 'ocsp' | undefined => {
  const kind = /^[0-9a-f]{64}\.(crl|ocsp)$/.exec(name)?.[1];
  return kind === 'crl' || kind === 'ocsp' ? kind : undefined;
};

/**
 * What was fetched about revocation, over restarts: files by their SHA-256 in a folder of the data folder, `seen` as their time. The caps are those of the
 * challenger's own cache; the oldest goes first. Writing is done one after the other, and a full disk costs freshness and nothing else.
 */
export class RevocationStore {
  readonly #folder: string;
  readonly #log: (line: string) => void;
  #queue: Promise<void> = Promise.resolve();
  /** At most what `cacheLimits` allow. */
  #files: readonly File[];

  constructor(folder: string, log: (line: string) => void) {
    this.#folder = join(folder, 'revocation');
    this.#log = log;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(this.#folder))
      if (kindOf(name) === undefined) rmSync(join(this.#folder, name), { recursive: true, force: true });
    this.#files = readdirSync(this.#folder).flatMap((name): readonly File[] => {
      const kind = kindOf(name);
      const { size, mtimeMs } = statSync(join(this.#folder, name));
      return kind === undefined || size > maxKeptBytes ? [] : [{ name, kind, bytes: size, seen: Math.round(mtimeMs) }];
    });
  }

  /** All that is kept, oldest first. A file that is not what its name says is left out. */
  all(): readonly KeptRevocation[] {
    return this.#files
      .toSorted((a, b) => a.seen - b.seen)
      .flatMap(({ name, kind, seen }) => {
        const der = readFileSync(join(this.#folder, name));
        return hashOf(der) === name.slice(0, 64) ? [{ kind, der: der.toString('base64'), seen }] : [];
      });
  }

  /** Keeps one, in place of those. Resolves when it is done or given up; never rejects for the disk's sake. */
  keep(kind: 'crl' | 'ocsp', der: Uint8Array, instead: readonly Hex[], now: Millis): Promise<void> {
    const file = { name: `${hashOf(der)}.${kind}`, kind, bytes: der.length, seen: now };
    const dropped = new Set(instead.flatMap(hash => [`${hash}.crl`, `${hash}.ocsp`]));
    if (der.length > maxKeptBytes) return Promise.resolve();
    this.#queue = this.#queue.then(async () => {
      const stays = capped([...this.#files.filter(f => f.name !== file.name && !dropped.has(f.name)), file]);
      const gone = this.#files.filter(f => !stays.some(s => s.name === f.name));
      try {
        await write(join(this.#folder, file.name), der, now);
        for (const { name } of gone) await rm(join(this.#folder, name), { force: true });
        this.#files = stays;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error)) throw error;
        this.#log(`Cannot keep what was fetched about revocation: ${error.message}`);
      }
    });
    return this.#queue;
  }
}

const hashOf = (der: Uint8Array): Hex => createHash('sha256').update(der).digest('hex');

function capped(files: readonly File[]): readonly File[] {
  const newestFirst = files.toSorted((a, b) => b.seen - a.seen);
  const of = (kind: File['kind'], count: number, bytes: number): readonly File[] => {
    let total = 0;
    return newestFirst
      .filter(f => f.kind === kind)
      .slice(0, count)
      .filter(f => (total += f.bytes) <= bytes);
  };
  return [...of('crl', cacheLimits.crls, cacheLimits.crlBytes), ...of('ocsp', cacheLimits.ocsp, cacheLimits.ocspBytes)];
}

async function write(path: string, bytes: Uint8Array, seen: Millis): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  await utimes(temporary, seen / 1000, seen / 1000);
  await rename(temporary, path);
}
