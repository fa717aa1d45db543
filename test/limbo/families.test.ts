import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import './families/structure.ts';
import './families/names.ts';
import './families/policies-crls.ts';
import { found } from './families/world.ts';
import { opinionOfOpenssl } from './second-opinion.ts';
import { validate } from './validator.ts';

/**
 * Every family of path validation suites, with cases of our own: what RFC 5280 says of each, and OpenSSL's word on each that we accept. What it refuses and we
 * accept stands here with the reason.
 */
const refusedByOpenssl: readonly (readonly [RegExp, string])[] = [
  [/^der::serial not minimal$/, 'old devices have such serials; they are compared by value, so that a CRL finds them'],
  [/^der::issuer empty$/, '§4.1.2.4, §4.1.2.6 are rules for issuers; told as a finding'],
  [/::last second$/, '§4.1.2.5: the dates are inclusive; OpenSSL ends a second early'],
  [/^ca::no keyUsage$/, '§4.2.1.3 is a rule for issuers; §6.1.4 n asks only where there is one; told as a finding'],
  [/^pathlen::without cA$/, '§4.2.1.9: it says nothing of who issues nothing'],
  [/^pathlen::a self-issued leaf$/, '§6.1.4 l; OpenSSL takes it for self-signed'],
  [/^critical::(AKI|SKI)$/, '§4.2.1.1, §4.2.1.2 are rules for issuers: we know the extension; told as a finding'],
  [/^eku::CA for any$/, '§4.2.1.12: anyExtendedKeyUsage'],
  [/^nc::directory as VisibleString, permitted$/, 'no choice of DirectoryString; read so that none leaves an excluded subtree by it'],
  [/^nc::the common name alone, permitted$/, '§4.2.1.10: DNS constraints are about dNSName; OpenSSL takes the common name for one'],
  [/^nc::mailbox in the subject, inside$/, 'a UTF8String instead of the IA5String that §4.1.2.6 asks for; the text is the same'],
  [/^build::(cross-certified|a constrained copy first)$/, 'OpenSSL follows the first issuer that fits and does not come back'],
];

const folder = mkdtempSync(join(tmpdir(), `sallyport-families-${process.pid}-`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const there = spawnSync('openssl', ['version']).status === 0;
if (!there) process.stderr.write('skip: openssl is absent\n');

describe('of each family of path validation', () => {
  const families = Object.entries(Object.groupBy(found, c => c.id.slice(0, c.id.indexOf('::'))));
  for (const [family, cases = []] of families)
    it(`${family}: ${cases.length} cases are judged as RFC 5280 has it`, async () => {
      for (const { id, wanted, input } of cases) {
        const { ok, reason } = await validate(input);
        expect([id, ok], reason ?? '').toEqual([id, wanted]);
      }
    });

  it.skipIf(!there)(
    'OpenSSL refuses nothing that we accept, but for what is listed with its reason',
    () => {
      const others = found.filter(c => c.wanted && !opinionOfOpenssl(c.input, folder).ok).map(c => c.id);
      expect(others.filter(id => !refusedByOpenssl.some(([pattern]) => pattern.test(id)))).toEqual([]);
      for (const [pattern] of refusedByOpenssl)
        expect(
          others.some(id => pattern.test(id)),
          `${pattern} is listed for nothing`,
        ).toBe(true);
    },
    480_000,
  );
});
