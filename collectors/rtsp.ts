import { decodeHttpHead, type HttpHead } from '../gateway/codec/http-head.ts';
import { DecodeError } from '../gateway/codec/reader.ts';
import { maxText } from '../gateway/codec/text.ts';
import { word, words } from '../gateway/codec/words.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { behindGap } from './behind-gap.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import { realmOf } from './http.ts';
import type { Packet } from './packet.ts';

/** Methods that only RTSP has, and the start of a response. RFC 2326 §10. */
const starts = words('DESCRIBE', 'SETUP', 'PLAY', 'ANNOUNCE', 'RTSP', 'RECORD', 'PAUSE', 'TEARDOWN', 'GET_PARAMETER', 'SET_PARAMETER');
const [options, targetAt] = [words('OPTIONS'), 'OPTIONS '.length];
const r = 'r'.charCodeAt(0);
const enough = 4096;

function isRtsp(packet: Packet): boolean {
  const { bytes: b } = packet;
  const i = behindGap(packet);
  const first = word(b, i);
  return starts.has(first) || (options.has(first) && b[i + targetAt] === r);
}

/** Real Time Streaming Protocol, the first head of a stream, on any port. RFC 2326. Undefined while it is not whole. */
export function decode(bytes: Uint8Array): HttpHead | undefined {
  const head = decodeHttpHead(bytes);
  if (head === undefined || (!head.isComplete && bytes.length < enough)) return undefined;
  if (!head.start.version.startsWith('RTSP/')) throw new DecodeError(`Cannot read RTSP head: version ${head.start.version}`);
  return head;
}

/** On a plant's network it is cameras that answer; a recorder that serves what it holds says otherwise by its name. */
export function observe({ start, headers }: HttpHead, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  const name = start.kind === 'response' ? 'server' : 'user-agent';
  const text = (headers.get(name) ?? '').slice(0, maxText);
  const facts: Fact[] = text === '' ? [] : [{ kind: 'description', text, of: `rtsp-${name}` }];
  if (start.kind === 'request') return facts;
  facts.push({ kind: 'service', protocol: 'tcp', port: packet.sourcePort, name: 'rtsp' });
  // Also when it wants a password first, but not when it serves nothing (RFC 2326 §7.1.1).
  if (start.status === 200 || start.status === 401) facts.push({ kind: 'device-kind', text: 'camera' });
  // RFC 2326 §14 takes it over from HTTP: cameras write their model or serial number there.
  return [...facts, ...realmOf(headers)];
}

export const rtsp = collector({ name: 'rtsp', spec: 'RFC 2326', matches: tcpStream(), wants: isRtsp, decode, observe });
