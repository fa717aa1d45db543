import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AttestationResult } from '../../../gateway/model/attestation.ts';
import { messageEvidence } from '../../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../../gateway/attestation/keys.ts';
import type { Freshness } from '../../../gateway/attestation/scheme.ts';
import { tpmQuote } from '../../../gateway/attestation/schemes/tpm-quote.ts';
import { prepareFileList } from '../../../gateway/attestation/tpm/file-list.ts';
import { keptEnd, maxListBytes, nameOfList } from '../../../gateway/attestation/tpm/list-beside.ts';
import { prepareTrust } from '../../../gateway/attestation/trust.ts';
import { countImaEntries, imaEntries } from '../../../gateway/codec/ima-log.ts';
import { makeVendor, type Vendor } from '../../vectors/pki.ts';
import { type File, imaAscii, imaBinary, message, pcr10, pcrsAfter, softKey } from '../../vectors/soft-tpm.ts';
import { base64, result } from '../world.ts';
import { answers, boot, certify, good, model, nonce, now, referenceSet } from './world.ts';

const key = softKey();
let acme: Vendor;
let chain: readonly Uint8Array[];
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme Edge' });
  chain = [await certify(acme, key)];
});

/** As a host has it that runs for weeks: names of some 60 signs, of which every fifth is listed and the rest left out. */
const host = (count: number): readonly File[] =>
  Array.from({ length: count }, (_, i) => ({
    path: `/${i % 5 === 0 ? 'usr/lib' : 'opt/data'}/x86_64-linux-gnu/plc-runtime/modules/part-${i}.so.1.2.3`,
    content: 'x',
  }));
const digest = `sha256:${createHash('sha256').update('x').digest('hex')}`;
/** As many as are too long for a message, which takes 1 MiB. */
const files = host(8_000);
const odd: readonly File[] = [...files, { path: '/usr/lib/door.so', content: 'door' }];
const many = host(100_000);
const listed = many.filter((_, i) => i % 5 === 0).map(({ path }) => [path, [digest]] as const);
const fileList = { name: 'edge.ima.yaml:1', vendor: 'Acme Edge', model, files: listed, excludes: ['/opt/data/'] };

type Sent = { readonly form?: 'ascii' | 'binary'; readonly list?: Uint8Array | null; readonly names?: Uint8Array };

/** A quote after these files, whose list comes beside its message, and how it is judged: in how many slices, of which the longest took so long. */
function judged(ran: readonly File[], { form = 'ascii', list, names }: Sent = {}, freshness: Freshness = answers(nonce)) {
  const bytes = new Uint8Array(form === 'ascii' ? Buffer.from(imaAscii(ran)) : imaBinary(ran));
  const quote = good(key, chain, { pcrs: { sha256: { ...pcrsAfter(boot), 10: pcr10(ran) } } });
  const all = JSON.parse(new TextDecoder().decode(message(quote))) as object;
  const named = { ...all, imaLog: { from: 0, beside: nameOfList(form, names ?? bytes) } };
  const evidence = messageEvidence('application/vnd.sallyport.tpm-quote+json', new TextEncoder().encode(JSON.stringify(named)));
  const { trust } = prepareTrust({ anchors: [{ name: 'acme', certificate: base64(acme.anchorDer) }], referenceSets: [referenceSet] });
  const work = tpmQuote.judgeInSlices?.(list === null ? evidence : { ...evidence, list: list ?? bytes }, {
    trust: { ...trust, fileLists: [prepareFileList(fileList)] },
    keys: new KeyCache(),
    now,
    freshness,
    ttlSeconds: 600,
    quote: { enrolledAs: { vendor: 'Acme Edge', model } },
  });
  if (work === undefined) throw new Error('quotes are judged in slices');
  let [slices, longest, all_] = [0, 0, 0];
  for (;;) {
    const before = performance.now();
    const step = work.next();
    const took = performance.now() - before;
    [slices, longest, all_] = [slices + 1, Math.max(longest, took), all_ + took];
    if (step.done === true)
      return { result: result(step.value), slices, longest, took: all_, bytes: bytes.length, kept: evidence.bytes.length };
  }
}
const said = ({ status, reason }: AttestationResult): unknown => [status, reason];
const reasonOf = (of: ReturnType<typeof judged>): unknown => said(of.result);

