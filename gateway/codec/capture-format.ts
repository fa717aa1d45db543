import type { Millis } from '../model/address.ts';
import { linkName } from './link-names.ts';
import { DecodeError } from './reader.ts';

/** Takes one whole packet, which stands in `bytes` from `from` to before `to`; valid only during the call. `wireLength` is its length on the wire. */
export type TakePacket = (at: Millis, bytes: Uint8Array, from: number, to: number, wireLength: number) => void;

/**
 * One capture file format. `consume` handles the whole records that start at `from` and returns where the first one starts that is not
 * there yet as a whole; past the end of `bytes` when the file has bytes to be skipped. `base` is the place of `bytes[0]` in the file, for errors.
 * Throws DecodeError when the file breaks the format; then the reader is of no more use.
 */
export type CaptureFormat = { consume(bytes: Uint8Array, from: number, base: number): number };

/** Longest packet that a capture may hold: MAXIMUM_SNAPLEN of libpcap, bytes. */
export const maxPacket = 262_144;

/** Latest instant that every date function can show, ECMA-262 §21.4.1.1. */
export const maxMillis = 8.64e15;

export const captureError = (found: string, byte: number): DecodeError => new DecodeError(`Cannot read capture: ${found} at byte ${byte}`);

/** Of a capture, or an interface of one, whose packets cannot be read as frames or IP packets. */
export const linkError = (type: number, byte: number): DecodeError =>
  captureError(`link type ${type} (${linkName(type)}) is neither Ethernet nor IP`, byte);
