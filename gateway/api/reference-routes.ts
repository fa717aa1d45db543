import type { Request, Router } from 'express';
import type { Device } from '../model/device.ts';
import type { Command, CommandAnswer } from '../model/machine.ts';
import { ProblemError, readBody } from './problem.ts';
import { activateReferenceBody, addReferenceBody } from './reference-schemas.ts';
import { reasonBody } from './schemas.ts';
import type { Site } from './site.ts';

/** What the routes about devices lend. */
export type ReferenceRouteParts = {
  readonly site: Site;
  readonly command: (request: Request, reason: string, wanted: Command) => Promise<{ ok: true }>;
  readonly done: (answer: CommandAnswer) => { ok: true };
  readonly who: (request: Request) => string;
  readonly known: (id: string) => Device;
  readonly now: () => number;
};

/** The routes about reference values: which sets are known, where each stands, and people's words on them. */
export function referenceRoutes(router: Router, { site, command, done, who, known, now }: ReferenceRouteParts): void {
  router.get('/references', (_request, response) => void response.json(site.references()));
  router.get('/references/:key', (request, response) => {
    const row = site.references().sets.find(({ key }) => key === request.params.key);
    if (row === undefined) throw new ProblemError('not-found', 'Cannot find the reference values: there is no such set');
    const set = site.reference(row.key);
    response.json({ row, components: set?.components ?? [], ...(set?.classId === undefined ? {} : { classId: set.classId }) });
  });
  router.post('/references', async (request, response) => {
    const { file, content, signature, reason } = readBody(addReferenceBody, request.body);
    const brought = { file, content: new Uint8Array(Buffer.from(content, 'base64')), ...(signature === undefined ? {} : { signature }) };
    response.json(done(await site.addReferences(who(request), reason, brought)));
  });
  router.post('/references/:key/activate', async (request, response) => {
    const { replaces, hours, beside, reason } = readBody(activateReferenceBody, request.body);
    const until = hours === undefined ? {} : { until: now() + Math.round(hours * 3_600_000) };
    const wanted = { kind: 'reference-activate', key: request.params.key, replaces, ...until } as const;
    response.json(await command(request, reason, beside === true ? { ...wanted, beside } : wanted));
  });
  for (const kind of ['expire', 'revoke'] as const)
    router.post(`/references/:key/${kind}`, async (request, response) => {
      const { reason } = readBody(reasonBody, request.body);
      response.json(await command(request, reason, { kind: `reference-${kind}`, key: String(request.params['key']) }));
    });
  router.post('/devices/:id/baseline', async (request, response) => {
    const { reason } = readBody(reasonBody, request.body);
    response.json(await command(request, reason, { kind: 'reference-baseline', device: known(request.params.id).id }));
  });
}
