import { extensionOids } from '../codec/x509-extension.ts';
import type { Certificate } from '../codec/x509.ts';
import { hasParameters } from './keys.ts';
import { isSelfIssued, type Path } from './path-rules.ts';

/** A rule for issuers that a certificate of an accepted path breaks. `clause` is of RFC 5280; `text` says it to people. */
export type PathFinding = { readonly certificate: Certificate; readonly clause: string; readonly text: string };

/** What a certificate looks like to the rules below. */
type Seen = {
  readonly certificate: Certificate;
  readonly isAnchor: boolean;
  readonly isCa: boolean;
  readonly marks: ReadonlyMap<string, boolean>;
};
type Rule = { readonly clause: string; readonly text: string; readonly isBroken: (seen: Seen) => boolean };

const { subjectKeyIdentifier, authorityKeyIdentifier, basicConstraints, nameConstraints, policyConstraints, subjectAltName } =
  extensionOids;

/**
 * What RFC 5280 §4 wants of those who issue and its readers may live without: whoever breaks it gains nothing, and old devices break many. So it is told
 * and refuses nothing.
 */
const rules: readonly Rule[] = [
  {
    clause: '§4.1.1.2',
    text: 'the algorithm of its ECDSA signature has parameters',
    isBroken: ({ certificate }) => hasParameters(certificate),
  },
  {
    clause: '§4.1.2.2',
    text: 'its serial number is no positive number of at most 20 octets',
    isBroken: ({ certificate: { serialNumber } }) => /^(0*|[89a-f].*)$/.test(serialNumber) || serialNumber.replace(/^00/, '').length > 40,
  },
  { clause: '§4.1.2.4', text: 'its issuer has no name', isBroken: ({ certificate }) => certificate.issuer.attributes.length === 0 },
  {
    clause: '§4.1.2.6',
    text: 'it is a CA without a name',
    isBroken: ({ certificate, isCa }) => isCa && certificate.subject.attributes.length === 0,
  },
  {
    clause: '§4.2.1.1',
    text: 'it does not say by which key it is signed, or marks that as critical',
    isBroken: ({ certificate, isAnchor, marks }) =>
      marks.get(authorityKeyIdentifier) === true || (!isAnchor && certificate.authorityKeyId === undefined && !isSelfIssued(certificate)),
  },
  {
    clause: '§4.2.1.2',
    text: 'it is a CA whose key has no identifier, or one that is marked as critical',
    isBroken: ({ isCa, marks }) => marks.get(subjectKeyIdentifier) ?? isCa,
  },
  {
    clause: '§4.2.1.3',
    text: 'it may sign certificates and is no CA',
    isBroken: ({ certificate, isCa }) => !isCa && certificate.keyUsage?.keyCertSign === true,
  },
  {
    clause: '§4.2.1.4',
    text: 'it names a certificate policy twice',
    isBroken: ({ certificate: { policies } }) => new Set(policies).size < policies.length,
  },
  {
    clause: '§4.2.1.6',
    text: 'it has no subject, and its other names are not marked as critical',
    isBroken: ({ certificate, marks }) => certificate.subject.attributes.length === 0 && marks.get(subjectAltName) === false,
  },
  {
    clause: '§4.2.1.9',
    text: 'it is a CA and does not mark that as critical',
    isBroken: ({ isCa, marks }) => isCa && marks.get(basicConstraints) === false,
  },
  {
    clause: '§4.2.1.10',
    text: 'its name constraints are not marked as critical, or it is no CA that could have any',
    isBroken: ({ isCa, marks }) => marks.has(nameConstraints) && (!isCa || marks.get(nameConstraints) === false),
  },
  {
    clause: '§4.2.1.11',
    text: 'its policy constraints are not marked as critical',
    isBroken: ({ marks }) => marks.get(policyConstraints) === false,
  },
];

/** The rules for issuers that a path breaks, the anchor's last. */
export function pathFindings({ certificates, anchor }: Path): readonly PathFinding[] {
  return [...certificates, anchor.certificate].flatMap((certificate, i) => {
    const seen: Seen = {
      certificate,
      isAnchor: i === certificates.length,
      isCa: certificate.basicConstraints?.ca === true,
      marks: new Map(certificate.extensions.map(e => [e.oid, e.critical])),
    };
    return rules.filter(rule => rule.isBroken(seen)).map(({ clause, text }) => ({ certificate, clause, text }));
  });
}
