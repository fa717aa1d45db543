import * as b from './build.ts';

/** An element in BER with the shortest definite length. X.690 §8.1. Tags above 255 are written as two octets. */
export const tlv = (tag: number, ...content: readonly b.Part[]): b.Part => {
  const body = b.bytes(...content);
  const length = body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, b.u16(body.length)];
  return [tag > 0xff ? b.u16(tag) : tag, length, body];
};
