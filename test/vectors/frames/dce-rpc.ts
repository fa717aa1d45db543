import * as b from './build.ts';
import { authenticate, challenge } from './smb.ts';
import { fromClient, fromServer } from './stream.ts';

/** Origin: composed here from C706 §12.6.4 and MS-RPCE §2.2.2 with invented names. */
const u16le = (n: number): readonly number[] => [n & 255, n >> 8];
export const pdu = (type: number, body: b.Part, auth: Uint8Array = b.bytes()): Uint8Array => {
  const rest = b.bytes(body);
  return b.bytes(5, 0, type, 3, 0x10, 0, 0, 0, u16le(16 + rest.length + auth.length), u16le(auth.length), [7, 0, 0, 0], rest, auth);
};
export const bind = pdu(11, new Uint8Array(64), b.bytes('NTLMSSP\0', 1, 0, 0, 0, new Uint8Array(24)));
export const bindAck = pdu(12, new Uint8Array(52), challenge('HIST-01', 'Hist-01.plant.example'));
export const auth3 = pdu(16, new Uint8Array(12), authenticate('PANEL-02'));
export const request = pdu(0, new Uint8Array(8));

export const dceRpcVectors: { readonly [name: string]: Uint8Array } = {
  'dce-rpc-client': fromClient(135, b.bytes(bind, auth3)),
  'dce-rpc-server': fromServer(135, bindAck),
};
