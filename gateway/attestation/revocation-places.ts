import type { AnchorRevocation } from '../model/trust.ts';
import { openWhole, tags } from '../codec/der.ts';
import { DecodeError } from '../codec/reader.ts';
import { extensionOids } from '../codec/x509-extension.ts';
import { distributionPoints } from '../codec/x509-distribution-point.ts';
import { type GeneralName, generalName } from '../codec/x509-general-name.ts';
import type { Certificate } from '../codec/x509.ts';

/** Where somebody may ask about a certificate. */
export type Place = { readonly kind: 'crl' | 'ocsp'; readonly url: string };

const authorityInformationAccess = '1.3.6.1.5.5.7.1.1';
const ocspAccess = '1.3.6.1.5.5.7.48.1';
/** Most places for one certificate, and longest address. */
const maxPlaces = 4;
const maxUrl = 600;

/**
 * Where the status of a certificate may be asked, of the places that it names (RFC 5280 §§4.2.1.13, 4.2.2.1) and those that its anchor's configuration adds:
 * only by HTTP, and only at hosts that the configuration lists. What a certificate says is never followed anywhere else.
 */
export function placesOf(certificate: Certificate, { hosts, crl, ocsp }: AnchorRevocation): readonly Place[] {
  const named: readonly Place[] = [
    ...(ocsp ? uris(responders(certificate)).map(url => ({ kind: 'ocsp', url }) as const) : []),
    ...[...uris(points(certificate)), ...crl].map(url => ({ kind: 'crl', url }) as const),
  ];
  const found = new Map<string, Place>();
  for (const place of named) if (isListed(place.url, hosts)) found.set(`${place.kind} ${place.url}`, place);
  return [...found.values()].slice(0, maxPlaces);
}

/** An address of plain HTTP at a listed host, `name` (its port 80) or `name:port`, without user or fragment. */
export function isListed(text: string, hosts: readonly string[]): boolean {
  if (text.length > maxUrl || !URL.canParse(text)) return false;
  const url = new URL(text);
  const isPlain = url.protocol === 'http:' && url.username === '' && url.password === '' && url.hash === '';
  return isPlain && hosts.some(host => host === url.host || host === `${url.host}:80`);
}

const uris = (names: readonly GeneralName[]): readonly string[] => names.flatMap(n => (n.kind === 'uri' ? [n.value] : []));

function points(certificate: Certificate): readonly GeneralName[] {
  return readable(certificate, extensionOids.crlDistributionPoints, value =>
    // A list of somebody else's is not looked for: what is fetched must be signed by the issuer itself.
    distributionPoints(value).flatMap(p => (p.name?.kind === 'full' && p.crlIssuer === undefined ? p.name.names : [])),
  );
}

function responders(certificate: Certificate): readonly GeneralName[] {
  return readable(certificate, authorityInformationAccess, value => {
    const list = openWhole(value, tags.sequence, 'authorityInfoAccess');
    const found: GeneralName[] = [];
    while (!list.done && found.length < maxPlaces) {
      const description = list.open(tags.sequence, 'access description');
      const method = description.oid('access method');
      const location = generalName(description.next());
      description.end('access description');
      if (method === ocspAccess) found.push(location);
    }
    return found;
  });
}

/** What cannot be read names no place. */
function readable(certificate: Certificate, oid: string, read: (value: Uint8Array) => readonly GeneralName[]): readonly GeneralName[] {
  const value = certificate.extensions.find(e => e.oid === oid)?.value;
  try {
    return value === undefined ? [] : read(value);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return [];
  }
}
