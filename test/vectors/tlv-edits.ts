/** Structural edits of DER: elements dropped, doubled, swapped, moved, retagged, emptied, lengthened or written with a length that is not minimal. All others stay whole. */
export type Node = {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly children?: readonly Node[];
  readonly wrapped?: boolean;
  readonly form?: 'long' | 'endless';
};
/** A number from 0 up to, not including, 1. */
export type Dice = () => number;

/** Deterministic numbers (mulberry32). */
export function dice(seed: number): Dice {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The elements that stand in these bytes; undefined when they are not some elements. */
function elements(bytes: Uint8Array): readonly Node[] | undefined {
  const found: Node[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [tag = 0, first = 0x80] = [bytes[at], bytes[at + 1]];
    const count = first < 0x80 ? 0 : first & 0x7f;
    if (first === 0x80 || count > 3 || (tag & 0x1f) === 0x1f) return undefined;
    let length = count === 0 ? first : 0;
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
    const from = at + 2 + count;
    if (from + length > bytes.length) return undefined;
    found.push(node(tag, bytes.subarray(from, from + length)));
    at = from + length;
  }
  return found;
}

/** Constructed ones are opened, and so are OCTET STRINGs that hold one whole element, as extensions do. */
function node(tag: number, content: Uint8Array): Node {
  const inside = (tag & 0x20) !== 0 || tag === 0x04 ? elements(content) : undefined;
  if (inside === undefined || (tag === 0x04 && inside.length !== 1)) return { tag, content };
  return { tag, content, children: inside, wrapped: tag === 0x04 };
}

export const tree = (der: Uint8Array): Node => elements(der)?.[0] ?? { tag: 0, content: der };

export function write({ tag, content, children, form }: Node): Uint8Array {
  const body = children === undefined ? content : Buffer.concat(children.map(write));
  if (form === 'endless') return Buffer.concat([Uint8Array.of(tag, 0x80), body, Uint8Array.of(0, 0)]);
  const length: number[] = [];
  for (let n = body.length; n > 0; n >>= 8) length.unshift(n & 0xff);
  const header =
    form === 'long' ? [0x80 | (length.length + 1), 0, ...length] : body.length < 128 ? [body.length] : [0x80 | length.length, ...length];
  return new Uint8Array(Buffer.concat([Uint8Array.of(tag, ...header), body]));
}

const tags = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1c, 0x1e, 0x30, 0x31, 0x80, 0x81, 0x82, 0x83, 0x84, 0x86,
  0x87, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4,
];
const contents = [
  '',
  '00',
  'ff',
  '01',
  '80',
  '0080',
  'ff80',
  '8001',
  '00ff',
  '7fffffffffffffffff',
  '2a0304',
  '5b',
  '00000000',
  'c0af',
  'd800',
  '2a',
  '2e',
  '002a',
];

/** The same tree with one edit somewhere, and what it was. */
export function edited(of: Node, roll: Dice): { readonly tree: Node; readonly what: string } {
  const all: number[][] = [];
  const walk = (n: Node, path: number[]): void => {
    all.push(path);
    for (const [i, child] of (n.children ?? []).entries()) walk(child, [...path, i]);
  };
  walk(of, []);
  const at = all[Math.floor(roll() * all.length)] ?? [];
  let what = '';
  const change = (n: Node, path: readonly number[]): Node => {
    const [first, ...rest] = path;
    if (first !== undefined) return { ...n, children: (n.children ?? []).map((c, i) => (i === first ? change(c, rest) : c)) };
    const kids = n.children ?? [];
    const [i, j] = [Math.floor(roll() * kids.length), Math.floor(roll() * kids.length)];
    const kinds =
      kids.length > 0
        ? ['drop', 'double', 'swap', 'empty', 'tag', 'long', 'endless', 'wrap', 'graft']
        : ['set', 'flip', 'cut', 'grow', 'tag', 'long', 'empty', 'wrap'];
    what = kinds[Math.floor(roll() * kinds.length)] ?? '';
    switch (what) {
      case 'drop':
        return { ...n, children: kids.filter((_, k) => k !== i) };
      case 'double':
        return { ...n, children: kids.flatMap((c, k) => (k === i ? [c, c] : [c])) };
      case 'swap':
        return { ...n, children: kids.map((c, k) => (k === i ? (kids[j] ?? c) : k === j ? (kids[i] ?? c) : c)) };
      case 'graft':
        return { ...n, children: kids.map((c, k) => (k === i ? (kids[j] ?? c) : c)) };
      case 'tag':
        return { ...n, tag: tags[Math.floor(roll() * tags.length)] ?? 0 };
      case 'long':
      case 'endless':
        return { ...n, form: what };
      case 'wrap':
        return { tag: 0x30, content: new Uint8Array(), children: [n] };
      case 'set':
        return { tag: n.tag, content: Buffer.from(contents[Math.floor(roll() * contents.length)] ?? '', 'hex') };
      case 'flip':
        return {
          tag: n.tag,
          content: n.content.map((byte, k) => (k === Math.floor(roll() * n.content.length) ? byte ^ (1 << Math.floor(roll() * 8)) : byte)),
        };
      case 'cut':
        return { tag: n.tag, content: n.content.subarray(0, Math.floor(roll() * n.content.length)) };
      case 'grow':
        return { tag: n.tag, content: Buffer.concat([n.content, Buffer.alloc(1 + Math.floor(roll() * 300), Math.floor(roll() * 256))]) };
      default:
        return { tag: n.tag, content: new Uint8Array() };
    }
  };
  const done = change(of, at);
  return { tree: done, what: `${what} at ${at.join('.')}` };
}
