import { word, words } from './words.ts';

/** TLS that is asked for in a protocol that begins without it. */
export type Upgrade = 'lines' | 'xmpp' | 'ldap' | 'postgresql' | 'mysql' | 'rdp';

/** Ports on which connections begin in the clear and may go on with TLS: FTP (RFC 4217), SMTP (RFC 3207), POP3 and IMAP (RFC 2595), LDAP (RFC 4511 §4.14), XMPP (RFC 6120 §5), and their makers' own. */
export const upgradePorts: ReadonlyMap<number, Upgrade> = new Map([
  [21, 'lines'],
  [25, 'lines'],
  [110, 'lines'],
  [143, 'lines'],
  [389, 'ldap'],
  [587, 'lines'],
  [3268, 'ldap'],
  [3306, 'mysql'],
  [3389, 'rdp'],
  [5222, 'xmpp'],
  [5269, 'xmpp'],
  [5432, 'postgresql'],
]);

/** Caps of what may stand before TLS, bytes and lines: greeting, a list of what the server can do, and its consent. */
const [maxBefore, maxLines] = [4096, 48];
const [handshakeRecord, tlsMajor, lineFeed, tagEnd, tab, carriageReturn] = [0x16, 3, 0x0a, 0x3e, 0x09, 0x0d];
/** MySQL protocol: CLIENT_SSL among the capabilities of a client, and how long a request for TLS is. */
const [clientSsl, sslRequestSize, mysqlHeader] = [0x08, 32, 4];
/** Lines by which a client goes on without TLS: its name, a letter; and a server that asks for the password behind the name. */
const withoutTls = words('USER', 'PASS', 'APOP', 'MAIL', '331 ');

/**
 * Where TLS begins in one direction of a connection that began without it, as far as the bytes go: its offset, `more` when it may still
 * come, `never` when it will not. What stands before is only stepped over: it may hold passwords.
 */
export function tlsOffset(upgrade: Upgrade, bytes: Uint8Array, isServer: boolean): number | 'more' | 'never' {
  switch (upgrade) {
    case 'lines':
      return behindText(bytes, lineFeed);
    case 'xmpp':
      return behindText(bytes, tagEnd);
    case 'ldap':
      return begins(bytes, behindLdap(bytes, isServer));
    case 'postgresql':
      return begins(bytes, behindPostgresql(bytes, isServer));
    case 'mysql':
      return begins(bytes, behindMysql(bytes, isServer));
    case 'rdp':
      return begins(bytes, behindTpkt(bytes, isServer));
  }
}

/** TLS begins where a line or an element has ended: none of its text has this byte. */
function behindText(bytes: Uint8Array, last: number): number | 'more' | 'never' {
  let lines = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === handshakeRecord && i > 0 && bytes[i - 1] === last) return begins(bytes, i);
    if ((i === 0 || bytes[i - 1] === lineFeed) && withoutTls.has(word(bytes, i))) return 'never';
    if (byte === lineFeed) lines++;
    if (i >= maxBefore || lines > maxLines || (byte < 0x20 && byte !== lineFeed && byte !== tab && byte !== carriageReturn)) return 'never';
  }
  return 'more';
}

/** Whether a TLS handshake begins at `at`; -1 stands for no place. */
function begins(bytes: Uint8Array, at: number): number | 'more' | 'never' {
  if (at < 0 || at > maxBefore) return 'never';
  if (bytes.length < at + 2) return bytes.length > at && bytes[at] !== handshakeRecord ? 'never' : 'more';
  return bytes[at] === handshakeRecord && bytes[at + 1] === tlsMajor ? at : 'never';
}

/** RFC 4511 §4.14: an extended request, or an extended response, and nothing else. One byte of length is enough for both, or four behind 0x84 as Windows writes them. */
function behindLdap(bytes: Uint8Array, isServer: boolean): number {
  const first = bytes[1] ?? 0;
  if (bytes[0] !== 0x30 || (first >= 0x80 && first !== 0x84)) return -1;
  const [header, length] = first === 0x84 ? [6, ((bytes[4] ?? 0) << 8) | (bytes[5] ?? 0)] : [2, first];
  // Behind the number of the message stands what it is.
  const operation = bytes[header + 2 + (bytes[header + 1] ?? 0)];
  if (bytes.length > header + 6 && operation !== (isServer ? 0x78 : 0x77)) return -1;
  return header + length;
}

/** PostgreSQL, “SSL Session Encryption”: SSLRequest of eight bytes, the answer is one letter. */
function behindPostgresql(bytes: Uint8Array, isServer: boolean): number {
  if (isServer) return bytes[0] === 0x53 ? 1 : -1;
  const request = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
  return request.every((byte, i) => i >= bytes.length || bytes[i] === byte) ? request.length : -1;
}

/** MySQL client/server protocol: the greeting of the server, number 0; SSLRequest of the client, number 1. Three bytes of length, little-endian. */
function behindMysql(bytes: Uint8Array, isServer: boolean): number {
  const length = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8) | ((bytes[2] ?? 0) << 16);
  if (isServer) return bytes.length >= mysqlHeader + 1 && (bytes[3] !== 0 || bytes[4] !== 10) ? -1 : mysqlHeader + length;
  if (bytes.length >= mysqlHeader + 2 && (length !== sslRequestSize || bytes[3] !== 1 || ((bytes[5] ?? 0) & clientSsl) === 0)) return -1;
  return mysqlHeader + sslRequestSize;
}

/** RFC 1006 §6: a connection request, or its confirmation. */
function behindTpkt(bytes: Uint8Array, isServer: boolean): number {
  if (bytes[0] !== 3 || (bytes.length > 5 && ((bytes[5] ?? 0) & 0xf0) !== (isServer ? 0xd0 : 0xe0))) return -1;
  return bytes.length < 4 ? 4 : ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
}
