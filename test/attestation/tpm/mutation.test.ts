import 'reflect-metadata';
import { KeyUsageFlags } from '@peculiar/x509';
import { createHash, createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AttestationStatus } from '../../../gateway/model/axes.ts';
import { decodeTpmPublic } from '../../../gateway/codec/tpm-public.ts';
import { decodeAttest, decodeTpmSignature } from '../../../gateway/codec/tpm.ts';
import { decodeEventLog } from '../../../gateway/codec/tcg-event-log.ts';
import { decodeImaAscii, decodeImaBinary } from '../../../gateway/codec/ima-log.ts';
import { nameText } from '../../../gateway/attestation/tpm/keys.ts';
import { decodeQuoteEvidence, maxQuoteBytes } from '../../../gateway/attestation/tpm/quote-json.ts';
import { DecodeError } from '../../../gateway/codec/reader.ts';
import { makeVendor, type Vendor } from '../../vectors/pki.ts';
import {
  akAttributes,
  attest,
  eventLog,
  imaAscii,
  imaBinary,
  type Message,
  message,
  pcr10,
  pcrsAfter,
  publicArea,
  signature,
  softKey,
} from '../../vectors/soft-tpm.ts';
import { boot, certify, good, nonce, quoteVerifier } from './world.ts';

const key = softKey();
let acme: Vendor;
let chain: readonly Uint8Array[];
let judge: ReturnType<typeof quoteVerifier>;
const files = [
  { path: 'boot_aggregate', content: 'b' },
  { path: '/usr/bin/plc', content: 'plc' },
];
const policy = { id: 'ab', files: new Map([['/usr/bin/plc', new Set([/(sha256:\w+) \/usr/.exec(imaAscii(files))?.[1] ?? ''])]]) };
const pcrs = { sha256: { ...pcrsAfter(boot), 10: pcr10(files) } };
let whole: Message;
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme Edge' });
  chain = [await certify(acme, key)];
  judge = quoteVerifier([acme]);
  whole = { ...good(key, chain, { pcrs }), imaLog: { from: 0, binary: imaBinary(files) } };
  // Else nothing below would show anything.
  expect(judge(whole, { quote: { ima: policy } }).status).toBe('affirming');
});
const statusOf = (m: Message | Uint8Array): AttestationStatus => judge(m, { quote: { ima: policy } }).status;

const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const changed = new Uint8Array(bytes);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
};
const bitsOf = (bytes: Uint8Array): readonly number[] => Array.from({ length: bytes.length * 8 }, (_, bit) => bit);

/** Bytes of a log that its digests protect: all but the header, and of each event all but its type and data. Types of events judged by them are protected too. */
function protectedLog(log: Uint8Array): readonly number[] {
  const view = new DataView(log.buffer, log.byteOffset, log.length);
  const found: number[] = [];
  let at = 32 + view.getUint32(28, true);
  while (at < log.length) {
    const judged = [4].includes(view.getUint32(at, true));
    const [digest, size] = [at + 12 + 2, at + 12 + 2 + 32];
    for (let i = at; i < at + 4; i++) found.push(i);
    if (judged) for (let i = at + 4; i < at + 8; i++) found.push(i);
    for (let i = digest; i < size; i++) found.push(i);
    at = size + 4 + view.getUint32(size, true);
  }
  return found.flatMap(i => [0, 1, 2, 3, 4, 5, 6, 7].map(bit => i * 8 + bit));
}

