import 'reflect-metadata';
import { BasicConstraintsExtension, ExtendedKeyUsageExtension, type Extension, KeyUsageFlags, KeyUsagesExtension } from '@peculiar/x509';
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { AttestationResult } from '../../../gateway/model/attestation.ts';
import type { ReferenceSet } from '../../../gateway/model/trust.ts';
import { messageEvidence } from '../../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../../gateway/attestation/keys.ts';
import type { Freshness } from '../../../gateway/attestation/scheme.ts';
import { tpmQuote } from '../../../gateway/attestation/schemes/tpm-quote.ts';
import type { QuoteContext } from '../../../gateway/attestation/tpm/context.ts';
import type { FilePolicy } from '../../../gateway/attestation/tpm/file-list.ts';
import { prepareTrust } from '../../../gateway/attestation/trust.ts';
import { der, type Edit, issue, type Vendor } from '../../vectors/pki.ts';
import {
  attest,
  type Event,
  eventLog,
  type Message,
  message,
  pcrsAfter,
  publicArea,
  type QuoteSpec,
  signature,
  type SoftKey,
} from '../../vectors/soft-tpm.ts';
import { base64, inTime, result } from '../world.ts';

/** What the tests of quotes share: a vendor with one model, whose good boot is known. */
export const nonce = new Uint8Array(32).fill(0x5a);
export const now = Date.parse('2026-11-22T12:00:00Z');
export const aikPurpose = '2.23.133.8.3';
export const model = 'EdgeBox-3';

const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const zeros = new Uint8Array(4);
/** PCR 0: firmware. PCR 4: the loader, by events. PCR 7: Secure Boot. */
export const boot: readonly Event[] = [
  { pcr: 0, type: 0x08, data: text('1\0.\x002\0') },
  { pcr: 0, type: 0x80000008, data: text('blob'), measured: text('firmware image') },
  { pcr: 7, type: 0x80000001, data: text('SecureBoot=1') },
  { pcr: 0, type: 4, data: zeros },
  { pcr: 4, type: 4, data: zeros },
  { pcr: 7, type: 4, data: zeros },
  { pcr: 4, type: 0x80000003, data: text('path of loader'), measured: text('loader image') },
];
const sha256 = (b: Uint8Array): string => createHash('sha256').update(b).digest('hex');
const only = (digest: string) => [{ version: '1.2', alg: 'sha-256', digest }];
export const referenceSet: ReferenceSet = {
  id: 'acme.json#1 sha256:00',
  vendor: 'Acme Edge',
  model,
  components: [
    { name: 'firmware', key: 'pcr0', versions: only(pcrsAfter(boot)[0] ?? '') },
    { name: 'secure boot', key: 'pcr7', versions: only(pcrsAfter(boot)[7] ?? '') },
    { name: 'end of firmware', key: 'pcr4/separator', versions: only(sha256(zeros)) },
    { name: 'loader', key: 'pcr4/efi-boot-services-application', versions: only(sha256(text('loader image'))) },
  ],
};

/** A certificate of a TPM key, under the vendor's root. */
export async function certify(
  vendor: Vendor,
  { privateKey }: { readonly privateKey: KeyObject },
  options: { purpose?: string; usage?: number; edit?: Edit } = {},
) {
  const publicKey = await publicCryptoKey(privateKey.type === 'public' ? privateKey : createPublicKey(privateKey));
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(options.usage ?? KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([options.purpose ?? aikPurpose]),
  ];
  const plan = {
    subject: [{ O: [vendor.name] }, { '2.5.4.5': ['EB3-0001'] }, { CN: ['AK'] }],
    issuer: vendor.certificate.subjectName,
    publicKey,
    signingKey: vendor.keys.privateKey,
    notBefore: new Date(now - 86_400_000),
    notAfter: new Date('9999-12-31T23:59:59Z'),
    extensions,
    hash: 'SHA-256' as const,
  };
  return der(await issue(options.edit === undefined ? plan : options.edit(plan)));
}

async function publicCryptoKey(key: KeyObject): Promise<CryptoKey> {
  const spki = key.export({ type: 'spki', format: 'der' });
  const namedCurve = key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'P-384' : 'P-256';
  const algorithm = key.asymmetricKeyType === 'ec' ? { name: 'ECDSA', namedCurve } : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  return crypto.subtle.importKey('spki', spki, algorithm, true, ['verify']);
}

/** A good message: quoted now, with its boot log. */
export function good(key: SoftKey, chain: readonly Uint8Array[], spec: Partial<QuoteSpec> = {}): Message {
  const pcrs = spec.pcrs ?? { sha256: pcrsAfter(boot) };
  const quote = attest({ nonce, ...spec, pcrs });
  return { quote, signature: signature(key, quote), akPublic: publicArea(key), akChain: chain, pcrs, eventLog: eventLog(boot) };
}

/** A list of files that the model may run. */
export type Files = Pick<FilePolicy, 'id' | 'files'> & { readonly excludes?: FilePolicy['excludes'] };
export const fileList = (files: Files): FilePolicy => ({
  name: 'edge.ima.yaml:1',
  vendor: 'Acme Edge',
  model,
  excludes: new Set(),
  ...files,
});

export type Options = {
  readonly sets?: readonly ReferenceSet[];
  readonly quote?: QuoteContext & { readonly ima?: Files };
  readonly freshness?: Freshness;
  readonly at?: number;
};
export const answers = inTime('test', now);

/** A Verifier that trusts these roots and enrolled the device as the model above. */
export function quoteVerifier(anchors: readonly { readonly name: string; readonly anchorDer: Uint8Array }[]) {
  const { trust, problems } = prepareTrust({
    anchors: anchors.map(v => ({ name: v.name, certificate: base64(v.anchorDer), uses: ['identity', 'tpm-ek'] })),
    referenceSets: [],
  });
  if (problems.length > 0) throw new Error(problems.join('; '));
  const keys = new KeyCache();
  return (
    given: Message | Uint8Array,
    { sets = [referenceSet], quote = {}, freshness = answers(nonce), at = now }: Options = {},
  ): AttestationResult => {
    const evidence = messageEvidence('application/vnd.sallyport.tpm-quote+json', given instanceof Uint8Array ? given : message(given));
    const { ima, ...rest } = quote;
    const enrolled: QuoteContext = { enrolledAs: { vendor: 'Acme Edge', model }, ...rest };
    const all = { ...trust, referenceSets: sets, ...(ima === undefined ? {} : { fileLists: [fileList(ima)] }) };
    return result(tpmQuote.judge(evidence, { trust: all, keys, now: at, freshness, ttlSeconds: 600, quote: enrolled }));
  };
}
