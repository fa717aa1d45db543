import 'reflect-metadata';
import { KeyUsageFlags } from '@peculiar/x509';
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ReasonCode } from '../../../gateway/model/reason.ts';
import { makeVendor, type Vendor } from '../../vectors/pki.ts';
import {
  akAttributes,
  attest,
  eventLog,
  extendAll,
  legacyLog,
  type Message,
  pcrsAfter,
  publicArea,
  signature,
  type SoftKey,
  softKey,
} from '../../vectors/soft-tpm.ts';
import { answers, boot, certify, good, nonce, now, quoteVerifier, referenceSet } from './world.ts';

let acme: Vendor;
let other: Vendor;
const key: SoftKey = softKey();
let chain: readonly Uint8Array[];
let judge: ReturnType<typeof quoteVerifier>;
beforeAll(async () => {
  [acme, other] = [await makeVendor({ name: 'Acme Edge' }), await makeVendor({ name: 'Other' })];
  chain = [await certify(acme, key)];
  judge = quoteVerifier([acme]);
});

/** The message with another attest, signed by the key. */
const signed = (m: Message, quote: Uint8Array, by = key): Message => ({ ...m, quote, signature: signature(by, quote) });
const pcrs = { sha256: pcrsAfter(boot) };

describe('a good quote', () => {
  it('is affirming, with a claim for each judged PCR and event, and says where its TPM stands', () => {
    const r = judge(good(key, chain));
    expect(r.checks.filter(c => c.outcome === 'failed')).toEqual([]);
    expect([r.status, r.assurance, r.reason]).toEqual(['affirming', 5, undefined]);
    expect(r.digestsSeen).toHaveLength(4);
    expect(r.quote).toMatchObject({ clock: '1000000', resetCount: 5, restartCount: 0, since: 'first' });
    expect(r.identity).toMatchObject({ serial: 'EB3-0001', model: 'EdgeBox-3', vendor: 'Acme Edge' });
  });

  it('may be signed with RSASSA or RSAPSS, and its key may come as certificate alone', async () => {
    for (const kind of ['rsassa', 'rsapss'] as const) {
      const rsa = softKey(kind);
      expect(judge(good(rsa, [await certify(acme, rsa)])).status).toBe('affirming');
    }
    const { akPublic: _, ...certified } = good(key, chain);
    expect(judge(certified).status).toBe('affirming');
  });

  it('has its PCR digest in the hash of its signature', () => {
    const digest = createHash('sha384')
      .update(Buffer.from(Object.values(pcrs.sha256).join(''), 'hex'))
      .digest();
    const { akPublic: _, ...certified } = good(key, chain);
    const by = (pcrDigest?: Uint8Array): Message => {
      const quote = attest({ nonce, pcrs, ...(pcrDigest === undefined ? {} : { pcrDigest }) });
      return { ...certified, quote, signature: signature(key, quote, 'sha384') };
    };
    expect(judge(by(digest)).status).toBe('affirming');
    expect(judge(by()).reason).toBe('LOG_MISMATCH');
  });

  it('may answer with the nonce hashed down to 20 bytes, and bound to the connection when it must be', () => {
    const hashed = createHash('sha256').update(nonce).digest();
    expect(judge(good(key, chain, { nonce: hashed.subarray(0, 20) })).status).toBe('affirming');
    const exporter = new Uint8Array(32).fill(9);
    const bound = createHash('sha256').update(nonce).update(exporter).digest();
    for (const extra of [bound, bound.subarray(0, 20)])
      expect(judge(good(key, chain, { nonce: extra }), { quote: { exporter } }).status).toBe('affirming');
    expect(judge(good(key, chain), { quote: { exporter } }).reason).toBe('NONCE_MISMATCH');
    expect(judge(good(key, chain, { nonce: hashed.subarray(0, 19) })).reason).toBe('NONCE_MISMATCH');
  });

  it('starts PCR 0 at the locality that the log names', () => {
    const values = { sha256: pcrsAfter(boot, 'sha256', 3) };
    const versions = [{ version: '1.2', alg: 'sha-256', digest: values.sha256[0] ?? '' }];
    const sets = [{ ...referenceSet, components: referenceSet.components.map(c => (c.key === 'pcr0' ? { ...c, versions } : c)) }];
    const at3 = { ...good(key, chain, { pcrs: values }), eventLog: eventLog(boot, ['sha256'], 3) };
    expect(judge(at3, { sets }).status).toBe('affirming');
    expect(judge({ ...at3, eventLog: eventLog(boot) }, { sets }).reason).toBe('LOG_MISMATCH');
  });

  it('may have a bank of SHA-1 too, which proves nothing and claims nothing', () => {
    const both = { sha1: pcrsAfter(boot, 'sha1'), sha256: pcrsAfter(boot) };
    const r = judge({ ...good(key, chain, { pcrs: both }), eventLog: eventLog(boot, ['sha1', 'sha256']) });
    expect([r.status, ...new Set(r.digestsSeen.map(d => d.alg))]).toEqual(['affirming', 'sha-256']);
  });

  it('is none without a challenge, and a warning without reference values', () => {
    expect(judge(good(key, chain), { freshness: { kind: 'none' } })).toMatchObject({ status: 'none', reason: 'EVIDENCE_NOT_FRESH' });
    expect(judge(good(key, chain), { sets: [] })).toMatchObject({ status: 'warning', reason: 'REFERENCE_MISSING' });
  });
});

