import { type CipherCCMTypes, type CipherGCMTypes, createCipheriv, createDecipheriv } from 'node:crypto';
import { concat } from '../../codec/bytes.ts';
import { dtls12, dtlsNumber, type DtlsRecord, encodeDtlsRecord, uint } from '../../codec/dtls-record.ts';
import type { DirectionKeys } from './secrets.ts';
import type { DtlsSuite } from './suites.ts';

/** Bytes of the nonce that go with each record (RFC 5288 §3, RFC 6655 §3): its epoch and number, so none comes twice. */
const explicitBytes = 8;

type Head = Pick<DtlsRecord, 'type' | 'epoch' | 'sequence'>;
const additional = ({ type, epoch, sequence }: Head, length: number): Uint8Array =>
  concat(dtlsNumber(epoch, sequence), Uint8Array.of(type), uint(dtls12, 2), uint(length, 2));

/** A record with its plaintext sealed, ready to send. */
export function sealRecord(suite: DtlsSuite, { key, salt }: DirectionKeys, head: Head, plaintext: Uint8Array): Uint8Array {
  const explicit = dtlsNumber(head.epoch, head.sequence);
  const nonce = concat(salt, explicit);
  const cipher =
    suite.cipher === 'aes-128-ccm' || suite.cipher === 'aes-256-ccm'
      ? createCipheriv(suite.cipher satisfies CipherCCMTypes, key, nonce, { authTagLength: suite.tagBytes })
      : createCipheriv(suite.cipher satisfies CipherGCMTypes, key, nonce, { authTagLength: suite.tagBytes });
  cipher.setAAD(additional(head, plaintext.length), { plaintextLength: plaintext.length });
  const sealed = concat(cipher.update(plaintext), cipher.final());
  return encodeDtlsRecord({ ...head, version: dtls12, fragment: concat(explicit, sealed, cipher.getAuthTag()) });
}

/** The plaintext, authentic; undefined for what nobody with the key sealed, or sealed for another number, type or version. */
export function openRecord(suite: DtlsSuite, { key, salt }: DirectionKeys, record: DtlsRecord): Uint8Array | undefined {
  const { fragment } = record;
  const length = fragment.length - explicitBytes - suite.tagBytes;
  if (length < 0 || record.version !== dtls12) return undefined;
  const nonce = concat(salt, fragment.subarray(0, explicitBytes));
  const decipher =
    suite.cipher === 'aes-128-ccm' || suite.cipher === 'aes-256-ccm'
      ? createDecipheriv(suite.cipher satisfies CipherCCMTypes, key, nonce, { authTagLength: suite.tagBytes })
      : createDecipheriv(suite.cipher satisfies CipherGCMTypes, key, nonce, { authTagLength: suite.tagBytes });
  decipher.setAuthTag(fragment.subarray(explicitBytes + length));
  decipher.setAAD(additional(record, length), { plaintextLength: length });
  try {
    return concat(decipher.update(fragment.subarray(explicitBytes, explicitBytes + length)), decipher.final());
  } catch (error) {
    // What Node says of a tag that does not fit: a bare Error. Its subclasses are faults of ours.
    if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) throw error;
    return undefined;
  }
}

const windowBits = 64n;
/** Which records of an epoch were seen (RFC 6347 §4.1.2.6): those older than the last 64 count as seen. */
export class ReplayWindow {
  #last = -1;
  /** Bit n: the record n before the last. 64 bits at most. */
  #seen = 0n;

  isNew(sequence: number): boolean {
    const behind = BigInt(this.#last - sequence);
    return behind < 0n || (behind < windowBits && ((this.#seen >> behind) & 1n) === 0n);
  }

  /** Only for records that were authentic: else anyone could shut out those to come. */
  note(sequence: number): void {
    const ahead = sequence - this.#last;
    if (ahead > 0) {
      this.#seen = ahead >= windowBits ? 1n : BigInt.asUintN(64, (this.#seen << BigInt(ahead)) | 1n);
      this.#last = sequence;
    } else this.#seen |= 1n << BigInt(-ahead);
  }
}
