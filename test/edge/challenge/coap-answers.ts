import { decode as decodeCbor, encode } from 'cborg';
import {
  blockOf,
  blockValue,
  type CoapMessage,
  coapOptions as options,
  coapTypes,
  coapUint,
  encodeCoap,
} from '../../../gateway/codec/coap.ts';
import { psaClaims } from '../../attestation/token-world.ts';
import { makeSign1 } from '../../vectors/tokens.ts';

/** The nonce in a question. */
export const nonceIn = ({ payload }: CoapMessage): Uint8Array => {
  const claims: unknown = decodeCbor(payload, { useMaps: true });
  const nonce: unknown = claims instanceof Map ? claims.get(10) : undefined;
  if (!(nonce instanceof Uint8Array)) throw new Error('no nonce');
  return nonce;
};
/** A PSA token about it, signed by the listed key. */
export const token = (nonce: Uint8Array): Uint8Array => makeSign1(encode(psaClaims({ 10: nonce })));
type Parts = {
  readonly type?: number;
  readonly code?: number;
  readonly format?: number;
  readonly more?: readonly (readonly [number, Uint8Array])[];
};
/** Answers a request with a body, piggybacked unless said otherwise. */
export const response = (
  request: CoapMessage,
  body: Uint8Array,
  { type = coapTypes.acknowledgement, code = 0x45, format = 263, more = [] }: Parts = {},
) =>
  encodeCoap({
    ...{ type, code, messageId: request.messageId, token: request.token, payload: body },
    options: new Map([[options.contentFormat, [coapUint(format)]] as const, ...more.map(([number, value]) => [number, [value]] as const)]),
  });
/** The block that was asked for, at most of this size. */
export const blockwise = (request: CoapMessage, body: Uint8Array, most: number, etag?: Uint8Array): Uint8Array => {
  const asked = blockOf(request.options.get(options.block2)?.[0]) ?? { number: 0, more: false, size: 1024 };
  const size = Math.min(asked.size, most);
  const at = asked.number * size;
  const block = blockValue({ number: asked.number, more: at + size < body.length, size });
  const tag = etag === undefined ? [] : ([[options.etag, etag]] as const);
  return response(request, body.subarray(at, at + size), { more: [...tag, [options.block2, block]] });
};
