import type { ActionName } from '../model/fact.ts';
import { nameOf } from './industrial-vendors.ts';
import type { Reader } from './reader.ts';
import { decodeText } from './text.ts';

/**
 * Functions of UMAS, Schneider Electric's protocol inside Modbus function 90. Not published by the maker; the numbers are those that public
 * analyses agree on. The maker's *upload* goes from the engineering station to the controller.
 */
const umasFunctions = {
  0x01: 'init-communication',
  0x02: 'read-id',
  0x03: 'read-project-info',
  0x04: 'read-plc-info',
  0x06: 'read-card-info',
  0x0a: 'repeat',
  0x10: 'take-reservation',
  0x11: 'release-reservation',
  0x12: 'keep-alive',
  0x20: 'read-memory-block',
  0x21: 'write-memory-block',
  0x22: 'read-variables',
  0x23: 'write-variables',
  0x24: 'read-coils-registers',
  0x25: 'write-coils-registers',
  0x30: 'initialise-upload',
  0x31: 'upload-block',
  0x32: 'end-upload',
  0x33: 'initialise-download',
  0x34: 'download-block',
  0x35: 'end-download',
  0x40: 'start-plc',
  0x41: 'stop-plc',
  0x50: 'monitor-plc',
  0x58: 'check-plc',
  0x70: 'read-io-object',
  0x71: 'write-io-object',
} as const;

/** What of it is an act, in our words: `download` is to the controller. */
export const umasActions: { readonly [code: number]: ActionName } = {
  0x10: 'control',
  0x21: 'write',
  0x23: 'write',
  0x25: 'write',
  0x30: 'download',
  0x31: 'download',
  0x32: 'download',
  0x33: 'upload',
  0x34: 'upload',
  0x35: 'upload',
  0x40: 'control',
  0x41: 'control',
  0x71: 'write',
};

export const umasFunction = (code: number): string => nameOf(umasFunctions, code);

const success = 0xfe;
/** Bytes of READ_ID's answer before the name, and of each memory bank behind it. */
const [beforeName, bankSize] = [22, 8];
/** Shorter ones could be chance. */
const minName = 4;

/** `model` only of an answer to READ_ID. Untrusted. */
export type UmasMessage = { readonly function: number; readonly model?: string };

/** The rest of a Modbus message behind function 90: session, function, data. An answer has 0xFE or 0xFD in place of the function. */
export function decodeUmas(r: Reader, isAnswer: boolean): UmasMessage {
  r.skip(1); // session
  const code = r.u8();
  if (!isAnswer || code !== success) return { function: code };
  const model = readId(r.rest());
  return model === undefined ? { function: code } : { function: code, model };
}

/**
 * An answer does not say what it answers, so READ_ID is known by its shape: range, ident, model, communication version and patch, internal
 * version, hardware version, crash code, a word, the name with its length, memory banks of eight bytes to the very end. How the versions are
 * coded differs by family, so they are not told.
 */
function readId(data: Uint8Array): string | undefined {
  const end = beforeName + 1 + (data[beforeName] ?? 0);
  if (end >= data.length || data.length !== end + 1 + (data[end] ?? 0) * bankSize) return undefined;
  const name = data.subarray(beforeName + 1, end);
  const text = name.subarray(0, name.indexOf(0) < 0 ? name.length : name.indexOf(0));
  return text.length >= minName && text.every(byte => byte >= 0x20 && byte < 0x7f) ? decodeText(text).trim() : undefined;
}
