import * as b from './build.ts';
import { gateway, host } from './infrastructure.ts';

/** Composed from IEEE 802.1X §11 and RFC 3748 §4, §5.1. */
export const eap = (code: number, ...rest: readonly b.Part[]): Uint8Array => {
  const body = b.bytes(...rest);
  return b.bytes(code, 1, b.u16(4 + body.length), body);
};
export const eapol = (type: number, body: Uint8Array): Uint8Array => b.bytes(1, type, b.u16(body.length), body);
export const eapolFrame = (source: string, body: Uint8Array): Uint8Array => b.ethernet(source, '01:80:c2:00:00:03', 0x888e, body);

export const eapolVectors = {
  'eapol-start': eapolFrame(host, eapol(1, b.bytes())),
  'eapol-identity-request': b.padded(60, eapolFrame(gateway, eapol(0, eap(1, 1)))),
  'eapol-identity': eapolFrame(host, eapol(0, eap(2, 1, 'host/drive-7.example\0networkid=plant'))),
  'eapol-tls-response': eapolFrame(host, eapol(0, eap(2, 13, 0x80, b.u32(300), new Uint8Array(20)))),
  'eapol-success': eapolFrame(gateway, eapol(0, eap(3))),
  'eapol-key': eapolFrame(gateway, eapol(3, new Uint8Array(44))),
};
