import { createPrivateKey, createPublicKey, createHash, hkdfSync, KeyObject, verify } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyLedger } from '../../gateway/attestation/matter/ledger.ts';
import { chainEvidence, messageEvidence } from '../../gateway/attestation/evidence.ts';
import { contentOf } from '../../gateway/attestation/dice-content.ts';
import { isSignedBy, KeyCache } from '../../gateway/attestation/keys.ts';
import { schemeFor } from '../../gateway/attestation/schemes/index.ts';
import { type Anchor, readAnchor } from '../../gateway/attestation/trust.ts';
import { bitString, DerReader, inside, openWhole, tags } from '../../gateway/codec/der.ts';
import { decodeTcbInfo } from '../../gateway/codec/dice.ts';
import { decodeCborCertificate } from '../../gateway/codec/open-dice-cwt.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { keyKind } from '../../gateway/codec/x509-key.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { oid, sequence, tlv, utf8 } from '../vectors/der-encode.ts';
import { extension } from '../vectors/open-dice.ts';
import { bytesOf, hasVectors, published, rowsOf, textOf } from './manifest.ts';
import { note } from './verdicts.ts';

/**
 * Vectors of others, each with the verdict of its manifest. The manifest names no anchor and no time: the time is now, and where a key is known an anchor is made of
 * it here. A chain is judged offline, so that the best it can have is the first failure that is not about the signature.
 */
const rows = rowsOf(/^(?:dice-tcg|open-dice|veraison-dice-tcg)\//);

/** A CA certificate with this name and key. Its signature is nobody's: an anchor is trusted because it is named. */
function anchorOf(name: Uint8Array, spki: Uint8Array): Anchor {
  const algorithm = sequence(oid('1.3.101.112'));
  const ca = extension('2.5.29.19', true, sequence(tlv(0x01, Uint8Array.of(0xff))));
  const dates = sequence(tlv(0x17, utf8('180322235959Z')), tlv(0x18, utf8('99991231235959Z')));
  const version = tlv(0xa0, tlv(0x02, Uint8Array.of(2)));
  const tbs = sequence(version, tlv(0x02, Uint8Array.of(1)), algorithm, name, dates, name, spki, tlv(0xa3, sequence(ca)));
  return readAnchor('made here', sequence(tbs, algorithm, tlv(0x03, new Uint8Array(65))));
}

/** Status and reason of a chain, judged by the scheme of its kind. */
function judged(kind: 'tls' | 'open-dice', chain: readonly Uint8Array[], anchors: readonly Anchor[] = []): string {
  const openDice = messageEvidence('application/vnd.sallyport.open-dice-chain', new Uint8Array(Buffer.concat(chain)));
  const evidence = kind === 'tls' ? chainEvidence(chain) : openDice;
  const context = {
    trust: { anchors, referenceSets: [], keys: new Map(), matter: emptyLedger },
    keys: new KeyCache(),
    now: Date.now(),
    freshness: { kind: 'none' },
    ttlSeconds: 1,
  } as const;
  const outcome = schemeFor(evidence.mediaType)?.judge(evidence, context);
  if (outcome?.kind !== 'appraised') return outcome?.kind ?? 'no scheme';
  const failed = outcome.result.checks.find(c => c.outcome === 'failed');
  return `${outcome.result.status} ${failed?.code ?? outcome.result.reason ?? ''}`;
}

const refused = (read: () => unknown): string => {
  try {
    read();
    return 'accepted';
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return 'refused: not readable';
  }
};

/** A PKCS #10 request (RFC 2986): its key, and whether it signed itself. No scheme takes one; it lends its key. */
function request(bytes: Uint8Array): { readonly spki: Uint8Array; readonly kind: string; readonly verifies: boolean } {
  const parts = openWhole(bytes, tags.sequence, 'request');
  const info = parts.take(tags.sequence, 'info');
  parts.take(tags.sequence, 'algorithm');
  const signature = bitString(parts.take(tags.bitString, 'signature').content, 'signature').octets;
  const inner = inside(info);
  inner.take(tags.integer, 'version');
  inner.take(tags.sequence, 'subject');
  const spki = inner.take(tags.sequence, 'key').whole;
  const { kind } = keyKind(spki);
  const verifies =
    kind === 'ec' && verify('sha384', info.whole, createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }), signature);
  return { spki, kind, verifies };
}

