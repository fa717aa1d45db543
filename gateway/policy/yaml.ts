import { CST, isMap, isScalar, isSeq, Lexer, LineCounter, parseDocument, type ParsedNode } from 'yaml';
import { clean, maxYaml } from './text.ts';

/**
 * YAML 1.2 (core schema) as plain data that knows its lines. Nothing that makes YAML surprising is taken: no anchors, aliases, merge
 * keys, tags, directives, explicit or structured keys, and not twice the same key. JSON is YAML, so JSON files get their lines here too.
 */
export type YamlNode =
  | { readonly kind: 'map'; readonly line: number; readonly entries: readonly YamlEntry[] }
  | { readonly kind: 'list'; readonly line: number; readonly items: readonly YamlNode[] }
  | { readonly kind: 'scalar'; readonly line: number; readonly value: string | number | boolean | null };
export type YamlEntry = { readonly key: string; readonly line: number; readonly value: YamlNode };

/** One thing wrong at a line, 1-based. `text` is `Cannot …: …` without the place. */
export type YamlProblem = { readonly line: number; readonly text: string };
export type YamlRead =
  | { readonly ok: true; readonly node: YamlNode | undefined }
  | { readonly ok: false; readonly problems: readonly YamlProblem[] };

/** The parser below is recursive and takes seconds for a megabyte of brackets, so depth is bounded before it runs. */
const maxDepth = 16;
const maxIndent = 64;
/** Some 10,000 rules. More costs seconds of the event loop. */
const maxTokens = 600_000;
/** Problems told about one file; people mend the first ones first. */
export const maxYamlProblems = 50;

/** `node` is undefined iff the file has nothing but comments. Never throws for any text. */
export function readYaml(text: string): YamlRead {
  if (text.length > maxYaml) return refused([{ line: 1, text: `Cannot read YAML: longer than ${maxYaml} characters` }]);
  const bomb = findRefused(text);
  if (bomb !== undefined) return refused([bomb]);
  const lines = new LineCounter();
  // `uniqueKeys` costs 70 s for a megabyte of keys: `Walk` looks for twins with a Set.
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
  });
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0)
    return refused(
      errors.slice(0, 20).map(e => ({ line: lines.linePos(e.pos[0]).line, text: `Cannot read YAML: ${firstLine(e.message)}` })),
    );
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return { ok: true, node: undefined };
  const problems: YamlProblem[] = [];
  const node = toNode(contents, at => lines.linePos(at).line, problems);
  return problems.length > 0 ? refused(problems.slice(0, maxYamlProblems)) : { ok: true, node };
}

const refused = (problems: readonly YamlProblem[]): YamlRead => ({ ok: false, problems });
const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

/**
 * Looks at the tokens only, in linear time, for what could make the parser slow, deep or surprising. It also stops the two kinds of
 * nonsense that make the parser collect a mistake for each byte.
 */
function findRefused(text: string): YamlProblem | undefined {
  let [line, flow, markers, tokens, lineStart] = [1, 0, 0, 0, true];
  let before = '';
  for (const token of new Lexer().lex(text)) {
    const type = before === 'scalar' ? 'scalar-text' : String(CST.tokenType(token));
    if (type === 'flow-seq-start' || type === 'flow-map-start') flow++;
    if (type === 'flow-seq-end' || type === 'flow-map-end') flow--;
    if (type === 'seq-item-ind') markers++;
    const indent = lineStart && type === 'space' ? token.length : 0;
    if (flow > maxDepth || markers > maxDepth || indent > maxIndent) return { line, text: 'Cannot read YAML: nested too deep' };
    if (++tokens > maxTokens) return { line, text: `Cannot read YAML: more than ${maxTokens} marks and words` };
    const name = flow < 0 ? 'closing brackets without an opening one' : (refusedTokens.get(type) ?? refusedPair(before, type));
    if (name !== undefined) return { line, text: `Cannot read YAML: ${name} are not allowed here` };
    // The text of a block scalar ends with its line break.
    const ended = token.endsWith('\n');
    if (ended) markers = 0;
    lineStart = ended || type === 'doc-mode' || (lineStart && type === 'byte-order-mark');
    line += newlines(token);
    if (type !== 'space') before = ended ? 'newline' : type;
  }
  return undefined;
}

