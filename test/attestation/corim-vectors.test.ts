import { createPublicKey } from 'node:crypto';
import { encode } from 'cborg';
import { z } from 'zod';
import { afterAll, describe, expect, it } from 'vitest';
import { readCorim } from '../../gateway/attestation/corim.ts';
import { readReferenceKey, ReferenceFileError } from '../../gateway/attestation/reference-values.ts';
import { decodeCorim, decodeSignedCorim, isSignedCorim } from '../../gateway/codec/corim.ts';
import { decodeCmw, recordsOf } from '../../gateway/codec/cmw.ts';
import { readDiag } from '../vectors/diag.ts';
import { makeSign1 } from '../vectors/tokens.ts';
import { corim, detached, refKey } from './corim-world.ts';
import { judge, now, verdict } from './token-world.ts';
import { bytesOf, hasVectors, rowsOf, textOf } from './manifest.ts';
import { note } from './verdicts.ts';

/**
 * Published CoRIMs and CoMIDs, each with the verdict of MANIFEST.tsv. "accept" there means that it is well-formed: so it must decode. What is then made of
 * it as reference values is a second column, with the reason where it is refused: a CoMID stands in a CoRIM of ours, an unsigned file has an operator's
 * signature by our key. "reject" must be refused at the latest there.
 */
