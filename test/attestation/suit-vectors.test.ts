import { createHash } from 'node:crypto';
import { encode } from 'cborg';
import { afterAll, describe, expect, it } from 'vitest';
import { readReferenceKey, ReferenceFileError } from '../../gateway/attestation/reference-values.ts';
import { readSuit } from '../../gateway/attestation/suit.ts';
import { decodeSuitEnvelope, decodeSuitManifest } from '../../gateway/codec/suit.ts';
import { detached, refKey } from './corim-world.ts';
import { bytesOf, hasVectors, rowsOf, textOf } from './manifest.ts';
import { note } from './verdicts.ts';

/**
 * Published SUIT envelopes with the verdict of MANIFEST.tsv: "accept" is that digest and signature are good and the manifest decodes. What is made of it
 * as reference values is a second column.
 */
const rows = rowsOf(/^suit\//);
const table: string[] = [];
const keys = hasVectors ? [readReferenceKey('published', textOf('suit/libcsuit/trust_anchor_secp256r1_pub.pem')), refKey('EdDSA')] : [];

const use = (bytes: Uint8Array, sig?: string): string => {
  try {
    const [set] = readSuit('v', bytes, keys, [], sig).sets;
    return `${set?.components.length} components, ${set?.components.flatMap(c => c.versions).length} digests, update ${set?.sequence}`;
  } catch (error) {
    if (!(error instanceof ReferenceFileError)) throw error;
    return error.message.replace(/^Cannot use v: /, 'refused: ');
  }
};

describe('published SUIT envelopes get their verdict', () => {
  it.each(rows)('$file', ({ file, expected }) => {
    if (!file.endsWith('.suit')) note(file, 'not judged', '-', 'key, payload, words, or the notation of the envelope beside it');
    if (!file.endsWith('.suit'))
      return void table.push(`${'-'.padEnd(10)} ${file}  key, payload, words, or the notation of the envelope beside it`);
    const bytes = bytesOf(file);
    const { digest, manifest } = decodeSuitEnvelope(bytes);
    expect(Buffer.from(createHash('sha256').update(encode(manifest)).digest())).toEqual(Buffer.from(digest.value));
    expect(decodeSuitManifest(manifest).sequence).toBeGreaterThanOrEqual(0);
    const used = use(bytes);
    table.push(`${'verified'.padEnd(10)} ${file}  ${used}`);
    note(file, 'as expected', 'digest and signature good', used);
    if (expected.includes('MAC0')) return expect(used).toBe('Cannot trust v: it has no COSE_Sign1');
    expect(used).not.toContain('Cannot trust');
    // By another key nothing of it is taken.
    return expect(() => readSuit('v', bytes, [refKey('EdDSA')], [])).toThrow('Cannot trust v');
  });

  it.runIf(hasVectors)('an operator may sign for one with a MAC', () => {
    const bytes = bytesOf('suit/libcsuit/suit_manifest_expAF.suit');
    expect(use(bytes, detached(bytes))).toBe('refused: it is for 0 vendors and 0 classes, wanted one of each');
  });

  afterAll(() => {
    if (table.length > 0) process.stdout.write(`\nSUIT vectors, ${table.length} rows\n${table.join('\n')}\n`);
  });
});
