import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import { decodeTpkt } from '../gateway/codec/tpkt.ts';
import { collector, type Said, tcpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const isoPort = 102;
const protocolId = 0x72;
const [request, response] = [0x31, 0x32];
/** The session is an object that the client creates; this is the first exchange and in the clear with every version. */
const createObject = 0x04ca;
const stringType = 0x15;
/** In the session object's attributes: `1;6ES7 211-1BE31-0XB0 ;V3.0`, order number and firmware of the controller. */
const version = /^\d+;(6[A-Z]{2}\d ?[0-9A-Z]{3}-[0-9A-Z]{5}-[0-9A-Z]{4}) *;[VvSs]?(\d+(?:\.\d+){1,3})$/;
/** Longest such text. */
const maxVersion = 64;

/** Newer S7 communication (S7-1200, S7-1500), of which the head and the version text are read. Not published; as seen in public captures. */
export function decode(bytes: Uint8Array) {
  const messages = decodeTpkt(bytes).filter(({ data }) => data[0] === protocolId);
  return messages.map(({ data }) => {
    const r = new Reader(data, 'S7comm-plus');
    r.skip(2); // protocol id, version
    const body = r.take(Math.min(r.u16(), r.left));
    const head = new Reader(body, 'S7comm-plus');
    const opcode = head.u8();
    head.skip(2); // reserved
    const operation = opcode === request || opcode === response ? head.u16() : 0;
    return { opcode, operation, version: opcode === response && operation === createObject ? findVersion(body) : undefined };
  });
}

/** Values are tagged in a way that needs the whole grammar, so the text is looked for by its shape: type, length, text. One pass. */
function findVersion(body: Uint8Array): RegExpExecArray | undefined {
  for (let i = 0; i + 2 < body.length; i++) {
    const length = body[i + 1] ?? 0;
    if (body[i] !== stringType || length < 8 || length > maxVersion || i + 2 + length > body.length) continue;
    const found = version.exec(decodeText(body.subarray(i + 2, i + 2 + length)));
    if (found !== null) return found;
  }
  return undefined;
}

/** A controller tells order number and firmware when a session begins. */
export function observe(messages: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (packet.sourcePort !== isoPort) return [];
  return messages.flatMap(({ version: found }): readonly Said[] => {
    const [, model, firmware] = found ?? [];
    if (model === undefined || firmware === undefined) return [];
    const said: readonly Said[] = [
      { kind: 'maker', text: 'Siemens' },
      { kind: 'model', text: model },
      { kind: 'firmware', text: firmware },
    ];
    return model.startsWith('6ES7') ? [...said, { kind: 'device-kind', text: 'plc' }] : said;
  });
}

const speaks = ({ bytes: b, payload: i, end }: Packet): boolean =>
  end - i >= 16 && b[i] === 3 && b[i + 5] === 0xf0 && b[i + 7] === protocolId;

/** The COTP header of data is three bytes, so the message begins at 7: id, version, length, opcode, reserved, function. */
function wants(packet: Packet): boolean {
  const { bytes: b, payload: i } = packet;
  return speaks(packet) && b[i + 14] === createObject >> 8 && b[i + 15] === (createObject & 255);
}

export const s7commPlus = collector({ name: 's7comm-plus', spec: 'RFC 1006', matches: tcpPorts(isoPort), wants, speaks, decode, observe });