const rows = rowsOf(/^(ietf-corim-draft|veraison-corim|veraison-services\/[a-z-]+\/corim)\//);

type Row = { readonly file: string; readonly wanted: string; readonly decoded: string; readonly used: string };
const table: Row[] = [];

/** What is no CoRIM by itself, and why it is not read here. */
const others: readonly (readonly [RegExp, string])[] = [
  [/\.(?:yaml|json)$/, 'source of the binary beside it, which has its own row'],
  [/\.(?:jwk|der|key)$/, 'key or certificate'],
  [/\/coev\//, 'concise evidence (tag 571): Evidence of a format that no scheme takes'],
  [/cotl-/, 'a list of tags (CoTL, draft §6): a CoRIM with one is refused, since it says which tags count'],
];

const spki = z.object({ kty: z.string(), crv: z.string(), x: z.string(), y: z.string() });
const published = hasVectors
  ? createPublicKey({
      key: spki.parse(JSON.parse(textOf('veraison-corim/corim/src/ec-p256.jwk'))),
      format: 'jwk',
    })
      .export({ type: 'spki', format: 'pem' })
      .toString()
  : '';

function judgeRow(file: string): readonly [decoded: string, used: string] {
  if (file.includes('cmw-')) return asCollection(file);
  if (file.includes('protected-header')) return asHeader(readDiag(textOf(file)));
  let bytes = file.endsWith('.diag') ? encode(readDiag(textOf(file))) : bytesOf(file);
  const isBare = bytes[0] !== 0xd2 && bytes[0] !== 0xd9;
  const what = isSignedCorim(bytes) ? 'signed CoRIM' : isBare ? 'CoMID' : 'CoRIM';
  if (isBare) bytes = corim([bytes]);
  try {
    decodeCorim(isSignedCorim(bytes) ? decodeSignedCorim(bytes).payload : bytes);
  } catch (error) {
    return [String(error), ''];
  }
  return [what, use(bytes)];
}

function use(bytes: Uint8Array): string {
  const own = isSignedCorim(bytes);
  try {
    const keys = own ? [readReferenceKey('published', published)] : [refKey('EdDSA')];
    const found = readCorim('v', bytes, keys, own ? undefined : detached(bytes));
    const notes = found.sets[0]?.notes ?? [];
    return `${found.sets.length} sets, ${found.keys.length} keys${notes.map(note => `; ${note}`).join('')}`;
  } catch (error) {
    if (!(error instanceof ReferenceFileError)) throw error;
    return error.message.replace(/^Cannot use v: /, 'refused: ');
  }
}

/** The header of a message that we sign over the draft's own example. */
function asHeader(header: unknown): readonly [string, string] {
  if (!(header instanceof Map)) throw new Error('no map');
  const payload = encode(readDiag(textOf('ietf-corim-draft/corim-1.diag')));
  const bytes = makeSign1(payload, { algorithm: 'ES384', header });
  try {
    return ['header', `${readCorim('v', bytes, [refKey('ES384')]).sets.length} sets`];
  } catch (error) {
    if (!(error instanceof ReferenceFileError)) throw error;
    return ['header', error.message.replace(/^Cannot use v: /, 'refused: ')];
  }
}

function asCollection(file: string): readonly [string, string] {
  // The draft has not got its number yet; the one that CMW examples use stands in its place.
  const text = textOf(file).replaceAll('TBD1', '60').replace('{{&SELF}}', 'ietf.org');
  const records = recordsOf(decodeCmw(encode(readDiag(text)), 'cbor'));
  for (const { value } of records) decodeCorim(value);
  return [`CMW collection of ${records.length} CoRIMs`, records.map(({ value }) => use(value)).join('; ')];
}

describe('published CoRIMs get their verdict', () => {
  it.each(rows)('$file', ({ file, expected }) => {
    const other = others.find(([pattern]) => pattern.test(file))?.[1];
    if (other !== undefined) note(file, 'not judged', '-', other);
    if (other !== undefined) return void table.push({ file, wanted: expected, decoded: 'not read', used: other });
    const [decoded, used] = judgeRow(file);
    table.push({ file, wanted: expected, decoded, used });
    note(file, 'as expected', decoded.slice(0, 60), `as reference values: ${used}`);
    if (expected.startsWith('accept')) return expect(decoded).toMatch(/CoRIM|CoMID|header/);
    return expect(used).toMatch(/^(?:refused|Cannot)|^$/);
  });

  afterAll(() => {
    if (table.length === 0) return;
    const read115 = table.filter(({ file }) => !file.startsWith('veraison-services'));
    const count = (rowsOf: readonly Row[], decoded: boolean): number => rowsOf.filter(r => (r.decoded !== 'not read') === decoded).length;
    const lines = table
      .filter(({ used }) => !/^(?:source|key)/.test(used))
      .map(({ file, wanted, decoded, used }) => `${wanted.slice(0, 8).padEnd(8)} ${decoded.slice(0, 30).padEnd(30)} ${file}  ${used}`);
    const head = `CoRIM vectors: ${read115.length} rows of the draft and of veraison/corim, ${count(read115, true)} read, ${count(read115, false)} sources, keys and other formats`;
    process.stdout.write(`\n${head}; ${table.length} with those of veraison/services\n${lines.join('\n')}\n`);
  });
});

describe.runIf(hasVectors)('a published pair of token and reference values', () => {
  const pair = 'veraison-services/psa-iot';
  it('whose signers differ is not affirming; with the signers of the token it is', () => {
    const file = bytesOf(`${pair}/corim/corim-psa-valid.cbor`);
    const found = readCorim('v', file, [refKey('EdDSA')], detached(file));
    const nonce = Buffer.from('QUp8F0FBs9DpodKK8xUg8NQimf6sQAfe2J1ormzZLxk=', 'base64');
    const token = bytesOf(`${pair}/token/psa.good.cose`);
    const world = (sets: typeof found.sets) =>
      verdict(
        judge(token, {
          sets,
          keys: found.keys,
          freshness: { kind: 'nonce', nonce, expires: now, spent: false, channel: 'vector' },
        }),
      );
    expect(world(found.sets)).toBe('contraindicated DIGEST_UNKNOWN');
    const signer = 'acbb11c7e4da217205523ce4ce1a245ae1a239ae3c6bfd9e7871f7e5d8bae86b';
    expect(world(found.sets.map(s => ({ ...s, components: s.components.map(c => ({ ...c, signer })) })))).toBe('affirming');
  });
});
