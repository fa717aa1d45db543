import { fromBase64 } from '../../codec/bytes.ts';
import { DecodeError } from '../../codec/reader.ts';
import { maxSpdmMessage } from '../../codec/spdm.ts';

/**
 * `application/vnd.sallyport.spdm-measurements+json`: one whole exchange as the requester had it, `{"messages":["…","…"]}`: SPDM messages in base64, each
 * request followed by its response, from GET_VERSION on. What was said about waiting (ERROR, RESPOND_IF_READY) is left out, as nobody signs it (DSP0274
 * §10.15). There is one text for one exchange: anything else in it is refused.
 */
export type SpdmPair = { readonly request: Uint8Array; readonly response: Uint8Array };

/** Most pairs: a chain may come in so many portions as are left of them. */
export const maxPairs = 128;
/** Longest text, bytes. A chain and measurements of the longest come to some 180,000 in base64. */
const maxText = 300_000;

/** Reads the exchange. Throws DecodeError. */
export function readSpdmExchange(bytes: Uint8Array): readonly SpdmPair[] {
  if (bytes.length > maxText) throw new DecodeError(`Cannot read SPDM exchange: ${bytes.length} bytes`);
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const messages = textsOf(text).map(one => fromBase64(one));
  if (messages.length === 0 || messages.length % 2 !== 0 || messages.length > 2 * maxPairs)
    throw new DecodeError(`Cannot read SPDM exchange: ${messages.length} messages`);
  const long = messages.find(m => m.length > maxSpdmMessage);
  if (long !== undefined) throw new DecodeError(`Cannot read SPDM exchange: a message of ${long.length} bytes`);
  const pairs = Array.from({ length: messages.length / 2 }, (_, i) => ({
    request: messages[2 * i] ?? new Uint8Array(),
    response: messages[2 * i + 1] ?? new Uint8Array(),
  }));
  if (textOf(pairs) !== text) throw new DecodeError('Cannot read SPDM exchange: it is not written in its one form');
  return pairs;
}

function textsOf(text: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DecodeError('Cannot read SPDM exchange: no JSON');
  }
  const messages: unknown = typeof value === 'object' && value !== null && 'messages' in value ? value.messages : undefined;
  if (!Array.isArray(messages)) throw new DecodeError('Cannot read SPDM exchange: no messages');
  return messages.map((one: unknown) => {
    if (typeof one !== 'string') throw new DecodeError('Cannot read SPDM exchange: a message that is no text');
    return one;
  });
}

/** An exchange as the bytes of Evidence. */
export const writeSpdmExchange = (pairs: readonly SpdmPair[]): Uint8Array => new TextEncoder().encode(textOf(pairs));

const textOf = (pairs: readonly SpdmPair[]): string =>
  JSON.stringify({ messages: pairs.flatMap(({ request, response }) => [base64(request), base64(response)]) });

function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
