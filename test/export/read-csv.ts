/** Reads CSV by the grammar of RFC 4180 §2 and nothing more; throws on whatever it does not allow. Kept apart from the writer on purpose. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    const [cell, next] = text[at] === '"' ? quotedCell(text, at + 1) : bareCell(text, at);
    row.push(cell);
    at = next;
    if (text[at] === ',') at += 1;
    else if (text.startsWith('\r\n', at)) {
      rows.push(row);
      row = [];
      at += 2;
    } else throw new Error(`Cannot read CSV: neither comma nor CRLF at ${at}`);
  }
  if (row.length > 0) throw new Error('Cannot read CSV: the last line has no end');
  return rows;
}

function quotedCell(text: string, from: number): [string, number] {
  let cell = '';
  for (let at = from; at < text.length; at += 1) {
    if (text[at] !== '"') cell += text.charAt(at);
    else if (text[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else return [cell, at + 1];
  }
  throw new Error('Cannot read CSV: a quote is never closed');
}

function bareCell(text: string, from: number): [string, number] {
  let at = from;
  while (at < text.length && text[at] !== ',' && text[at] !== '\r') {
    if (text[at] === '"' || text[at] === '\n') throw new Error(`Cannot read CSV: a bare quote or line feed at ${at}`);
    at += 1;
  }
  return [text.slice(from, at), at];
}
