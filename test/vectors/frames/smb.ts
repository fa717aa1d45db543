import * as b from './build.ts';
import { fromClient, fromServer } from './stream.ts';

/** Origin: composed here from MS-CIFS, MS-SMB, MS-SMB2, MS-NLMP and RFC 1002 §4.3 with invented names. */
const u16le = (n: number): readonly number[] => [n & 255, n >> 8];
const u32le = (n: number): readonly number[] => [...u16le(n & 0xffff), ...u16le(n >>> 16)];
export const utf16 = (text: string): Uint8Array => b.bytes(Array.from(text, c => u16le(c.charCodeAt(0))));
const version = [10, 0, ...u16le(19_041), 0, 0, 0, 15];
const [hasVersion, isUnicode] = [0x0200_0000, 1];

const pair = (id: number, text: string): Uint8Array => {
  const value = utf16(text);
  return b.bytes(u16le(id), u16le(value.length), value);
};
/** MS-NLMP §2.2.1.2, with a header of 56 bytes. */
export const challenge = (computer: string, dns: string, flags = hasVersion | isUnicode): Uint8Array => {
  const info = b.bytes(pair(2, 'PLANT'), pair(1, computer), pair(4, 'plant.example'), pair(3, dns), u16le(0), u16le(0));
  return b.bytes(
    ['NTLMSSP\0', u32le(2), u16le(0), u16le(0), u32le(56), u32le(flags), new Uint8Array(16)],
    [u16le(info.length), u16le(info.length), u32le(56), version],
    info,
  );
};
/** MS-NLMP §2.2.1.3, with a header of 72 bytes; all fields but the workstation stand empty or are the user's. */
export const authenticate = (workstation: string, user = 'operator'): Uint8Array => {
  const [name, who] = [utf16(workstation), utf16(user)];
  const field = (length: number, at: number): b.Part => [u16le(length), u16le(length), u32le(at)];
  return b.bytes(
    ['NTLMSSP\0', u32le(3), field(0, 72), field(0, 72), field(0, 72), field(who.length, 72), field(name.length, 72 + who.length)],
    [field(0, 72), u32le(hasVersion | isUnicode), version],
    [who, name],
  );
};

export const message = (body: Uint8Array): Uint8Array => b.bytes(0, body.length >> 16, b.u16(body.length & 0xffff), body);

export const smb2 = (command: number, isServer: boolean, body: Uint8Array): Uint8Array =>
  message(
    b.bytes([0xfe, 'SMB', u16le(64), u16le(0), u32le(0), u16le(command), u16le(1), u32le(isServer ? 1 : 0)], new Uint8Array(44), body),
  );
export const negotiated = (dialect: number): Uint8Array =>
  smb2(0, true, b.bytes(u16le(65), u16le(1), u16le(dialect), u16le(0), new Uint8Array(57)));
export const setUp = (isServer: boolean, blob: Uint8Array): Uint8Array =>
  smb2(1, isServer, b.bytes(u16le(9), u16le(0), u16le(72), u16le(blob.length), blob));

/** Session set-up of SMB 1: words with the blob's length, the blob, then two names in UTF-16 at an even place. */
export const setUp1 = (isServer: boolean, blob: Uint8Array, system: string): Uint8Array => {
  const words = isServer
    ? b.bytes(new Uint8Array(6), u16le(blob.length))
    : b.bytes(new Uint8Array(14), u16le(blob.length), new Uint8Array(8));
  const start = 32 + 1 + words.length + 2 + blob.length;
  const bytes = b.bytes(blob, new Uint8Array(start & 1), utf16(`${system}\0Lan Manager\0`));
  return message(
    b.bytes(
      [0xff, 'SMB', 0x73, u32le(0), isServer ? 0x98 : 0x18, u16le(0xc807), new Uint8Array(20)],
      words.length / 2,
      words,
      u16le(bytes.length),
      bytes,
    ),
  );
};

export const server2 = b.bytes(negotiated(0x0311), setUp(true, challenge('HIST-01', 'Hist-01.plant.example')));
export const client2 = b.bytes(
  smb2(0, false, new Uint8Array(36)),
  setUp(false, b.bytes('NTLMSSP\0', u32le(1), u32le(0), new Uint8Array(16))),
  setUp(false, authenticate('PANEL-02')),
);
/** Over NetBIOS: the positive answer to the session request comes first. */
export const server1 = b.bytes([0x82, 0, 0, 0], setUp1(true, challenge('HIST-01', 'HIST-01'), 'Windows Server 2003 3790 Service Pack 2'));
/** A name with its suffix as letters. RFC 1001 §14.1. */
const netbiosName = (name: string, suffix: number): b.Part => [
  32,
  [...b.bytes(name.padEnd(15), suffix)].map(byte => [0x41 + (byte >> 4), 0x41 + (byte & 15)]),
  0,
];
export const sessionRequest = (called: string, calling: string, suffix = 0): Uint8Array =>
  b.bytes([0x81, 0, b.u16(68)], netbiosName(called, 0x20), netbiosName(calling, suffix));
export const client1 = b.bytes(
  sessionRequest('HIST-01', 'PANEL-02'),
  setUp1(false, authenticate('PANEL-02'), 'Windows 2002 Service Pack 3 2600'),
);

/** Without a security blob, as systems before Windows 2000 ask, and since then for a server that offers none. MS-CIFS §2.2.4.53.1. */
export const plainSetUp1 = (system: string, user = 'operator', isUnicode = true): Uint8Array => {
  const passwords = [24, isUnicode ? 24 : 0];
  const words = b.bytes(0xff, new Uint8Array(13), u16le(passwords[0] ?? 0), u16le(passwords[1] ?? 0), new Uint8Array(8));
  const names = `${user}\0PLANT\0${system}\0Lan Manager\0`;
  const start = 32 + 1 + words.length + 2 + 24 + (passwords[1] ?? 0);
  const secret = new Uint8Array(24 + (passwords[1] ?? 0)).fill(1);
  const bytes = isUnicode ? b.bytes(secret, new Uint8Array(start & 1), utf16(names)) : b.bytes(secret, names);
  const head = [0xff, 'SMB', 0x73, u32le(0), 0x18, u16le(isUnicode ? 0xc007 : 0x0001), new Uint8Array(20)];
  return message(b.bytes(head, words.length / 2, words, u16le(bytes.length), bytes));
};

export const smbVectors: { readonly [name: string]: Uint8Array } = {
  'smb2-server': fromServer(445, server2),
  'smb2-client': fromClient(445, client2),
  'smb1-server': fromServer(139, server1),
  'smb1-client': fromClient(139, client1),
  'smb1-plain-client': fromClient(445, plainSetUp1('Windows NT 1381')),
  'nbss-request': fromClient(139, sessionRequest('*SMBSERVER', 'PANEL-02')),
};
