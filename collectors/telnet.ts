import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';

const telnetPort = 23;
/** Commands, RFC 854 and RFC 855. */
const commands = { subnegotiationEnd: 240, subnegotiation: 250, will: 251, dont: 254, interpretAsCommand: 255 } as const;
/** Longest banner that is kept, bytes. */
const maxBanner = 512;

/**
 * What a Telnet server shows up to its first prompt: what the user types comes back behind it and is not read. RFC 854. Undefined while
 * there is no prompt.
 */
export function decode(bytes: Uint8Array): { readonly banner: string } | undefined {
  const r = new Reader(bytes, 'Telnet');
  const shown: number[] = [];
  while (r.left > 0 && shown.length < maxBanner) {
    const byte = r.u8();
    if (byte === commands.interpretAsCommand) command(r, shown);
    else shown.push(byte);
  }
  // Cursor and colour sequences (ECMA-48 §5.4) would only litter the text.
  const text = decodeText(Uint8Array.from(shown).map(b => (b === 9 || b === 10 || b === 13 || b === 0 ? 0x20 : b)))
    .replace(/\uFFFD\[[0-9;?]*[@-~]/g, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  return /[:>#$%\]]$/.test(text) || shown.length >= maxBanner ? { banner: text } : undefined;
}

function command(r: Reader, shown: number[]): void {
  const name = r.u8();
  if (name === commands.interpretAsCommand) shown.push(name);
  else if (name >= commands.will && name <= commands.dont) r.skip(1);
  else if (name === commands.subnegotiation) while (r.u8() !== commands.interpretAsCommand || r.u8() !== commands.subnegotiationEnd);
}

export function observe({ banner }: { readonly banner: string }, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  return [
    { kind: 'service', protocol: 'tcp', port: packet.sourcePort, name: 'telnet' },
    { kind: 'description', text: banner, of: 'telnet' },
  ];
}

const wants = ({ sourcePort }: Packet): boolean => sourcePort === telnetPort;

export const telnet = collector({ name: 'telnet', spec: 'RFC 854', matches: tcpStream(telnetPort), wants, decode, observe });
