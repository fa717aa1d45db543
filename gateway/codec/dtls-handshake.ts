import { concat } from './bytes.ts';
import { uint } from './dtls-record.ts';
import { Reader } from './reader.ts';

/** Handshake types of DTLS 1.2 (RFC 5246 §7.4, RFC 6347 §4.3.2). */
export const dtlsHandshake = {
  helloRequest: 0,
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
} as const;

/** A handshake message, whole. `sequence` counts those of one side. */
export type DtlsMessage = { readonly type: number; readonly sequence: number; readonly body: Uint8Array };

/** A piece of one: `bytes` from `offset` of a body of `length` bytes. */
export type DtlsFragment = Omit<DtlsMessage, 'body'> & { readonly length: number; readonly offset: number; readonly bytes: Uint8Array };

/** Longest message, bytes: room for a chain at its cap. */
const maxDtlsMessage = 69_632;

/** The pieces in one record (RFC 6347 §4.2.2). Throws DecodeError. */
export function decodeDtlsFragments(record: Uint8Array): readonly DtlsFragment[] {
  const r = new Reader(record, 'DTLS handshake');
  const fragments: DtlsFragment[] = [];
  while (r.left > 0) {
    const [type, length, sequence, offset, count] = [r.u8(), u24(r), r.u16(), u24(r), u24(r)];
    if (length > maxDtlsMessage) throw r.fault(`message of ${length} bytes`);
    if (offset + count > length) throw r.fault(`bytes ${offset} to ${offset + count} of ${length}`);
    if (count === 0 && length > 0) throw r.fault('a fragment of nothing');
    fragments.push({ type, length, sequence, offset, bytes: r.take(count) });
  }
  return fragments;
}

export const u24 = (r: Reader): number => r.u8() * 0x10000 + r.u16();

/** The message in one piece: so it counts for the transcript, however it was sent (RFC 6347 §4.2.6). */
export const encodeDtlsMessage = (message: DtlsMessage): Uint8Array => piece(message, 0, message.body.length);

/** The message in pieces whose bodies have at most `most` bytes. */
export function fragmentDtlsMessage(message: DtlsMessage, most: number): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < message.body.length; at += most) pieces.push(piece(message, at, most));
  return pieces;
}

function piece({ type, sequence, body }: DtlsMessage, offset: number, most: number): Uint8Array {
  const bytes = body.subarray(offset, offset + most);
  return concat(Uint8Array.of(type), uint(body.length, 3), uint(sequence, 2), uint(offset, 3), uint(bytes.length, 3), bytes);
}
