import { hex } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { visibleText } from '../gateway/model/visible-text.ts';
import { collector, type Said, tcpPorts, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const hartPort = 5094;
const messageTypes = { request: 0, response: 1 } as const;
/** Message id whose body is a HART frame of a token-passing link, FieldComm TS20085 §10. */
const tokenPassing = 3;

/** Command 0 and its twins, which answer the same; the long tag. HCF_SPEC-127. */
const identifying: readonly number[] = [0, 11, 21, 73];
const longTag = 20;
/** Tag, descriptor and date, and the answer to writing them, which is the same. */
const shortTags: readonly number[] = [13, 18];
/** Commands that change the device. HCF_SPEC-127 (universal), HCF_SPEC-151 (common practice). */
const writing: readonly number[] = [6, 17, 18, 19, 22, 34, 35, 36, 37, 40, 42, 43, 44, 45, 46, 47, 49, 52, 53, 56, 59, 66, 67, 68, 71, 79];

const latin1 = new TextDecoder('latin1');

/** HART-IP header and the HART frame in it, as far as it is plain. FieldComm TS20085. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'HART-IP');
  const [version, type, id] = [r.u8(), r.u8() & 15, r.u8()];
  if (version !== 1 && version !== 2) throw r.fault(`version ${version}`);
  r.skip(3); // status, sequence number
  const length = r.u16();
  if (length < 8 || length > bytes.length) throw r.fault(`length ${length}`);
  return { type, frame: id === tokenPassing ? hartFrame(new Reader(r.take(length - 8), 'HART')) : undefined };
}

/** Delimiter, address, expansion bytes, command, count, data. HCF_SPEC-081 §5. The check byte is not looked at: HART-IP has its own. */
function hartFrame(r: Reader) {
  const delimiter = r.u8();
  const address = r.take((delimiter & 0x80) === 0 ? 1 : 5);
  r.skip((delimiter >> 5) & 3);
  const command = r.u8();
  const data = new Reader(r.take(r.u8()), 'HART data');
  const isResponse = (delimiter & 7) === 6;
  // The first two bytes of a response are response code and device status; a set top bit means a communication error and no data.
  if (!isResponse || data.left < 2 || (data.u8() & 0x80) !== 0) return { isResponse, command, address };
  data.skip(1);
  if (identifying.includes(command) && data.left > 0) return { isResponse, command, address, identity: identity(data) };
  if (command === longTag && data.left > 0)
    return {
      isResponse,
      command,
      address,
      tag: latinText(data.take(32)),
    };
  if (shortTags.includes(command) && data.left > 0)
    return { isResponse, command, address, tag: packedText(data.take(6)), descriptor: packedText(data.take(12)) };
  return { isResponse, command, address };
}

/** Identity Command 0, HCF_SPEC-127 §6.1: up to revision 6 a byte each for maker and type, from 7 on an expanded type and the maker behind. */
function identity(r: Reader) {
  if (r.u8() !== 254) throw r.fault('no expansion code');
  const type = r.u16();
  r.skip(1); // preambles
  const [revision, deviceRevision, software, hardware] = [r.u8(), r.u8(), r.u8(), r.u8() >> 3];
  r.skip(1); // flags
  const id = hex(r.take(3));
  if (revision < 7) return { maker: type >> 8, type, revision, deviceRevision, software, hardware, id };
  r.skip(1 + 1 + 2 + 1); // preambles, variables, configuration changes, extended status
  return { maker: r.u16(), type, revision, deviceRevision, software, hardware, id };
}

/** Characters of six bits each, four in three bytes: `@` to `_` are 0 to 31, space to `?` 32 to 63. HCF_SPEC-127 §5.1.1. */
function packedText(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i + 2 < bytes.length; i += 3) {
    const four = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (const shift of [18, 12, 6, 0]) {
      const code = (four >> shift) & 63;
      text += String.fromCharCode(code < 32 ? code + 64 : code);
    }
  }
  return text.trim();
}

/** ISO 8859-1 up to the first NUL. */
function latinText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return visibleText(latin1.decode(end < 0 ? bytes : bytes.subarray(0, end))).trim();
}

/** What the server itself says. A gateway passes on what many instruments say, so ids stand side by side. */
export function observe({ type, frame }: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (frame === undefined) return [];
  if (type === messageTypes.request)
    return !frame.isResponse && writing.includes(frame.command)
      ? [{ kind: 'acted', action: 'write', target: packet.target, detail: `HART command ${frame.command}` }]
      : [];
  if (type !== messageTypes.response || packet.sourcePort !== hartPort) return [];
  const said: Said[] = [];
  if (frame.tag !== undefined && frame.tag !== '') said.push({ kind: 'hostname', name: frame.tag });
  if (frame.descriptor !== undefined && frame.descriptor !== '') said.push({ kind: 'inventory', of: 'asset', text: frame.descriptor });
  if (frame.identity !== undefined) {
    const { maker, type: deviceType, revision, deviceRevision, software, id } = frame.identity;
    said.push(
      { kind: 'identifier', scheme: 'hart-unique-id', value: `${hex4(deviceType)}${id}` },
      { kind: 'device-kind', text: 'instrument' },
      {
        kind: 'description',
        text: `HART ${revision}, maker 0x${hex4(maker)}, device type 0x${hex4(deviceType)} revision ${deviceRevision}`,
      },
      { kind: 'firmware', text: String(software) },
    );
  }
  return said;
}

const hex4 = (value: number): string => value.toString(16).padStart(4, '0');

export const hartIp = collector({
  name: 'hart-ip',
  spec: 'FieldComm TS20085',
  matches: [udpPorts(hartPort), tcpPorts(hartPort)],
  decode,
  observe,
});
