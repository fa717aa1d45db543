import { Reader } from '../gateway/codec/reader.ts';
import { decodeText, decodeUtf16 } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

/** One for each runtime on a host. */
const ports = [1740, 1741, 1742, 1743] as const;
/** First byte of a datagram; service of the answers to who is there; what such an answer begins with, little-endian, and its version. */
const [magic, nameService, identification, version4] = [0xc5, 4, 0xc280, 0x0400];
/** Target type of controllers. */
const plcType = 0x1000;

/**
 * How a controller with CODESYS V3 answers who is there: node, device and vendor in UTF-16. No published standard. Ahead of it stand hops and length of the header in words,
 * priority, service and the lengths of both addresses, padded to four bytes. Other messages: undefined `plate`.
 */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'CODESYS V3');
  if (r.u8() !== magic) throw r.fault('no datagram of it');
  const words = r.u8() & 7;
  r.skip(1); // priority, kind of address
  const service = r.u8();
  r.skip(1); // number of the message
  const lengths = r.u8();
  const size = (words + (lengths >> 4) + (lengths & 15)) * 2;
  const start = size + (size % 4);
  if (start < r.at) throw r.fault(`header of ${words} words`);
  r.skip(start - r.at);
  if (service !== nameService || r.u16le() !== identification) return { plate: undefined };
  const version = r.u16le();
  if (version !== version4) return { plate: undefined };
  r.skip(4 + 2 + 2); // request, channels, byte order, address
  const parent = r.u16le();
  const [node, device, vendor] = [r.u16le(), r.u16le(), r.u16le()];
  const [type, , target] = [r.u32le(), r.u32le(), [r.u8(), r.u8(), r.u8(), r.u8()]];
  r.skip(4); // flags
  const serial = r.u8();
  r.skip(11 + parent);
  const plate = { type, target: target.toReversed().join('.'), node: wide(r, node), device: wide(r, device), vendor: wide(r, vendor) };
  return { plate: { ...plate, serial: decodeText(r.take(serial)).trim() } };
}

/** So many characters and a zero. */
function wide(r: Reader, length: number): string {
  const text = decodeUtf16(r.take(length * 2)).trim();
  r.skip(2);
  return text;
}

export function observe({ plate }: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (plate === undefined || !packet.isOwnAddress) return [];
  const facts: Fact[] = [];
  if (plate.vendor !== '') facts.push({ kind: 'maker', text: plate.vendor });
  if (plate.device !== '') facts.push({ kind: 'model', text: plate.device });
  if (plate.node !== '') facts.push({ kind: 'hostname', name: plate.node });
  if (plate.serial !== '') facts.push({ kind: 'serial', text: plate.serial });
  // The version of what programs are made for, which is not always that of its firmware.
  facts.push({ kind: 'description', text: `CODESYS V3 target ${plate.target}`, of: 'codesys' });
  if (plate.type === plcType) facts.push({ kind: 'device-kind', text: 'plc' });
  return facts;
}

/** What goes on in a channel is most of the traffic. */
const wants = ({ bytes: b, payload: i }: Packet): boolean => b[i] === magic && b[i + 3] === nameService;
const speaks = ({ bytes: b, payload: i }: Packet): boolean => b[i] === magic && ((b[i + 1] ?? 0) & 7) >= 3;

export const codesys = collector({
  name: 'codesys',
  spec: 'CODESYS V3 name service',
  matches: udpPorts(...ports),
  wants,
  speaks,
  decode,
  observe,
});
