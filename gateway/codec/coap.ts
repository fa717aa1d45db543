import { Reader } from './reader.ts';
import { ofWhole } from './whole.ts';

/** Message types (RFC 7252 §3), codes (§12.1, RFC 8132 §5) and option numbers (§12.2, RFC 7959 §6) that are used here. */
export const coapTypes = { confirmable: 0, nonConfirmable: 1, acknowledgement: 2, reset: 3 } as const;
export const coapCodes = { empty: 0x00, fetchCode: 0x05, content: 0x45, notAcceptable: 0x86 } as const;
export const coapOptions = { etag: 4, uriPath: 11, contentFormat: 12, uriQuery: 15, accept: 17, block2: 23, block1: 27 } as const;

/** One message. `options` by number, the values of each in the order sent. Untrusted when it was received. */
export type CoapMessage = {
  readonly type: number;
  /** Class in the upper three bits, detail in the lower five: 0x45 is 2.05. */
  readonly code: number;
  readonly messageId: number;
  /** 0 to 8 octets. */
  readonly token: Uint8Array;
  readonly options: ReadonlyMap<number, readonly Uint8Array[]>;
  readonly payload: Uint8Array;
};

const payloadMarker = 0xff;
/** Option numbers above are not assigned; values of a repeated option that are kept. */
const [maxOptionNumber, maxRepeats] = [65_804, 16];

/** Constrained Application Protocol over datagrams (RFC 7252 §3). Throws DecodeError. */
export const decodeCoap = (bytes: Uint8Array): CoapMessage => ofWhole(() => message(new Reader(bytes, 'CoAP'), bytes.length));

function message(r: Reader, length: number): CoapMessage {
  const first = r.u8();
  const tokenLength = first & 15;
  if (first >> 6 !== 1 || tokenLength > 8) throw r.fault(`version=${first >> 6} token length=${tokenLength}`);
  const [code, messageId] = [r.u8(), r.u16()];
  const token = r.take(tokenLength);
  const options = new Map<number, Uint8Array[]>();
  let number = 0;
  while (r.left > 0) {
    const byte = r.u8();
    if (byte === payloadMarker) {
      if (r.left === 0) throw r.fault('a payload marker without payload');
      break;
    }
    number += extended(r, byte >> 4);
    const value = r.take(extended(r, byte & 15));
    if (number > maxOptionNumber) throw r.fault(`option ${number}`);
    const values = options.get(number) ?? [];
    if (values.length < maxRepeats) values.push(value);
    options.set(number, values);
  }
  if (code === coapCodes.empty && length > 4) throw r.fault('an empty message that is not empty');
  return { type: (first >> 4) & 3, code, messageId, token, options, payload: r.rest() };
}

/** Delta and length: 13 and 14 announce one and two bytes more, 15 is reserved (§3.1). */
function extended(r: Reader, nibble: number): number {
  if (nibble === 15) throw r.fault('a reserved option delta or length');
  return nibble < 13 ? nibble : nibble === 13 ? r.u8() + 13 : r.u16() + 269;
}

/** The datagram of a message. */
export function encodeCoap({ type, code, messageId, token, options, payload }: CoapMessage): Uint8Array {
  const parts: number[] = [(1 << 6) | (type << 4) | token.length, code, messageId >> 8, messageId & 255, ...token];
  let before = 0;
  for (const [number, values] of [...options].toSorted(([a], [b]) => a - b))
    for (const value of values) {
      const [delta, length] = [shortened(number - before), shortened(value.length)];
      parts.push((delta.nibble << 4) | length.nibble, ...delta.more, ...length.more, ...value);
      before = number;
    }
  return Uint8Array.of(...parts, ...(payload.length === 0 ? [] : [payloadMarker, ...payload]));
}

function shortened(value: number): { readonly nibble: number; readonly more: readonly number[] } {
  if (value < 13) return { nibble: value, more: [] };
  if (value < 269) return { nibble: 13, more: [value - 13] };
  return { nibble: 14, more: [(value - 269) >> 8, (value - 269) & 255] };
}

/** An unsigned option value, as short as it goes (§3.2). */
export function coapUint(value: number): Uint8Array {
  const bytes = [value >>> 24, value >>> 16, value >>> 8, value].map(byte => byte & 255);
  const first = bytes.findIndex(byte => byte !== 0);
  return Uint8Array.from(first < 0 ? [] : bytes.slice(first));
}

/** Reads one; undefined for more than four octets, or where the option is not there. */
export const uintOf = (value: Uint8Array | undefined): number | undefined =>
  value === undefined || value.length > 4 ? undefined : value.reduce((sum, byte) => sum * 256 + byte, 0);

/** One block of a body (RFC 7959 §2.2): its number, whether more follow, and its size in octets. */
export type CoapBlock = { readonly number: number; readonly more: boolean; readonly size: number };

/** Undefined for the reserved size and for what is longer than three octets. */
export function blockOf(value: Uint8Array | undefined): CoapBlock | undefined {
  const bits = uintOf(value);
  if (bits === undefined || (value?.length ?? 0) > 3 || (bits & 7) === 7) return undefined;
  return { number: bits >>> 4, more: (bits & 8) !== 0, size: 16 << (bits & 7) };
}

export const blockValue = ({ number, more, size }: CoapBlock): Uint8Array =>
  coapUint((number << 4) | (more ? 8 : 0) | (Math.log2(size) - 4));
