import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkAkAttributes, checkQuoteSignature, nameOf, publicKeyOf } from '../../../gateway/attestation/tpm/keys.ts';
import { checkBootLog, replay } from '../../../gateway/attestation/tpm/boot-log.ts';
import { checkPcrs, checkSelection } from '../../../gateway/attestation/tpm/pcrs.ts';
import { EvidenceError } from '../../../gateway/attestation/evidence-error.ts';
import { decodeImaAscii } from '../../../gateway/codec/ima-log.ts';
import { DecodeError, Reader } from '../../../gateway/codec/reader.ts';
import { decodeEventLog, type TcgEventLog } from '../../../gateway/codec/tcg-event-log.ts';
import { decodeTpmPublic } from '../../../gateway/codec/tpm-public.ts';
import { decodeAttest, decodeTpmSignature } from '../../../gateway/codec/tpm.ts';
import { decodePcrBlob, type PcrValues } from '../../../gateway/codec/tpm-pcr-blob.ts';
import { tpmHash } from '../../../gateway/codec/tpm-algorithms.ts';
import { decodeCertificate } from '../../../gateway/codec/x509.ts';
import { sameBytes } from '../../../gateway/codec/bytes.ts';
import { note } from '../verdicts.ts';
import { bytesOf, hasVectors, rowsOf, textOf } from '../manifest.ts';
import { aikPurpose } from './world.ts';

/** Quotes, logs and keys of other projects: each file gets the verdict that the manifest expects, or stands below with the clause that says why not. */
type Verdict = 'accept' | 'reject' | 'not Evidence of ours';
type Judged = { readonly verdict: Verdict; readonly taken: string };

const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const accept = (taken: string): Judged => ({ verdict: 'accept', taken });

/** Steps of a quote that need no chain: which is all that these files have. Throws as the scheme does. */
function checkQuote(key: KeyObject, quote: Uint8Array, signature: Uint8Array, pcrs: PcrValues, nonce: Uint8Array, log?: TcgEventLog) {
  const attest = decodeAttest(quote);
  if (attest.kind !== 'quote') throw new EvidenceError('QUOTE_INVALID', 'readable', attest.kind);
  const by = decodeTpmSignature(signature);
  checkQuoteSignature(quote, by, key, undefined);
  if (!sameBytes(attest.extraData, nonce)) throw new EvidenceError('NONCE_MISMATCH', 'fresh', 'another nonce');
  checkSelection(attest.banks, []);
  const quoted = checkPcrs(attest.banks, pcrs, attest.pcrDigest, by.hash);
  const all = new Set(quoted.flatMap(b => [...b.values.keys()]));
  if (log !== undefined) checkBootLog(log, quoted, all, new Set());
  return attest;
}

/** Just enough of protobuf (wire types 0 and 2). */
function protobuf(bytes: Uint8Array): readonly { readonly field: number; readonly value: bigint; readonly bytes: Uint8Array }[] {
  const r = new Reader(bytes, 'protobuf');
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = r.u8();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const found = [];
  while (r.left > 0) {
    const tag = Number(varint());
    const value = varint();
    found.push({ field: tag >> 3, value, bytes: (tag & 7) === 2 ? r.take(Number(value)) : new Uint8Array() });
  }
  return found;
}

/** A cloud's attestation: TPMT_PUBLIC of the AK, a quote a bank, and the boot log. */
function cloud(file: string, nonce: Uint8Array): Judged {
  const parts = protobuf(bytesOf(file));
  const area = parts.find(p => p.field === 1)?.bytes ?? new Uint8Array();
  const akPublic = decodeTpmPublic(Uint8Array.of(area.length >> 8, area.length, ...area));
  const log = decodeEventLog(parts.find(p => p.field === 3)?.bytes ?? new Uint8Array());
  const outcomes = parts
    .filter(p => p.field === 2)
    .map(({ bytes }) => {
      const fields = protobuf(bytes);
      const at = (n: number): Uint8Array => fields.find(p => p.field === n)?.bytes ?? new Uint8Array();
      const bank = protobuf(at(3));
      const hash = tpmHash(Number(bank.find(p => p.field === 1)?.value ?? 0n))?.name ?? '';
      const values = bank
        .filter(p => p.field === 2)
        .map(p => {
          const entry = protobuf(p.bytes);
          return [Number(entry.find(e => e.field === 1)?.value ?? 0n), entry.find(e => e.field === 2)?.bytes ?? new Uint8Array()] as const;
        });
      const sorted = new Map(values.toSorted(([a], [b]) => a - b));
      return `${hash} ${reasonOf(() => checkQuote(publicKeyOf(akPublic), at(1), at(2), new Map([[hash, sorted]]), nonce, log))}`;
    });
  const good = outcomes.some(o => o === 'sha256 accept');
  return { verdict: good ? 'accept' : 'reject', taken: `by bank: ${outcomes.join(', ')}; log replayed` };
}

