import { DecodeError } from './reader.ts';

/**
 * JSON (RFC 8259) of strangers, for what is signed: a repeated name is refused, since two readers may take different ones (RFC 7515 §4, RFC 7519 §4).
 * Objects are Maps, so `__proto__` is a name like any other. Everything throws DecodeError and nothing else.
 */
export type JsonMap = ReadonlyMap<string, JsonValue>;
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonMap;

/** Longest text in UTF-16 units, deepest nesting, most values. */
const maxText = 131_072;
const maxDepth = 16;
const maxValues = 8192;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const space = /[ \t\n\r]*/y;
const stringToken = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const wordToken = /true|false|null/y;
const words: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** Reads UTF-8 bytes that hold one JSON value and nothing after it. */
export function decodeJson(bytes: Uint8Array): JsonValue {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new DecodeError('Cannot read JSON: it is no UTF-8');
  }
  if (text.length > maxText) throw new DecodeError(`Cannot read JSON: ${text.length} characters`);
  return new JsonReader(text).whole();
}

class JsonReader {
  readonly #text: string;
  #at = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): JsonValue {
    const value = this.#value(0);
    this.#token(space);
    if (this.#at < this.#text.length) throw this.#fault('something after its end');
    return value;
  }

  #value(depth: number): JsonValue {
    if (depth > maxDepth) throw this.#fault(`nested deeper than ${maxDepth}`);
    if (++this.#values > maxValues) throw this.#fault(`more than ${maxValues} values`);
    this.#token(space);
    const next = this.#text[this.#at];
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#list(depth);
    if (next === '"') return this.#string();
    const number = this.#token(numberToken);
    if (number !== undefined && number !== '') return Number(number);
    const word = words.get(this.#token(wordToken) ?? '');
    if (word === undefined) throw this.#fault('no value');
    return word;
  }

  #object(depth: number): JsonMap {
    const found = new Map<string, JsonValue>();
    this.#at++;
    if (this.#is('}')) return found;
    do {
      this.#token(space);
      const name = this.#string();
      if (found.has(name)) throw this.#fault('a name that is there twice');
      if (!this.#is(':')) throw this.#fault('no colon');
      found.set(name, this.#value(depth + 1));
    } while (this.#is(','));
    if (!this.#is('}')) throw this.#fault('an object that does not end');
    return found;
  }

  #list(depth: number): readonly JsonValue[] {
    const found: JsonValue[] = [];
    this.#at++;
    if (this.#is(']')) return found;
    do found.push(this.#value(depth + 1));
    while (this.#is(','));
    if (!this.#is(']')) throw this.#fault('a list that does not end');
    return found;
  }

  #string(): string {
    const token = this.#token(stringToken);
    if (token === undefined) throw this.#fault('no text');
    const value: unknown = JSON.parse(token);
    if (typeof value !== 'string' || !value.isWellFormed()) throw this.#fault('text with half a surrogate pair');
    return value;
  }

  /** Steps over this mark, if it is next. */
  #is(mark: string): boolean {
    this.#token(space);
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #token(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #fault(found: string): DecodeError {
    return new DecodeError(`Cannot read JSON: ${found} at character ${this.#at}`);
  }
}

/** The object, or DecodeError that names what it should have been. */
export function jsonMapOf(value: JsonValue | undefined, what: string): JsonMap {
  if (value instanceof Map) return value;
  throw new DecodeError(`Cannot read ${what}: ${value === undefined ? 'it is missing' : 'no object'}`);
}
