import { hash } from 'node:crypto';
import { remoteAccessSubject } from '../gateway/codec/remote-access-names.ts';
import { decodeHandshakeStart, handshakeTypes, ownCertificate } from '../gateway/codec/tls.ts';
import { ofWhole } from '../gateway/codec/whole.ts';
import { type Certificate, decodeCertificate } from '../gateway/codec/x509.ts';
import { maxText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { visibleText } from '../gateway/model/visible-text.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';
import { Remembered } from './remembered.ts';
import { isHello } from './tls.ts';

/**
 * The certificate that a server or client shows in TLS 1.2 and older; TLS 1.3 encrypts it. RFC 5246 §7.4.2, §7.4.6. Undefined while it may still
 * come. Apart from tls.ts, so that a hello is told at once and a certificate that cannot be read costs nothing else. Only the sender's own counts.
 */
export function decode(bytes: Uint8Array): { readonly role: 'server' | 'client'; readonly certificate?: Certificate } | undefined {
  const { messages, isOver } = decodeHandshakeStart(bytes);
  const role = messages[0]?.type === handshakeTypes.clientHello ? 'client' : 'server';
  const message = messages.find(m => m.type === handshakeTypes.certificate);
  if (message === undefined) return isOver ? { role } : undefined;
  return ofWhole(() => {
    const der = ownCertificate(message.body);
    return der === undefined ? { role } : { role, certificate: certificates.of(der, () => decodeCertificate(der.slice())) };
  });
}

/** Certificates by their bytes: each is shown with each connection. And what is told of each of them. */
const certificates = new Remembered<Certificate>(512);
const shown = new WeakMap<Certificate, ReturnType<typeof shownBy>>();

function shownBy({ subject, issuer, spki }: Certificate) {
  const [subjectText = '', issuerText = ''] = [subject, issuer].map(({ text }) => visibleText(text.slice(0, maxText)));
  return { subject: subjectText, issuer: issuerText, key: hash('sha256', spki, 'hex') };
}

/** Nothing in it is verified, and the sender need not hold the key: a claim like any other. */
export function certificateFact({ role, certificate }: NonNullable<ReturnType<typeof decode>>): readonly Fact[] {
  if (certificate === undefined) return [];
  const known = shown.get(certificate) ?? shownBy(certificate);
  shown.set(certificate, known);
  const product = remoteAccessSubject(known.subject);
  const program: readonly Fact[] = product === undefined ? [] : [{ kind: 'description', text: product, of: 'remote-access' }];
  return [{ kind: 'certificate', role, ...known }, ...program];
}

export const observe = (m: NonNullable<ReturnType<typeof decode>>, packet: Packet): readonly Said[] =>
  packet.isOwnAddress ? certificateFact(m) : [];

export const tlsCertificate = collector({
  name: 'tls-certificate',
  spec: 'RFC 5246',
  matches: tcpStream(),
  isProtocol: false,
  wants: isHello,
  decode,
  observe,
});
