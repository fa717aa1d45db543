import { Reader } from '../gateway/codec/reader.ts';
import { decodeText, maxText } from '../gateway/codec/text.ts';
import { collector, type Said, tcpPorts, udpPorts } from './collector.ts';
import { type Act, acted, isSample } from './industrial.ts';
import type { Packet } from './packet.ts';

const dnp3Port = 20_000;
/** Sizes of the link layer: header with its checksum, data of a block, checksum of a block. IEEE 1815 §9.2. */
const [headerSize, blockSize, crcSize] = [10, 16, 2];
/** Cap: link frames of one segment. */
const maxFrames = 32;

/** Application functions that act, and the answers. IEEE 1815 §4.4. */
export const functions: { readonly [code: number]: Act } = {
  2: ['write', 'dnp3 write'],
  3: ['control', 'dnp3 select'],
  4: ['control', 'dnp3 operate'],
  5: ['control', 'dnp3 direct-operate'],
  6: ['control', 'dnp3 direct-operate-no-response'],
  13: ['control', 'dnp3 cold-restart'],
  14: ['control', 'dnp3 warm-restart'],
  16: ['control', 'dnp3 initialise-application'],
  17: ['control', 'dnp3 start-application'],
  18: ['control', 'dnp3 stop-application'],
  19: ['write', 'dnp3 save-configuration'],
  21: ['control', 'dnp3 disable-unsolicited'],
  27: ['write', 'dnp3 delete-file'],
  31: ['control', 'dnp3 activate-configuration'],
};
const [response, unsolicited] = [129, 130];

/** Device attributes, group 0: the variation is the attribute. IEEE 1815 §A.1. */
const attributes = { software: 242, location: 245, name: 247, serial: 248, product: 250, maker: 252 } as const;
const visibleString = 1;

type Message = {
  readonly source: number;
  readonly target: number;
  /** -1 when the frame has no beginning of an application message. */
  readonly function: number;
  readonly attributes: ReadonlyMap<number, string>;
};

/** DNP3 on TCP or UDP: the link frames of one segment. IEEE 1815 §9, §8, §4. Checksums are left to TCP. */
export function decode(bytes: Uint8Array): readonly Message[] {
  const r = new Reader(bytes, 'DNP3');
  const found: Message[] = [];
  for (let count = 0; count < maxFrames && (count === 0 || r.left >= headerSize); count++) {
    const [start, length] = [r.u16(), r.u8()];
    if (start !== 0x0564 || length < 5) throw r.fault(`start ${start.toString(16)} length ${length}`);
    r.skip(1); // control
    const [target, source] = [r.u16le(), r.u16le()];
    r.skip(crcSize);
    const userData = length - 5;
    const size = userData + Math.ceil(userData / blockSize) * crcSize;
    if (count > 0 && size > r.left) break;
    found.push({ source, target, ...readApplication(withoutChecksums(r.take(size))) });
  }
  return found;
}

function withoutChecksums(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / (blockSize + crcSize));
  const data = new Uint8Array(bytes.length - blocks * crcSize);
  for (let i = 0; i < blocks; i++) {
    const from = i * (blockSize + crcSize);
    data.set(bytes.subarray(from, Math.min(from + blockSize, bytes.length - crcSize)), i * blockSize);
  }
  return data;
}

/** Transport and application header. Messages of several fragments are read as far as the first goes. */
function readApplication(data: Uint8Array): { readonly function: number; readonly attributes: ReadonlyMap<number, string> } {
  const isFirst = ((data[0] ?? 0) & 0x40) !== 0;
  const none = { function: -1, attributes: new Map<number, string>() };
  if (data.length === 0 || !isFirst) return none;
  const r = new Reader(data, 'DNP3');
  r.skip(2); // transport, application control
  const code = r.u8();
  if (code !== response && code !== unsolicited) return { ...none, function: code };
  r.skip(2); // internal indications
  const isLast = ((data[0] ?? 0) & 0x80) !== 0;
  return { function: code, attributes: readAttributes(r, isLast) };
}

/** Objects of group 0 at the front, each with a range of one: start and stop in one byte or two. §4.2.2.7. */
function readAttributes(r: Reader, isLast: boolean): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  while (r.left >= 5) {
    const [group, variation, qualifier] = [r.u8(), r.u8(), r.u8()];
    if (group !== 0 || (qualifier !== 0 && qualifier !== 1)) break;
    r.skip(qualifier === 0 ? 2 : 4);
    const type = r.u8();
    const length = r.u8();
    if (!isLast && length > r.left) break;
    const value = r.take(length);
    if (type === visibleString) found.set(variation, decodeText(value).trim());
  }
  return found;
}

/** An outstation tells who it is; who commands it is named. Its own port, 20000, is the outstation's. */
export function observe(messages: readonly Message[], packet: Packet): readonly Said[] {
  if (packet.sourcePort === dnp3Port) {
    const said = messages.flatMap(fromOutstation);
    if (said.length > 0 || packet.targetPort !== dnp3Port) return said;
  }
  return acted(
    messages.map(m => functions[m.function]),
    packet,
  );
}

function fromOutstation(m: Message): readonly Said[] {
  if (m.function !== response && m.function !== unsolicited) return [];
  const said: Said[] = [{ kind: 'device-kind', text: 'rtu' }];
  const get = (id: number): string => m.attributes.get(id) ?? '';
  const [maker, model, firmware, serial] = [
    get(attributes.maker),
    get(attributes.product),
    get(attributes.software),
    get(attributes.serial),
  ];
  if (maker !== '') said.push({ kind: 'maker', text: maker });
  if (model !== '') said.push({ kind: 'model', text: model });
  if (firmware !== '') said.push({ kind: 'firmware', text: firmware });
  if (serial !== '') said.push({ kind: 'serial', text: serial });
  const words = [`DNP3 address ${m.source}`, get(attributes.name), get(attributes.location)].filter(word => word !== '');
  return [...said, { kind: 'description', text: words.join(', ').slice(0, maxText) }];
}

const speaks = ({ bytes: b, payload: i, end }: Packet): boolean => end - i >= headerSize && b[i] === 0x05 && b[i + 1] === 0x64;

/** Polls and their answers are looked at in samples only, unless they carry attributes. The application message begins behind the link header. */
function wants(packet: Packet): boolean {
  const { bytes: b, payload: i, end } = packet;
  if (!speaks(packet)) return false;
  const code = b[i + headerSize + 2] ?? 0;
  if (code === response || code === unsolicited) return (end - i > headerSize + 8 && b[i + headerSize + 5] === 0) || isSample(packet);
  return functions[code] !== undefined || isSample(packet);
}

export const dnp3 = collector({
  name: 'dnp3',
  spec: 'IEEE 1815',
  matches: [tcpPorts(dnp3Port), udpPorts(dnp3Port)],
  wants,
  speaks,
  decode,
  observe,
});
