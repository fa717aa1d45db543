import { textOf } from './pieces.ts';

const begins = (bytes: Uint8Array, hex: string): boolean => Buffer.from(bytes.subarray(0, hex.length / 2)).toString('hex') === hex;

type Look = { readonly is: string; readonly when: (bytes: Uint8Array, text: string) => boolean };

/** What people mistake for Evidence, told by how it begins; the first that fits. Tags: CoRIM 501 and 571 (draft-ietf-rats-corim), SUIT 107 (draft-ietf-suit-manifest). */
const looks: readonly Look[] = [
  { is: 'nothing', when: bytes => bytes.length === 0 },
  { is: 'a private key: keep it where it belongs', when: (_, text) => /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) },
  { is: 'a public key: whom to trust goes in by --anchors', when: (_, text) => text.includes('-----BEGIN PUBLIC KEY-----') },
  { is: 'a CRL: it goes in by --anchors, beside its issuer', when: (_, text) => text.includes('-----BEGIN X509 CRL-----') },
  { is: 'a certificate request: nobody has signed it', when: (_, text) => /-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(text) },
  { is: 'something in PEM that is no certificate', when: (_, text) => text.includes('-----BEGIN ') },
  {
    is: 'a CoRIM: reference values go in by --reference',
    when: (bytes, text) => begins(bytes, 'd901f5') || begins(bytes, 'd9023b') || text.includes('application/rim+cbor'),
  },
  { is: 'a SUIT envelope: reference values go in by --reference', when: bytes => begins(bytes, 'd86b') },
  { is: 'an event log or a list of files: give it with its quote', when: (bytes, text) => isLog(bytes, text) },
  { is: 'a path, not the file that stands there', when: (_, text) => /^[\w./-]*\/[\w.-]+\s*$/.test(text) },
  { is: 'text, but neither JSON nor a JWT', when: (_, text) => /^[\t\n\r\x20-\x7e]*$/.test(text) },
];

const isLog = (bytes: Uint8Array, text: string): boolean =>
  begins(bytes, '0000000003000000') || text.slice(32, 45) === 'Spec ID Event' || /^\d{1,2} [0-9a-f]{40,128} /.test(text);

/** For people: what the file looks like. */
export function looksLike(bytes: Uint8Array): string {
  const text = textOf(bytes.subarray(0, 4096));
  return looks.find(({ when }) => when(bytes, text))?.is ?? `${bytes.length} bytes of no form that is known here`;
}
