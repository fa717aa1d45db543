const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Characters that could forge a line, a column or a reading direction wherever the text is shown: C0, DEL, C1, line and paragraph
 * separators, bidirectional marks, embeddings, overrides and isolates (Unicode TR 36 §2.5), zero-width characters, byte-order mark,
 * interlinear anchors, tag characters, halves of surrogate pairs.
 */
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu;

/** Longest text that a fact keeps, in UTF-16 units. */
export const maxText = 255;

/** Text from outside made safe to store, print and show: unsafe characters become U+FFFD, the rest is cut at `max`. Still untrusted as a claim. */
export function safeText(text: string, max = maxText): string {
  return text.slice(0, max).replace(unsafe, '\ufffd');
}

/** UTF-8 bytes from outside as safe text; wrong UTF-8 becomes U+FFFD, NULs at the end (C strings in fixed fields) are dropped. */
export function decodeText(bytes: Uint8Array, max = maxText): string {
  let end = Math.min(bytes.length, max * 4);
  while (end > 0 && bytes[end - 1] === 0) end--;
  return safeText(utf8.decode(bytes.subarray(0, end)), max);
}
