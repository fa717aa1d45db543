import { sameBytes } from '../codec/bytes.ts';
import { openWhole, tags, utf8 } from '../codec/der.ts';
import { isNetwork } from '../codec/x509-constraints.ts';
import type { GeneralName } from '../codec/x509-general-name.ts';
import { rdnKeys } from '../codec/x509-name-match.ts';

/**
 * Whether a name lies in the subtree of a constraint of its own form (RFC 5280 §4.2.1.10). `touches` is for excluded subtrees: a wildcard touches what it
 * could stand for. `malformed`: one of the two cannot be compared, so nothing that is constrained in this form may pass.
 */
export type Relation = 'within' | 'touches' | 'outside' | 'malformed';

/** otherName that is a mailbox in UTF-8 (RFC 9598): mailbox constraints are about it too. */
const utf8Mailbox = '1.3.6.1.5.5.7.8.9';

/** What constrains what: forms of one kind, and of one type where names of other types say nothing of each other. */
export function formOf(name: GeneralName): string {
  if (name.kind === 'other') return name.type === utf8Mailbox ? 'email' : `other ${name.type}`;
  return name.kind === 'opaque' ? `opaque ${name.tag}` : name.kind;
}

/** `name` and `base` are of one form. `isDevice`: constraints of DNS names may begin with a dot. */
export function relation(name: GeneralName, base: GeneralName, isDevice = false): Relation {
  if (name.kind === 'dns' && base.kind === 'dns') return isDevice ? dnsBelow(name.value, base.value) : dns(name.value, base.value);
  if (name.kind === 'ip' && base.kind === 'ip') return ip(name.octets, base.octets);
  if (name.kind === 'email' && base.kind === 'email') return email(name.value, base.value);
  if (name.kind === 'other' && base.kind === 'email') return utf8Email(name.der, base.value);
  if (name.kind === 'uri' && base.kind === 'uri') return uri(name.value, base.value);
  if (name.kind === 'directory' && base.kind === 'directory') {
    const [mine, above] = [rdnKeys(name.name), rdnKeys(base.name)];
    return above.every((rdn, i) => rdn === mine[i]) ? 'within' : 'outside';
  }
  // No rule says how these nest: the same value is permitted, and any may be meant by what is excluded.
  if ((name.kind === 'other' && base.kind === 'other') || (name.kind === 'opaque' && base.kind === 'opaque'))
    return sameBytes(name.der, base.der) ? 'within' : 'touches';
  return 'malformed';
}

/** Labels of letters, digits, hyphens and underscores; at most 253 characters (RFC 1034 §3.5; underscores are found in names of services). */
const hostName = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
export const isHostName = (text: string): boolean => hostName.test(text.toLowerCase());

const isUnder = (host: string, domain: string): boolean => host === domain || host.endsWith(`.${domain}`);

/** An empty constraint is about all names. A wildcard stands for one label: `*.a.b` touches the excluded `x.a.b`, and `a.b` permits it. */
function dns(text: string, constraint: string): Relation {
  const [name, base] = [text.toLowerCase(), constraint.toLowerCase()];
  const wild = name.startsWith('*.');
  const host = wild ? name.slice(2) : name;
  if (!isHostName(host) || (base !== '' && !isHostName(base))) return 'malformed';
  if (base === '' || isUnder(host, base)) return 'within';
  return wild && base.endsWith(`.${host}`) && !base.slice(0, -host.length - 1).includes('.') ? 'touches' : 'outside';
}

/**
 * A constraint with a leading dot has no meaning in RFC 5280, but is common in the CAs of companies, and most others read it as all hosts below the
 * domain. So it permits those, and excludes the domain itself besides: the narrower reading both times.
 */
function dnsBelow(text: string, constraint: string): Relation {
  if (!constraint.startsWith('.') || constraint === '.') return dns(text, constraint);
  const found = dns(text, constraint.slice(1));
  return found === 'within' && text.toLowerCase() === constraint.slice(1).toLowerCase() ? 'touches' : found;
}

