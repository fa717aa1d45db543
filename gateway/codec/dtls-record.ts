import { concat } from './bytes.ts';
import { Reader } from './reader.ts';

/** Content types (RFC 5246 §6.2.1) and versions (RFC 6347 §4.1): DTLS counts down. */
export const dtlsContent = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;
export const [dtls10, dtls12] = [0xfeff, 0xfefd] as const;

/** One record. `fragment` is what it carries, sealed where the epoch is not 0. Untrusted when it was received. */
export type DtlsRecord = {
  readonly type: number;
  readonly version: number;
  readonly epoch: number;
  /** 48 bits, counted anew in each epoch. */
  readonly sequence: number;
  readonly fragment: Uint8Array;
};

/** Longest fragment with what sealing adds (RFC 5246 §6.2.3), bytes. */
const maxDtlsFragment = 16_384 + 2048;

/** All records of one datagram: a record never spans two (RFC 6347 §4.1.1). Throws DecodeError. */
export function decodeDtlsRecords(datagram: Uint8Array): readonly DtlsRecord[] {
  const r = new Reader(datagram, 'DTLS record');
  const records: DtlsRecord[] = [];
  while (r.left > 0) {
    const [type, version, epoch] = [r.u8(), r.u16(), r.u16()];
    const sequence = r.u16() * 2 ** 32 + r.u32();
    const length = r.u16();
    if (type < dtlsContent.changeCipherSpec || type > dtlsContent.applicationData) throw r.fault(`type ${type}`);
    if (version !== dtls12 && version !== dtls10) throw r.fault(`version ${version.toString(16)}`);
    if (length > maxDtlsFragment) throw r.fault(`length ${length}`);
    records.push({ type, version, epoch, sequence, fragment: r.take(length) });
  }
  return records;
}

/** Epoch and sequence number as eight bytes: in the record's header, its nonce and its additional data alike. */
export const dtlsNumber = (epoch: number, sequence: number): Uint8Array =>
  concat(uint(epoch, 2), uint(Math.floor(sequence / 2 ** 32), 2), uint(sequence % 2 ** 32, 4));

export const encodeDtlsRecord = ({ type, version, epoch, sequence, fragment }: DtlsRecord): Uint8Array =>
  concat(Uint8Array.of(type), uint(version, 2), dtlsNumber(epoch, sequence), uint(fragment.length, 2), fragment);

/** Unsigned, big-endian. */
export const uint = (value: number, length: 1 | 2 | 3 | 4): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => Math.floor(value / 256 ** (length - 1 - i)) % 256);

/** A vector with its length before it (RFC 5246 §4.3). */
export function vector(lengthBytes: 1 | 2 | 3, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(...parts);
  return concat(uint(body.length, lengthBytes), body);
}