const reasonOf = (check: () => unknown): string => {
  try {
    check();
    return 'accept';
  } catch (error) {
    if (error instanceof EvidenceError) return error.code;
    throw error;
  }
};

const eventLogOf = (bytes: Uint8Array): Judged => {
  const log = decodeEventLog(bytes);
  const led = log.hashes.map(hash => `${hash.name}: ${replay(log, hash).size} PCRs`);
  return accept(`${log.events.length} events, ${led.join(', ')}`);
};
const keylimeFiles = 'tpm/keylime/files/';
const notOurs = (why: string): Judged => ({ verdict: 'not Evidence of ours', taken: why });

/** How each file is judged, by the first pattern that fits. */
const judges: readonly (readonly [RegExp, (file: string) => Judged])[] = [
  [/go-tpm-tools\/gce.*nonce9009/, file => cloud(file, Uint8Array.of(0x90, 0x09))],
  [/go-tpm-tools\/gce.*no-nonce/, file => cloud(file, new Uint8Array())],
  [
    /go-tpm-tools\/certs\//,
    file => {
      const { extendedKeyUsage } = decodeCertificate(base64(/BEGIN CERTIFICATE-----([^-]+)/.exec(textOf(file))?.[1] ?? ''));
      const purpose = extendedKeyUsage.join(', ') || 'none';
      return accept(
        `decoded; its CA is not in the set, so no path. Purpose ${purpose}: ${extendedKeyUsage.includes(aikPurpose) ? 'an' : 'no'} attestation key to the scheme`,
      );
    },
  ],
  [/\.(ya?ml|warn)$/, () => notOurs('what another tool prints of the file beside it')],
  [/eventlogs\/|tpm2-tools\/.*\.bin$|binary_bios_measurements|uefi_log/, file => eventLogOf(bytesOf(file))],
  [/mb_log\.b64$/, file => eventLogOf(base64(textOf(file)))],
  [/ima-log-|ima_log\.txt$/, file => accept(`${decodeImaAscii(textOf(file)).length} entries`)],
  [
    /checkquote/,
    file => {
      const field = (name: string): string => new RegExp(`"${name}": "([^"]+)"`).exec(textOf(file))?.[1] ?? '';
      const key = createPublicKey(Buffer.from(field('aikblob'), 'base64'));
      const blobs = [base64(field('quoteblob')), base64(field('sigblob'))] as const;
      checkQuote(key, ...blobs, decodePcrBlob(base64(field('pcrblob'))), new TextEncoder().encode(field('nonce')));
      return accept('signature, nonce, PCR digest; the scheme wants a nonce of 32 bytes and a vouched-for key');
    },
  ],
  [
    /files\/quote(sig|pcr)?\.out/,
    () => {
      const part = (name: string): Uint8Array => bytesOf(`${keylimeFiles}${name}`);
      const key = createPublicKey(textOf(`${keylimeFiles}akpub.pem`));
      const { banks } = checkQuote(key, part('quote.out'), part('quotesig.out'), decodePcrBlob(part('quotepcr.out')), part('rand.out'));
      expect(banks.flatMap(b => b.pcrs)).toEqual([15, 16, 22]);
      return accept('with akpub.pem and the nonce of rand.out');
    },
  ],
  [
    /files\/ak\.(pub|name)/,
    () => {
      const ak = decodeTpmPublic(bytesOf(`${keylimeFiles}ak.pub`));
      if (!sameBytes(nameOf(ak), bytesOf(`${keylimeFiles}ak.name`))) throw new EvidenceError('IDENTITY_MISMATCH', 'chain', 'another name');
      return accept('the name of ak.pub is ak.name');
    },
  ],
  [/files\/ek\.pub/, file => accept(`endorsement key, ${decodeTpmPublic(bytesOf(file)).key.kind}`)],
  [
    /test-quote\.txt/,
    file => {
      const [quote = '', signature = '', pcrs = ''] = textOf(file).trim().slice(1).split(':');
      const attest = decodeAttest(base64(quote));
      if (attest.kind !== 'quote') throw new EvidenceError('QUOTE_INVALID', 'readable', attest.kind);
      const by = decodeTpmSignature(base64(signature));
      checkPcrs(attest.banks, decodePcrBlob(base64(pcrs)), attest.pcrDigest, by.hash);
      checkSelection(attest.banks, []);
      return accept('PCR digest; the set has no key for it');
    },
  ],
  [
    /cacert\.crt|iak_idevid_chain\.pem/,
    file => {
      const all = [...textOf(file).matchAll(/BEGIN CERTIFICATE-----([^-]+)/g)].map(m => decodeCertificate(base64(m[1] ?? '')));
      return accept(`${all.length} certificates decoded`);
    },
  ],
  [/platform-certs/, () => notOurs('platform attribute certificates: no scheme takes them')],
  [/policy|allowlist/, () => notOurs("Keylime's policy files: reference values have other forms here")],
  [/rust-keylime\/.*\.json/, () => notOurs("messages of Keylime's push protocol with placeholders")],
  [/keylime\/files\/|akpub/, () => notOurs('a key or secret that belongs to the other files')],
];

