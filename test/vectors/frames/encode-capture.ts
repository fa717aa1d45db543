import type { Frame } from '../../../gateway/model/frame.ts';
import { bytes } from './build.ts';

export type CaptureOptions = { readonly little?: boolean; readonly nanos?: boolean; readonly link?: number; readonly modified?: boolean };

const words = (little: boolean, size: 2 | 4, ...values: readonly number[]): Uint8Array => {
  const view = new DataView(new ArrayBuffer(size * values.length));
  values.forEach((value, i) => (size === 2 ? view.setUint16(i * 2, value, little) : view.setUint32(i * 4, value, little)));
  return new Uint8Array(view.buffer);
};

/** A classic capture file of these frames; `modified`: with the longer record headers of old Linux systems. */
export function encodePcap(
  frames: readonly Frame[],
  { little = true, nanos = false, link = 1, modified = false }: CaptureOptions = {},
): Uint8Array {
  const magic = modified ? 0xa1b2cd34 : nanos ? 0xa1b23c4d : 0xa1b2c3d4;
  const more = modified ? bytes(words(little, 4, 2), words(little, 2, 0x0800), 0, 0) : bytes();
  const header = bytes(words(little, 4, magic), words(little, 2, 2, 4), words(little, 4, 0, 0, 262_144, link));
  const record = (f: Frame): Uint8Array =>
    bytes(words(little, 4, Math.floor(f.at / 1000), (f.at % 1000) * (nanos ? 1e6 : 1e3), f.bytes.length, f.wireLength), more, f.bytes);
  return bytes(header, frames.map(record));
}

/** One block of a pcapng file; the body is padded to four bytes. */
export function block(little: boolean, type: number, body: Uint8Array): Uint8Array {
  const padding = new Uint8Array(-body.length & 3);
  const length = words(little, 4, 12 + body.length + padding.length);
  return bytes(words(little, 4, type), length, body, padding, length);
}

export const section = (little: boolean): Uint8Array =>
  block(little, 0x0a0d0d0a, bytes(words(little, 4, 0x1a2b3c4d), words(little, 2, 1, 0), words(little, 4, 0xffffffff, 0xffffffff)));

/** `resolution`: the byte of if_tsresol; absent means microseconds. */
export function interfaceBlock(
  little: boolean,
  { link = 1, resolution, snap = 0 }: { link?: number; resolution?: number; snap?: number } = {},
): Uint8Array {
  const option = resolution === undefined ? bytes() : bytes(words(little, 2, 9, 1), resolution, 0, 0, 0, words(little, 2, 0, 0));
  return block(little, 1, bytes(words(little, 2, link, 0), words(little, 4, snap), option));
}

/** `ticks`: time in units of the interface. */
export const enhanced = (little: boolean, id: number, ticks: bigint, f: Frame): Uint8Array =>
  block(little, 6, bytes(words(little, 4, id, Number(ticks >> 32n), Number(ticks & 0xffffffffn), f.bytes.length, f.wireLength), f.bytes));

export const simple = (little: boolean, f: Frame): Uint8Array => block(little, 3, bytes(words(little, 4, f.wireLength), f.bytes));
