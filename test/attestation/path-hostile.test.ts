import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvidenceError } from '../../gateway/attestation/evidence-error.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { checkRevocation } from '../../gateway/attestation/revocation.ts';
import { checkServerName } from '../../gateway/attestation/server-name.ts';
import { Work } from '../../gateway/attestation/work.ts';
import { decodeOcspResponse } from '../../gateway/codec/ocsp.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { decodeCrl } from '../../gateway/codec/x509-crl.ts';
import {
  alternativeNames,
  ca,
  certificate,
  crl,
  crlNumber,
  dn,
  extension,
  inhibitAny,
  issuerKeyId,
  keyId,
  mappings,
  name,
  nameConstraints,
  ocsp,
  policies,
  policyConstraints,
  purposes,
  usage,
} from '../vectors/path-pki.ts';
import { sequence, tlv } from '../vectors/der-encode.ts';
import { build, caA, caB, deepLeaf, keys, now, root } from './path-world.ts';

/** A path with everything in it that a path can have, with CRLs and an OCSP response, none of which can be left out; every part of it edited. */
const point = extension('2.5.29.31', false, sequence(sequence(tlv(0xa2, tlv(0xa4, dn('CN=Lists'))))));
const parts: readonly (readonly [string, Uint8Array])[] = [
  [
    'leaf',
    deepLeaf({
      serial: 7,
      extensions: [
        alternativeNames(name.dns('a.example.com'), name.uri('https://x.example.com/')),
        usage(0),
        policies('1.2.5'),
        issuerKeyId('b'),
        point,
        purposes('1.3.6.1.5.5.7.3.1'),
      ],
    }),
  ],
  ['B', caB({ serial: 8, extensions: [ca(0), keyId('b'), policies('1.2.3'), mappings(['1.2.3', '1.2.5']), inhibitAny(0)] })],
  [
    'A',
    caA({
      serial: 9,
      extensions: [
        ca(),
        policies('2.5.29.32.0'),
        policyConstraints(0),
        nameConstraints([name.dns('example.com'), name.uri('.example.com')], [name.ip(10, 0, 0, 0, 255, 0, 0, 0)]),
      ],
    }),
  ],
  [
    'signer',
    certificate({ subject: 'CN=Lists', issuer: 'CN=Root', keys: keys.other, signer: keys.root, extensions: [usage(6)], serial: 10 }),
  ],
  ['CRL of the root', crl({ issuer: 'CN=Root', signer: keys.root, entries: [{ serial: 1 }] })],
  [
    'indirect CRL',
    crl({
      issuer: 'CN=Lists',
      signer: keys.other,
      entries: [{ serial: 5, reason: 1, extensions: [extension('2.5.29.29', true, sequence(tlv(0xa4, dn('CN=B'))))] }],
      extensions: [crlNumber(1), extension('2.5.29.28', true, sequence(tlv(0x84, Uint8Array.of(0xff))))],
    }),
  ],
  ['OCSP response', ocsp({ issuer: 'CN=A', issuerKeys: keys.a, serial: 8, status: 'good', responder: 'CN=A', signer: keys.a })],
];

type Part = 'leaf' | 'B' | 'A' | 'signer' | 'CRL of the root' | 'indirect CRL' | 'OCSP response';
/** `accepted`, `refused`, or what was thrown that may not be. */
function judge(bytes: ReadonlyMap<string, Uint8Array>): 'accepted' | 'refused' {
  const get = (part: Part): Uint8Array => bytes.get(part) ?? new Uint8Array();
  try {
    const work = new Work(new KeyCache());
    const response = decodeOcspResponse(get('OCSP response'));
    const sources = {
      crls: (['CRL of the root', 'indirect CRL'] as const).map(part => decodeCrl(get(part))),
      ocsp: response === undefined ? [] : [response],
      whenUnknown: 'refuse' as const,
    };
    const path = build(
      {
        leaf: get('leaf'),
        with: [get('A'), get('B'), get('signer')],
        anchors: [root()],
        rules: { purpose: '1.3.6.1.5.5.7.3.1', policies: { requireExplicit: true, inhibitAny: false, inhibitMapping: false } },
      },
      work,
    );
    const [leaf] = path.certificates;
    if (leaf === undefined) return 'refused';
    checkServerName(leaf, { kind: 'dns', value: 'a.example.com' });
    checkRevocation(path, { ...sources, signers: [decodeCertificate(get('signer'))] }, now, work);
    return 'accepted';
  } catch (error) {
    if (error instanceof EvidenceError || error instanceof DecodeError) return 'refused';
    throw error;
  }
}

const whole = new Map(parts);
const edit = fc.record({ at: fc.nat(), remove: fc.nat({ max: 3 }), insert: fc.uint8Array({ maxLength: 3 }) });
const apply = (
  bytes: Uint8Array,
  edits: readonly { readonly at: number; readonly remove: number; readonly insert: Uint8Array }[],
): Uint8Array =>
  edits.reduce((out, { at, remove, insert }) => {
    const i = at % (out.length + 1);
    return Uint8Array.of(...out.subarray(0, i), ...insert, ...out.subarray(i + remove));
  }, bytes);

describe('a path with all that a path can have', () => {
  it('is accepted as it is, else nothing below would show anything', () => expect(judge(whole)).toBe('accepted'));

  for (const [part, bytes] of parts) {
    it(`is refused with any bit of its ${part} changed`, () => {
      const passed: number[] = [];
      for (let bit = 0; bit < bytes.length * 8; bit += 5) {
        const changed = Uint8Array.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        if (judge(new Map([...whole, [part, changed]])) === 'accepted') passed.push(bit >> 3);
      }
      expect(passed).toEqual([]);
    });
    it(`is refused with its ${part} cut off anywhere`, () => {
      for (let n = 0; n < bytes.length; n++) expect(judge(new Map([...whole, [part, bytes.subarray(0, n)]]))).toBe('refused');
    });
  }

  it('edited anywhere is accepted or refused, and nothing else is thrown', () => {
    fc.assert(
      fc.property(fc.constantFrom(...parts), fc.array(edit, { minLength: 1, maxLength: 3 }), ([part, bytes], edits) => {
        const changed = apply(bytes, edits);
        const isSame = changed.length === bytes.length && changed.every((byte, i) => byte === bytes[i]);
        expect(judge(new Map([...whole, [part, changed]]))).toBe(isSame ? 'accepted' : 'refused');
      }),
      { numRuns: 3000, interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true },
    );
  });
});