/** Each way of being wrong: what is changed, and the reason that must stand. */
const wrong: { readonly [claim: string]: readonly [ReasonCode, () => Message | Promise<Message>] } = {
  'signed by the key, but not made by a TPM': ['QUOTE_INVALID', () => signed(good(key, chain), attest({ nonce, pcrs, magic: 0xff544348 }))],
  'a certification, not a quote': ['QUOTE_INVALID', () => signed(good(key, chain), attest({ nonce, pcrs, type: 0x8017 }))],
  'of SHA-1 PCRs only': ['QUOTE_INVALID', () => good(key, chain, { pcrs: { sha1: pcrsAfter(boot, 'sha1') } })],
  'without a PCR that reference values name': ['QUOTE_INVALID', () => good(key, chain, { pcrs: { sha256: { 0: pcrs.sha256[0] ?? '' } } })],
  'signed by another key': ['SIGNATURE_INVALID', () => signed(good(key, chain), attest({ nonce, pcrs }), softKey())],
  'signed over SHA-1': [
    'ALGORITHM_REFUSED',
    () => {
      const { akPublic: _, ...certified } = good(key, chain);
      const quote = attest({
        nonce,
        pcrs,
        pcrDigest: createHash('sha1')
          .update(Buffer.from(Object.values(pcrs.sha256).join(''), 'hex'))
          .digest(),
      });
      return { ...certified, quote, signature: signature(key, quote, 'sha1') };
    },
  ],
  'by a key that signs anything': [
    'PROFILE_VIOLATED',
    () => ({ ...good(key, chain), akPublic: publicArea(key, akAttributes & ~(1 << 16)) }),
  ],
  'by a key that can be moved to another TPM': [
    'PROFILE_VIOLATED',
    () => ({ ...good(key, chain), akPublic: publicArea(key, akAttributes & ~2) }),
  ],
  'by a key that decrypts': ['PROFILE_VIOLATED', () => ({ ...good(key, chain), akPublic: publicArea(key, akAttributes | (1 << 17)) })],
  'by a key of another certificate': ['IDENTITY_MISMATCH', () => ({ ...good(key, chain), akPublic: publicArea(softKey()) })],
  'by a key that is certified for TLS': [
    'KEY_USAGE_WRONG',
    async () => good(key, [await certify(acme, key, { purpose: '1.3.6.1.5.5.7.3.1' })]),
  ],
  'by a key that an unknown CA certified': ['CHAIN_UNTRUSTED', async () => good(key, [await certify(other, key), other.anchorDer])],
  'by a key that nobody vouches for': [
    'CHAIN_INCOMPLETE',
    () => {
      const { akChain: _, ...bare } = good(key, chain);
      return bare;
    },
  ],
  'of an endorsed key that was never activated': [
    'CHAIN_UNTRUSTED',
    async () => {
      const { akChain: _, ...bare } = good(key, chain);
      const ek = softKey('rsassa');
      return { ...bare, ekChain: [await certify(acme, ek, { purpose: '2.23.133.8.1', usage: KeyUsageFlags.keyEncipherment })] };
    },
  ],
  'of an endorsed key whose certificate may not decrypt': [
    'KEY_USAGE_WRONG',
    async () => {
      const { akChain: _, ...bare } = good(key, chain);
      return { ...bare, ekChain: [await certify(acme, softKey('rsassa'), { purpose: '2.23.133.8.1' })] };
    },
  ],
  'of an endorsed key that is certified for something else': [
    'KEY_USAGE_WRONG',
    async () => {
      const { akChain: _, ...bare } = good(key, chain);
      return { ...bare, ekChain: [await certify(acme, softKey('rsassa'), { usage: KeyUsageFlags.keyEncipherment })] };
    },
  ],
  'signed in a scheme that is not the own one of its key': [
    'ALGORITHM_REFUSED',
    () => ({ ...good(key, chain), signature: signature(key, attest({ nonce, pcrs }), 'sha384') }),
  ],
  'an answer to another challenge': ['NONCE_MISMATCH', () => good(key, chain, { nonce: new Uint8Array(32) })],
  'with a PCR value that was not signed': [
    'LOG_MISMATCH',
    () => ({ ...good(key, chain), pcrs: { sha256: { ...pcrs.sha256, 7: '00'.repeat(32) } } }),
  ],
  'with a PCR value more than were signed': [
    'LOG_MISMATCH',
    () => ({ ...good(key, chain), pcrs: { sha256: { ...pcrs.sha256, 9: '00'.repeat(32) } } }),
  ],
  'with an event left out of its log': ['LOG_MISMATCH', () => ({ ...good(key, chain), eventLog: eventLog(boot.slice(0, -1)) })],
  'with a log of SHA-1 only': ['LOG_MISMATCH', () => ({ ...good(key, chain), eventLog: legacyLog(boot) })],
  'with a separator that is none': [
    'LOG_MISMATCH',
    () => {
      const events = boot.map(e => (e.type === 0x80000003 ? { ...e, type: 4 } : e));
      return { ...good(key, chain), eventLog: eventLog(events) };
    },
  ],
  'with an event that gives itself another type': [
    'DIGEST_UNKNOWN',
    () => ({ ...good(key, chain), eventLog: eventLog(boot.map(e => (e.type === 0x80000003 ? { ...e, type: 0x80000004 } : e))) }),
  ],
  'with no log, where events are judged': [
    'DIGEST_UNKNOWN',
    () => {
      const { eventLog: _, ...bare } = good(key, chain);
      return bare;
    },
  ],
  'of other firmware': [
    'DIGEST_UNKNOWN',
    () => {
      const events = boot.map(e => (e.measured === undefined ? e : { ...e, measured: new TextEncoder().encode('evil') }));
      return { ...good(key, chain, { pcrs: { sha256: pcrsAfter(events) } }), eventLog: eventLog(events) };
    },
  ],
};