/** The reference implementation's key of a stage: an Ed25519 seed out of its CDI. Its tests start from zeros, or from SHA-512 twice over a name. */
function udsKey(cdi: Uint8Array): Uint8Array {
  const salt =
    '63b6a04d2c077fc10f639f21da793844356cc2b0b441b3a77124035c03f8e1be6035d31f282821a7450a02222ab1b3cff1679b05ab1ca5d1affb789ccd2b0b3b';
  const seed = Buffer.from(hkdfSync('sha512', cdi, Buffer.from(salt, 'hex'), 'Key Pair', 32));
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const key: KeyObject = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
  return new Uint8Array(key.export({ type: 'spki', format: 'der' }));
}
const sha512 = (bytes: Uint8Array | string): Uint8Array => createHash('sha512').update(bytes).digest();
const cdiOf = (file: string): Uint8Array =>
  file.includes('ZeroInput') ? new Uint8Array(32) : sha512(sha512('cdi_attest')).subarray(0, 32);

type Verdict = { readonly taken: string; readonly wanted: string; readonly seen: string };
const row = (taken: string, wanted: string, seen: string): Verdict => ({ taken, wanted, seen });
const caliptra = (name: string): Uint8Array => bytesOf(`dice-tcg/caliptra/${name}`);

function openDice(file: string): Verdict {
  const bytes = bytesOf(file);
  if (file.includes('mldsa'))
    return row('judged alone; ML-DSA is outside the allow-list', 'none ALGORITHM_REFUSED', judged('open-dice', [bytes]));
  const isCbor = file.endsWith('.cbor');
  const { certificate, input } = isCbor ? decodeCborCertificate(bytes) : { certificate: decodeCertificate(bytes), input: undefined };
  const measured = input ?? contentOf(certificate).input;
  const parsed = measured?.codeHash.length === 64 && measured.flags.notConfigured ? 'read' : 'not read';
  if (!file.includes('ed25519')) return row('no key of its issuer is to be had: read only', 'read', parsed);
  // Signature, names and dates are good iff what is said against it is that a CDI key is no leaf.
  const uds = anchorOf(certificate.issuer.der, udsKey(cdiOf(file)));
  return row(
    'under the UDS key of its CDI, as a leaf that it may not be (RFC 8446 §4.4.2.2)',
    'read, contraindicated KEY_USAGE_WRONG',
    `${parsed}, ${judged('open-dice', [bytes], [uds])}`,
  );
}

function caliptraVerdict(name: string): Verdict {
  const bytes = caliptra(name);
  if (name === 'idevid_csr_ecc.der') return row('the request verifies itself', 'true', String(request(bytes).verifies));
  if (name === 'idevid_csr_mldsa.der') return row('an algorithm outside the allow-list', 'other', request(bytes).kind);
  if (name.includes('csr_redacted'))
    return row(
      'a request is no certificate',
      'refused: not readable',
      refused(() => decodeCertificate(bytes)),
    );
  if (name.includes('redacted')) return row('judged alone', 'contraindicated EVIDENCE_MALFORMED', judged('tls', [bytes]));
  if (name.includes('mldsa'))
    return row('judged alone; ML-DSA is outside the allow-list', 'none ALGORITHM_REFUSED', judged('tls', [bytes]));
  const ldevid = decodeCertificate(caliptra('ldevid_cert_ecc.der'));
  const idevid = anchorOf(ldevid.issuer.der, request(caliptra('idevid_csr_ecc.der')).spki);
  if (name === 'ldevid_cert_ecc.der') {
    const signed = isSignedBy(ldevid, idevid.certificate, new KeyCache());
    return row(
      'under the key of the IDevID request; as a leaf it may only certify, not sign a handshake (RFC 8446 §4.4.2.2)',
      'true, contraindicated KEY_USAGE_WRONG',
      `${signed}, ${judged('tls', [bytes], [idevid])}`,
    );
  }
  return row(
    'with the LDevID certificate behind it: names do not chain (RFC 5280 §6.1.3 a 4)',
    'contraindicated CHAIN_INCOMPLETE',
    judged('tls', [bytes, ldevid.der], [idevid]),
  );
}

