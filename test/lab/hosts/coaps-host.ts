import { encode } from 'cborg';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decodeCoap } from '../../../gateway/codec/coap.ts';
import { component, psaClaims } from '../../attestation/token-world.ts';
import { blockwise, nonceIn, response } from '../../edge/challenge/coap-answers.ts';
import { DtlsServer } from '../../vectors/dtls-server.ts';
import { fromHex, makeSign1 } from '../../vectors/tokens.ts';
import { startBeat } from './beat.ts';

/**
 * `node coaps-host.ts FILE`: a device that attests over CoAPS on 5684, run inside its namespace. DTLS is that of `openssl s_server`, which wants a cookie; what is said
 * inside is a simulator of ours. FILE says what it is (`CoapsHost`). It ends when its stdin does.
 */
export type CoapsHost = {
  readonly name: string;
  readonly chainPem: string;
  readonly keyPem: string;
  /** What it answers with: a PSA token about the nonce, in blocks of 256 bytes. Absent: it has no such resource. */
  readonly token?: { readonly instance: string; readonly keyPem: string; readonly firmware: number };
};

const { name, chainPem, keyPem, token } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as CoapsHost;
const server = await DtlsServer.open('openssl', { chainPem, keyPem, address: '0.0.0.0', port: 5684, args: ['-mtu', '600'] });
/** A signature differs each time: one token for each nonce. */
let last: { readonly nonce: string; readonly bytes: Uint8Array } | undefined;
server.heard = bytes => {
  const request = decodeCoap(bytes);
  if (token === undefined) return server.say(response(request, new Uint8Array(), { code: 0x84 }));
  const nonce = nonceIn(request);
  const id = Buffer.from(nonce).toString('hex');
  if (last?.nonce !== id) {
    const claims = psaClaims({ 10: nonce, 256: fromHex(token.instance), 2399: [component('BL', token.firmware)] });
    last = { nonce: id, bytes: makeSign1(encode(claims), { key: createPrivateKey(token.keyPem) }) };
  }
  return server.say(blockwise(request, last.bytes, 256));
};
startBeat(name);
process.stdin.on('end', () => void server.close().then(() => process.exit(0))).resume();