describe('any flip of a protected bit of a good quote loses affirming', () => {
  it('in the quote, and in its key', () => {
    for (const bit of bitsOf(whole.quote))
      expect(statusOf({ ...whole, quote: flipped(whole.quote, bit) }), `bit ${bit}`).toBe('contraindicated');
    const area = publicArea(key);
    // The public area is bound by its point and by what its attributes must be; certified keys have no name to compare (that is `activated`).
    const point = area.length - 68;
    for (const bit of bitsOf(area).filter(b => b >= point * 8))
      expect(statusOf({ ...whole, akPublic: flipped(area, bit) }), `bit ${bit}`).toBe('contraindicated');
  });

  it('in the public area of a key that was activated and not certified: its name covers all of it', async () => {
    const ek = softKey('rsassa');
    const ekChain = [await certify(acme, ek, { purpose: '2.23.133.8.1', usage: KeyUsageFlags.keyEncipherment })];
    const area = publicArea(key);
    const spki = createPublicKey(ek.privateKey).export({ type: 'spki', format: 'der' });
    const activations = [{ ak: nameText(decodeTpmPublic(area)), ek: createHash('sha256').update(spki).digest('hex') }];
    const { akChain: _, ...bare } = whole;
    const judged = (akPublic: Uint8Array, sent = ekChain) =>
      judge({ ...bare, akPublic, ekChain: sent }, { quote: { ima: policy, activations } }).status;
    expect(judged(area)).toBe('affirming');
    for (const bit of bitsOf(area)) expect(judged(flipped(area, bit)), `bit ${bit}`).toBe('contraindicated');
    const [leaf = new Uint8Array()] = ekChain;
    for (const bit of bitsOf(leaf).filter(b => b % 7 === 0))
      expect(judged(area, [flipped(leaf, bit)]), `bit ${bit}`).toBe('contraindicated');
  });

  it('in its signature', () => {
    const bits = bitsOf(whole.signature);
    for (const bit of bits) expect(statusOf({ ...whole, signature: flipped(whole.signature, bit) }), `bit ${bit}`).toBe('contraindicated');
  });

  it('in the certificate of its key', () => {
    const [leaf = new Uint8Array()] = chain;
    for (const bit of bitsOf(leaf).filter(b => b % 5 === 0))
      expect(statusOf({ ...whole, akChain: [flipped(leaf, bit)] }), `bit ${bit}`).toBe('contraindicated');
  });

  it('in the PCR values', () => {
    for (const [pcr, value] of Object.entries(pcrs.sha256))
      for (let bit = 0; bit < 256; bit += 3) {
        const changed = Buffer.from(flipped(Buffer.from(value, 'hex'), bit)).toString('hex');
        expect(statusOf({ ...whole, pcrs: { sha256: { ...pcrs.sha256, [pcr]: changed } } })).toBe('contraindicated');
      }
  });

  it('in the digests and PCRs of the boot log, and the types of events that are judged', () => {
    const log = eventLog(boot);
    const bits = protectedLog(log);
    expect(bits.length).toBeGreaterThan(2000);
    for (const bit of bits) expect(statusOf({ ...whole, eventLog: flipped(log, bit) }), `bit ${bit}`).toBe('contraindicated');
  });

  it('in the list of files', () => {
    const list = imaBinary(files);
    for (const bit of bitsOf(list))
      expect(statusOf({ ...whole, imaLog: { from: 0, binary: flipped(list, bit) } }), `bit ${bit}`).toBe('contraindicated');
  });
});

const rank = { none: 0, affirming: 1, warning: 2, contraindicated: 3 };

describe('no flip of a bad quote improves its verdict', () => {
  it.each<[string, () => Message]>([
    ['that answers another challenge', () => ({ ...whole, quote: attest({ nonce: new Uint8Array(32), pcrs }) })],
    ['that a key signed which is not restricted', () => ({ ...whole, akPublic: publicArea(key, akAttributes & ~(1 << 16)) })],
    ['that another key signed', () => ({ ...whole, signature: signature(softKey(), whole.quote) })],
    ['whose log has an event too few', () => ({ ...whole, eventLog: eventLog(boot.slice(1)) })],
  ])('%s', (_, make) => {
    const bad = make();
    const before = rank[statusOf(bad)];
    expect(before).toBe(3);
    const parts = ['quote', 'signature', 'akPublic', 'eventLog'] as const;
    for (const part of parts) {
      const bytes = bad[part] ?? new Uint8Array();
      for (const bit of bitsOf(bytes).filter(b => b % 3 === 0)) {
        // Taking back the one wrong bit of the attributes makes the quote good: that is no improvement of a bad one.
        const m = { ...bad, [part]: flipped(bytes, bit) };
        if (Buffer.from(m.akPublic ?? []).equals(publicArea(key)) && part === 'akPublic') continue;
        expect(rank[statusOf(m)], `${part} bit ${bit}`).toBeGreaterThanOrEqual(before);
      }
    }
  });
});

