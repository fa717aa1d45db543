import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { concat } from './bytes.ts';
import { Reader } from './reader.ts';

/** How Initial packets of a version are protected: salt of the secret, prefix of the labels, and the type in the first byte. */
type Protection = { readonly salt: Uint8Array; readonly label: 'quic' | 'quicv2'; readonly type: number };

const protection = (salt: string, label: Protection['label'] = 'quic', type = 0): Protection => ({
  salt: Uint8Array.from(salt.match(/../g) ?? [], pair => Number.parseInt(pair, 16)),
  label,
  type,
});
/** RFC 9001 §5.2, RFC 9369 §3; drafts 22 to 34 of draft-ietf-quic-tls, §5.2 of each. */
const version1 = protection('38762cf7f55934b34d179ae6a4c80cadccbb7f0a');
const version2 = protection('0dede3def700a6db819381be6e269dcbf9bd2ed9', 'quicv2', 1);
const draft22 = protection('7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a');
const draft23 = protection('c3eef712c72ebb5a11a7d2432bb46365bef9f502');
const draft29 = protection('afbfec289993d24c9e9786f19c6111e04390a899');

/** Undefined of versions that we cannot open. Two of Meta's are drafts 22 and 27 under names of their own. */
export function quicProtection(version: number): Protection | undefined {
  if (version === 1) return version1;
  if (version === 0x6b3343cf) return version2;
  if (version === 0xfaceb001) return draft22;
  if (version === 0xfaceb002) return draft23;
  // Reserved so that servers stay tolerant (RFC 9000 §15): such clients use what was current when they were made.
  if ((version & 0x0f0f0f0f) === 0x0a0a0a0a) return draft29;
  const draft = version >>> 8 === 0xff0000 ? version & 255 : 0;
  if (draft === 22) return draft22;
  if (draft >= 23 && draft <= 28) return draft23;
  if (draft >= 29 && draft <= 32) return draft29;
  return draft === 33 || draft === 34 ? version1 : undefined;
}

/** True for a first byte and version that may begin an Initial packet: long header, fixed bit, type. RFC 9000 §17.2.2. */
export const mayBeInitial = (first: number, version: number): boolean =>
  first >= 0xc0 && ((first >> 4) & 3) === quicProtection(version)?.type;

/** A piece of the handshake, which may come out of order. RFC 9000 §19.6. */
export type CryptoPiece = { readonly offset: number; readonly bytes: Uint8Array };
/** A client's Initial packet. `connection`: the ID of which its keys are made. */
export type QuicInitial = { readonly connection: Uint8Array; readonly pieces: readonly CryptoPiece[] };

/** Initial packets of one datagram that are read (RFC 9000 §12.2), and bytes of the handshake that are of interest. */
const [maxPackets, maxOffset] = [4, 16_384];
const [tagLength, sampleLength, longestNumber] = [16, 16, 4];

/**
 * Opens the Initial packets at the start of a client's datagram. RFC 9000 §17.2.2, RFC 9001 §5. Their keys are no secret: they are made of the connection ID that
 * stands in them. Empty when they open with other keys, as those do that a client sends once the server has chosen an ID. Throws DecodeError.
 */
export function openInitials(datagram: Uint8Array): readonly QuicInitial[] {
  const found: QuicInitial[] = [];
  const r = new Reader(datagram, 'QUIC');
  for (let i = 0; i < maxPackets && r.left > 5; i++) {
    const start = r.at;
    const first = r.u8();
    const version = r.u32();
    const known = quicProtection(version);
    if (known === undefined || !mayBeInitial(first, version)) break;
    const connection = r.take(idLength(r));
    r.skip(idLength(r));
    r.skip(variable(r)); // token
    const length = variable(r);
    const numberAt = r.at - start;
    if (length < longestNumber + sampleLength) throw r.fault(`packet of ${length} bytes`);
    r.skip(length);
    const plain = open(datagram.subarray(start, r.at), numberAt, keysOf(known, connection));
    if (plain !== undefined) found.push({ connection, pieces: piecesOf(plain) });
  }
  return found;
}

