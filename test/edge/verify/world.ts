import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ReferenceSet } from '../../../gateway/model/trust.ts';
import { verify } from '../../../gateway/edge/verify-verb.ts';
import { makeReferenceFile } from '../../vectors/pki.ts';

/** What the tests of `sallyport verify` share: a folder of files for one call after the other. */
export type Said = { readonly code: number; readonly stdout: string; readonly stderr: string };

export class Desk {
  readonly folder = mkdtempSync(join(tmpdir(), 'verify-'));

  /** Writes a file and gives its path. */
  put(name: string, content: Uint8Array | string): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  /** Signed reference values in `references`, their key in `anchors`. */
  putReferences(set: ReferenceSet): void {
    const { vendor, model, components } = set;
    const strict = components.map(({ name, layer, key, versions }) => ({
      name,
      ...(layer === undefined ? {} : { layer }),
      ...(key === undefined ? {} : { key }),
      versions,
    }));
    const made = makeReferenceFile({
      vendor,
      models: [{ model, components: strict }],
      ...(set.anchors === undefined ? {} : { anchors: set.anchors }),
    });
    this.put('references/values.json', made.file);
    this.put('references/values.json.sig', made.signature);
    this.put('anchors/values.refval.pem', made.publicKeyPem);
  }

  /** Runs the verb; what it throws is what the command line says, with code 1. */
  run(now: number, ...args: readonly string[]): Said {
    const out: string[] = [];
    const err: string[] = [];
    const io = { stdout: { write: (text: string) => out.push(text) }, stderr: { write: (text: string) => err.push(text) }, now };
    try {
      return { code: verify(args, io), stdout: out.join(''), stderr: err.join('') };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { code: 1, stdout: out.join(''), stderr: `${err.join('')}${error.message}` };
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const trusting = (desk: Desk): readonly string[] => ['--anchors', desk.at('anchors'), '--reference', desk.at('references')];
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
