import type { Digest } from '../model/attestation.ts';
import { hex } from './address.ts';
import { DecodeError } from './reader.ts';
import { type DerReader, inside, latin1, smallInteger, tags } from './der.ts';

/** The measurements inside DiceTcbInfo: FWID and IntegrityRegister (TCG DICE Attestation Architecture 1.2 §6.1.1). Untrusted. */

/** One integrity register: what a layer extended while it ran. `key` is `ir-` and `registerName`. */
export type Register = { readonly key: string; readonly digests: readonly Digest[] };

/** IANA named-information names of the hash OIDs seen in devices; an unknown one keeps its OID, so that it matches nothing. */
const hashes: { readonly [oid: string]: { readonly alg: string; readonly length: number } } = {
  '1.3.14.3.2.26': { alg: 'sha-1', length: 20 },
  '2.16.840.1.101.3.4.2.1': { alg: 'sha-256', length: 32 },
  '2.16.840.1.101.3.4.2.2': { alg: 'sha-384', length: 48 },
  '2.16.840.1.101.3.4.2.3': { alg: 'sha-512', length: 64 },
  '2.16.840.1.101.3.4.2.8': { alg: 'sha3-256', length: 32 },
  '2.16.840.1.101.3.4.2.9': { alg: 'sha3-384', length: 48 },
  '2.16.840.1.101.3.4.2.10': { alg: 'sha3-512', length: 64 },
};
const maxDigests = 32;
const maxRegisters = 64;
/** Longest registerName, bytes. */
const maxName = 64;

/** How a register is called here: by its number, or by its name, in quotes where that could be taken for a number (5 is not "5", draft-ietf-rats-corim, "Integrity Registers"). */
export const registerName = (id: number | bigint | string): string => (typeof id === 'string' && /^\d+$/.test(id) ? `"${id}"` : `${id}`);

/** FWIDLIST: at least one. Throws DecodeError. */
export function fwids(list: DerReader): readonly Digest[] {
  const found: Digest[] = [];
  while (!list.done) {
    found.push(fwid(list.open(tags.sequence, 'FWID')));
    if (found.length > maxDigests) throw new DecodeError(`Cannot read fwids: more than ${maxDigests}`);
  }
  if (found.length === 0) throw new DecodeError('Cannot read fwids: the list is empty');
  return found;
}

/** FWID { hashAlg OBJECT IDENTIFIER, digest OCTET STRING }. A digest of the wrong length for its algorithm throws DecodeError. */
export function fwid(parts: DerReader): Digest {
  const oid = parts.oid('hashAlg');
  const digest = parts.take(tags.octetString, 'digest').content;
  parts.end('FWID');
  const hash = hashes[oid];
  if (digest.length === 0 || digest.length > 64 || (hash !== undefined && digest.length !== hash.length))
    throw new DecodeError(`Cannot read digest: ${digest.length} octets of ${hash?.alg ?? oid}`);
  return { alg: hash?.alg ?? oid.slice(0, 40), value: hex(digest) };
}

/**
 * IrList: IntegrityRegister { registerName [0] IA5String, registerNum [1] INTEGER, registerDigests [2] FWIDLIST }. One that names neither, has no digest or
 * stands twice is unreadable: nobody could say which register was meant. Throws DecodeError.
 */
export function registers(list: DerReader): readonly Register[] {
  const found = new Map<string, Register>();
  while (!list.done) {
    const one = register(list.open(tags.sequence, 'IntegrityRegister'));
    if (found.has(one.key)) throw new DecodeError(`Cannot read integrity registers: ${one.key} stands twice`);
    if (found.size >= maxRegisters) throw new DecodeError(`Cannot read integrity registers: more than ${maxRegisters}`);
    found.set(one.key, one);
  }
  if (found.size === 0) throw new DecodeError('Cannot read integrity registers: the list is empty');
  return [...found.values()];
}

function register(parts: DerReader): Register {
  const name = parts.maybe(0x80)?.content;
  const number = parts.maybe(0x81)?.content;
  const digests = fwids(inside(parts.take(0xa2, 'registerDigests')));
  parts.end('IntegrityRegister');
  if (name !== undefined && (name.length === 0 || name.length > maxName || name.some(byte => byte < 0x20 || byte > 0x7e)))
    throw new DecodeError(`Cannot read registerName: ${name.length} bytes that are no short printable IA5String`);
  const num = number === undefined ? undefined : smallInteger(number, 'registerNum');
  const id = name === undefined ? num : latin1(name);
  if (id === undefined) throw new DecodeError('Cannot read IntegrityRegister: neither name nor number');
  return { key: `ir-${registerName(id)}`, digests };
}