describe('a list of files that is too long for its message', () => {
  it('of 100,000 entries leads to PCR 10, a little at a time, and what is kept of it is small', () => {
    const { result: found, slices, longest, took, bytes, kept } = judged(many);
    const figures = `${bytes} bytes in ${took.toFixed(0)} ms, ${slices} slices, the longest ${longest.toFixed(1)} ms; ${kept} bytes are kept`;
    process.stdout.write(`100,000 entries: ${figures}\n`);
    expect(said(found)).toEqual(['affirming', undefined]);
    expect([found.quote?.ima?.entries, found.checks.find(c => c.check === 'measured')?.detail]).toEqual([
      100_000,
      '4 measured; 100000 entries of files that it ran',
    ]);
    expect(slices).toBeGreaterThan(700);
    expect(kept).toBeLessThan(3 * keptEnd + 8_192);
  });

  it('with one odd file at its very end is contraindicated, with the file named', () => {
    const { result: found } = judged(odd);
    expect(said(found)).toEqual(['contraindicated', 'FILE_NOT_LISTED']);
    expect(found.checks.find(c => c.code === 'FILE_NOT_LISTED')).toMatchObject({
      detail: 'entry 8001 of what it ran is of a file that is not in the list edge.ima.yaml:1',
      seen: `/usr/lib/door.so sha256:${createHash('sha256').update('door').digest('hex')}`,
    });
  });

  it('that leaves the odd file out, or one in the middle, leads elsewhere', () => {
    const without = new Uint8Array(Buffer.from(imaAscii(files)));
    expect(reasonOf(judged(odd, { list: without, names: without }))).toEqual(['contraindicated', 'LOG_MISMATCH']);
    const gap = new Uint8Array(Buffer.from(imaAscii([...files.slice(0, 4_000), ...files.slice(4_001)])));
    expect(reasonOf(judged(files, { list: gap, names: gap }))).toEqual(['contraindicated', 'LOG_MISMATCH']);
  });

  it('is judged as binary too', () => {
    expect(reasonOf(judged(odd, { form: 'binary' }))).toEqual(['contraindicated', 'FILE_NOT_LISTED']);
    expect(judged(files.slice(0, 500), { form: 'binary' }).result.quote?.ima?.entries).toBe(500);
  });

  it('other than the one that the message names is no Evidence of anything', () => {
    const [some, other] = [host(20), new Uint8Array(Buffer.from(imaAscii(host(21))))];
    expect(reasonOf(judged(some, { list: other }))).toEqual(['contraindicated', 'EVIDENCE_MALFORMED']);
    expect(reasonOf(judged(some, { names: other }))).toEqual(['contraindicated', 'EVIDENCE_MALFORMED']);
    // As long as the other, and with one name changed.
    const renamed = new Uint8Array(Buffer.from(imaAscii(some).replace('part-3.so', 'part-3.sp')));
    expect(reasonOf(judged(some, { list: renamed, names: new Uint8Array(Buffer.from(imaAscii(some))) }))).toEqual([
      'contraindicated',
      'EVIDENCE_MALFORMED',
    ]);
  });

  it('that is not there hides what was run, and of kept Evidence tells nothing; neither affirms', () => {
    expect(reasonOf(judged(host(20), { list: null }))).toEqual(['contraindicated', 'LOG_MISMATCH']);
    const kept = judged(host(20), { list: null }, { kind: 'kept', at: now, expires: now + 1 });
    expect(reasonOf(kept)).toEqual(['none', 'LOG_MISMATCH']);
  });

  it('that is over its cap is refused, with its size and the cap', () => {
    const { result: found } = judged([], { list: new Uint8Array(maxListBytes + 1) });
    expect(found.checks.find(c => c.check === 'readable')).toMatchObject({
      code: 'EVIDENCE_MALFORMED',
      detail: `Cannot read IMA list: ${maxListBytes + 1} bytes, at most ${maxListBytes} are taken`,
    });
  });
});

describe('reading a list entry by entry', () => {
  const text = imaAscii(host(3_000));
  const paths = (bytes: Uint8Array): readonly string[] => [...imaEntries('ascii', bytes)].map(({ path }) => path);

  it('gives each of them, across blocks, with and without a line break at its end', () => {
    const bytes = Buffer.from(text);
    expect(paths(bytes)).toEqual(host(3_000).map(({ path }) => path));
    expect(paths(bytes.subarray(0, -1))).toHaveLength(3_000);
    expect([
      countImaEntries('ascii', bytes),
      countImaEntries('ascii', bytes.subarray(0, -1)),
      countImaEntries('ascii', Buffer.of()),
    ]).toEqual([3_000, 3_000, 0]);
    expect(countImaEntries('binary', imaBinary(host(300)))).toBe(300);
  });

  it('says in which line it breaks, and takes no line without end', () => {
    expect(() => paths(Buffer.from(`${text}10 nonsense\n`))).toThrow('Cannot read IMA list: no entry of a known template in line 3001');
    expect(() => paths(Buffer.from(`${text}\n\n${text}`))).toThrow('line 3001');
    expect(() => paths(Buffer.alloc(200_000, 0x61))).toThrow('Cannot read IMA list: line 1 has more than 65536 bytes');
    expect(() => [...imaEntries('binary', imaBinary(host(3)).subarray(0, -1))]).toThrow('wanted');
  });
});
