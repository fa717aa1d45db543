import { DecodeError } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import { collector, type Said, tcpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

/** Plain Fox. 4911 is the same in TLS, but some stations speak plain there too. */
const foxPorts = [1911, 4911] as const;

/** Bytes of a hello that are read, and lines of it. */
const [maxHello, maxLines] = [4096, 64];
const [newLine, colon, equals] = [0x0a, 0x3a, 0x3d];

/** Niagara Fox: the hello by which both ends open a session, `fox a 0 -1 fox hello`, then a line `key=s:value` for each field. Niagara 3 and 4. */
export function decode(bytes: Uint8Array): ReadonlyMap<string, string> {
  const r = new Lines(bytes.subarray(0, maxHello));
  const head = decodeText(r.next());
  if (!/^fox a -?\d+ -?\d+ fox hello$/.test(head)) throw new DecodeError('Cannot read Fox: no hello');
  if (decodeText(r.next()) !== '{') throw new DecodeError('Cannot read Fox: no fields');
  const fields = new Map<string, string>();
  for (let n = 0; n < maxLines; n++) {
    const bytesOfLine = r.next();
    const split = bytesOfLine.indexOf(equals);
    if (split < 0) return fields; // `};;` ends it, and so does a field that is no plain text
    if (bytesOfLine[split + 2] === colon)
      fields.set(decodeText(bytesOfLine.subarray(0, split)), decodeText(bytesOfLine.subarray(split + 3)).trim());
  }
  return fields;
}

/** The lines of a message, each ended. */
class Lines {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  next(): Uint8Array {
    const end = this.#rest.indexOf(newLine);
    if (end < 0) throw new DecodeError('Cannot read Fox: line without end');
    const line = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(end + 1);
    return line;
  }
}

/** `fox a`; each message begins so, but only the first of each side is a hello, and its sequence field tells: `fox a 0 -1` or `fox a 1 -1`. */
export function wants(packet: Packet): boolean {
  const [b, i] = [packet.bytes, packet.payload];
  if (b[i] !== 0x66 || b[i + 1] !== 0x6f || b[i + 2] !== 0x78 || b[i + 4] !== 0x61) return false;
  // `fox hello` stands at 13 or a little behind, after the two numbers.
  for (let at = i + 10; at < i + 20; at++)
    if (b[at] === 0x78 && b[at + 1] === 0x20 && b[at + 2] === 0x68 && b[at + 3] === 0x65) return true;
  return false;
}

const isAddress = (name: string): boolean => /^[\d.]+$|:/.test(name);

export function observe(m: ReturnType<typeof decode>): readonly Said[] {
  const field = (key: string): string => m.get(key) ?? '';
  const [host, station, app, hostId] = [field('hostName'), field('station.name'), field('app.name'), field('hostId')];
  const said: Said[] = [];
  const name = host !== '' && !isAddress(host) ? host : station;
  if (name !== '') said.push({ kind: 'hostname', name });
  if (hostId !== '') said.push({ kind: 'identifier', scheme: 'niagara-host', value: hostId });
  // A host id begins with the platform: `Qnx-NPM6-…` is a controller of that model, `Win-…` a computer.
  const model = /^(?:Qnx|QnxJ9)-([A-Z0-9]+)-/i.exec(hostId)?.[1];
  if (model !== undefined) said.push({ kind: 'model', text: model });
  if (field('app.version') !== '') said.push({ kind: 'firmware', text: `Niagara ${field('app.version')}` });
  const words = [
    `Niagara ${app} ${field('app.version')}`,
    station === '' ? '' : `station ${station}`,
    `${field('os.name')} ${field('os.version')}`,
    `${field('vm.name')} ${field('vm.version')}`,
    field('brandId') === '' ? '' : `brand ${field('brandId')}`,
  ];
  said.push({
    kind: 'description',
    text: words
      .map(w => w.trim())
      .filter(w => w !== '')
      .join(', ')
      .slice(0, 255),
  });
  if (app === 'Station') said.push({ kind: 'device-kind', text: 'building-controller' });
  if (app === 'Workbench') said.push({ kind: 'device-kind', text: 'engineering-station' });
  return said;
}

export const fox = collector({ name: 'fox', spec: 'Niagara Fox 1.0', matches: tcpPorts(...foxPorts), wants, decode, observe });
