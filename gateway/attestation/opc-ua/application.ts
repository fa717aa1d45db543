import type { Certificate } from '../../codec/x509.ts';
import { alternativeNames } from '../name-constraints.ts';

/** The application that a certificate is for (OPC 10000-6 §6.2.2): the one URI among its names; undefined when it has none, or several. Throws DecodeError. */
export function applicationUri(certificate: Certificate): string | undefined {
  const uris = alternativeNames(certificate).flatMap(name => (name.kind === 'uri' ? [name.value] : []));
  return uris.length === 1 ? uris[0] : undefined;
}
