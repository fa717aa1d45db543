/** Characters that a terminal draws over two columns: CJK, Hangul, full-width forms, emoji. Unicode UAX #11. */
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303E\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6]/u;
/** Marks that are drawn onto the character before them. */
const mark = /[\p{Mn}\p{Me}]/u;
/** Plain text, which most is: one column each. */
const plain = /^[\x20-\x7e]*$/;

const widthOf = (character: string): number => (mark.test(character) ? 0 : wide.test(character) ? 2 : 1);

/** Columns that a text takes on a terminal. Text from outside must have gone through `visibleText`. */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** The text cut to at most `width` columns, with an ellipsis where something is missing. No more than two marks stay on a character. */
export function fit(text: string, width: number): string {
  if (plain.test(text)) return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}${width > 0 ? '…' : ''}`;
  const calm = text.replaceAll(/([\p{Mn}\p{Me}]{2})[\p{Mn}\p{Me}]+/gu, '$1');
  if (displayWidth(calm) <= width) return calm;
  let [kept, used] = ['', 0];
  for (const character of calm) {
    const next = widthOf(character);
    if (used + next > width - 1) break;
    kept += character;
    used += next;
  }
  return width > 0 ? `${kept}…` : '';
}

/** The text cut to `width` columns and filled with blanks, on the left when `right`. */
export function pad(text: string, width: number, right = false): string {
  const cut = fit(text, width);
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(cut)));
  return right ? blanks + cut : cut + blanks;
}

/** Words in lines of at most `width` columns (0: one line), the first after `indent`, the others after `hang`; a word longer than that is cut. */
export function wrap(text: string, width: number, indent = '  ', hang = indent): readonly string[] {
  if (width === 0) return [indent + text];
  const room = Math.max(1, width - Math.max(displayWidth(indent), displayWidth(hang)));
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').map(each => fit(each, room))) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > room) {
      lines.push((lines.length === 0 ? indent : hang) + line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, (lines.length === 0 ? indent : hang) + line];
}

type Column = { readonly head: string; readonly least: number; readonly right?: true };

/** Rows under their heads in at most `width` columns (0: as wide as it needs), `gap` blanks apart: the widest give way first, none below its least. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[], width: number, gap = 1): readonly string[] {
  const all = [columns.map(({ head }) => head), ...rows];
  const widths = columns.map((_, n) => all.reduce((most, row) => Math.max(most, displayWidth(row[n] ?? '')), 0));
  let over = width === 0 ? 0 : widths.reduce((sum, each) => sum + each + gap, -gap) - width;
  while (over > 0) {
    const spare = widths.map((each, n) => each - Math.min(each, columns[n]?.least ?? 0));
    const widest = spare.indexOf(Math.max(...spare));
    if ((spare[widest] ?? 0) <= 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
  const line = (row: readonly string[]): string => row.map((text, n) => pad(text, widths[n] ?? 0, columns[n]?.right)).join(' '.repeat(gap));
  return all.map(row => (width === 0 ? line(row) : fit(line(row).trimEnd(), width)).trimEnd());
}
