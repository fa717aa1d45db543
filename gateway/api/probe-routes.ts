import type { Request, Router } from 'express';
import type { Device } from '../model/device.ts';
import type { Command } from '../model/machine.ts';
import { readBody } from './problem.ts';
import { armProbesBody, neverProbeBody, reasonBody, stopProbesBody } from './schemas.ts';
import type { Site } from './site.ts';

/** What the routes about devices lend: a person's command to its end, and the device of an id, or a problem. */
export type ProbeRouteParts = {
  readonly site: Site;
  readonly command: (request: Request, reason: string, wanted: Command) => Promise<{ ok: true }>;
  readonly known: (id: string) => Device;
  readonly now: () => number;
};

/** The routes about what we ask on the wire by ourselves. */
export function probeRoutes(router: Router, { site, command, known, now }: ProbeRouteParts): void {
  router.get('/probes', (_request, response) => void response.json(site.probes()));
  router.post('/probes/stop', async (request, response) => {
    const { zone, reason } = readBody(stopProbesBody, request.body);
    response.json(await command(request, reason, { kind: 'stop-probes', ...(zone === undefined ? {} : { zone }) }));
  });
  router.post('/zones/:zone/probes', async (request, response) => {
    const { mode, minutes, wide, reason } = readBody(armProbesBody, request.body);
    const until = now() + Math.round(minutes * 60_000);
    const armed = { kind: 'arm-probes', zone: request.params.zone, mode, until, ...(wide === true ? { wide } : {}) } as const;
    response.json(await command(request, reason, armed));
  });
  router.post('/devices/:id/never-probe', async (request, response) => {
    const { on, reason } = readBody(neverProbeBody, request.body);
    response.json(await command(request, reason, { kind: 'never-probe', device: known(request.params.id).id, on }));
  });
  router.post('/devices/:id/probe', async (request, response) => {
    const { reason } = readBody(reasonBody, request.body);
    response.json(await command(request, reason, { kind: 'probe', device: known(request.params.id).id }));
  });
}