/** RFC 9000 §17.2: at most 20 bytes in the versions that we know. */
function idLength(r: Reader): number {
  const length = r.u8();
  if (length > 20) throw r.fault(`connection ID of ${length} bytes`);
  return length;
}

/** RFC 9000 §16. What is larger than 2^53 is wrong wherever it stands here. */
function variable(r: Reader): number {
  const first = r.u8();
  let value = first & 0x3f;
  for (let more = (1 << (first >> 6)) - 1; more > 0; more--) value = value * 256 + r.u8();
  return value;
}

type Keys = { readonly key: Uint8Array; readonly iv: Uint8Array; readonly header: Uint8Array };

/** RFC 9001 §5.1, §5.2. */
function keysOf({ salt, label }: Protection, connection: Uint8Array): Keys {
  const secret = expand(hmac(salt, connection), 'client in', 32);
  return { key: expand(secret, `${label} key`, 16), iv: expand(secret, `${label} iv`, 12), header: expand(secret, `${label} hp`, 16) };
}

const hmac = (key: Uint8Array, data: Uint8Array): Uint8Array => createHmac('sha256', key).update(data).digest();
/** HKDF-Expand-Label of RFC 8446 §7.1 without context, for at most one block of RFC 5869 §2.3. */
function expand(secret: Uint8Array, label: string, length: number): Uint8Array {
  const name = new TextEncoder().encode(`tls13 ${label}`);
  return hmac(secret, concat(Uint8Array.of(0, length, name.length), name, Uint8Array.of(0, 1))).subarray(0, length);
}

/** Takes the protection off header and payload: RFC 9001 §5.3, §5.4. Undefined when these are not the keys. */
function open(packet: Uint8Array, numberAt: number, { key, iv, header }: Keys): Uint8Array | undefined {
  const sampleAt = numberAt + longestNumber;
  const mask = createCipheriv('aes-128-ecb', header, null).update(packet.subarray(sampleAt, sampleAt + sampleLength));
  const first = (packet[0] ?? 0) ^ ((mask[0] ?? 0) & 0x0f);
  const payloadAt = numberAt + (first & 3) + 1;
  const head = packet.slice(0, payloadAt);
  head[0] = first;
  const nonce = iv.slice();
  for (let i = numberAt; i < payloadAt; i++) {
    const byte = (head[i] ?? 0) ^ (mask[i - numberAt + 1] ?? 0);
    head[i] = byte;
    const at = nonce.length - (payloadAt - i);
    nonce[at] = (nonce[at] ?? 0) ^ byte;
  }
  const end = packet.length - tagLength;
  const cipher = createDecipheriv('aes-128-gcm', key, nonce, { authTagLength: tagLength });
  cipher.setAAD(head).setAuthTag(packet.subarray(end));
  const plain = cipher.update(packet.subarray(payloadAt, end));
  try {
    cipher.final();
  } catch {
    return undefined; // node:crypto has one error for a tag that does not fit
  }
  return plain;
}

const frames = { padding: 0x00, ping: 0x01, ack: 0x02, ackEcn: 0x03, crypto: 0x06 } as const;

/** The handshake's pieces in the order of their offsets: some clients shuffle them. RFC 9000 §12.4, §19. Other frames end it: they close the connection. */
function piecesOf(plain: Uint8Array): readonly CryptoPiece[] {
  const r = new Reader(plain, 'QUIC frames');
  const found: CryptoPiece[] = [];
  while (r.left > 0) {
    const type = r.u8();
    if (type === frames.padding || type === frames.ping) continue;
    if (type === frames.ack || type === frames.ackEcn) skipAck(r, type === frames.ackEcn);
    else if (type === frames.crypto) {
      const offset = variable(r);
      const bytes = r.take(variable(r));
      if (offset < maxOffset) found.push({ offset, bytes });
    } else break;
  }
  return found.toSorted((a, b) => a.offset - b.offset);
}

/** RFC 9000 §19.3. */
function skipAck(r: Reader, hasEcn: boolean): void {
  variable(r); // largest acknowledged
  variable(r); // delay
  const ranges = variable(r);
  variable(r); // first range
  for (let i = 0; i < ranges * 2; i++) variable(r);
  if (hasEcn) for (let i = 0; i < 3; i++) variable(r);
}
