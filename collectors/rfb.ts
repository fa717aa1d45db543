import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import { word, words } from '../gateway/codec/words.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';
import { isFromServer } from './ssh.ts';

const rfbPort = 5900;
const start = words('RFB ');

/** The protocol version that both sides of RFB (VNC) send first, on any port. RFC 6143 §7.1.1. */
export function decode(bytes: Uint8Array): { readonly version: string } {
  const r = new Reader(bytes, 'RFB');
  const found = /^RFB (\d{3}\.\d{3})\n$/.exec(new TextDecoder().decode(r.take(12)));
  if (found === null) throw r.fault(`version ${JSON.stringify(decodeText(bytes.subarray(0, 12)))}`);
  return { version: found[1] ?? '' };
}

/** Only the server is told: some makers have versions of their own (003.889). */
export function observe({ version }: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress || !isFromServer(packet, rfbPort)) return [];
  return [
    { kind: 'service', protocol: 'tcp', port: packet.sourcePort, name: 'rfb' },
    { kind: 'description', text: `RFB ${version}`, of: 'remote-access' },
  ];
}

const wants = ({ bytes, payload }: Packet): boolean => start.has(word(bytes, payload));

export const rfb = collector({ name: 'rfb', spec: 'RFC 6143', matches: tcpStream(), wants, decode, observe });