function verdict(file: string): Verdict {
  const name = file.slice(file.lastIndexOf('/') + 1);
  if (file.startsWith('open-dice/')) return openDice(file);
  if (file.startsWith('dice-tcg/caliptra/')) return caliptraVerdict(name);
  if (file.startsWith('dice-tcg/cerberus/')) {
    const { digests, registers } = decodeTcbInfo(bytesOf(file));
    const wantsRegisters = /tcbinfo-(?:full|ir_)/.test(name);
    return row(
      'the bare extension value',
      `digests, registers ${wantsRegisters}`,
      `${digests.length > 0 ? 'digests' : 'none'}, registers ${registers.length > 0}`,
    );
  }
  if (name === 'dice_ca.pem') {
    const der = Buffer.from(textOf(file).replace(/-----[^-]+-----|\s/g, ''), 'base64');
    return row(
      'no verdict: it can be an anchor',
      'anchor',
      readAnchor(name, new Uint8Array(der)).certificate.basicConstraints?.ca === true ? 'anchor' : 'none',
    );
  }
  if (name.endsWith('.hjson')) return row('a template holds nothing to judge', '-', '-');
  const body = new DerReader(bytesOf(file)).open(tags.sequence, 'body').open(0xa0, 'wrapper');
  body.take(tags.oid, 'oid');
  const composite = decodeTcbInfo(body.next().whole);
  return row(
    'its inner structure is a CompositeDeviceID, the whole is no DiceTcbInfo',
    'sha-256, refused: not readable',
    `${composite.digests[0]?.alg}, ${refused(() => decodeTcbInfo(bytesOf(file)))}`,
  );
}

describe.skipIf(!hasVectors)('DICE vectors of others', () => {
  it('each have the verdict of their manifest, with what was taken where it names no anchor', () => {
    const table = rows.map(({ file, expected }) => ({ file, expected, ...verdict(file) }));
    for (const { file, expected, wanted, seen, taken } of table) {
      const isOther = wanted.startsWith('none ALGORITHM_REFUSED') || wanted.includes('CHAIN_INCOMPLETE');
      const why = isOther && !expected.includes('REJECT') ? `; deviation from "${expected.slice(0, 60)}"` : '';
      note(file, wanted === '-' ? 'not judged' : why === '' ? 'as expected' : 'deviates', seen, `${taken}${why}`);
    }
    const line = (cells: readonly string[]): string => cells.join(' | ');
    process.stdout.write(
      `${[line(['vector', 'manifest', 'taken', 'ours']), ...table.map(t => line([t.file, t.expected.slice(0, 60), t.taken, t.seen]))].join('\n')}\n`,
    );
    expect(table.filter(t => t.seen !== t.wanted)).toEqual([]);
    expect(table.length).toBeGreaterThanOrEqual(46);
  });

  it('in CBOR and in X.509 say the same of the same input', () => {
    const pairs = rows.flatMap(({ file }) => {
      const twin = file.replace('/cbor-', '/x509-').replace('.cbor', '.der');
      return file.endsWith('.cbor') && !file.includes('mldsa') && existsSync(join(published, twin)) ? [[file, twin] as const] : [];
    });
    expect(pairs.length).toBeGreaterThan(4);
    for (const [file, twin] of pairs) {
      const [cbor, x509] = [decodeCborCertificate(bytesOf(file)), decodeCertificate(bytesOf(twin))];
      const input = contentOf(x509).input;
      expect([cbor.certificate.issuer, cbor.certificate.subject, cbor.certificate.spki, cbor.certificate.notAfter]).toEqual([
        x509.issuer,
        x509.subject,
        x509.spki,
        x509.notAfter,
      ]);
      expect({ ...cbor.input, profileName: undefined }, file).toEqual({ ...input, profileName: undefined });
    }
  });
});
