import { createHash } from 'node:crypto';
import type { Request, Router } from 'express';
import { EvidenceError } from '../attestation/evidence-error.ts';
import { prepareAnchor, readVerifier } from '../attestation/trust.ts';
import { DecodeError } from '../codec/reader.ts';
import { counted } from '../model/counted.ts';
import type { Command } from '../model/machine.ts';
import { verifierSubject } from '../model/verifier-subject.ts';
import type { AnchorMaterial, ListedVerifier } from '../model/trust.ts';
import { anchorRows } from './anchor-rows.ts';
import { ProblemError, readBody } from './problem.ts';
import {
  approveAnchorBody,
  expireAnchorBody,
  reasonBody,
  stageAnchorBody,
  type StageAnchorBody,
  stageVerifierBody,
  type StageVerifierBody,
} from './schemas-trust.ts';
import type { Site } from './site.ts';

export type TrustRouteParts = {
  readonly site: Site;
  readonly command: (request: Request, reason: string, wanted: Command) => Promise<{ ok: true }>;
  readonly who: (request: Request) => string;
  readonly now: () => number;
};

/** The routes about trust anchors. One person brings one, another approves it after seeing what it would let in; either may take it away. */
export function trustRoutes(router: Router, { site, command, who, now }: TrustRouteParts): void {
  router.get('/trust', (_request, response) => void response.json({ anchors: anchorRows(site.trust.anchors(), site.devices()) }));
  router.get('/trust/enrolled', (_request, response) => void response.json({ keys: site.trust.enrolled() }));
  router.post('/trust/enrolled/:device/forget', async (request, response) => {
    const { reason } = readBody(reasonBody, request.body);
    response.json(await command(request, reason, { kind: 'forget-enrolled', device: request.params.device }));
  });
  router.get('/trust/file-lists', (_request, response) => void response.json({ lists: site.trust.fileLists() }));
  router.get('/trust/file-lists/:name', (request, response) => {
    const list = site.trust.fileList(request.params.name);
    if (list === undefined) throw new ProblemError('not-found', 'Cannot find the list of files: none stands there');
    response.json(list);
  });
  router.get('/trust/:sha256/preview', async (request, response) => {
    response.json(await previewOf(site, request.params.sha256));
  });
  router.post('/trust', async (request, response) => {
    const body = readBody(stageAnchorBody, request.body);
    const { anchor, subject, sha256 } = materialOf(body, who(request), now());
    await command(request, body.reason, { kind: 'stage-anchor', sha256, subject, anchor });
    response.json({ ok: true, sha256, subject });
  });
  router.post('/trust/verifiers', async (request, response) => {
    const body = readBody(stageVerifierBody, request.body);
    const { verifier, subject, sha256 } = verifierOf(body, who(request), now());
    await command(request, body.reason, { kind: 'stage-verifier', sha256, subject, verifier });
    response.json({ ok: true, sha256, subject });
  });
  router.post('/trust/:sha256/approve', async (request, response) => {
    const { sha256 } = request.params;
    const { reason, newlyAdmits } = readBody(approveAnchorBody, request.body);
    const preview = await previewOf(site, sha256);
    // Who approves has seen a number; when it has grown meanwhile, he has seen the wrong one.
    if (preview.newlyAdmitted.length > newlyAdmits)
      throw new ProblemError(
        'conflict',
        `Cannot approve the anchor: it would newly admit ${counted(preview.newlyAdmitted.length, 'device')}, not ${newlyAdmits}`,
      );
    const seen = { newlyAdmits: preview.newlyAdmitted.length, untold: preview.untold };
    response.json(await command(request, reason, { kind: 'approve-anchor', sha256, ...seen }));
  });
  router.post('/trust/:sha256/remove', async (request, response) => {
    const { sha256 } = request.params;
    response.json(await command(request, readBody(reasonBody, request.body).reason, { kind: 'remove-anchor', sha256 }));
  });
  router.post('/trust/:sha256/expire', async (request, response) => {
    const { sha256 } = request.params;
    const { reason, at } = readBody(expireAnchorBody, request.body);
    response.json(await command(request, reason, { kind: 'expire-anchor', sha256, expires: at ?? now() }));
  });
}

async function previewOf(site: Site, sha256: string) {
  const preview = await site.trust.preview(sha256);
  if (preview === undefined) throw new ProblemError('not-found', 'Cannot find the anchor: none is staged with this SHA-256');
  return preview;
}

/** One public key in PEM, judged as one of a file is. Throws ProblemError. */
function verifierOf({ name, pem, source, note, limits }: StageVerifierBody, by: string, at: number) {
  const [, key = ''] = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]*)-----END PUBLIC KEY-----\s*$/.exec(pem) ?? [];
  const provenance = { source, by, when: new Date(at).toISOString().slice(0, 10), ...(note === undefined ? {} : { note }) };
  const verifier: ListedVerifier = { name, spki: key.replace(/\s+/g, ''), ...limits, provenance };
  if (key === '') throw new ProblemError('bad-request', 'Cannot use the Verifier: no public key in PEM');
  try {
    return { verifier, subject: verifierSubject(verifier), sha256: readVerifier(verifier).keyHash };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new ProblemError('bad-request', error.message);
  }
}

/** One certificate in PEM, judged as an anchor of a file is. Throws ProblemError. */
function materialOf({ name, pem, source, note, limits }: StageAnchorBody, by: string, at: number) {
  const blocks = [...pem.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g)];
  const [block] = blocks;
  if (block === undefined || blocks.length > 1)
    throw new ProblemError('bad-request', `Cannot use the anchor: ${blocks.length} certificates in PEM, must be one`);
  const certificate = (block[1] ?? '').replace(/\s+/g, '');
  const provenance = { source, by, when: new Date(at).toISOString().slice(0, 10), ...(note === undefined ? {} : { note }) };
  const anchor: AnchorMaterial = { name, certificate, ...limits, provenance };
  try {
    const { subject, der } = prepareAnchor(anchor).certificate;
    return { anchor, subject: subject.text, sha256: createHash('sha256').update(der).digest('hex') };
  } catch (error) {
    if (!(error instanceof DecodeError || error instanceof EvidenceError)) throw error;
    throw new ProblemError('bad-request', error.message);
  }
}
