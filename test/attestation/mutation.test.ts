import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import type { ChallengeOutcome } from '../../gateway/model/attestation.ts';
import { schemes } from '../../gateway/attestation/schemes/index.ts';
import { mutations } from '../vectors/mutations.ts';
import { makeVendor } from '../vectors/pki.ts';
import { base64url, makeSign1 } from '../vectors/tokens.ts';
import { judge as judgeToken, psaClaims, verdict } from './token-world.ts';
import { spec, verifier } from './world.ts';

/** Flips of one bit: of good Evidence none may affirm, of bad Evidence none may be better. Each scheme has its own test; what was missing is here. */
const where: { readonly [scheme: string]: readonly string[] } = {
  'tls-x509': ['hostile.test.ts', 'dice.test.ts', 'mutation.test.ts'],
  'open-dice': ['open-dice.test.ts'],
  eat: ['eat.test.ts'],
  ear: ['ear-scheme.test.ts'],
  psa: ['psa.test.ts'],
  matter: ['matter-mutation.test.ts'],
  'tpm-quote': ['tpm/mutation.test.ts'],
  spdm: ['spdm-mutation.test.ts'],
  'opc-ua': ['opc-ua.test.ts'],
  cmw: ['cmw.test.ts', 'mutation.test.ts'],
};

it('every scheme has tests of mutation', () => {
  expect(Object.keys(where).toSorted()).toEqual(schemes.map(({ name }) => name).toSorted());
  for (const file of Object.values(where).flat()) {
    const path = join(import.meta.dirname, file);
    expect(existsSync(path) && /flip|mutation|bit changed/i.test(readFileSync(path, 'utf8')), file).toBe(true);
  }
});

describe('a chain that is wrong', () => {
  /** From good to bad. No Evidence is what anybody can show who has none; it proves nothing and admits nobody. */
  const standing = (outcome: ChallengeOutcome): string => (outcome.kind === 'appraised' ? outcome.result.status : outcome.kind);
  it.each(mutations.map(({ name }) => name))('%s: no flip of a bit makes it better', async name => {
    const mutation = mutations.find(m => m.name === name);
    const acme = await makeVendor({ name: 'Acme Sensors' });
    const chain = (await mutation?.make(acme, spec)) ?? [];
    const judge = verifier([acme]);
    const before = standing(judge(chain));
    expect(before).toBe('contraindicated');
    for (const [i, certificate] of chain.entries())
      for (let at = i; at < certificate.length; at += 23) {
        const changed = certificate.with(at, (certificate[at] ?? 0) ^ (1 << (at % 8)));
        expect(['contraindicated', 'no-evidence'], `certificate ${i} byte ${at}`).toContain(
          standing(judge(chain.map((c, j) => (j === i ? changed : c)))),
        );
      }
  });
});

describe('a good token in a wrapper', () => {
  const token = makeSign1(encode(psaClaims()));
  const type = 'application/psa-attestation-token';
  for (const [form, wrap] of [
    ['cbor', (inner: Uint8Array) => encode([type, inner])],
    ['json', (inner: Uint8Array) => Buffer.from(JSON.stringify([type, base64url(inner)]))],
  ] as const)
    it(`in ${form} is affirming, and with a bit flipped in any byte of it not`, () => {
      const judged = (inner: Uint8Array): string => verdict(judgeToken(wrap(inner), { mediaType: `application/cmw+${form}` }));
      expect(judged(token)).toBe('affirming');
      for (let at = 0; at < token.length; at += 1)
        for (const bit of [0, 3, 7]) expect(judged(token.with(at, (token[at] ?? 0) ^ (1 << bit))), `byte ${at}`).not.toBe('affirming');
    });
});