/** Where we are stricter than the manifest, and the clause. */
const deviations: { readonly [file: string]: string } = {
  'tpm/tpm2-tools/specid-vendordata.bin':
    'its eventSize leaves out the vendorInfo that stands after it (Firmware Profile §10.2.1: eventSize is the length of the event)',
  'tpm/rust-keylime/test-quote.txt': 'PCRs of SHA-1 only (issue: bank sha256+, refuse sha1-only)',
};

const judge = (file: string): Judged => {
  const [, how] = judges.find(([pattern]) => pattern.test(file)) ?? [];
  if (how === undefined) throw new Error(`no judge for ${file}`);
  try {
    return how(file);
  } catch (error) {
    if (!(error instanceof DecodeError || error instanceof EvidenceError)) throw error;
    return { verdict: 'reject', taken: `${error instanceof EvidenceError ? `${error.code}: ` : ''}${error.message}` };
  }
};

describe.skipIf(!hasVectors)('vectors of others', () => {
  const rows = rowsOf(/^tpm\//);

  it('get the verdict of the manifest, but for the deviations that are listed', () => {
    const table = new Map<string, Map<string, number>>();
    const details: string[] = [];
    let deviated = 0;
    for (const { file, expected: wanted } of rows) {
      const { verdict, taken } = judge(file);
      // Prose that tells how to accept is an accept.
      const expected = wanted.startsWith('reject') ? 'reject' : 'accept';
      const same = verdict === expected;
      const set = file.split('/').slice(0, 2).join('/');
      const what = verdict === 'not Evidence of ours' ? verdict : same ? `${expected} as expected` : `${verdict}, expected ${expected}`;
      const outcome = verdict === 'not Evidence of ours' ? 'not judged' : same ? 'as expected' : 'deviates';
      note(file, outcome, verdict, same || verdict === 'not Evidence of ours' ? taken : `${deviations[file]}; ${taken}`);
      const counts = table.get(set) ?? new Map<string, number>();
      counts.set(what, (counts.get(what) ?? 0) + 1);
      table.set(set, counts);
      details.push(
        `${file} | ${wanted.slice(0, 60)} | ${verdict} | ${taken.slice(0, 140)}${deviations[file] === undefined ? '' : ` | deviation: ${deviations[file]}`}`,
      );
      if (verdict === 'not Evidence of ours' || same) continue;
      expect(Object.keys(deviations), `${file}: ${taken}`).toContain(file);
      // Only ever stricter: nothing that must be refused is accepted.
      expect(verdict).toBe('reject');
      deviated++;
    }
    const lines = [...table].map(([set, counts]) => `${set}: ${[...counts].map(([what, n]) => `${n} ${what}`).join(', ')}`);
    process.stderr.write(`${[...lines, '', ...details.filter(d => !d.includes('not Evidence of ours'))].join('\n')}\n`);
    expect(deviated).toBe(Object.keys(deviations).length);
    expect(rows.length).toBeGreaterThan(90);
  });

  it('flipped in any byte, a quote with a known key is refused', () => {
    const text = textOf('tpm/keylime/checkquote/vector.json');
    const field = (name: string): Uint8Array => base64(new RegExp(`"${name}": "([^"]+)"`).exec(text)?.[1] ?? '');
    const key = createPublicKey(Buffer.from(field('aikblob')));
    const nonce = new TextEncoder().encode('Ai5M5SjYjnkyv4P7itH1');
    const pcrs = decodePcrBlob(field('pcrblob'));
    const refused = (quote: Uint8Array, signature: Uint8Array): boolean => {
      try {
        checkQuote(key, quote, signature, pcrs, nonce);
        return false;
      } catch (error) {
        return error instanceof DecodeError || error instanceof EvidenceError;
      }
    };
    const flip = (bytes: Uint8Array, i: number): Uint8Array => bytes.map((byte, at) => (at === i ? byte ^ 0x10 : byte));
    for (const i of field('quoteblob').keys()) expect(refused(flip(field('quoteblob'), i), field('sigblob')), `quote byte ${i}`).toBe(true);
    for (const i of field('sigblob').keys())
      expect(refused(field('quoteblob'), flip(field('sigblob'), i)), `signature byte ${i}`).toBe(true);
    expect(refused(field('quoteblob'), field('sigblob'))).toBe(false);
  });

  it("a log leads to the PCRs that tpm2-tools' print of it names", () => {
    const log = decodeEventLog(bytesOf('tpm/tpm2-tools/event.bin'));
    const printed = textOf('tpm/tpm2-tools/event.bin.yaml').split('\npcrs:')[1] ?? '';
    for (const hash of log.hashes) {
      const value = new RegExp(`${hash.name}:\\s+0\\s*: 0x([0-9a-f]+)`).exec(printed)?.[1];
      expect(Buffer.from(replay(log, hash).get(0) ?? []).toString('hex')).toBe(value);
    }
  });

  it('the digests of a long log are those that another decoder found', () => {
    const log = decodeEventLog(bytesOf('tpm/tpm2-tools/event-moklisttrusted.bin'));
    const printed = [...textOf('tpm/tpm2-tools/event-moklisttrusted-hex.yaml').matchAll(/digest: ([0-9a-f]{64})/g)].map(m => m[1]);
    const ours = log.events.map(e => Buffer.from(e.digests.get('sha256') ?? []).toString('hex'));
    expect(printed.length).toBeGreaterThan(50);
    expect(printed.filter(d => !ours.includes(d ?? ''))).toEqual([]);
  });

  it('lists of files whose template hashes others wrote are rebuilt to the same hashes', () => {
    const names = ['keylime/create-runtime-policy/ima-log-sha1', 'keylime/create-runtime-policy/ima-log-sha256'];
    const more = [
      'keylime/create-runtime-policy/ima-log-sha384',
      'keylime/create-runtime-policy/ima-log-sha512',
      'rust-keylime/ima_log.txt',
    ];
    const entries = [...names, ...more].flatMap(name => decodeImaAscii(textOf(`tpm/${name}`))).filter(e => !e.isViolation);
    expect(entries.length).toBeGreaterThan(5);
    for (const { data, templateHash } of entries)
      expect(createHash('sha1').update(data).digest('hex')).toBe(Buffer.from(templateHash).toString('hex'));
  });

  it("Veraison's two TPM tokens have signatures that verify, and a magic and a type that are read right", () => {
    const token = bytesOf('veraison-services/tpm-enacttrust/evidence/basic.token');
    const r = new Reader(token.subarray(16), 'token');
    const quote = r.take(r.u16());
    const attest = decodeAttest(quote);
    const by = createPublicKey(textOf('veraison-services/tpm-enacttrust/keys/basic.pem.pub'));
    checkQuoteSignature(quote, decodeTpmSignature(r.take(72)), by, undefined);
    const digest = /"digest": "([^"]+)"/.exec(textOf('veraison-services/tpm-enacttrust/evidence/basic.json'))?.[1] ?? '';
    expect(attest).toMatchObject({ kind: 'quote', pcrDigest: base64(digest), extraData: new Uint8Array() });
    expect(attest.kind === 'quote' ? attest.banks.map(b => [b.hash.name, ...b.pcrs]) : []).toEqual([['sha256', 1, 2, 3, 4]]);

    const parts = [...textOf('veraison-services/parsec-tpm/evidence/src/evidence.diag').matchAll(/"(\w+)": h'([0-9A-F]+)'/g)];
    const field = (name: string, nth: number): Uint8Array =>
      new Uint8Array(Buffer.from(parts.filter(([, n]) => n === name)[nth]?.[2] ?? '', 'hex'));
    const area = field('pubArea', 0);
    const key = decodeTpmPublic(Uint8Array.of(area.length >> 8, area.length, ...area));
    checkAkAttributesOf(key);
    const pem =
      textOf('veraison-services/parsec-tpm/corim/src/comid-parsec-tpm-ta.json').match(
        /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/,
      )?.[0] ?? '';
    const ak = createPublicKey(pem.replaceAll(String.raw`\n`, '\n'));
    for (const [what, nth] of [
      ['certInfo', 0],
      ['attestInfo', 1],
    ] as const)
      checkQuoteSignature(field(what, 0), decodeTpmSignature(field('sig', nth)), ak, undefined);
    expect(decodeAttest(field('attestInfo', 0)).kind).toBe('quote');
    expect(decodeAttest(field('certInfo', 0))).toEqual({ kind: 'other', type: 0x8017 });
    const why =
      'its signature, magic and type; not its frame, which no scheme takes; its key is no attestation key of a TPM, or has no certificate';
    note('veraison-services/tpm-enacttrust/evidence/basic.token', 'deviates', 'signature good, no Evidence of a scheme', why);
    note('veraison-services/parsec-tpm/evidence/src/evidence.diag', 'deviates', 'signatures good, PROFILE_VIOLATED', why);
  });
});

/** A key that signs for Parsec is no attestation key: it is not restricted, so a quote by it could be made up. */
const checkAkAttributesOf = (key: ReturnType<typeof decodeTpmPublic>): void =>
  expect(reasonOf(() => checkAkAttributes(key))).toBe('PROFILE_VIOLATED');