function refusedPair(before: string, type: string): string | undefined {
  if (type === 'comma' && (before === 'comma' || before === 'flow-seq-start' || before === 'flow-map-start'))
    return 'commas with nothing before them';
  const isText = type === 'scalar' || type.endsWith('quoted-scalar');
  return isText && (before === 'scalar-text' || before.endsWith('quoted-scalar')) ? 'two texts in a row' : undefined;
}

const refusedTokens: ReadonlyMap<string, string> = new Map([
  ['alias', 'aliases (*)'],
  ['anchor', 'anchors (&)'],
  ['tag', 'tags (!)'],
  ['directive-line', 'directives (%)'],
  ['explicit-key-ind', 'explicit keys (?)'],
]);

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

function toNode(node: ParsedNode | null, lineOf: (offset: number) => number, problems: YamlProblem[], fallback = 1): YamlNode {
  if (node === null) return { kind: 'scalar', line: fallback, value: null };
  const line = lineOf(node.range[0]);
  if (isSeq(node)) return { kind: 'list', line, items: node.items.map(item => toNode(item, lineOf, problems, line)) };
  if (isMap(node)) {
    const seen = new Set<string>();
    const entries = node.items.map(({ key, value }): YamlEntry => {
      const at = key === null ? line : lineOf(key.range[0]);
      const name = isScalar(key) ? String(key.value) : '';
      if (!isScalar(key) || typeof key.value === 'object') problems.push({ line: at, text: 'Cannot read YAML: a key is no plain text' });
      else if (name === '<<') problems.push({ line: at, text: 'Cannot read YAML: merge keys (<<) are not allowed here' });
      else if (seen.has(name) && problems.length < maxYamlProblems)
        problems.push({ line: at, text: `Cannot read ${clean(name, 60)}: the key is there twice` });
      seen.add(name);
      return { key: name, line: at, value: toNode(value, lineOf, problems, at) };
    });
    return { kind: 'map', line, entries };
  }
  const value: unknown = isScalar(node) ? node.value : null;
  const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null;
  if (!plain) problems.push({ line, text: 'Cannot read YAML: a value is no text, number or truth value' });
  return { kind: 'scalar', line, value: plain ? value : null };
}

/** The same as plain values. A key `__proto__` becomes an own property like any other. */
export function toValue(node: YamlNode | undefined): unknown {
  if (node === undefined) return undefined;
  switch (node.kind) {
    case 'map':
      return Object.fromEntries(node.entries.map(e => [e.key, toValue(e.value)]));
    case 'list':
      return node.items.map(toValue);
    case 'scalar':
      return node.value;
  }
}

/** The node at a path, if it is there, and the line of the nearest thing on the way to it: a key's own line where there is one. */
export function locate(root: YamlNode, path: readonly PropertyKey[]): { readonly node: YamlNode | undefined; readonly line: number } {
  let node = root;
  let line = root.line;
  for (const step of path) {
    const next = child(node, step);
    if (next === undefined) return { node: undefined, line };
    [node, line] = [next.value, next.line];
  }
  return { node, line };
}

function child(node: YamlNode, step: PropertyKey): { readonly value: YamlNode; readonly line: number } | undefined {
  switch (node.kind) {
    case 'map':
      return node.entries.find(e => e.key === step);
    case 'list': {
      const item = typeof step === 'number' ? node.items[step] : undefined;
      return item === undefined ? undefined : { value: item, line: item.line };
    }
    case 'scalar':
      return undefined;
  }
}

/** How a value of a file looks in a message: short, on one line, without control characters. */
export function printable(value: string | number | boolean | null): string {
  if (value === null) return 'empty';
  if (typeof value !== 'string') return String(value);
  return `"${clean(value, 60)}"`;
}
