import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, etherType } from './collector.ts';

/** EAP over LANs, IEEE 802.1X §11.1. */
export const eapolType = 0x888e;

/** IEEE 802.1X table 11-3. */
export const packetTypes = { eap: 0, start: 1, logoff: 2, key: 3, announcement: 6 } as const;

/** RFC 3748 §4. */
export const eapCodes = { request: 1, response: 2, success: 3, failure: 4 } as const;
const identityMethod = 1;

/** EAP over LANs: who asks to be let in, and who lets in. IEEE 802.1X §11, RFC 3748. What TLS in them shows is read apart (eap-tls.ts). Padding is not looked at. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'EAPOL');
  const [version, type] = [r.u8(), r.u8()];
  const body = new Reader(r.take(r.u16()), 'EAP');
  if (type !== packetTypes.eap) return { version, type };
  const [code, , length] = [body.u8(), body.u8(), body.u16()];
  if (code < eapCodes.request || code > eapCodes.failure || length < 4) throw body.fault(`code ${code}, length ${length}`);
  const rest = new Reader(body.take(length - 4), 'EAP');
  if (code === eapCodes.success || code === eapCodes.failure) return { version, type, code };
  const method = rest.u8();
  if (method !== identityMethod || code !== eapCodes.response) return { version, type, code, method };
  // What stands behind a NUL is for the peer only, RFC 3748 §5.1.
  const bytesOfName = rest.rest();
  const end = bytesOfName.indexOf(0);
  return { version, type, code, method, identity: decodeText(end < 0 ? bytesOfName : bytesOfName.subarray(0, end)).trim() };
}

/** Only an authenticator asks, accepts or refuses; only a supplicant answers. The identity may be an outer, anonymous one (RFC 3748 §5.1). */
export function observe(m: ReturnType<typeof decode>): readonly Fact[] {
  if (m.code === undefined) return [];
  if (m.code !== eapCodes.response) return [{ kind: 'bridge', protocol: 'eapol', detail: 'authenticator' }];
  if (m.identity === undefined || m.identity === '') return [];
  return [{ kind: 'identifier', scheme: 'eap-identity', value: m.identity }];
}

export const eapol = collector({ name: 'eapol', spec: 'IEEE 802.1X', matches: etherType(eapolType), decode, observe });
