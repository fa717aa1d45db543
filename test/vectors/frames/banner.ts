import * as b from './build.ts';
import { fromClient, fromServer } from './stream.ts';

/** Origin: composed here from RFC 959 §4.2, RFC 5321 §4.2, RFC 854, RFC 6143 §7.1.1 and the PJL Technical Reference Manual. */
export const ftpGreeting = b.bytes('220-Welcome\r\n Keep out\r\n220 ScaleOS FTP server (Version 6.4) ready.\r\n');
export const smtpGreeting = b.bytes('220 mail.plant.example ESMTP Postfix\r\n');
/** WILL ECHO, DO window size, a subnegotiation that asks for the terminal type, then the banner with colours. */
export const telnetBanner = b.bytes(
  [255, 251, 1, 255, 253, 31, 255, 250, 24, 1, 255, 240],
  '\r\n\u001b[1;32mVendor Switch S-2000\u001b[0m  V4.1\r\n\r\nUser Name: ',
);
export const rfbVersion = b.bytes('RFB 003.008\n');
export const pjlAnswer = b.bytes('@PJL USTATUS DEVICE\r\nCODE=10001\r\n\f@PJL INFO ID\r\n"LabelThing 420d V1.2"\r\n\f');

export const bannerVectors: { readonly [name: string]: Uint8Array } = {
  'ftp-greeting': fromServer(21, ftpGreeting),
  'smtp-greeting': fromServer(25, smtpGreeting),
  'smtp-hello': fromClient(25, b.bytes('EHLO printer-7.plant.example\r\n')),
  'telnet-banner': fromServer(23, telnetBanner),
  'rfb-version': fromServer(5900, rfbVersion),
  'pjl-id': fromServer(9100, pjlAnswer),
};
