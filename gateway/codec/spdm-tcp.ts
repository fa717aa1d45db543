import { DecodeError, Reader } from './reader.ts';
import { maxSpdmMessage } from './spdm.ts';

/** SPDM over TCP (DMTF DSP0287 1.0): four octets before each message: the length of what follows the length (little-endian), binding version 1, the type. */
const headerBytes = 4;
const binding = 1;
const outOfSession = 0x05;
/** Messages without SPDM: errors of the binding. */
const errors: ReadonlyMap<number, string> = new Map([
  [0xc0, 'the message is too large'],
  [0xc1, 'it does not support that'],
  [0xc2, 'it is no requester'],
  [0xc3, 'it is no responder'],
]);

export function spdmFrame(message: Uint8Array): Uint8Array {
  if (message.length > maxSpdmMessage) throw new RangeError(`Cannot frame SPDM message: ${message.length} bytes`);
  const length = message.length + 2;
  return Uint8Array.of(length & 0xff, length >> 8, binding, outOfSession, ...message);
}

/** The message in what came so far; undefined while it is not whole. Throws DecodeError for anything but exactly one message: nobody may answer twice. */
export function spdmUnframe(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < headerBytes) return undefined;
  const r = new Reader(bytes, 'SPDM over TCP');
  const [length, version, type] = [r.u16le(), r.u8(), r.u8()];
  if (version !== binding) throw r.fault(`binding version ${version}`);
  const said = errors.get(type);
  if (said !== undefined) throw new DecodeError(`Cannot read SPDM over TCP: ${said}`);
  if (type !== outOfSession) throw r.fault(`message type 0x${type.toString(16)}`);
  if (length < 6) throw r.fault(`a length of ${length}`);
  if (r.left < length - 2) return undefined;
  const message = r.take(length - 2);
  r.end();
  return message;
}
