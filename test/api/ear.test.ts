import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { z } from 'zod';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messageEvidence } from '../../gateway/attestation/evidence.ts';
import { readVerifier } from '../../gateway/attestation/trust.ts';
import { readEar } from '../../gateway/attestation/ear-read.ts';
import { readJwks } from '../../gateway/attestation/jwks.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { runClientVerb } from '../../gateway/api/verbs.ts';
import { signingKeyFile } from '../../gateway/edge/store/signing-key.ts';
import { epoch } from './fixture-words.ts';
import { openPage } from './open-page.ts';
import type { OpenPage } from './open-page.ts';

/** Attestation Results by the API, judged by jose and by our own reader. The fixture's results hold for an hour from its epoch. */
const at = epoch + 600_000;
let open: OpenPage;
let cookie: string;
beforeEach(async () => {
  open = await openPage();
  open.clock.now = at;
  cookie = await open.signIn();
});
afterEach(() => open.close());
const jwks = async () => {
  const { text } = await open.ask('GET', '/.well-known/jwks.json');
  return { text, set: createLocalJWKSet(z.custom<JSONWebKeySet>().parse(JSON.parse(text))) };
};
const get = (path: string) => open.ask('GET', `/api/v1${path}`, { cookie });
/** Over the control socket, where nobody's session ends. */
const local = (path: string) => open.ask('GET', `/api/v1${path}`, { socket: open.controlSocket });
const verified = async (token: string, now = at) => (await jwtVerify(token, (await jwks()).set, { currentDate: new Date(now) })).payload;

describe('the key set', () => {
  it('is public, holds the public key alone, and names it as EARs do', async () => {
    const answer = await open.ask('GET', '/.well-known/jwks.json');
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/jwk-set+json; charset=utf-8']);
    const { keys } = z.object({ keys: z.array(z.record(z.string(), z.string())) }).parse(answer.json);
    expect(Object.keys(keys[0] ?? {}).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    const { text } = await get('/devices/d1/ear');
    expect(decodeProtectedHeader(text)).toEqual({ alg: 'ES256', typ: 'JWT', kid: keys[0]?.['kid'] });
    expect(statSync(join(open.folder, signingKeyFile)).mode & 0o777).toBe(0o600);
  });
  it('stays the same, and is not answered while others may read the private key', async () => {
    const before = (await jwks()).text;
    expect((await jwks()).text).toBe(before);
    await open.close();
    open = await openPage();
    await jwks();
    chmodSync(join(open.folder, signingKeyFile), 0o644);
    // It was read before: who has it open goes on with it. A new start does not.
    expect((await open.ask('GET', '/.well-known/jwks.json')).status).toBe(503);
  });
});

describe('the EAR of a device', () => {
  it('says what the machine says of it, signed now, until the result ends', async () => {
    const answer = await get('/devices/d1/ear');
    expect(answer.headers['content-type']).toContain('application/eat+jwt');
    expect(answer.headers['content-type']).toContain('tag:ietf.org,2026:rats/ear#03');
    const payload = await verified(answer.text);
    expect(payload).toMatchObject({
      iat: at / 1000,
      exp: Math.floor((epoch + 3_603_100) / 1000),
      ear_status: 'affirming',
      ear_verifier_id: { developer: 'Sallyport', build: 'test' },
      submods: { 'dice-x509': { ear_status: 'affirming', ear_sallyport_appraisal: { assurance: 'A5', identity: { serial: 'AS-0017' } } } },
    });
    expect(JSON.stringify(payload)).toContain(`policy sha256:${'09'.repeat(32)}`);
  });
  it('is read by our own reader in both dialects, and echoes the nonce of who asks', async () => {
    const nonce = new Uint8Array(32).fill(7);
    const keys = readJwks(Buffer.from((await jwks()).text));
    const most = { name: 'box', most: 'affirming', maxAgeSeconds: 1 } as const;
    const verifiers = keys.map(({ spki }) => readVerifier({ ...most, spki: Buffer.from(spki).toString('base64') }));
    for (const dialect of ['ietf', 'veraison']) {
      const { text } = await get(`/devices/d2/ear?dialect=${dialect}&nonce=${Buffer.from(nonce).toString('base64url')}`);
      const judge = { verifiers, keys: new KeyCache(), now: at };
      const { ear } = readEar(messageEvidence('application/eat+jwt', Buffer.from(text)), judge);
      expect(ear).toMatchObject({
        nonce,
        dialect,
        status: 'contraindicated',
        appraisals: [{ name: 'dice-x509', vector: { executables: 96 } }],
      });
    }
  });
  it('is contraindicated where the machine found more than the Verifier: a copied key', async () => {
    const view = open.site.device('d1');
    if (view === undefined) throw new Error('no device');
    const { attestation } = view;
    open.site.add({ ...view, attestation: { ...attestation, status: 'contraindicated', assurance: 0, reason: 'KEY_SEEN_ELSEWHERE' } });
    expect(await verified((await get('/devices/d1/ear')).text)).toMatchObject({ ear_status: 'contraindicated' });
  });
  it('is not issued when the result has ended, where there was none, and to nobody who is not signed in', async () => {
    expect(await get('/devices/d3/ear')).toMatchObject({
      status: 409,
      json: { detail: expect.stringContaining('has not shown any Evidence') as string },
    });
    expect(await get('/devices/d99/ear')).toMatchObject({ status: 404 });
    expect((await open.ask('GET', '/api/v1/devices/d1/ear')).status).toBe(401);
    open.clock.now = epoch + 3_603_100;
    expect(await local('/devices/d1/ear')).toMatchObject({
      status: 409,
      json: { detail: expect.stringContaining('the result ended at 2026-03-01T07:14:03') as string },
    });
  });
  it('refuses a nonce that is none and a dialect that is none', async () => {
    for (const query of ['nonce=AAAA', 'nonce=*', `nonce=${'A'.repeat(88)}`, 'dialect=latin', 'nonce=AAAAAAAAAAA&nonce=AAAAAAAAAAA'])
      expect((await get(`/devices/d1/ear?${query}`)).status, query).toBe(400);
  });
});

describe('the export of EARs', () => {
  it('has a line for each device whose result still counts, by the API and by the command line', async () => {
    const { text, headers } = await get('/export.ear');
    expect(headers['content-disposition']).toMatch(/\.ear\.jsonl$/);
    const lines = text.trimEnd().split('\n').map(line => z.object({ asset_id: z.string(), mac: z.string(), ear: z.string() }).parse(JSON.parse(line))); // biome-ignore format: one line each
    expect(lines.map(({ asset_id }) => asset_id)).toEqual(['d1', 'd2', 'd9']);
    for (const { ear } of lines) expect((await verified(ear)).iat).toBe(at / 1000);
    let out = '';
    const io = { socketPath: open.controlSocket, stdout: { write: (part: string) => (out += part) }, stderr: { write: () => true } };
    expect(await runClientVerb('export', ['--format', 'ear'], io)).toBe(0);
    expect(out.trimEnd().split('\n')).toHaveLength(3);
    open.clock.now = epoch + 3_603_100;
    expect((await local('/export.ear')).text).toBe('');
    expect(await runClientVerb('export', ['--format', 'ear'], io)).toBe(4);
  });
});
