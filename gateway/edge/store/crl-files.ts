import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { Hex, Millis } from '../../model/address.ts';
import { DecodeError } from '../../codec/reader.ts';
import { type Crl, decodeCrl } from '../../codec/x509-crl.ts';
import { attempt, type Found, maxTrustFile, readBytes } from './trust-folder.ts';

/** A CRL of a file; `der` is base64, `read` the same as it was read. `until` is its nextUpdate, after which only what it revoked for good still counts. */
export type CrlOfFile = { readonly name: string; readonly sha256: Hex; readonly der: string; readonly read: Crl; readonly until?: Millis };

/** CRLs of all files together, and their bytes. The challenger holds them in its memory. */
const crlFileLimits = { count: 64, bytes: 16 * 1024 * 1024 } as const;

type Known = { readonly signature: string; readonly crls: readonly CrlOfFile[]; readonly problems: readonly string[] };

/** CRLs in files, PEM or DER, one or more in each. A file that did not change is not read again: trust is looked at every few seconds. */
export class CrlFiles {
  /** By path: those of the last look only, so at most as many as there are files. */
  #known: ReadonlyMap<string, Known> = new Map();

  /** What cannot be read is left out and named in `problems`. Whether a CRL is genuine is judged with each path. */
  read(files: readonly Found[], problems: string[]): readonly CrlOfFile[] {
    const now = new Map<string, Known>();
    for (const file of files) {
      const [known] = attempt(file.path, problems, () => [this.#one(file)]);
      if (known === undefined) continue;
      now.set(file.path, known);
      problems.push(...known.problems);
    }
    this.#known = now;
    const all = [...now.values()].flatMap(({ crls }) => crls);
    const size = all.reduce((sum, { der }) => sum + (der.length * 3) / 4, 0);
    if (all.length <= crlFileLimits.count && size <= crlFileLimits.bytes) return all;
    problems.push(
      `Cannot use the CRL files: ${all.length} CRLs of ${Math.round(size)} bytes, at most ${crlFileLimits.count} of ${crlFileLimits.bytes} are taken`,
    );
    return [];
  }

  #one(file: Found): Known {
    const { ino, size, mtimeNs } = statSync(file.path, { bigint: true });
    const signature = `${ino} ${size} ${mtimeNs}`;
    const known = this.#known.get(file.path);
    if (known?.signature === signature) return known;
    const problems: string[] = [];
    const crls = attempt(file.path, problems, () => crlsOf(file.name, readBytes(file.path, maxTrustFile)));
    return { signature, crls, problems };
  }
}

function crlsOf(name: string, bytes: Uint8Array): readonly CrlOfFile[] {
  const text = Buffer.from(bytes).toString('latin1');
  const blocks = [...text.matchAll(/-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]*)-----END X509 CRL-----/g)];
  const ders = blocks.length === 0 ? [bytes] : blocks.map(([, base64 = '']) => new Uint8Array(Buffer.from(base64, 'base64')));
  if (blocks.length === 0 && text.includes('-----BEGIN ')) throw new DecodeError('Cannot read CRL: it is PEM without an X509 CRL');
  return ders.map((der, i) => {
    const read = decodeCrl(der);
    const { nextUpdate } = read;
    return {
      name: i === 0 ? name : `${name}#${i + 1}`,
      sha256: createHash('sha256').update(der).digest('hex'),
      der: Buffer.from(der).toString('base64'),
      read,
      ...(nextUpdate === undefined ? {} : { until: nextUpdate }),
    };
  });
}
