/**
 * Reviewed bytes that may leave the box, with named holes for what differs from one sending to the next (transaction ids, addresses). A frame that
 * fits no template of its probe is not sent (`edge/probe`), and a test holds what leaves against them.
 */
export type Template = {
  /** `modbus read device identification`: what a person reads in a review. */
  readonly name: string;
  readonly parts: readonly (Uint8Array | Hole)[];
};

/** `bytes`: how long the hole is; a range where the length is the target's (a name, a URL). */
export type Hole = { readonly hole: string; readonly min: number; readonly max: number };

export class TemplateError extends Error {}

/**
 * Writes a template: hex digits, blanks between them as one likes, and holes `<name:2>` of so many bytes or `<name:1-255>`.
 * @throws TemplateError when the text is neither.
 */
export function template(name: string, text: string): Template {
  const parts = text
    .split(/(<[^>]*>)/)
    .filter(piece => piece.trim() !== '')
    .map(piece => (piece.startsWith('<') ? holeOf(name, piece) : hexOf(name, piece)));
  if (parts.filter(part => 'hole' in part && part.min !== part.max).length > 1)
    throw new TemplateError(`Cannot read template ${name}: two holes of varying length`);
  return { name, parts };
}

/** Text as hexadecimal digits, to stand in a template: protocols that are written in ASCII, and names. @throws TemplateError for any other text. */
export function ascii(text: string): string {
  if (!/^[\r\n\x20-\x7e]*$/.test(text)) throw new TemplateError(`Cannot write a template: ${JSON.stringify(text)} is no ASCII`);
  return Array.from(text, letter => letter.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

/** The bytes with every hole filled. @throws TemplateError when a hole is left, unknown, or of another length. */
export function fill({ name, parts }: Template, values: Readonly<Record<string, Uint8Array>> = {}): Uint8Array {
  const holes = new Set(parts.flatMap(part => ('hole' in part ? [part.hole] : [])));
  for (const given of Object.keys(values)) if (!holes.has(given)) throw new TemplateError(`Cannot fill ${name}: it has no hole ${given}`);
  const pieces = parts.map(part => {
    if (!('hole' in part)) return part;
    const value = values[part.hole];
    if (value === undefined || value.length < part.min || value.length > part.max)
      throw new TemplateError(`Cannot fill ${name}: ${part.hole} has ${value?.length ?? 'no'} bytes, not ${part.min}–${part.max}`);
    return value;
  });
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** True iff the bytes are the template with its holes filled somehow. At most one hole has a range, so there is one way only. */
export function fits({ parts }: Template, bytes: Uint8Array): boolean {
  const fixed = parts.reduce((sum, part) => sum + ('hole' in part ? (part.min === part.max ? part.min : 0) : part.length), 0);
  let at = 0;
  for (const part of parts) {
    const length = !('hole' in part) ? part.length : part.min === part.max ? part.min : bytes.length - fixed;
    if (at + length > bytes.length) return false;
    if ('hole' in part) {
      if (length < part.min || length > part.max) return false;
    } else if (part.some((byte, n) => bytes[at + n] !== byte)) return false;
    at += length;
  }
  return at === bytes.length;
}

function holeOf(name: string, piece: string): Hole {
  const [, hole, min, max] = /^<([a-z][a-zA-Z]*):(\d{1,4})(?:-(\d{1,4}))?>$/.exec(piece) ?? [];
  if (hole === undefined || min === undefined) throw new TemplateError(`Cannot read template ${name}: ${piece} is no hole`);
  return { hole, min: Number(min), max: Number(max ?? min) };
}

function hexOf(name: string, piece: string): Uint8Array {
  const digits = piece.replaceAll(/\s/g, '');
  if (!/^([0-9a-f]{2})+$/.test(digits)) throw new TemplateError(`Cannot read template ${name}: "${piece.trim()}" is no hexadecimal`);
  return Uint8Array.from(digits.match(/../g) ?? [], pair => Number.parseInt(pair, 16));
}
