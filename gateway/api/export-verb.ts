import { appendFileSync, writeFileSync } from 'node:fs';
import { fileFault } from '../model/file-fault.ts';
import { visibleText } from '../model/visible-text.ts';
import { ClientError } from './client.ts';
import { journalEventsHeader, journalHeadHeader } from './contract.ts';
import { readInstant } from './span.ts';
import { type Call, exit, WrongCall } from './verb-call.ts';

/** Folding a journal of years takes long. Milliseconds. */
const pastMs = 600_000;
const formats = ['csv', 'jsonl', 'ear', 'journal'] as const;

/** Writes the inventory, as it stands or as it stood at an instant. */
export async function exportInventory({ client, io, values }: Call): Promise<number> {
  const format = formats.find(each => each === (values.format ?? 'csv'));
  if (format === undefined) throw new WrongCall(`Cannot export as '${values.format}': write csv, jsonl, ear or journal`);
  const typed = values['as-of'];
  if (typed !== undefined && readInstant(typed) === undefined)
    throw new WrongCall(`Cannot read --as-of '${typed}': write 2026-03-01 or 2026-03-01T18:00Z`);
  if (format === 'journal') return exportJournal({ client, io, values, positionals: [] });
  const path = typed === undefined ? `/export.${format}` : `/export.${format}?as_of=${encodeURIComponent(typed)}`;
  const { text, headers } = await client.answer('GET', path, undefined, typed === undefined ? undefined : pastMs);
  if (values.output === undefined) io.stdout.write(text);
  else writeOutput(values.output, text);
  const [events, head] = [headers[journalEventsHeader], headers[journalHeadHeader]];
  if (events !== undefined)
    io.stderr.write(
      visibleText(
        events === '0'
          ? 'The journal begins later'
          : `Folded from ${String(events)} events of the journal, their chain whole, head ${String(head)}`,
      ) + '\n',
    );
  return text.split('\n').length > (format === 'csv' ? 2 : 1) ? exit.good : exit.nothing;
}

/** The journal may be long: it goes to its place as it comes. */
async function exportJournal({ client, io, values }: Call): Promise<number> {
  if (values['as-of'] !== undefined) throw new WrongCall('Cannot export the journal as of an instant: each event bears its own');
  let length = 0;
  const { output } = values;
  if (output !== undefined) writeOutput(output, '');
  await client.stream('/export.journal', text => {
    length += text.length;
    if (output === undefined) io.stdout.write(text);
    else appendFileSync(output, text);
  });
  return length > 0 ? exit.good : exit.nothing;
}

/** A new file of mode 0600: the inventory of a plant is nobody else's business. An old file is replaced in place. */
function writeOutput(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600 });
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw new ClientError('failed', `Cannot write ${path}: ${fileFault(error)}`);
    throw error;
  }
}
