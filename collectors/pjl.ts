import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import { word, words } from '../gateway/codec/words.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';

/** Raw printing: three ports of a print server (IANA: pdl-datastream is 9100). */
const ports: readonly number[] = [9100, 9101, 9102];
const start = words('@PJL');
/** Longest answer that is searched, bytes. */
const enough = 4096;

/**
 * What a printer answers to `@PJL INFO ID` of the Printer Job Language: the command, then the model in quotation marks, then form feed. PJL Technical
 * Reference Manual, “INFO”. Undefined while no such answer has come; other answers may stand before it.
 */
export function decode(bytes: Uint8Array): { readonly model?: string } | undefined {
  const r = new Reader(bytes, 'PJL');
  const text = new TextDecoder('latin1').decode(r.take(Math.min(r.left, enough)));
  const found = /@PJL INFO ID\s*\r?\n\s*"?([^"\r\n\f]{1,255})"?\s*[\r\n\f]/.exec(text)?.[1];
  if (found !== undefined) return { model: decodeText(new TextEncoder().encode(found)).trim() };
  return bytes.length >= enough ? {} : undefined;
}

export function observe({ model }: NonNullable<ReturnType<typeof decode>>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress || model === undefined || model === '') return [];
  return [
    { kind: 'model', text: model },
    { kind: 'device-kind', text: 'printer' },
    { kind: 'service', protocol: 'tcp', port: packet.sourcePort, name: 'pdl-datastream' },
  ];
}

const wants = ({ bytes, payload, sourcePort }: Packet): boolean => ports.includes(sourcePort) && start.has(word(bytes, payload));

export const pjl = collector({ name: 'pjl', spec: 'HP 5021-0380', matches: tcpStream(...ports), wants, decode, observe });