/** Addresses of the other family lie outside. */
function ip(octets: Uint8Array, constraint: Uint8Array): Relation {
  const size = constraint.length / 2;
  if ((octets.length !== 4 && octets.length !== 16) || !isNetwork(constraint)) return 'malformed';
  const [address, mask] = [constraint.subarray(0, size), constraint.subarray(size)];
  if (octets.length !== size) return 'outside';
  return mask.every((byte, i) => ((octets[i] ?? 0) & byte) === ((address[i] ?? 0) & byte)) ? 'within' : 'outside';
}

/** Local part as its characters, without quotes, and the host in lower case; undefined when it is no Mailbox (RFC 5321 §4.1.2). */
export function mailbox(text: string): { readonly local: string; readonly host: string } | undefined {
  const at = text.lastIndexOf('@');
  const [local, host] = [text.slice(0, at), text.slice(at + 1).toLowerCase()];
  if (at < 1 || at > 64 || !isHostName(host)) return undefined;
  if (/^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/.test(local)) return { local, host };
  if (!/^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"$/.test(local)) return undefined;
  return { local: local.slice(1, -1).replace(/\\(.)/g, '$1'), host };
}

const localPart = (text: string): string => text.slice(0, text.lastIndexOf('@'));

/** A constraint is one mailbox, all mailboxes at one host, or with a leading dot those at hosts below a domain. Asterisks are letters like others. */
function email(text: string, constraint: string): Relation {
  const name = mailbox(text);
  if (name === undefined) return 'malformed';
  if (constraint.includes('@')) {
    const base = mailbox(constraint);
    if (base === undefined) return 'malformed';
    if (base.local !== name.local || base.host !== name.host) return 'outside';
    // Quotes name the same mailbox, but what is permitted is compared as it stands (§7.5).
    return localPart(text) === localPart(constraint) ? 'within' : 'touches';
  }
  return hostOrBelow(name.host, constraint.toLowerCase());
}

/**
 * A mailbox in UTF-8 lies at its host, which is written in ASCII (RFC 9598 §§3, 6). Whether it is one that a constraint names is not for us to say, for
 * its local part has no rule of comparing: it is not permitted by that, and no other at the same host gets past what excludes one.
 */
function utf8Email(der: Uint8Array, constraint: string): Relation {
  const value = openWhole(der, 0xa0, 'SmtpUTF8Mailbox');
  const text = utf8(value.take(tags.utf8String, 'SmtpUTF8Mailbox').content, 'SmtpUTF8Mailbox');
  value.end('SmtpUTF8Mailbox');
  const at = text.lastIndexOf('@');
  const host = text.slice(at + 1).toLowerCase();
  if (at < 1 || !isHostName(host)) return 'malformed';
  if (!constraint.includes('@')) return hostOrBelow(host, constraint.toLowerCase());
  const base = mailbox(constraint);
  return base === undefined ? 'malformed' : base.host === host ? 'touches' : 'outside';
}

/** A constraint is one host, or with a leading dot all hosts below a domain. A URI without a host name cannot be constrained. */
function uri(text: string, constraint: string): Relation {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(text)?.[1];
  const host = authority
    ?.slice(authority.lastIndexOf('@') + 1)
    .replace(/:\d*$/, '')
    .toLowerCase();
  // Addresses have no place in a tree of domains; a last label of digits makes one (RFC 3986 §3.2.2).
  if (host === undefined || !isHostName(host) || /(^|\.)(\d+|0x[0-9a-f]*)$/.test(host)) return 'malformed';
  return hostOrBelow(host, constraint.toLowerCase());
}

function hostOrBelow(host: string, base: string): Relation {
  if (base === '') return 'within';
  const domain = base.startsWith('.') ? base.slice(1) : base;
  if (!isHostName(domain)) return 'malformed';
  return (base.startsWith('.') ? host.endsWith(base) : host === base) ? 'within' : 'outside';
}
