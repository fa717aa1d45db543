import { sign } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as pki from '../vectors/path-pki.ts';
import { entry, raw, rawCrl } from '../vectors/raw-certificate.ts';
import { sequence, tlv } from '../vectors/der-encode.ts';
import { dice, type Dice, edited, tree, write } from '../vectors/tlv-edits.ts';
import { A, bc, input, int, L, n, odd, R, root, san, yes } from './families/world.ts';
import { opinionOfOpenssl } from './second-opinion.ts';
import { validate } from './validator.ts';

/**
 * Structural edits of certificates and CRLs that are signed anew after each: so it is the rules that meet them and not the signature. One chain is good and uses
 * every extension; the others break one rule each.
 */
const edits = Number(process.env['EDITS'] ?? 1500);
const seed = Number(process.env['SEED'] ?? 20_261);

const point = tlv(0xa0, tlv(0xa0, n.uri('http://a.example.com/1')));
const names = san(n.dns('www.example.com'), n.ip(10, 1, 1, 1), n.email('ann@example.com'), n.uri('https://a.example.com/x'));
const told = [pki.policies('1.2.3.6'), pki.extension('2.5.29.31', false, sequence(sequence(point)))];
const permitted = [
  n.dns('example.com'),
  n.directory('CN=L'),
  n.ip(10, 0, 0, 0, 255, 0, 0, 0),
  n.email('example.com'),
  n.uri('.example.com'),
];
const excluded = [n.dns('bad.example.com'), n.directory('CN=L/OU=x')];
const caRules = [
  pki.nameConstraints(permitted, excluded),
  pki.policies('1.2.3.4', '1.2.3.5'),
  pki.policyConstraints(1, 1),
  pki.mappings(['1.2.3.4', '1.2.3.6']),
  pki.inhibitAny(3),
  bc(yes, int(0)),
];
const scope = pki.extension('2.5.29.28', true, sequence(point, tlv(0x81, Uint8Array.of(0xff)), tlv(0x84, Uint8Array.of(0xff))));
const other = pki.extension('2.5.29.29', true, sequence(n.directory('CN=Z')));
const good = {
  leaf: raw('leaf', L, A, { with: [names, ...told] }),
  ca: raw('ca', A, R, { with: caRules }),
  crlOfRoot: rawCrl(R),
  crl: rawCrl(A, {
    extensions: [pki.crlNumber(7), pki.issuerKeyId('id-A'), scope],
    entries: [entry(int(5), pki.reasonCode(1)), entry(int(6), other)],
  }),
};
type Parts = typeof good;
const wrong: readonly Partial<Parts>[] = [
  { leaf: raw('leaf', L, A, { with: [san(n.dns('www.example.com'), n.dns('x.bad.example.com')), ...told] }) },
  { leaf: raw('leaf', L, A, { with: [names, ...told.slice(1), pki.policies('1.2.3.9')] }) },
  { leaf: raw('leaf', L, A, { with: [names, ...told, odd(true)] }) },
  { leaf: raw('leaf', L, A, { with: [names, ...told], serial: int(5) }) },
];
const policy = { requireExplicit: true, inhibitMapping: false, inhibitAny: false, initialSet: ['1.2.3.4'] };
const judged = ({ leaf, ca, crl, crlOfRoot }: Parts): ReturnType<typeof input> =>
  input({ leaf, with: [ca], roots: [root()], crls: [crlOfRoot, crl], policy });

/** The same with one or two edits of what is signed, and a new signature. */
function again(der: Uint8Array, keys: pki.Keys, roll: Dice): { readonly der: Uint8Array; readonly what: string } {
  const [tbs, algorithm] = tree(der).children ?? [];
  if (tbs === undefined || algorithm === undefined) throw new Error('no certificate');
  const one = edited(tbs, roll);
  const two = roll() < 0.4 ? edited(one.tree, roll) : undefined;
  const bytes = write((two ?? one).tree);
  const signature = tlv(3, Uint8Array.of(0), new Uint8Array(sign('sha256', bytes, keys.privateKey)));
  return { der: sequence(bytes, write(algorithm), signature), what: two === undefined ? one.what : `${one.what}, ${two.what}` };
}

/** Why OpenSSL refuses what we accept, by its own words. */
const stricter: readonly (readonly [RegExp, string])[] = [
  [/error 44 |error 3 /, 'it finds CRLs by key identifier; to us that is a hint, and the signature decides (§5.2.1)'],
  [/error 20 |ossl_x509v3_cache_extensions/, 'the same of certificates (§4.2.1.1), and identifiers or excluded names that are none'],
  [/error (83|84|85|86|88|89|90|91|92|93|94) /, 'rules for issuers (§4), told as findings'],
  [/error 42 /, 'a policy that stands twice (§4.2.1.4) is one policy'],
  [/error 47 |error 53 /, 'an empty mailbox or URI constraint permits all, as in NSS and Go; it is defined nowhere'],
  [
    /ossl_store_handle_load_result|unable to load/,
    'a serial number that is not minimal, or a text in a type of string that has no place there',
  ],
];

const folder = mkdtempSync(join(tmpdir(), `sallyport-edits-${process.pid}-`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const there = spawnSync('openssl', ['version']).status === 0;
if (!there) process.stderr.write('skip: openssl is absent\n');

describe('certificates and CRLs edited in their structure and signed again', () => {
  it('are good or wrong to begin with', async () => {
    expect(await validate(judged(good))).toEqual({ ok: true, reason: '' });
    for (const one of wrong) expect((await validate(judged({ ...good, ...one }))).ok).toBe(false);
  });

  it.skipIf(!there)(
    `throw nothing else, and are not accepted where OpenSSL refuses but for reasons that are listed (seed ${seed}, ${edits} edits)`,
    async () => {
      const roll = dice(seed);
      const unlisted: string[] = [];
      let accepted = 0;
      for (let i = 0; i < edits; i++) {
        const isWrong = roll() < 0.5;
        const base: Parts = isWrong ? { ...good, ...wrong[Math.floor(roll() * wrong.length)] } : good;
        const part = (['leaf', 'ca', 'crl', 'crlOfRoot'] as const)[Math.floor(roll() * 4)] ?? 'leaf';
        const { der, what } = again(base[part], part === 'leaf' || part === 'crl' ? A.keys : R.keys, roll);
        const given = judged({ ...base, [part]: der });
        // Whatever is no EvidenceError and no DecodeError is thrown here.
        if (!(await validate(given)).ok) continue;
        accepted++;
        const { ok, why } = opinionOfOpenssl(given, folder);
        if (!ok && (isWrong || !stricter.some(([pattern]) => pattern.test(why))))
          unlisted.push(`${isWrong ? 'wrong ' : ''}${part}: ${what}: ${why}`);
      }
      expect(unlisted).toEqual([]);
      expect(accepted).toBeGreaterThan(edits / 40);
    },
    480_000,
  );
});
