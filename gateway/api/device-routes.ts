import { Router } from 'express';
import type { Request } from 'express';
import type { DeviceView } from '../model/device.ts';
import type { Event } from '../model/event.ts';
import type { Command } from '../model/machine.ts';
import type { Span } from './contract.ts';
import { earRoutes, type Ears } from './ear-routes.ts';
import { exportRoutes } from './export-routes.ts';
import { journalRoutes } from './journal-routes.ts';
import type { Live } from './live.ts';
import { probeRoutes } from './probe-routes.ts';
import { ProblemError, readBody } from './problem.ts';
import { referenceRoutes } from './reference-routes.ts';
import { deviceDetail } from './rows.ts';
import { approveBody, linkBody, pauseBody, quarantineBody, reasonBody, setFieldBody, waiveBody, zoneModeBody } from './schemas.ts';
import type { CommandAnswer, Site } from './site.ts';
import { withoutRepeats } from './timeline.ts';
import { trustRoutes } from './trust-routes.ts';

/** Newest Events shown of one device. */
const timelineLimit = 200;
/** Other interfaces whose timelines are looked through for links. */
const maxOthers = 8;
const hour = 3_600_000;

/** Who asks; only a signed-in request reaches these routes. */
export type WhoAsks = (request: Request) => string;

export type DeviceRouteParts = { readonly site: Site; readonly live: Live; readonly ears: Ears; readonly now: () => number };

/** The routes about devices, the whole site and exports. */
export function deviceRoutes({ site, live, ears, now }: DeviceRouteParts, who: WhoAsks): Router {
  const router = Router();
  const command = async (request: Request, reason: string, wanted: Command): Promise<{ ok: true }> => {
    return done(await site.command(who(request), reason, wanted));
  };

  router.get('/devices', (request, response) => {
    const { etag, body, gzipped } = live.list(request.acceptsEncodings('gzip') === 'gzip');
    response.set({ ETag: etag, Vary: 'Accept-Encoding', 'Cache-Control': 'private, no-cache' });
    if (request.headers['if-none-match'] === etag) return void response.status(304).end();
    if (gzipped) response.set('Content-Encoding', 'gzip');
    response.type('application/json').send(body);
  });
  router.get('/devices/:id', (request, response) => {
    const view = known(site, request.params.id);
    const others = (view.group?.members ?? []).filter(id => id !== view.device.id).flatMap(id => site.device(id) ?? []);
    response.json(deviceDetail(view, timelineOf(site, view.device.id, others), others));
  });
  router.get('/health', (_request, response) => void response.json(site.health()));
  router.get('/coverage', (_request, response) => void response.json(site.coverage()));

  router.post('/devices/:id/approve', async (request, response) => {
    const { device } = known(site, request.params.id);
    const body = readBody(approveBody, request.body);
    const until = endOf(body, now());
    response.json(await command(request, body.reason, { kind: 'approve', device: device.id, ...(until === undefined ? {} : { until }) }));
  });
  router.post('/devices/:id/waive', async (request, response) => {
    const { device } = known(site, request.params.id);
    const body = readBody(waiveBody, request.body);
    const until = 'hours' in body ? now() + Math.round(body.hours * hour) : inFuture(body.until, now());
    response.json(await command(request, body.reason, { kind: 'waive', device: device.id, until, excuses: body.excuses }));
  });
  router.post('/devices/:id/quarantine', async (request, response) => {
    const { device } = known(site, request.params.id);
    const { reason, alone } = readBody(quarantineBody, request.body);
    const wanted = { kind: 'quarantine', device: device.id } as const;
    response.json(await command(request, reason, alone === true ? { ...wanted, alone } : wanted));
  });
  router.post('/devices/:id/link', async (request, response) => {
    const { device } = known(site, request.params.id);
    const { other, reason } = readBody(linkBody, request.body);
    response.json(await command(request, reason, { kind: 'link', device: device.id, other: known(site, other).device.id }));
  });
  router.post('/devices/:id/set-field', async (request, response) => {
    const { device } = known(site, request.params.id);
    const body = readBody(setFieldBody, request.body);
    const wanted = { kind: 'set-field', device: device.id, field: body.field } as const;
    response.json(await command(request, body.reason, 'unlock' in body ? wanted : { ...wanted, value: body.value }));
  });
  for (const kind of ['release', 'challenge', 'unlink'] as const)
    router.post(`/devices/:id/${kind}`, async (request, response) => {
      const { device } = known(site, String(request.params['id']));
      response.json(await command(request, readBody(reasonBody, request.body).reason, { kind, device: device.id }));
    });
  router.post('/pause', async (request, response) => {
    const { minutes, reason } = readBody(pauseBody, request.body);
    response.json(await command(request, reason, { kind: 'pause', until: now() + Math.round(minutes * 60_000) }));
  });
  router.post('/resume', async (request, response) => {
    response.json(await command(request, readBody(reasonBody, request.body).reason, { kind: 'resume' }));
  });
  router.post('/zones/:zone', async (request, response) => {
    const { mode, reason } = readBody(zoneModeBody, request.body);
    response.json(await command(request, reason, { kind: 'zone-mode', zone: request.params.zone, mode }));
  });

  trustRoutes(router, { site, command, who, now });
  referenceRoutes(router, { site, command, done, who, known: id => known(site, id).device, now });
  earRoutes(router, ears, id => known(site, id), now);
  probeRoutes(router, { site, command, known: id => known(site, id).device, now });

  journalRoutes(router, site);
  exportRoutes(router, { site, ears, now });
  return router;
}

/** What happened to a device. A link stands in the journal under the one that joined; it is told of the other too while both count as one. */
function timelineOf(site: Site, id: string, others: readonly DeviceView[]): readonly Event[] {
  const own = site.timeline(id, timelineLimit);
  const shared = others
    .slice(0, maxOthers)
    .flatMap(({ device }) =>
      site
        .timeline(device.id, timelineLimit)
        .filter(
          ({ body }) =>
            (body.kind === 'devices-linked' && body.other === id) || (body.kind === 'devices-unlinked' && body.others.includes(id)),
        ),
    );
  return withoutRepeats([...own, ...shared].toSorted((a, b) => a.seq - b.seq)).slice(-timelineLimit);
}

function known(site: Site, id: string): DeviceView {
  const view = site.device(id);
  if (view === undefined) throw new ProblemError('not-found', 'Cannot find the device: no device has this id');
  return view;
}

function inFuture(until: number, now: number): number {
  if (until <= now) throw new ProblemError('bad-request', 'Cannot set the end: it lies in the past');
  return until;
}

/** The end of a span; undefined is for good. Throws ProblemError when it lies in the past. */
function endOf(span: Span, now: number): number | undefined {
  if ('forGood' in span) return undefined;
  return 'hours' in span ? now + Math.round(span.hours * hour) : inFuture(span.until, now);
}

function done(answer: CommandAnswer): { ok: true } {
  if (!answer.ok) throw new ProblemError(problemOf(answer), answer.problem);
  return { ok: true };
}

const problems = { 400: 'bad-request', 404: 'not-found', 409: 'conflict', 503: 'unavailable' } as const;
const problemOf = (answer: Extract<CommandAnswer, { ok: false }>) => problems[answer.status];
