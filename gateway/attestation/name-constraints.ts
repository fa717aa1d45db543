import { openWhole, tags } from '../codec/der.ts';
import { type NameConstraints, nameConstraints } from '../codec/x509-constraints.ts';
import { extensionOids } from '../codec/x509-extension.ts';
import { type GeneralName, generalNames } from '../codec/x509-general-name.ts';
import { attributeTypes } from '../codec/x509-name.ts';
import type { Certificate } from '../codec/x509.ts';
import { quote } from './checks.ts';
import { EvidenceError } from './evidence-error.ts';
import { formOf, relation } from './name-forms.ts';
import type { Work } from './work.ts';

/** The names of subjectAltName. Throws DecodeError. Empty when there is none. */
export function alternativeNames(certificate: Certificate): readonly GeneralName[] {
  const value = certificate.extensions.find(e => e.oid === extensionOids.subjectAltName)?.value;
  return value === undefined ? [] : generalNames(openWhole(value, tags.sequence, 'subjectAltName'));
}

/** What a CA constrains; undefined when nothing. Throws DecodeError. */
export function readNameConstraints(certificate: Certificate): NameConstraints | undefined {
  const value = certificate.extensions.find(e => e.oid === extensionOids.nameConstraints)?.value;
  return value === undefined ? undefined : nameConstraints(value);
}

/** All that a certificate calls its subject: subjectAltName, the subject if it has one, and mailboxes in it where the SAN names none (RFC 5280 §4.2.1.10). */
function namesOf(certificate: Certificate): readonly GeneralName[] {
  const names = [...alternativeNames(certificate)];
  const { subject } = certificate;
  const mailboxes = subject.attributes.filter(a => a.type === attributeTypes.emailAddress);
  if (!names.some(n => n.kind === 'email')) names.push(...mailboxes.map((a): GeneralName => ({ kind: 'email', value: a.value })));
  return subject.attributes.length === 0 ? names : [...names, { kind: 'directory', name: subject }];
}

/** What the CAs of one path permit and exclude, gathered from the anchor downwards (RFC 5280 §6.1.3 b and c, §6.1.4 g). */
export class NameRules {
  /** Of the CAs so far: at most one for each certificate of the path, and a person's for the anchor. */
  readonly #rules: { readonly of: Certificate; readonly names: NameConstraints }[] = [];
  readonly #work: Work;
  readonly #isDevice: boolean;

  constructor(work: Work, isDevice: boolean) {
    this.#work = work;
    this.#isDevice = isDevice;
  }

  /** Takes over what this CA constrains. Throws DecodeError. */
  add(certificate: Certificate): void {
    const names = readNameConstraints(certificate);
    if (names !== undefined) this.limit(certificate, names);
  }

  /** Takes over what a person constrains this CA to. */
  limit(of: Certificate, names: NameConstraints): void {
    this.#rules.push({ of, names });
  }

  /** Throws EvidenceError NAME_NOT_PERMITTED unless each name lies in what each CA permits in its form, and in nothing that one excludes. */
  check(certificate: Certificate): void {
    if (this.#rules.length === 0) return;
    for (const name of namesOf(certificate)) for (const rule of this.#rules) this.#checkName(name, rule.of, rule.names, certificate);
  }

  #checkName(name: GeneralName, of: Certificate, { permitted = [], excluded = [] }: NameConstraints, certificate: Certificate): void {
    const form = formOf(name);
    const sameForm = (base: GeneralName): boolean => {
      this.#work.spend('comparisons');
      return formOf(base) === form;
    };
    const [mayBe, mustNot] = [permitted.filter(sameForm), excluded.filter(sameForm)];
    const allowed = mayBe.map(base => relation(name, base, this.#isDevice));
    if (
      (mayBe.length === 0 || allowed.includes('within')) &&
      !allowed.includes('malformed') &&
      mustNot.every(base => relation(name, base, this.#isDevice) === 'outside')
    )
      return;
    throw new EvidenceError(
      'NAME_NOT_PERMITTED',
      'chain',
      `Cannot accept ${certificate.subject.text}: ${of.subject.text} may not name ${shown(name)}`,
      { expected: 'names within its name constraints', seen: shown(name) },
    );
  }
}

/** A name for people; untrusted text. */
const shown = (name: GeneralName): string => {
  switch (name.kind) {
    case 'dns':
    case 'email':
    case 'uri':
      return quote(name.value);
    case 'ip':
      return `the address ${name.octets.join('.')}`;
    case 'directory':
      return name.name.text;
    case 'other':
      return `a name of type ${name.type}`;
    case 'opaque':
      return 'a name in a form that cannot be compared';
  }
};
