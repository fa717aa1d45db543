import { DerReader, openWhole, smallInteger, tags } from './der.ts';
import { DecodeError } from './reader.ts';
import { maxPolicies } from './x509-extension.ts';
import { type GeneralName, generalName } from './x509-general-name.ts';

/** Extensions of CA certificates that constrain what stands below them (RFC 5280 §§4.2.1.5, 4.2.1.10, 4.2.1.11, 4.2.1.14). */

/** Bases of subtrees. Absent: that half is not given. */
export type NameConstraints = { readonly permitted?: readonly GeneralName[]; readonly excluded?: readonly GeneralName[] };

/** Most subtrees in one list. */
const maxSubtrees = 2048;

/** RFC 5280 §4.2.1.10: at least one half, neither empty; minimum is 0 and maximum absent. Throws DecodeError. */
export function nameConstraints(value: Uint8Array): NameConstraints {
  const parts = openWhole(value, tags.sequence, 'nameConstraints');
  const permitted = parts.peek() === 0xa0 ? subtrees(parts.open(0xa0, 'permittedSubtrees')) : undefined;
  const excluded = parts.peek() === 0xa1 ? subtrees(parts.open(0xa1, 'excludedSubtrees')) : undefined;
  parts.end('nameConstraints');
  if (permitted === undefined && excluded === undefined) throw new DecodeError('Cannot read nameConstraints: they are empty');
  return { ...(permitted === undefined ? {} : { permitted }), ...(excluded === undefined ? {} : { excluded }) };
}

function subtrees(list: DerReader): readonly GeneralName[] {
  const found: GeneralName[] = [];
  while (!list.done) {
    if (found.length >= maxSubtrees) throw new DecodeError(`Cannot read nameConstraints: more than ${maxSubtrees} subtrees`);
    const subtree = list.open(tags.sequence, 'subtree');
    const base = generalName(subtree.next());
    if (base.kind === 'ip' && !isNetwork(base.octets)) throw new DecodeError('Cannot read nameConstraints: an address without its prefix');
    const minimum = subtree.maybe(0x80);
    if (minimum !== undefined && smallInteger(minimum.content, 'subtree minimum') !== 0)
      throw new DecodeError('Cannot read nameConstraints: a minimum that is not 0');
    subtree.end('subtree');
    found.push(base);
  }
  if (found.length === 0) throw new DecodeError('Cannot read nameConstraints: no subtree');
  return found;
}

/** Address and mask of IPv4 or IPv6, and the mask is a prefix (RFC 4632 §3.1). One that is not is about no network, whatever the names below. */
export function isNetwork(octets: Uint8Array): boolean {
  const mask = octets.subarray(octets.length / 2);
  const bits = Array.from(mask, byte => byte.toString(2).padStart(8, '0')).join('');
  return (octets.length === 8 || octets.length === 32) && /^1*0*$/.test(bits);
}

/** How many more certificates may follow before the rule bites; absent: no such rule. */
export type PolicyConstraints = { readonly requireExplicitPolicy?: number; readonly inhibitPolicyMapping?: number };

export function policyConstraints(value: Uint8Array): PolicyConstraints {
  const parts = openWhole(value, tags.sequence, 'policyConstraints');
  const [explicit, mapping] = [parts.maybe(0x80), parts.maybe(0x81)];
  parts.end('policyConstraints');
  if (explicit === undefined && mapping === undefined) throw new DecodeError('Cannot read policyConstraints: they are empty');
  return {
    ...(explicit === undefined ? {} : { requireExplicitPolicy: smallInteger(explicit.content, 'requireExplicitPolicy') }),
    ...(mapping === undefined ? {} : { inhibitPolicyMapping: smallInteger(mapping.content, 'inhibitPolicyMapping') }),
  };
}

/** One pair of policyMappings: what the issuer's policy is called by the subject. */
export type PolicyMapping = { readonly issuer: string; readonly subject: string };

export function policyMappings(value: Uint8Array): readonly PolicyMapping[] {
  const list = openWhole(value, tags.sequence, 'policyMappings');
  const found: PolicyMapping[] = [];
  while (!list.done) {
    if (found.length >= maxPolicies) throw new DecodeError(`Cannot read policyMappings: more than ${maxPolicies}`);
    const pair = list.open(tags.sequence, 'policy mapping');
    const issuer = pair.oid('issuerDomainPolicy');
    const subject = pair.oid('subjectDomainPolicy');
    pair.end('policy mapping');
    found.push({ issuer, subject });
  }
  if (found.length === 0) throw new DecodeError('Cannot read policyMappings: they are empty');
  return found;
}

export function inhibitAnyPolicy(value: Uint8Array): number {
  const outer = new DerReader(value);
  const skip = smallInteger(outer.take(tags.integer, 'inhibitAnyPolicy').content, 'inhibitAnyPolicy');
  outer.end('inhibitAnyPolicy');
  return skip;
}