const onlyDecodeErrors = (read: () => unknown): void => {
  try {
    read();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
};

describe('hostile bytes', () => {
  const decoders: readonly [string, (b: Uint8Array) => unknown, () => Uint8Array][] = [
    ['TPMS_ATTEST', decodeAttest, () => attest({ nonce, pcrs })],
    ['TPMT_SIGNATURE', decodeTpmSignature, () => signature(key, nonce)],
    ['TPM2B_PUBLIC', decodeTpmPublic, () => publicArea(key)],
    ['event log', decodeEventLog, () => eventLog(boot)],
    ['IMA list', decodeImaBinary, () => imaBinary(files)],
    ['message', decodeQuoteEvidence, () => message(whole)],
  ];
  it.each(decoders)(
    '%s: every truncation throws but where an entry ends, and every edit decodes or throws DecodeError',
    (what, decode, make) => {
      const bytes = make();
      let decoded = 0;
      for (let n = 0; n < bytes.length; n += what === 'message' ? 17 : 1)
        try {
          decode(bytes.subarray(0, n));
          decoded++;
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      // A log may end after any of its entries, an IMA list before its first too: their PCRs tell what is missing.
      expect(decoded).toBe(what === 'event log' ? boot.length : what === 'IMA list' ? files.length : 0);
      fc.assert(
        fc.property(fc.nat(bytes.length), fc.nat(4), fc.uint8Array({ maxLength: 4 }), (at, remove, insert) =>
          onlyDecodeErrors(() => decode(Uint8Array.of(...bytes.subarray(0, at), ...insert, ...bytes.subarray(at + remove)))),
        ),
        { numRuns: 1000, interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true },
      );
    },
  );

  it('of any text as IMA list decode or throw DecodeError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => onlyDecodeErrors(() => decodeImaAscii(`${imaAscii(files)}${text}`))),
      { numRuns: 500 },
    );
  });

  it('over a cap are refused before they cost anything', () => {
    const started = process.cpuUsage().user;
    expect(() => decodeQuoteEvidence(new Uint8Array(maxQuoteBytes + 1))).toThrow(DecodeError);
    expect(() => decodeQuoteEvidence(new TextEncoder().encode('['.repeat(1_000_000)))).toThrow(DecodeError);
    expect(() => decodeEventLog(new Uint8Array(Buffer.concat([eventLog(boot), Buffer.alloc((1 << 20) - 2000)])))).toThrow(DecodeError);
    expect(() => decodeImaBinary(Buffer.concat(Array.from({ length: 50_001 }, () => imaBinary(files.slice(1)))))).toThrow(/entries|bytes/);
    expect(() => decodeImaAscii(imaAscii(files).repeat(30_000))).toThrow(/entries|characters/);
    expect(process.cpuUsage().user - started).toBeLessThan(10_000_000);
  });

  it.each<[string, (m: Map<string, unknown>) => unknown]>([
    ['an unknown field', m => m.set('extra', 1)],
    ['no quote', m => m.delete('quote')],
    ['a quote that is no text', m => m.set('quote', 7)],
    ['an unknown bank', m => m.set('pcrs', { md5: { 0: '00' } })],
    ['a PCR that is none', m => m.set('pcrs', { sha256: { 32: '00'.repeat(32) } })],
    ['a PCR named twice in two ways', m => m.set('pcrs', { sha256: { '00': '00'.repeat(32) } })],
    ['a digest of another length', m => m.set('pcrs', { sha256: { 0: '00'.repeat(20) } })],
    ['no key', m => m.set('ak', {})],
    ['both forms of a list', m => m.set('imaLog', { from: 0, ascii: '', binary: '' })],
    ['a list from before its beginning', m => m.set('imaLog', { from: -1, ascii: '' })],
  ])('as message with %s are malformed', (_, edit) => {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(message(whole)));
    const fields = new Map<string, unknown>(Object.entries(parsed ?? {}));
    edit(fields);
    const r = judge(new TextEncoder().encode(JSON.stringify(Object.fromEntries(fields))));
    expect([r.status, r.reason]).toEqual(['contraindicated', 'EVIDENCE_MALFORMED']);
  });
});
