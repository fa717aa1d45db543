import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { createHash, KeyObject } from 'node:crypto';
import { issuerKey } from '../../store/opc-ua-issuer.ts';

/** Who we are to OPC UA servers, and what our certificate says of it (OPC 10000-6 §6.2.2). */
const applicationUri = 'urn:sallyport:challenger';
const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: Uint8Array.of(1, 0, 1), modulusLength: 2048 } as const;
const day = 86_400_000;

let keys: Promise<CryptoKeyPair> | undefined;
/** Made once for this process, off its thread: what makes an answer fresh is the certificate, not the key. */
const ownKeys = (): Promise<CryptoKeyPair> => (keys ??= crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']));

type Issuer = { readonly certificate: X509Certificate; readonly key: CryptoKey };
let issuer: Promise<Issuer> | undefined;
/** From now on certificates are issued by this one (PEM with its key), which servers can list. Before, each signs itself. */
export function issueClientsBy(pem: string): void {
  const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem)?.[0] ?? '';
  issuer = issuerKey(pem).then(key => ({ certificate: new X509Certificate(certificate), key }));
}

/** Our certificate for one question, DER: its subject holds the nonce, so whoever signs its thumbprint has seen it. It is worth nothing anywhere else. */
export async function clientCertificate(
  nonce: Uint8Array,
  now: number,
): Promise<{ readonly certificate: Uint8Array; readonly key: KeyObject }> {
  const own = await ownKeys();
  const serial = createHash('sha256').update(nonce).digest().subarray(0, 16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x01; // positive and not zero, RFC 5280 §4.1.2.2
  const by = await issuer;
  const subject = [{ CN: ['Sallyport challenger'] }, { O: ['Sallyport'] }, { '2.5.4.5': [Buffer.from(nonce).toString('hex')] }];
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serial.toString('hex'),
      subject,
      notBefore: new Date(now - day), // the clock of the device may be behind
      notAfter: new Date(now + day),
      signingAlgorithm: algorithm,
      publicKey: own.publicKey,
      ...(by === undefined ? { issuer: subject, signingKey: own.privateKey } : { issuer: by.certificate.subject, signingKey: by.key }),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(
          KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation | KeyUsageFlags.keyEncipherment | KeyUsageFlags.dataEncipherment,
          true,
        ),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension([
          { type: 'url', value: applicationUri },
          { type: 'dns', value: 'sallyport' },
        ]),
        ...(by === undefined ? [] : [await AuthorityKeyIdentifierExtension.create(by.certificate.publicKey, false, crypto)]),
      ],
    },
    crypto,
  );
  return { certificate: new Uint8Array(certificate.rawData), key: KeyObject.from(own.privateKey) };
}
