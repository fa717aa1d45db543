import { DecodeError } from './reader.ts';
import { decodeText } from './text.ts';

/** Caps: bytes of a document, elements, depth, UTF-16 units of the text of one element. */
const [maxBytes, maxElements, maxDepth, maxTextOf] = [65_536, 512, 32, 4096];

/** An element by its local name; prefixes and attributes are not kept. `text` is its own, joined. Untrusted, safe to show. */
export type XmlElement = { readonly name: string; readonly text: string; readonly children: readonly XmlElement[] };
type Open = { readonly rawName: string; readonly name: string; text: string; readonly children: XmlElement[] };

/** The five entities of XML 1.0 §4.6. No other is known, and none can be defined: there is nothing to expand. */
const entities: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * A small part of XML 1.0 in UTF-8, as SOAP over UDP needs it: elements, text, CDATA. Comments and processing instructions are passed over. A document type is
 * refused: SOAP forbids it, and it defines entities. One pass, each character is looked at a fixed number of times.
 */
export function decodeXml(bytes: Uint8Array): XmlElement {
  if (bytes.length > maxBytes) throw fault(`${bytes.length} bytes`);
  const text = decodeMarkup(bytes);
  const top: Open = { rawName: '', name: '', text: '', children: [] };
  const open: Open[] = [top];
  let count = 0;
  for (let at = 0; at < text.length; ) {
    const current = open.at(-1) ?? top;
    const start = text.indexOf('<', at);
    append(current, unescapeXml(text.slice(at, start < 0 ? text.length : start)));
    if (start < 0) break;
    if (text.startsWith('<!--', start)) at = behind(text, '-->', start + 4);
    else if (text.startsWith('<?', start)) at = behind(text, '?>', start + 2);
    else if (text.startsWith('<![CDATA[', start)) {
      at = behind(text, ']]>', start + 9);
      append(current, text.slice(start + 9, at - 3));
    } else if (text.startsWith('<!', start)) throw fault('a document type');
    else {
      at = tagEnd(text, start + 1);
      const tag = text.slice(start + 1, at - 1);
      if (tag.startsWith('/')) close(open, tag.slice(1).trim());
      else {
        if (++count > maxElements) throw fault(`more than ${maxElements} elements`);
        if (open.length > maxDepth) throw fault(`nested deeper than ${maxDepth}`);
        const rawName = nameOf(tag);
        open.push({ rawName, name: rawName.slice(rawName.indexOf(':') + 1), text: '', children: [] });
        if (tag.endsWith('/')) close(open, rawName);
      }
    }
  }
  const [root] = top.children;
  if (open.length !== 1 || root === undefined) throw fault(`${open.length - 1} elements still open`);
  return root;
}

/** The first element with this path of local names below `from`. */
export function xmlAt(from: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  let found = from;
  for (const name of path) found = found?.children.find(child => child.name === name);
  return found;
}

/** Text of an XML document; line ends and tabs, which are hidden characters elsewhere, become spaces. A byte order mark stands outside the root, where nothing is read. */
export function decodeMarkup(bytes: Uint8Array): string {
  const plain = bytes.slice();
  for (let i = 0; i < plain.length; i++) if (plain[i] === 9 || plain[i] === 10 || plain[i] === 13) plain[i] = 0x20;
  return decodeText(plain, plain.length);
}

function append(element: Open, text: string): void {
  if (element.text.length < maxTextOf) element.text += text.slice(0, maxTextOf - element.text.length);
}

function close(open: Open[], rawName: string): void {
  const done = open.pop();
  const parent = open.at(-1);
  if (done === undefined || parent === undefined || done.rawName !== rawName)
    throw fault(`</${rawName.slice(0, 40)}> where <${done?.rawName.slice(0, 40) ?? ''}> is open`);
  parent.children.push({ name: done.name, text: done.text.trim(), children: done.children });
}

const [doubleQuote, singleQuote, less, greater] = [0x22, 0x27, 0x3c, 0x3e];

/** The index behind the `>` of a tag; one inside an attribute's quotes does not count. */
function tagEnd(text: string, from: number): number {
  let quote = 0;
  for (let at = from; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (quote !== 0) {
      if (c === quote) quote = 0;
    } else if (c === doubleQuote || c === singleQuote) quote = c;
    else if (c === greater) return at + 1;
    else if (c === less) break;
  }
  throw fault('a tag that does not end');
}

function nameOf(tag: string): string {
  const end = tag.search(/[\s/]/);
  const name = end < 0 ? tag : tag.slice(0, end);
  if (name.length > 128 || !/^[\p{L}_][\p{L}\p{N}_.:-]*$/u.test(name)) throw fault(`element name ${JSON.stringify(name.slice(0, 40))}`);
  return name;
}

function behind(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  if (found < 0) throw fault(`no ${mark}`);
  return found + mark.length;
}

/** Character references become what they name, if it is printable; the rest stays as it is. */
export const unescapeXml = (text: string): string =>
  text.includes('&')
    ? text.replace(/&(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,4});/gi, (whole, name: string) => {
        if (!name.startsWith('#')) return entities.get(name) ?? whole;
        const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
        return code > 0x1f && code <= 0x10ffff ? decodeText(new TextEncoder().encode(String.fromCodePoint(code))) : whole;
      })
    : text;

const fault = (found: string): DecodeError => new DecodeError(`Cannot read XML: ${found}`);
