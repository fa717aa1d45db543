import { createHash } from 'node:crypto';
import type { Digest } from '../../model/attestation.ts';
import type { ReferenceSet } from '../../model/trust.ts';
import { hex } from '../../codec/address.ts';
import { sameBytes } from '../../codec/bytes.ts';
import type { PcrBank } from '../../codec/tpm.ts';
import type { TpmHash } from '../../codec/tpm-algorithms.ts';
import { EvidenceError } from '../evidence-error.ts';
import type { QuoteEvidence } from './quote-json.ts';

/** PCR values that the TPM signed, by bank. Only `checkPcrs` makes them. */
export type QuotedPcrs = readonly { readonly hash: TpmHash; readonly values: ReadonlyMap<number, Uint8Array> }[];

/** The PCRs that are judged: as a whole (`pcr7`), or by the events that led to them (`pcr4/separator`). */
export type Decided = { readonly whole: ReadonlySet<number>; readonly byEvents: ReadonlySet<number> };

/** Which PCRs the reference sets of one class name. */
export function namedPcrs(sets: readonly ReferenceSet[]): Decided {
  const [whole, byEvents] = [new Set<number>(), new Set<number>()];
  for (const { key } of sets.flatMap(s => s.components)) {
    const [, pcr, event] = /^pcr(\d{1,2})(\/.+)?$/.exec(key ?? '') ?? [];
    if (pcr !== undefined) (event === undefined ? whole : byEvents).add(Number(pcr));
  }
  return { whole, byEvents };
}

/** Throws EvidenceError QUOTE_INVALID unless one bank of SHA-2 or SHA-3 has every wanted PCR, and at least one. SHA-1 alone proves nothing. */
export function checkSelection(banks: readonly PcrBank[], wanted: readonly number[]): void {
  const accepted = banks.filter(b => b.hash.isAccepted && b.pcrs.length > 0);
  if (accepted.some(b => wanted.every(pcr => b.pcrs.includes(pcr)))) return;
  throw new EvidenceError('QUOTE_INVALID', 'measured', 'Cannot accept quote: it selects other PCRs than those that are asked for', {
    expected: `PCR ${wanted.join(', ') || 'values'} in a bank of SHA-2 or SHA-3`,
    seen: banks.map(b => `${b.hash.name}: ${b.pcrs.join(', ')}`).join('; ') || 'none',
  });
}

/** The values beside the quote, once they are exactly those that it selects and the signed digest is theirs (TPM 2.0 Library, Part 3, §18.4). */
export function checkPcrs(banks: readonly PcrBank[], given: QuoteEvidence['pcrs'], signed: Uint8Array, hash: TpmHash): QuotedPcrs {
  const digest = createHash(hash.name);
  const quoted = banks.map(bank => {
    const values = new Map<number, Uint8Array>();
    for (const pcr of bank.pcrs) {
      const value = given.get(bank.hash.name)?.get(pcr);
      if (value === undefined) throw unequal(`value of PCR ${pcr} of ${bank.hash.name}`, 'none');
      values.set(pcr, value);
      digest.update(value);
    }
    return { hash: bank.hash, values };
  });
  const count = [...given.values()].reduce((sum, bank) => sum + bank.size, 0);
  const selected = banks.reduce((sum, bank) => sum + bank.pcrs.length, 0);
  if (count !== selected) throw unequal(`${selected} PCR values`, `${count}`);
  const found = new Uint8Array(digest.digest());
  if (!sameBytes(found, signed)) throw unequal(hex(signed), hex(found));
  return quoted;
}

const unequal = (expected: string, seen: string): EvidenceError =>
  new EvidenceError('LOG_MISMATCH', 'measured', 'Cannot accept PCR values: they are not those that the TPM signed', { expected, seen });

/** The value of a PCR in every accepted bank that has it. */
export const digestsOf = (quoted: QuotedPcrs, pcr: number): readonly Digest[] =>
  quoted.flatMap(({ hash, values }) => {
    const value = values.get(pcr);
    return value === undefined || !hash.isAccepted ? [] : [{ alg: hash.iana, value: hex(value) }];
  });