describe('a quote is contraindicated when it is', () => {
  it('accompanied by a log in a bank in which the judged PCR was not quoted', () => {
    // The log of SHA-256 leads to the quoted PCR 0; its good events of PCR 4 were compared with nothing.
    const evil = boot.map(e => (e.type === 0x80000003 ? { ...e, measured: new TextEncoder().encode('evil') } : e));
    const split = { sha256: { 0: pcrs.sha256[0] ?? '', 7: pcrs.sha256[7] ?? '' }, sha384: pcrsAfter(evil, 'sha384') };
    const r = judge(good(key, chain, { pcrs: split }));
    expect([r.status, r.reason]).toEqual(['contraindicated', 'DIGEST_UNKNOWN']);
  });

  it('by an RSA key that only calls itself long', () => {
    const area = publicArea(softKey('rsassa'));
    area[area.length - 256] = 0;
    expect(judge({ ...good(key, chain), akPublic: area }).reason).toBe('EVIDENCE_MALFORMED');
  });

  it.each(Object.keys(wrong))('%s', async claim => {
    const [reason, make] = wrong[claim] ?? [];
    if (make === undefined) throw new Error(claim);
    const r = judge(await make());
    expect([r.status, r.reason]).toEqual(['contraindicated', reason]);
    expect(r.status === 'contraindicated' && reason !== 'DIGEST_UNKNOWN' ? r.quote : undefined).toBeUndefined();
  });

  it('late, or answers a challenge that was answered before', () => {
    expect(judge(good(key, chain), { freshness: answers(nonce, { spent: true }) }).reason).toBe('NONCE_REUSED');
    expect(judge(good(key, chain), { at: now + 60_001 }).reason).toBe('NONCE_EXPIRED');
  });

  it('without the bank or the PCR that policy asks for, though it has more', () => {
    const two = { ...pcrs, sha1: { 9: extendAll('sha1', []) } };
    expect(judge(good(key, chain, { pcrs: two }), { quote: { pcrs: [9] } }).reason).toBe('QUOTE_INVALID');
  });
});
