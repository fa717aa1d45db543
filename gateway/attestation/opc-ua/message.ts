import { concat } from '../../codec/bytes.ts';
import { DerReader, tags } from '../../codec/der.ts';
import { readAsymmetric, readOpened } from '../../codec/opc-ua-channel.ts';
import { DecodeError, Reader } from '../../codec/reader.ts';

/**
 * `application/vnd.sallyport.opcua-server`: that a server opened a secure channel to a client of ours. Three parts, each with its length before it (32 bits, big-endian):
 *   1  our client certificate, DER, made for this one question: its serialNumber attribute is our nonce in hexadecimal
 *   2  what the server signed: its OPN from the first octet to the padding, with what was encrypted to us in clear (OPC 10000-6 §6.7.2)
 *   3  its signature
 * The server signs the thumbprint of the certificate that it answers, so the signature covers the nonce.
 */
export type OpcUaProof = { readonly client: Uint8Array; readonly signed: Uint8Array; readonly signature: Uint8Array };

const maxPart = 65_536;

export const writeOpcUaProof = ({ client, signed, signature }: OpcUaProof): Uint8Array =>
  concat(...[client, signed, signature].flatMap(part => [length(part.length), part]));
const length = (n: number): Uint8Array => Uint8Array.of(n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255);

/** Throws DecodeError. */
export function readOpcUaProof(bytes: Uint8Array): OpcUaProof {
  const r = new Reader(bytes, 'OPC UA proof');
  const part = (): Uint8Array => {
    const size = r.u32();
    if (size > maxPart) throw r.fault(`a part of ${size} bytes`);
    return r.take(size);
  };
  const [client, signed, signature] = [part(), part(), part()];
  r.end();
  return { client, signed, signature };
}

/** What the server signed, read. */
export type SignedOpen = { readonly policy: string; readonly thumbprint: Uint8Array; readonly certificates: readonly Uint8Array[] };

/** Reads an OPN in clear: an answer that opens a channel, and nothing behind it but padding. Throws DecodeError. */
export function readSignedOpen(signed: Uint8Array): SignedOpen {
  const r = new Reader(signed, 'OPC UA OPN');
  const [o, p, n, f] = [r.u8(), r.u8(), r.u8(), r.u8()];
  if (o !== 0x4f || p !== 0x50 || n !== 0x4e || f !== 0x46) throw r.fault('no final OPN');
  r.skip(4); // size of what was sent
  const { policy, thumbprint, certificate } = readAsymmetric(r);
  readOpened(r);
  checkPadding(r.rest());
  return { policy, thumbprint, certificates: chainIn(certificate) };
}

/** §6.7.2.5: how many octets, then so many of that value. Our own key has 2048 bits, so one octet counts them. */
function checkPadding(bytes: Uint8Array): void {
  const [count] = bytes;
  if (count === undefined || bytes.length !== count + 1 || bytes.some(byte => byte !== count))
    throw new DecodeError(`Cannot read OPC UA OPN: ${bytes.length} bytes behind its answer are no padding`);
}

/** The certificates of a SenderCertificate, leaf first (§6.7.2.3). */
export function chainIn(bytes: Uint8Array): readonly Uint8Array[] {
  const list = new DerReader(bytes);
  const found: Uint8Array[] = [];
  while (!list.done) found.push(list.take(tags.sequence, 'OPC UA certificate').whole);
  return found;
}
