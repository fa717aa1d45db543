import type { Request, Router } from 'express';
import { type Show, shows } from '../model/notable.ts';
import { deviceOf, groupOf } from './journal-rows.ts';
import { describeEvent } from './describe.ts';
import type { Journal } from './contract.ts';
import { ProblemError } from './problem.ts';
import type { Site } from './site.ts';

/** Events of one answer. */
const pageRows = 100;

/** What happened on the site: alarms, decisions of people, and the gateway itself; `?show=` only one of these, `?before=` what came before an Event. */
export function journalRoutes(router: Router, site: Site): void {
  router.get('/journal', (request, response) => {
    const { events, older } = site.journal(showOf(request), beforeOf(request), pageRows);
    const rows = events.map(({ seq, at, body }) => {
      const device = deviceOf(body);
      return { seq, at, group: groupOf(body), kind: body.kind, text: describeEvent(body), ...(device === undefined ? {} : { device }) };
    });
    response.json({ rows, older } satisfies Journal);
  });
}

function showOf({ query: { show } }: Request): Show | undefined {
  if (show === undefined) return undefined;
  const found = shows.find(each => each === show);
  if (found === undefined) throw new ProblemError('bad-request', `Cannot show that of the journal: give ${shows.join(', ')} or nothing`);
  return found;
}

function beforeOf({ query: { before } }: Request): number {
  if (before === undefined) return Number.MAX_SAFE_INTEGER;
  const seq = typeof before === 'string' && /^\d{1,15}$/.test(before) ? Number(before) : 0;
  if (seq < 1) throw new ProblemError('bad-request', 'Cannot read before: give the number of an event');
  return seq;
}
