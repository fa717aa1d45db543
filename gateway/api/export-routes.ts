import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import type { Request, Response, Router } from 'express';
import { csvHeader, csvLines } from '../export/csv.ts';
import { cycloneDx } from '../export/cyclonedx.ts';
import { jsonLines } from '../export/json-lines.ts';
import { type ExportRecord, exportRecord } from '../export/record.ts';
import { visibleJson } from '../model/visible-text.ts';
import { journalEventsHeader, journalHeadHeader } from './contract.ts';
import { earLines, type Ears, signingKey } from './ear-routes.ts';
import { ProblemError } from './problem.ts';
import type { Site } from './site.ts';
import { readInstant } from './span.ts';

export type ExportRouteParts = { readonly site: Site; readonly ears: Ears; readonly now: () => number };

/** The inventory as files: as it stands, or with `?as_of=` as it stood then. */
export function exportRoutes(router: Router, { site, ears, now }: ExportRouteParts): void {
  const formats = [
    ['csv', 'text/csv; charset=utf-8; header=present', csvHeader, csvLines],
    ['jsonl', 'application/x-ndjson', '', jsonLines],
  ] as const;
  for (const [ending, type, header, render] of formats)
    router.get(`/export.${ending}`, async (request, response) => {
      const then = instantOf(request, now());
      const asOf = then ?? now();
      const records = then === undefined ? undefined : await recordsOf(site, then, response);
      response.attachment(`sallyport-${fileTime(asOf)}.${ending}`).type(type);
      response.write(header);
      if (records !== undefined) return writeAll(response, records, render);
      return writeAll(response, site.devices(), views => render(views.map(view => exportRecord(view, asOf))));
    });
  router.get('/export.cyclonedx', async (request, response) => {
    const then = instantOf(request, now());
    const asOf = then ?? now();
    const records = then === undefined ? site.devices().map(view => exportRecord(view, asOf)) : await recordsOf(site, then, response);
    // Of the past each record names the policy that decided; of now there is one.
    const policy = then === undefined ? site.health().policy.hash : '';
    const head = { serial: randomUUID(), at: new Date(asOf).toISOString(), version: ears.build, policy };
    response.attachment(`sallyport-${fileTime(asOf)}.cdx.json`).type('application/vnd.cyclonedx+json; version=1.6');
    await send(response, inTurns(cycloneDx(records, head)));
  });
  router.get('/export.journal', async (_request, response) => {
    response.attachment(`sallyport-${fileTime(now())}.journal.jsonl`).type('application/x-ndjson');
    await send(response, journalPieces(site));
  });
  router.get('/export.ear', async (request, response) => {
    const asOf = now();
    if (instantOf(request, asOf) !== undefined)
      throw new ProblemError('bad-request', 'Cannot sign what was proved then: signed results say what counts now; take csv or jsonl');
    const key = await signingKey(ears);
    response.attachment(`sallyport-${fileTime(asOf)}.ear.jsonl`).type('application/x-ndjson');
    await writeAll(response, site.devices(), views => earLines(key, ears.build, views, asOf));
  });
}

/** The instant that `?as_of=` names; undefined without it. Throws ProblemError when it is none or still to come. */
function instantOf({ query }: Request, now: number): number | undefined {
  const typed = query['as_of'];
  if (typed === undefined) return undefined;
  const at = typeof typed === 'string' ? readInstant(typed) : undefined;
  if (at === undefined) throw new ProblemError('bad-request', 'Cannot read as_of: write 2026-03-01 or 2026-03-01T18:00Z');
  // A day is named by its end: today is not over, and what stands now is what it has come to.
  if (at > now + dayMs) throw new ProblemError('bad-request', 'Cannot tell how it stood then: as_of is still to come');
  return Math.min(at, now);
}
const dayMs = 86_400_000;

/** Records of the past; says in the headers up to which Event the journal was followed. */
async function recordsOf(site: Site, at: number, response: Response): Promise<readonly ExportRecord[]> {
  const made = await site.past(at);
  switch (made.kind) {
    case 'busy':
      throw new ProblemError('unavailable', 'Cannot answer: another inventory of the past is being made; ask again in a moment', 5);
    case 'broken':
      throw new ProblemError('failed', `${made.detail}: what the journal says of the past cannot be believed`);
    case 'made':
      response.set({ [journalEventsHeader]: String(made.head.seq), [journalHeadHeader]: made.head.hash });
      return made.records;
  }
}

/** Events of one piece. */
const pieceEvents = 500;
/** The journal as it is when somebody asks, a line each: it may grow faster than it is read. */
async function* journalPieces(site: Site): AsyncGenerator<string> {
  const { events: last } = site.health().journal;
  for (let after = 0; after < last; ) {
    const events = site.events(after, Math.min(pieceEvents, last - after));
    if (events.length === 0) return;
    yield events.map(event => `${visibleJson(event)}\n`).join('');
    after = events.at(-1)?.seq ?? last;
    await setImmediate();
  }
}

/** An export piece by piece: between two pieces the gateway does its other work. */
function writeAll<Row>(
  response: Response,
  rows: readonly Row[],
  render: (rows: readonly Row[]) => string | Promise<string>,
): Promise<void> {
  async function* pieces() {
    for (let from = 0; from < rows.length; from += 200) {
      yield await render(rows.slice(from, from + 200));
      await setImmediate();
    }
  }
  return send(response, pieces());
}

/** Between two hundred pieces the gateway does its other work. */
async function* inTurns(pieces: Iterable<string>): AsyncGenerator<string> {
  let text: string[] = [];
  for (const piece of pieces) {
    if (text.push(piece) < 200) continue;
    yield text.join('');
    text = [];
    await setImmediate();
  }
  yield text.join('');
}

/** A slow reader is waited for. */
async function send(response: Response, pieces: AsyncGenerator<string>): Promise<void> {
  try {
    await pipeline(Readable.from(pieces), response);
  } catch (error) {
    const left = error instanceof Error && 'code' in error && (error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.code === 'ECONNRESET');
    if (!left) throw error; // who asked went away: nothing is wrong with us
  }
}

const fileTime = (now: number): string => new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '');
