/** Most texts: nothing in them can be hidden, and that is quickly seen. */
const plain = /^[\x20-\x7e]*$/;
/** The same for long texts, which it need not match from end to end. */
const notPlain = /[^\x20-\x7e]/;
/** Control, format (bidi overrides, zero width, tags), surrogate and separator characters: what can hide or reorder text. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Text from outside as it may be shown: each character that could hide or reorder text becomes U+FFFD. No markup is escaped: show it as text. */
export const visibleText = (text: string): string => (plain.test(text) ? text : text.replace(hidden, '\uFFFD'));

/** A value as JSON in which hidden characters are written as escapes: nothing is lost, and nothing reaches a terminal raw. */
export function visibleJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!notPlain.test(json)) return json;
  return json.replace(hidden, found =>
    Array.from({ length: found.length }, (_, n) => `\\u${found.charCodeAt(n).toString(16).padStart(4, '0')}`).join(''),
  );
}

/** Entries of a list that stand in one piece. */
const entries = 128;

/**
 * The same text in pieces: that of a large object would take its memory three times until it is written. A member may be a list whose entries are made only
 * as they are written.
 */
export function* visibleJsonParts(value: object): Generator<string> {
  let before = '{';
  for (const [name, part] of Object.entries(value)) {
    yield `${before}${visibleJson(name)}:`;
    before = ',';
    if (isList(part)) yield* listParts(part);
    else yield visibleJson(part);
  }
  yield before === '{' ? '{}' : '}';
}

const isList = (part: unknown): part is Iterable<unknown> => typeof part === 'object' && part !== null && Symbol.iterator in part;

function* listParts(list: Iterable<unknown>): Generator<string> {
  let before = '[';
  let waiting: unknown[] = [];
  const piece = (): string => `${before}${visibleJson(waiting).slice(1, -1)}`;
  for (const entry of list) {
    waiting.push(entry);
    if (waiting.length < entries) continue;
    yield piece();
    [before, waiting] = [',', []];
  }
  if (waiting.length > 0) yield piece();
  yield before === '[' && waiting.length === 0 ? '[]' : ']';
}
