import type { Request, Response, Router } from 'express';
import {
  earClaims,
  type EarDialect,
  earDialects,
  earMediaType,
  type EarSigner,
  EarStale,
  type EarSubject,
  signEar,
} from '../attestation/ear.ts';
import { jwksOf } from '../attestation/jwks.ts';
import { fromBase64Url } from '../codec/bytes.ts';
import { DecodeError } from '../codec/reader.ts';
import type { DeviceView } from '../model/device.ts';
import { ProblemError } from './problem.ts';

/** What EARs are signed with. `signer` rejects when there is no key that may be used; `build` is the version of the program. */
export type Ears = { readonly signer: () => Promise<EarKey>; readonly build: string };
export type EarKey = EarSigner & { readonly spki: Uint8Array };

/** Where anybody may fetch the key that EARs are signed with (RFC 8615); it is public, and proves nothing about who fetches it. */
export const jwksPath = '/.well-known/jwks.json';

const dayMs = 86_400_000;

export function answerJwks({ signer }: Ears) {
  return async (_request: Request, response: Response): Promise<void> => {
    const key = await signingKey({ signer });
    response
      .set('Cache-Control', 'public, max-age=300')
      .type('application/jwk-set+json')
      .send(JSON.stringify(jwksOf([key])));
  };
}

/** The EAR of one device: the appraisal as the machine has it now, signed now, ending with the result. `?dialect=veraison`, `?nonce=` of who asks. */
export function earRoutes(router: Router, { signer, build }: Ears, known: (id: string) => DeviceView, now: () => number): void {
  router.get('/devices/:id/ear', async (request, response) => {
    const view = known(request.params.id);
    const dialect = dialectOf(request.query['dialect']);
    const nonce = nonceOf(request.query['nonce']);
    const subject = subjectOf(view);
    if (subject === undefined) throw new ProblemError('conflict', 'Cannot issue an EAR: the device has not shown any Evidence');
    const claims = current(subject, { now: now(), build, dialect, ...(nonce === undefined ? {} : { nonce }) });
    response.type(earMediaType(dialect)).send(await signEar(claims, await signingKey({ signer })));
  });
}

/** Those of these devices whose result still counts, as JSON Lines: who it is here, and its EAR. */
export async function earLines(key: EarKey, build: string, views: readonly DeviceView[], now: number): Promise<string> {
  const lines = views.flatMap(view => {
    const subject = subjectOf(view);
    if (subject === undefined || subject.result.expires <= now) return [];
    const claims = earClaims(subject, { now, build, dialect: 'ietf' });
    return [signEar(claims, key).then(ear => `${JSON.stringify({ asset_id: view.device.id, mac: view.device.mac, ear })}\n`)];
  });
  return (await Promise.all(lines)).join('');
}

/** What the machine says of the device, not what the challenger said: a copied key or a port that moved counts. */
function subjectOf({ attestation, decision }: DeviceView): EarSubject | undefined {
  const { result, status, assurance, reason, checks } = attestation;
  if (result === undefined) return undefined;
  return { result, status, assurance, ...(reason === undefined ? {} : { reason }), checks, policies: [`policy sha256:${decision.policy}`] };
}

function current(subject: EarSubject, issue: Parameters<typeof earClaims>[1]): ReturnType<typeof earClaims> {
  try {
    return earClaims(subject, issue);
  } catch (error) {
    if (!(error instanceof EarStale)) throw error;
    const age = Math.floor((issue.now - subject.result.at) / dayMs);
    throw new ProblemError('conflict', `${error.message}${age > 0 ? `, judged ${age} days ago` : ''}; challenge the device again`);
  }
}

/** Throws ProblemError: whatever is wrong with the key is for the operator to mend, and nothing is signed with another. */
export async function signingKey({ signer }: Pick<Ears, 'signer'>): Promise<EarKey> {
  try {
    return await signer();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ProblemError('unavailable', `Cannot sign an EAR: ${error.message}`);
  }
}

function dialectOf(value: unknown): EarDialect {
  if (value === undefined) return 'ietf';
  const found = earDialects.find(known => known === value);
  if (found === undefined)
    throw new ProblemError('bad-request', `Cannot read the request, parameter dialect: one of ${earDialects.join(', ')}`);
  return found;
}

/** 8 to 64 bytes, base64url (RFC 9711 §4.1). */
function nonceOf(value: unknown): Uint8Array | undefined {
  if (value === undefined) return undefined;
  try {
    const nonce = typeof value === 'string' && value.length <= 88 ? fromBase64Url(value) : new Uint8Array();
    if (nonce.length >= 8 && nonce.length <= 64) return nonce;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
  throw new ProblemError('bad-request', 'Cannot read the request, parameter nonce: 8 to 64 bytes in base64url');
}
