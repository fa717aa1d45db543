import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const tftpPort = 69;
export const opcodes = { read: 1, write: 2 } as const;
/** RFC 1350 §5, lower case. */
const modes: ReadonlySet<string> = new Set(['netascii', 'octet', 'mail']);

/** Requests of the Trivial File Transfer Protocol; what follows goes over other ports. RFC 1350. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'TFTP');
  const opcode = r.u16();
  if (opcode !== opcodes.read && opcode !== opcodes.write) throw r.fault(`opcode=${opcode}`);
  const [file, mode] = [text(r), text(r).toLowerCase()];
  if (!modes.has(mode)) throw r.fault(`mode ${JSON.stringify(mode.slice(0, 20))}`);
  return { opcode, file };
}

/** Bytes up to a zero byte. */
function text(r: Reader): string {
  const bytes: number[] = [];
  for (let byte = r.u8(); byte !== 0; byte = r.u8()) bytes.push(byte);
  return decodeText(Uint8Array.from(bytes));
}

/** Devices fetch firmware and configuration so, and people put them there. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (packet.targetPort !== tftpPort || !packet.isOwnAddress) return [];
  const action = m.opcode === opcodes.read ? 'download' : 'upload';
  return [{ kind: 'acted', action, target: packet.target, detail: `TFTP ${m.file}`.slice(0, 255) }];
}

export const tftp = collector({ name: 'tftp', spec: 'RFC 1350', matches: udpPorts(tftpPort), decode, observe });
