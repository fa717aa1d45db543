/** What a wording may leave open and name. */
export const blanks = ['maker', 'model', 'firmware', 'serial'] as const;
export type Blank = (typeof blanks)[number];
export type Filled = { readonly [blank in Blank]?: string };

/** A text with some words left open: literals, and between two of them something that may be anything. Plain data. */
export type Wording = readonly (string | { readonly blank?: Blank })[];

/** Characters that must stand in a wording, for fewer would fit anybody; and in a word that is kept, at most. */
const [leastLiteral, maxWord] = [3, 64];
/** Where a word ends that nothing follows in the wording. */
const wordEnd = /[\s,;()]/;

/**
 * Reads `Siemens, {}, {model}, FW: {firmware}`: `{}` is anything, a named blank is kept. Undefined when it is no wording: braces that do not pair, a blank
 * that nobody knows or that comes twice, two blanks with nothing between them, or too little that must stand there.
 */
export function readWording(text: string): Wording | undefined {
  const parts = text.split(/(\{[^{}]*\})/).filter(part => part !== '');
  const wording: Wording[number][] = [];
  for (const part of parts) {
    if (!/[{}]/.test(part)) wording.push(part);
    else {
      const name = /^\{([a-z]*)\}$/.exec(part)?.[1];
      const blank = blanks.find(one => one === name);
      const before = wording.at(-1);
      if (name === undefined || (name !== '' && blank === undefined) || typeof before === 'object') return undefined;
      if (blank !== undefined && wording.some(other => typeof other === 'object' && other.blank === blank)) return undefined;
      wording.push(blank === undefined ? {} : { blank });
    }
  }
  return wording.filter(part => typeof part === 'string').join('').length < leastLiteral ? undefined : wording;
}

/**
 * What stands in the blanks, when the text begins as the wording says; undefined when it does not. A blank ends where what follows it in the wording stands
 * first, one at the end with the word. Nothing is tried twice, so a hostile text costs no more than its length for each part.
 */
export function fillWording(wording: Wording, text: string): Filled | undefined {
  const filled: { -readonly [blank in Blank]?: string } = {};
  let at = 0;
  for (const [i, part] of wording.entries()) {
    if (typeof part === 'string') {
      if (!text.startsWith(part, at)) return undefined;
      at += part.length;
      continue;
    }
    const next = wording[i + 1];
    const end = typeof next === 'string' ? text.indexOf(next, at) : endOfWord(text, at);
    if (end < 0) return undefined;
    const word = text.slice(at, end).trim();
    if (part.blank !== undefined) {
      if (word === '' || word.length > maxWord) return undefined;
      filled[part.blank] = word;
    }
    at = end;
  }
  return filled;
}

function endOfWord(text: string, from: number): number {
  const length = text.slice(from).search(wordEnd);
  return length < 0 ? text.length : from + length;
}
