import { decodeHttpHead } from '../gateway/codec/http-head.ts';
import { word, words } from '../gateway/codec/words.ts';
import { decodeMarkup, unescapeXml } from '../gateway/codec/xml.ts';
import { type Said, tcpStream } from './collector.ts';
import { uuidOf } from './announced.ts';
import type { Packet } from './packet.ts';
import { kindOf } from './ssdp.ts';
import { maxStart } from './stream-start.ts';

/** So many bytes of the first answer may stand before the word that says that it is XML; and answers of one stream that are looked at: the first one may ask who is there. */
const [typeWithin, maxAnswers] = [1024, 8];
const start = words('HTTP');

/** A type plate in XML, by the names of its elements. */
type Plate = {
  readonly name: string;
  readonly maker: string;
  readonly model: string;
  readonly number: string;
  readonly firmware: string;
  readonly hardware: string;
  readonly serial: string;
  readonly id: string;
  readonly type: string;
};

/** Where a plate stands in a document: from behind `from` to before `to`. Prefixes of names are anybody's choice. */
export type PlateDocument = { readonly from: RegExp; readonly to: RegExp };

/**
 * The type plate in an answer of HTTP that is XML. RFC 9112. Undefined while it may still come; `plate` undefined when there is none. A device may have several,
 * each with versions and numbers of its own: who reads one kind of document is a collector by itself, so that they do not contradict each other.
 */
export function decodePlate(bytes: Uint8Array, document: PlateDocument): Found | undefined {
  // Others send XML too, and more of it than is kept: that is nobody's fault.
  return plateAmong(bytes, document) ?? (bytes.length >= maxStart ? none : undefined);
}

type Found = { readonly plate: Plate | undefined };
const none: Found = { plate: undefined };

function plateAmong(bytes: Uint8Array, document: PlateDocument): Found | undefined {
  let rest = bytes;
  for (let count = 0; count < maxAnswers; count++) {
    const head = decodeHttpHead(rest);
    if (head === undefined || !head.isComplete) return undefined;
    const { start: line, headers, bodyAt } = head;
    if (line.kind !== 'response') return none;
    const length = Number.parseInt(headers.get('content-length') ?? '', 10);
    const body = rest.subarray(bodyAt, Number.isNaN(length) ? rest.length : Math.min(rest.length, bodyAt + length));
    const isWhole = body.length === length;
    if (line.status === 200 && /\bxml\b/i.test(headers.get('content-type') ?? '')) {
      const found = plateOf(decodeMarkup(body), document, isWhole);
      if (found !== 'none') return found === 'goes on' ? undefined : { plate: found };
    }
    if (Number.isNaN(length)) return none;
    if (!isWhole) return undefined;
    rest = rest.subarray(bodyAt + length);
  }
  return none;
}

function plateOf(text: string, { from, to }: PlateDocument, isWhole: boolean): Plate | 'none' | 'goes on' {
  const begin = from.exec(text);
  if (begin === null) return isWhole ? 'none' : 'goes on';
  const part = text.slice(begin.index + begin[0].length);
  const end = to.exec(part);
  return end === null && !isWhole ? 'goes on' : plateIn(part.slice(0, end?.index));
}

function plateIn(text: string): Plate {
  const field = (...names: readonly string[]): string => {
    for (const name of names) {
      const found = new RegExp(`<(?:[\\w.-]{1,32}:)?${name}(?: [^<>]{0,128})?>([^<>]{1,255})<`).exec(text)?.[1];
      if (found !== undefined && found.trim() !== '') return unescapeXml(found).trim();
    }
    return '';
  };
  return {
    name: field('friendlyName', 'FriendlyName'),
    maker: field('manufacturer', 'Manufacturer'),
    model: field('modelName', 'ModelName', 'Model'),
    number: field('modelNumber', 'ModelNumber'),
    firmware: field('FirmwareVersion', 'firmwareVersion', 'softwareVersion'),
    hardware: field('HardwareId', 'hardwareVersion'),
    serial: field('serialNumber', 'SerialNumber', 'serialNum'),
    id: field('UDN'),
    type: field('deviceType'),
  };
}

/** Who answers speaks of itself. */
export function observePlate({ plate }: { readonly plate: Plate | undefined }): readonly Said[] {
  if (plate === undefined) return [];
  const { name, maker, model, number, firmware, hardware, serial, id, type } = plate;
  const said: Said[] = [];
  if (maker !== '') said.push({ kind: 'maker', text: maker });
  const full = number === '' || model.includes(number) ? model : `${model} ${number}`.trim();
  if (full !== '') said.push({ kind: 'model', text: full });
  if (firmware !== '') said.push({ kind: 'firmware', text: firmware });
  if (hardware !== '') said.push({ kind: 'inventory', of: 'hardware', text: hardware });
  if (serial !== '') said.push({ kind: 'serial', text: serial });
  if (name !== '') said.push({ kind: 'description', text: name });
  const [uuid, kind] = [uuidOf(id), kindOf(type)];
  if (uuid !== undefined) said.push({ kind: 'identifier', scheme: 'uuid', value: uuid });
  return kind === undefined ? said : [...said, { kind: 'device-kind', text: kind }];
}

/** An answer whose head, or what came along with it, has the word `xml` in it. */
export function mayHavePlate({ bytes: b, payload: i, end }: Packet): boolean {
  if (!start.has(word(b, i))) return false;
  const last = Math.min(end, i + typeWithin) - 2;
  for (let at = i; at < last; at++) if (b[at] === 0x78 && b[at + 1] === 0x6d && b[at + 2] === 0x6c) return true;
  return false;
}

/** What all collectors of plates have alike. */
export const ofPlates = { matches: tcpStream(), isProtocol: false, wants: mayHavePlate, observe: observePlate } as const;
