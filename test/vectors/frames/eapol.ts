import * as b from './build.ts';
import { gateway, host } from './infrastructure.ts';
import { clientSecondFlight, greaseHello, record, serverFlight } from './tls.ts';

/** Composed from IEEE 802.1X §11 and RFC 3748 §4, §5.1. */
export const eap = (code: number, ...rest: readonly b.Part[]): Uint8Array => eapOf(1, code, ...rest);
const eapOf = (id: number, code: number, ...rest: readonly b.Part[]): Uint8Array => {
  const body = b.bytes(...rest);
  return b.bytes(code, id, b.u16(4 + body.length), body);
};
export const eapol = (type: number, body: Uint8Array): Uint8Array => b.bytes(1, type, b.u16(body.length), body);
export const eapolFrame = (source: string, body: Uint8Array): Uint8Array => b.ethernet(source, '01:80:c2:00:00:03', 0x888e, body);

/** TLS in EAP in fragments of so many bytes, the first with the length of all. RFC 5216 §3.1. `id`: of the first. */
export function eapTls(
  source: string,
  code: number,
  tls: Uint8Array,
  { size = 60, id = 10, method = 13, version = 0, everyLength = false } = {},
): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(tls.length / size) }, (_, i) => {
    const part = tls.subarray(i * size, (i + 1) * size);
    const [hasLength, isLast] = [(i === 0 && tls.length > size) || everyLength, (i + 1) * size >= tls.length];
    const flags = (hasLength ? 0x80 : 0) | (isLast ? 0 : 0x40) | version;
    return eapolFrame(source, eapol(0, eapOf(id + i, code, method, flags, ...(hasLength ? [b.u32(tls.length)] : []), part)));
  });
}
/** What starts the method, and what asks for the next fragment. */
export const eapTlsStart = (id: number, method = 13): Uint8Array => eapolFrame(gateway, eapol(0, eapOf(id, 1, method, 0x20)));
export const eapTlsAcknowledged = (source: string, code: number, id: number): Uint8Array =>
  eapolFrame(source, eapol(0, eapOf(id, code, 13, 0)));

export const eapolVectors = {
  'eapol-start': eapolFrame(host, eapol(1, b.bytes())),
  'eapol-identity-request': b.padded(60, eapolFrame(gateway, eapol(0, eap(1, 1)))),
  'eapol-identity': eapolFrame(host, eapol(0, eap(2, 1, 'host/drive-7.example\0networkid=plant'))),
  'eapol-tls-response': eapolFrame(host, eapol(0, eap(2, 13, 0x80, b.u32(300), new Uint8Array(20)))),
  'eapol-tls-start': eapTlsStart(2),
  'eapol-tls-hello': eapTls(host, 2, record(22, greaseHello), { size: 1000 })[0] ?? b.bytes(),
  'eapol-tls-server': eapTls(gateway, 1, serverFlight, { size: 1000, id: 3 })[0] ?? b.bytes(),
  'eapol-tls-certificate': eapTls(host, 2, clientSecondFlight, { size: 1000, id: 4 })[0] ?? b.bytes(),
  'eapol-success': eapolFrame(gateway, eapol(0, eap(3))),
  'eapol-key': eapolFrame(gateway, eapol(3, new Uint8Array(44))),
};
