import { hash } from 'node:crypto';
import { publicKeyBits } from './x509-key.ts';
import type { Certificate } from './x509.ts';

/**
 * The question to an OCSP responder about one certificate (RFC 6960 §4.1.1), DER, without a nonce: answers are kept and asked of many (RFC 5019 §2.1.1).
 * The hash of the CertID is SHA-1, the one that every responder knows (RFC 5019 §2.1.1): it names the issuer and protects nothing.
 */
export function encodeOcspRequest(certificate: Certificate, issuer: Certificate): Uint8Array {
  const nameHash = octets(hash('sha1', certificate.issuer.der, 'buffer'));
  const keyHash = octets(hash('sha1', publicKeyBits(issuer.spki), 'buffer'));
  const serial = element(0x02, Buffer.from(certificate.serialNumber, 'hex'));
  const request = sequence(sequence(sha1, nameHash, keyHash, serial));
  return sequence(sequence(sequence(request)));
}

/** AlgorithmIdentifier of SHA-1 with its NULL. */
const sha1 = Uint8Array.of(0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00);

const sequence = (...parts: readonly Uint8Array[]): Uint8Array => element(0x30, ...parts);
const octets = (bytes: Uint8Array): Uint8Array => element(0x04, bytes);

/** All of it is shorter than 128 octets, so that lengths are one octet (X.690 §8.1.3.4): a serial number has 21 at most. */
function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return new Uint8Array(Buffer.concat([Uint8Array.of(tag, content.length), content]));
}
