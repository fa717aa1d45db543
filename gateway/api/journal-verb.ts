import { visibleJson, visibleText } from '../model/visible-text.ts';
import type { Journal } from './contract.ts';
import { shows } from '../model/notable.ts';
import { type Call, exit, WrongCall } from './verb-call.ts';

const defaultLimit = 50;
const mostLimit = 10_000;

const nothing: Readonly<Record<string, string>> = {
  alarms: 'No alarm was raised yet',
  people: 'Nobody decided anything yet',
  gateway: 'The gateway has said nothing of itself yet',
  all: 'Nothing happened yet',
};

/** Prints what happened on the site, the newest last, as a log is read. */
export async function journal({ client, io, values, positionals: [show, ...more] }: Call): Promise<number> {
  if (more.length > 0 || (show !== undefined && !shows.some(each => each === show)))
    throw new WrongCall(`Cannot show '${[show, ...more].join(' ')}' of the journal: give ${shows.join(', ')} or nothing`);
  const limit = values.limit === undefined ? defaultLimit : Number(values.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostLimit)
    throw new WrongCall(`Cannot read --limit '${values.limit}': write a number from 1 to ${mostLimit}`);
  const rows: Journal['rows'][number][] = [];
  for (let older = true; older && rows.length < limit; ) {
    const last = rows.at(-1);
    const query = [...(show === undefined ? [] : [`show=${show}`]), ...(last === undefined ? [] : [`before=${last.seq}`])].join('&');
    const page = await client.json<Journal>('GET', `/journal${query === '' ? '' : `?${query}`}`);
    rows.push(...page.rows);
    ({ older } = page);
  }
  const shown = rows.slice(0, limit).toReversed();
  if (values.json === true) io.stdout.write(`${visibleJson(shown)}\n`);
  else for (const row of shown) io.stdout.write(`${line(row)}\n`);
  if (shown.length === 0) io.stderr.write(`${nothing[show ?? 'all'] ?? ''}\n`);
  return shown.length > 0 ? exit.good : exit.nothing;
}

const line = ({ seq, at, device, text }: Journal['rows'][number]): string =>
  visibleText(`${new Date(at).toISOString()}  #${seq}  ${device === undefined ? '' : `${device}: `}${text}`);
