import * as b from './build.ts';
import { fromClient, fromServer } from './stream.ts';

/** Origin: composed here from RFC 4253, RFC 4419 and RFC 8709 with an invented key. */
export const string = (body: b.Part): Uint8Array => {
  const bytes = b.bytes(body);
  return b.bytes(b.u32(bytes.length), bytes);
};

/** Binary packet, RFC 4253 §6: the whole is a multiple of 8 bytes, with at least 4 of padding. */
export const packet = (...payload: readonly b.Part[]): Uint8Array => {
  const body = b.bytes(...payload);
  const padding = 4 + ((8 - ((5 + body.length + 4) % 8)) % 8);
  return b.bytes(b.u32(1 + body.length + padding), padding, body, new Uint8Array(padding));
};

const lists = [
  'curve25519-sha256,ecdh-sha2-nistp256',
  'ssh-ed25519',
  'aes256-ctr',
  'aes128-ctr',
  'hmac-sha2-256',
  'hmac-sha1',
  'none',
  'zlib',
  '',
  '',
];
export const kexInit = packet(20, new Uint8Array(16).fill(3), lists.map(string), 0, b.u32(0));
export const hostKeyBlob = b.bytes(string('ssh-ed25519'), string(new Uint8Array(32).fill(6)));
export const exchangeReply = packet(31, string(hostKeyBlob), string(new Uint8Array(32)), string(b.bytes('signature')));
export const group = packet(31, string(b.bytes(0, new Uint8Array(256).fill(0xc1))), string(b.bytes(2)));
export const groupReply = packet(33, string(hostKeyBlob), string(new Uint8Array(256)), string(b.bytes('signature')));
export const newKeys = packet(21);

export const serverStart = b.bytes('SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n', kexInit, exchangeReply, newKeys);
export const clientStart = b.bytes('SSH-2.0-PuTTY_Release_0.78\r\n', kexInit, packet(30, string(new Uint8Array(32))), newKeys);

export const sshVectors: { readonly [name: string]: Uint8Array } = {
  'ssh-server': fromServer(22, serverStart),
  'ssh-client': fromClient(22, clientStart),
  'ssh-group-exchange': fromServer(22, b.bytes('SSH-2.0-dropbear\r\n', kexInit, group, groupReply)),
};
