import { createCipheriv, createHmac } from 'node:crypto';
import * as b from './build.ts';
import { greaseHello } from './tls.ts';
import { datagram } from './udp.ts';

/** Origin: composed and protected here from RFC 9000 §17.2.2, §19, RFC 9001 §5 and RFC 9369 §3, with the hello of the TLS vectors. */
const salts: { readonly [version: number]: string } = {
  0x00000001: '38762cf7f55934b34d179ae6a4c80cadccbb7f0a',
  0x6b3343cf: '0dede3def700a6db819381be6e269dcbf9bd2ed9',
  0xff00001d: 'afbfec289993d24c9e9786f19c6111e04390a899',
};
export const [version1, version2, draft29] = [1, 0x6b3343cf, 0xff00001d];
export const connection = b.bytes([0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08]);

/** RFC 9000 §16, of at most 14 bits. */
const variable = (n: number): readonly number[] => (n < 64 ? [n] : b.u16(0x4000 | n));
export const cryptoFrame = (offset: number, body: Uint8Array): Uint8Array => b.bytes(6, variable(offset), variable(body.length), body);

const hmac = (key: Uint8Array, data: Uint8Array): Uint8Array => createHmac('sha256', key).update(data).digest();
/** HKDF-Expand-Label of RFC 8446 §7.1, one block. */
const expand = (secret: Uint8Array, label: string, length: number): Uint8Array =>
  hmac(secret, b.bytes(b.u16(length), 6 + label.length, `tls13 ${label}`, 0, 1)).subarray(0, length);

type Made = {
  readonly version?: number;
  readonly id?: Uint8Array;
  readonly number?: number;
  readonly token?: Uint8Array;
  readonly side?: string;
};

/** A protected Initial packet with these frames. */
export function initial(frames: Uint8Array, over: Made = {}): Uint8Array {
  const { version = version1, id = connection, number = 2, token = b.bytes(), side = 'client in' } = over;
  const prefix = version === version2 ? 'quicv2' : 'quic';
  const secret = expand(hmac(Uint8Array.from(Buffer.from(salts[version] ?? '', 'hex')), id), side, 32);
  const [key, iv, hp] = [expand(secret, `${prefix} key`, 16), expand(secret, `${prefix} iv`, 12), expand(secret, `${prefix} hp`, 16)];
  const first = (version === version2 ? 0xd0 : 0xc0) | 3;
  const head = b.bytes(
    [first, b.u32(version), id.length, id, 0, variable(token.length), token],
    [b.u16(0x4000 | (4 + frames.length + 16)), b.u32(number)],
  );
  const nonce = iv.map((byte, i) => byte ^ (i < 8 ? 0 : (b.u32(number)[i - 8] ?? 0)));
  const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(head);
  const sealed = b.bytes(cipher.update(frames), cipher.final(), cipher.getAuthTag());
  const mask = createCipheriv('aes-128-ecb', hp, null).update(sealed.subarray(0, 16));
  const numberAt = head.length - 4;
  const masked = head.map((byte, i) =>
    i === 0 ? byte ^ ((mask[0] ?? 0) & 15) : i < numberAt ? byte : byte ^ (mask[i - numberAt + 1] ?? 0),
  );
  return b.bytes(masked, sealed);
}

/** RFC 9000 §14.1: as many bytes of padding as make the datagram long enough. */
export const padded = (frames: Uint8Array): Uint8Array => b.padded(Math.max(1180, frames.length), frames);
export const helloFrames = padded(cryptoFrame(0, greaseHello));
/** A datagram of the client to its server. */
export const toServer = (body: Uint8Array, { port = 443, ttl = 64 } = {}): Uint8Array =>
  datagram(50_443, port, body, { toPeer: true, ttl });

export const quicVectors: { readonly [name: string]: Uint8Array } = {
  'quic-initial': toServer(initial(helloFrames)),
  'quic-2-initial': toServer(initial(helloFrames, { version: version2, token: b.bytes('token') })),
};
