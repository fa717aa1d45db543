import { sameBytes } from '../codec/bytes.ts';
import type { GeneralName } from '../codec/x509-general-name.ts';
import type { Certificate } from '../codec/x509.ts';
import { EvidenceError } from './evidence-error.ts';
import { alternativeNames } from './name-constraints.ts';
import { isHostName, mailbox } from './name-forms.ts';

/** Whom somebody meant to reach. `ip` as 4 or 16 octets. */
export type Reference = { readonly kind: 'dns' | 'email'; readonly value: string } | { readonly kind: 'ip'; readonly octets: Uint8Array };

/**
 * Whether a certificate is for whom we meant, as the web has it (RFC 9525): by subjectAltName alone, never by the common name. Throws EvidenceError
 * IDENTITY_MISMATCH, or DecodeError when the names cannot be read. The path must have been checked: before it nothing in a certificate is true.
 */
export function checkServerName(certificate: Certificate, reference: Reference): void {
  if (alternativeNames(certificate).some(name => isFor(name, reference))) return;
  const expected = reference.kind === 'ip' ? reference.octets.join('.') : reference.value;
  throw new EvidenceError('IDENTITY_MISMATCH', 'identity', `Cannot take ${certificate.subject.text} for ${expected}: it does not name it`, {
    expected,
    seen: certificate.subject.text,
  });
}

function isFor(name: GeneralName, reference: Reference): boolean {
  if (reference.kind === 'ip') return name.kind === 'ip' && sameBytes(name.octets, reference.octets);
  if (name.kind !== reference.kind) return false;
  if (reference.kind === 'dns') return isForHost(name.value.toLowerCase(), reference.value.toLowerCase().replace(/\.$/, ''));
  const [own, meant] = [mailbox(name.value), mailbox(reference.value)];
  return own !== undefined && meant !== undefined && own.local === meant.local && own.host === meant.host;
}

/**
 * RFC 9525 §6.3: a wildcard is the whole leftmost label, stands for one label, and has a domain of two labels or more below it, since
 * nobody owns all of `com`. An address is no host name.
 */
function isForHost(name: string, host: string): boolean {
  // Underscores are for names of services; no host has one (RFC 1034 §3.5).
  if (!isHostName(host) || /^[\d.]+$|_/.test(host)) return false;
  if (!name.startsWith('*.')) return name === host;
  const domain = name.slice(2);
  return isHostName(domain) && domain.includes('.') && host.slice(host.indexOf('.') + 1) === domain && host.includes('.');
}
