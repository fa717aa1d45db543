import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { csv } from '../export/csv.ts';
import { cycloneDx } from '../export/cyclonedx.ts';
import { jsonLines } from '../export/json-lines.ts';
import { fileFault } from '../model/file-fault.ts';
import { visibleText } from '../model/visible-text.ts';
import { ClientError } from './client.ts';
import { journalEventsHeader, journalHeadHeader } from './contract.ts';
import { readInstant } from './span.ts';
import { type Call, exit, type VerbIo, WrongCall } from './verb-call.ts';

const dayMs = 86_400_000;
/** Folding a journal of years takes long. Milliseconds. */
const pastMs = 600_000;
const formats = ['csv', 'jsonl', 'cyclonedx', 'ear', 'journal'] as const;

/** Writes the inventory, as it stands or as it stood at an instant. */
export async function exportInventory({ client, io, values }: Call): Promise<number> {
  const format = formats.find(each => each === (values.format ?? 'csv'));
  if (format === undefined)
    throw new WrongCall(`Cannot export as '${values.format}': write ${formats.join(', ').replace(/, (\w+)$/, ' or $1')}`);
  const typed = values['as-of'];
  if (typed !== undefined && readInstant(typed) === undefined)
    throw new WrongCall(`Cannot read --as-of '${typed}': write 2026-03-01 or 2026-03-01T18:00Z`);
  if (format === 'journal') return exportJournal({ client, io, values, positionals: [] });
  const { text, from } = await inventoryOf({ client, io, values, positionals: [] }, format, typed);
  if (values.output === undefined) io.stdout.write(text);
  else writeOutput(values.output, text);
  if (from !== undefined) {
    const whole = `Folded from ${from.events} events of the journal, their chain whole, head ${from.head}`;
    io.stderr.write(`${visibleText(from.events === '0' ? 'The journal begins later' : whole)}\n`);
  }
  const isEmpty = format === 'cyclonedx' ? !text.includes('"bom-ref":"device:') : text.split('\n').length <= (format === 'csv' ? 2 : 1);
  return isEmpty ? exit.nothing : exit.good;
}

type Format = Exclude<(typeof formats)[number], 'journal'>;
/** `from`: of the past, up to which Event the journal was followed. */
type Inventory = { readonly text: string; readonly from?: { readonly events: string; readonly head: string } };

/** Of the gateway; the past also of its journal, where it does not run. Throws ClientError. */
async function inventoryOf({ client, io }: Call, format: Format, typed: string | undefined): Promise<Inventory> {
  const path = typed === undefined ? `/export.${format}` : `/export.${format}?as_of=${encodeURIComponent(typed)}`;
  try {
    const { text, headers } = await client.answer('GET', path, undefined, typed === undefined ? undefined : pastMs);
    const [events, head] = [headers[journalEventsHeader], headers[journalHeadHeader]];
    return events === undefined ? { text } : { text, from: { events: String(events), head: String(head) } };
  } catch (error) {
    const at = typed === undefined ? undefined : readInstant(typed);
    const isGone = error instanceof ClientError && error.code === 'unreachable';
    if (!isGone || at === undefined || format === 'ear' || io.offline === undefined) throw error;
    io.stderr.write('The gateway does not answer: its journal is read instead\n');
    return fromJournal(io.offline, format, at);
  }
}

async function fromJournal(
  { version, past }: NonNullable<VerbIo['offline']>,
  format: Exclude<Format, 'ear'>,
  at: number,
): Promise<Inventory> {
  if (at > Date.now() + dayMs) throw new WrongCall('Cannot tell how it stood then: --as-of is still to come');
  const asOf = Math.min(at, Date.now());
  const made = await past(asOf);
  if (made.kind !== 'made')
    throw new ClientError(
      'failed',
      made.kind === 'broken'
        ? `${made.detail}: what the journal says of the past cannot be believed`
        : 'Cannot read the journal twice at once',
    );
  const { records, head } = made;
  const bom = { serial: randomUUID(), at: new Date(asOf).toISOString(), version, policy: '' };
  const text = format === 'csv' ? csv(records) : format === 'jsonl' ? jsonLines(records) : [...cycloneDx(records, bom)].join('');
  return { text, from: { events: String(head.seq), head: head.hash } };
}

/** The journal may be long: it goes to its place as it comes. */
async function exportJournal({ client, io, values }: Call): Promise<number> {
  if (values['as-of'] !== undefined) throw new WrongCall('Cannot export the journal as of an instant: each event bears its own');
  let length = 0;
  const { output } = values;
  if (output !== undefined) writeOutput(output, '');
  await client.stream('/export.journal', async text => {
    length += text.length;
    if (output !== undefined) writeOutput(output, text, 'a');
    else if (io.stdout.write(text) === false) await io.stdout.drained?.();
  });
  return length > 0 ? exit.good : exit.nothing;
}

/** A new file of mode 0600: the inventory of a plant is nobody else's business. An old file is replaced in place. */
function writeOutput(path: string, text: string, flag: 'w' | 'a' = 'w'): void {
  try {
    writeFileSync(path, text, { mode: 0o600, flag });
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw new ClientError('failed', `Cannot write ${path}: ${fileFault(error)}`);
    throw error;
  }
}
