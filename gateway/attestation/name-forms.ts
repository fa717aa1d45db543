import { sameBytes } from '../codec/bytes.ts';
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

/** `name` and `base` are of one form. */
export function relation(name: GeneralName, base: GeneralName): Relation {
  if (name.kind === 'dns' && base.kind === 'dns') return dns(name.value, base.value);
  if (name.kind === 'ip' && base.kind === 'ip') return ip(name.octets, base.octets);
  if (name.kind === 'email' && base.kind === 'email') return email(name.value, base.value);
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

/** Address and mask, and the mask is a prefix (RFC 4632 §3.1). Addresses of the other family lie outside. */
function ip(octets: Uint8Array, constraint: Uint8Array): Relation {
  const size = constraint.length / 2;
  if ((octets.length !== 4 && octets.length !== 16) || (size !== 4 && size !== 16)) return 'malformed';
  const [address, mask] = [constraint.subarray(0, size), constraint.subarray(size)];
  const bits = Array.from(mask, byte => byte.toString(2).padStart(8, '0')).join('');
  if (!/^1*0*$/.test(bits)) return 'malformed';
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

/** A constraint is one mailbox, all mailboxes at one host, or with a leading dot those at hosts below a domain. Asterisks are letters like others. */
function email(text: string, constraint: string): Relation {
  const name = mailbox(text);
  if (name === undefined) return 'malformed';
  if (constraint.includes('@')) {
    const base = mailbox(constraint);
    if (base === undefined) return 'malformed';
    return base.local === name.local && base.host === name.host ? 'within' : 'outside';
  }
  return hostOrBelow(name.host, constraint.toLowerCase());
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
