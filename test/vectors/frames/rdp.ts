import * as b from './build.ts';
import { fromServer } from './stream.ts';
import { serverFlight } from './tls.ts';

/** Origin: composed here from RFC 1006 §6 and MS-RDPBCGR §2.2.1.1, §2.2.1.2. */
const tpdu = (type: number, rest: b.Part): Uint8Array => {
  const body = b.bytes(type, b.u16(0), b.u16(0x1234), 0, rest);
  return b.bytes(3, 0, b.u16(5 + body.length), body.length, body);
};
export const request = tpdu(0xe0, ['Cookie: mstshash=operator\r\n', 1, 0, 8, 0, 3, 0, 0, 0]);
export const confirm = (selected: number): Uint8Array => tpdu(0xd0, [2, 0x1f, 8, 0, selected, 0, 0, 0]);
export const refusal = tpdu(0xd0, [3, 0, 8, 0, 5, 0, 0, 0]);
export const oldConfirm = tpdu(0xd0, []);
export const rdpStart = b.bytes(confirm(2), serverFlight);

export const rdpVectors: { readonly [name: string]: Uint8Array } = { 'rdp-server': fromServer(3389, rdpStart) };
