import * as b from './build.ts';
import { request as rdpRequest } from './rdp.ts';
import { fromClient, fromServer } from './stream.ts';
import { clientSecondFlight, greaseHello, record, serverFlight } from './tls.ts';

/** Origin: composed here from RFC 3207, RFC 2595, RFC 4217, RFC 4511 §4.14, RFC 6120 §5.4, the PostgreSQL and the MySQL protocol, RFC 1006 §6, with the handshakes of tls.ts. */
const ldap = (operation: number, body: Uint8Array): Uint8Array => {
  const inner = b.bytes(2, 1, 1, operation, body.length, body);
  return b.bytes(0x30, inner.length, inner);
};
const startTlsOid = '1.3.6.1.4.1.1466.20037';
const xmpp = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0'>";
const mysqlPacket = (number: number, body: Uint8Array): Uint8Array => b.bytes(body.length, 0, 0, number, body);
export const mysqlGreeting = (version: string): Uint8Array =>
  mysqlPacket(0, b.bytes(10, version, 0, b.u32(7), '12345678', 0, [0xff, 0xff], new Uint8Array(28)));

/** By port: what client and server send before TLS. */
export const before: { readonly [port: number]: { readonly client: Uint8Array; readonly server: Uint8Array } } = {
  21: { client: b.bytes('AUTH TLS\r\n'), server: b.bytes('220 ready\r\n234 go ahead\r\n') },
  25: {
    client: b.bytes('EHLO dock-mailer.plant.example\r\nSTARTTLS\r\n'),
    server: b.bytes('220 mail.plant.example ESMTP\r\n250-mail\r\n250 STARTTLS\r\n220 go ahead\r\n'),
  },
  110: { client: b.bytes('STLS\r\n'), server: b.bytes('+OK ready <1.2@mail>\r\n+OK go ahead\r\n') },
  143: { client: b.bytes('a1 STARTTLS\r\n'), server: b.bytes('* OK [CAPABILITY IMAP4rev1 STARTTLS] Mailer 7 ready\r\na1 OK go ahead\r\n') },
  389: {
    client: ldap(0x77, b.bytes(0x80, startTlsOid.length, startTlsOid)),
    server: ldap(0x78, b.bytes(10, 1, 0, 4, 0, 4, 0)),
  },
  587: {
    client: b.bytes('EHLO dock-mailer.plant.example\r\nSTARTTLS\r\n'),
    server: b.bytes('220 mail\r\n250 STARTTLS\r\n220 go ahead\r\n'),
  },
  3306: {
    client: mysqlPacket(1, b.bytes([0x85, 0xae, 0xff, 0x01], b.u32(16_777_216), 45, new Uint8Array(23))),
    server: mysqlGreeting('5.5.5-10.11.6-MariaDB-0+deb12u1'),
  },
  5222: {
    client: b.bytes(xmpp, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
    server: b.bytes(xmpp, "<stream:features/><proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
  },
  5432: { client: b.bytes(b.u32(8), b.u32(80_877_103)), server: b.bytes('S') },
};
export const clientTls = b.bytes(record(22, greaseHello), clientSecondFlight);

export const starttlsVectors: { readonly [name: string]: Uint8Array } = {
  ...Object.fromEntries(
    Object.entries(before).flatMap(([port, { client, server }]) => [
      [`starttls-${port}-client`, fromClient(Number(port), b.bytes(client, clientTls))],
      [`starttls-${port}-server`, fromServer(Number(port), b.bytes(server, serverFlight))],
    ]),
  ),
  'starttls-3389-client': fromClient(3389, b.bytes(rdpRequest, record(22, greaseHello))),
};
