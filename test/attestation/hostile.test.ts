import { KeyObject } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeMultiTcbInfo, decodeMultiTcbInfoComp, decodeTcbFreshness, decodeTcbInfo, decodeUeid } from '../../gateway/codec/dice.ts';
import { decodeOpenDiceInput } from '../../gateway/codec/open-dice.ts';
import { decodeCborCertificate } from '../../gateway/codec/open-dice-cwt.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { makeDiceDevice, makeKeys, makeVendor, type Vendor } from '../vectors/pki.ts';
import { result, spec, verifier } from './world.ts';

/** Edits of vectors decode or throw DecodeError, and never affirm. fast-check prints its seed when one does not. */
let acme: Vendor;
let chain: readonly Uint8Array[];
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme Sensors' });
  chain = (await makeDiceDevice(acme, { ...spec, more: [{ layer: 2, flags: [] }] })).chain;
  // Else nothing below would show anything.
  expect(result(verifier([acme])(chain)).status).toBe('affirming');
});
const leafOf = (): Uint8Array => chain[0] ?? new Uint8Array();
const issuerOf = (): Uint8Array => chain[1] ?? new Uint8Array();

/** One edit: change, insert or delete up to 4 bytes somewhere. */
const edit = fc.record({
  at: fc.nat(),
  remove: fc.integer({ min: 0, max: 4 }),
  insert: fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc.constantFrom(Uint8Array.of(0x30, 0x80), Uint8Array.of(0x84, 0xff, 0xff, 0xff, 0xff), Uint8Array.of(0x1f)),
  ),
});
type Edit = { readonly at: number; readonly remove: number; readonly insert: Uint8Array };
const apply = (bytes: Uint8Array, edits: readonly Edit[]): Uint8Array =>
  edits.reduce((out, { at, remove, insert }) => {
    const i = at % (out.length + 1);
    return Uint8Array.of(...out.subarray(0, i), ...insert, ...out.subarray(i + remove));
  }, bytes);
const edits = fc.array(edit, { minLength: 1, maxLength: 3 });

const onlyDecodeErrors = (read: () => unknown): void => {
  try {
    read();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
};

describe('hostile chains', () => {
  it('cut off at any byte are refused, leaf or issuer, and never affirm', () => {
    const judge = verifier([acme]);
    for (const [i, certificate] of chain.entries())
      for (let n = 0; n < certificate.length; n++) {
        const cut = chain.map((c, j) => (i === j ? c.subarray(0, n) : c));
        expect(() => decodeCertificate(certificate.subarray(0, n))).toThrow(DecodeError);
        const outcome = judge(cut);
        if (outcome.kind === 'appraised') expect(outcome.result.status).toBe('contraindicated');
        else expect(outcome.kind).toBe('no-evidence');
      }
  });

  it('with any single bit changed never affirm', () => {
    const judge = verifier([acme]);
    for (const [i, certificate] of chain.entries())
      for (let bit = 0; bit < certificate.length * 8; bit += 3) {
        const changed = new Uint8Array(certificate);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const outcome = judge(chain.map((c, j) => (i === j ? changed : c)));
        expect(outcome.kind === 'appraised' ? outcome.result.status : outcome.kind).not.toBe('affirming');
      }
  });

  it('edited anywhere are contraindicated or no Evidence, and nothing else is thrown', () => {
    const judge = verifier([acme]);
    fc.assert(
      fc.property(edits, edits, fc.boolean(), (a, b, both) => {
        const sent = [apply(leafOf(), a), both ? apply(issuerOf(), b) : issuerOf()];
        if (Buffer.concat(sent).equals(Buffer.concat(chain))) return;
        const outcome = judge(sent);
        expect(outcome.kind === 'appraised' ? outcome.result.status : outcome.kind).not.toBe('affirming');
      }),
      { numRuns: 4000, interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true },
    );
  });

  it('of 10 certificates of the largest size are judged or refused within their caps', () => {
    const big = new Uint8Array(65_536).fill(0x30);
    expect(verifier([acme])([leafOf(), big]).kind).toBe('appraised');
    expect(result(verifier([acme])(Array.from({ length: 11 }, leafOf))).reason).toBe('EVIDENCE_MALFORMED');
  });

  it('with DICE content whose public key is no point of its curve are refused by name', async () => {
    const bad = new Uint8Array(issuerOf());
    const { spki } = decodeCertificate(bad);
    const end = Buffer.from(bad).indexOf(Buffer.from(spki)) + spki.length - 1;
    bad[end] = (bad[end] ?? 0) ^ 1;
    expect(['SIGNATURE_INVALID', 'ALGORITHM_REFUSED']).toContain(result(verifier([acme])([leafOf(), bad])).reason);
  });
});

const shared = join(import.meta.dirname, '../../../shared/vectors');
const folders = ['dice-tcg/caliptra', 'dice-tcg/cerberus', 'veraison-dice-tcg', 'open-dice/known-values']
  .map(f => join(shared, f))
  .filter(f => existsSync(f));
if (folders.length === 0) process.stderr.write('skip: ../shared/vectors is absent\n');
const readers = [
  decodeCertificate,
  decodeTcbInfo,
  decodeMultiTcbInfo,
  decodeMultiTcbInfoComp,
  decodeUeid,
  decodeTcbFreshness,
  decodeOpenDiceInput,
  decodeCborCertificate,
];
describe.skipIf(folders.length === 0)('edits of vectors of others', () => {
  it('decode or throw DecodeError, within a time limit', () => {
    const files = folders.flatMap(f => readdirSync(f).map(name => new Uint8Array(readFileSync(join(f, name)))));
    for (const bytes of files)
      for (let n = 0; n < bytes.length; n += bytes.length > 2000 ? 7 : 1)
        for (const read of readers) expect(() => read(bytes.subarray(0, n)), `${n} bytes`).toThrow(DecodeError);
    fc.assert(
      fc.property(fc.constantFrom(...files), edits, (bytes, how) => {
        const changed = apply(bytes.subarray(0, 4096), how);
        for (const read of readers) onlyDecodeErrors(() => read(changed));
      }),
      { numRuns: 3000, interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true },
    );
  });
});

describe('the key cache', () => {
  it('stays at its cap when flooded with issuers, and keeps the one in use', async () => {
    const cache = new KeyCache(8);
    const spki = async () => new Uint8Array(KeyObject.from((await makeKeys()).publicKey).export({ type: 'spki', format: 'der' }));
    const first = await spki();
    const kept = cache.get(first);
    for (let i = 0; i < 100; i++) {
      cache.get(await spki());
      expect(cache.get(first)).toBe(kept);
      expect(cache.size).toBeLessThanOrEqual(8);
    }
  });
});
