import { spawn, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labIsMissing } from './namespace.ts';
import { Standing } from './standing.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);
const cli = join(import.meta.dirname, '../../dist/gateway/cli.js');

describe.skipIf(missing)('attested on demand, behind a live gateway', () => {
  let site: Standing;
  beforeAll(async () => {
    site = await Standing.make('spatt');
    await site.start('sensor', 'tampered', 'printer');
    await site.untilDevice('tampered', d => d.attestation === 'contraindicated');
    await site.untilDevice('printer', d => d.reason === 'NO_EVIDENCE');
  });
  afterAll(() => site?.close());

  /** The command line as a person has it; what it says goes by while the lab's own hosts go on. */
  async function sallyport(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
    const child = spawn(process.execPath, [cli, ...args, '--data', site.gateway.data], { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number>(resolve => child.on('exit', code => resolve(code ?? -1)));
    const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, out, err };
  }
  const get = (path: string): Promise<{ readonly status: number; readonly body: string }> =>
    new Promise((resolve, reject) => {
      request({ socketPath: `${site.gateway.data}/control.sock`, path, headers: { 'x-sallyport': '1' } }, response => {
        text(response).then(body => resolve({ status: response.statusCode ?? 0, body }), reject);
      })
        .on('error', reject)
        .end();
    });
  const idOf = async (name: string): Promise<string> => (await site.device(name))?.id ?? '';

  it('a good sensor prints its checks and exits with 0, a tampered one with 3, a printer with 4', async () => {
    const good = await sallyport('attest', await idOf('sensor'));
    expect([good.code, good.err]).toEqual([0, '']);
    expect([...good.out.matchAll(/^ ?\d+ (.) (\w+)/gm)].map(([, mark, check]) => `${mark} ${check}`).slice(0, 6)).toEqual(
      ['answered', 'fresh', 'readable', 'chain', 'identity', 'measured'].map(check => `✓ ${check}`),
    );
    expect(good.out).toMatch(/proved affirming A5, until /);
    const tampered = await sallyport('attest', await idOf('tampered'));
    expect(tampered.code).toBe(3);
    expect(tampered.out).toContain('[DIGEST_UNKNOWN]');
    const printer = await sallyport('attest', await idOf('printer'));
    expect(printer.code).toBe(4);
    expect(printer.out).toContain('[NO_EVIDENCE]');
  });

  it('its EAR verifies under the key set of the gateway, says what the machine says, and the key is for its owner alone', async () => {
    const jwks = z.custom<JSONWebKeySet>().parse(JSON.parse((await get('/.well-known/jwks.json')).body));
    const { body } = await get(`/api/v1/devices/${await idOf('sensor')}/ear`);
    const { payload } = await jwtVerify(body, createLocalJWKSet(jwks));
    expect(payload).toMatchObject({ ear_status: 'affirming', submods: { 'tls-x509': { ear_sallyport_appraisal: { assurance: 'A5' } } } });
    const { body: bad } = await get(`/api/v1/devices/${await idOf('tampered')}/ear`);
    expect((await jwtVerify(bad, createLocalJWKSet(jwks))).payload).toMatchObject({ ear_status: 'contraindicated' });
    expect((await get(`/api/v1/devices/${await idOf('printer')}/ear`)).status).toBe(409);
    expect(statSync(`${site.gateway.data}/signing-key.pem`).mode & 0o777).toBe(0o600);
  });

  it('EARs as exported are read by sallyport verify with the same key set', async () => {
    const jwks = `${site.folder}/keys`;
    spawnSync('mkdir', [jwks]);
    spawnSync('sh', ['-c', 'cat > "$0/jwks.json"', jwks], { input: (await get('/.well-known/jwks.json')).body });
    const { out } = await sallyport('export', '--format', 'ear');
    const lines = out.trimEnd().split('\n').map(line => z.object({ asset_id: z.string(), ear: z.string() }).parse(JSON.parse(line))); // biome-ignore format: one list
    const verified = (id: string) => {
      const { ear = '' } = lines.find(line => line.asset_id === id) ?? {};
      return spawnSync(process.execPath, [cli, 'verify', 'ear', '-', '--anchors', jwks], { input: ear }).status;
    };
    // Nobody asked for an export with a nonce, so that what it affirms is no proof of now.
    expect([verified(await idOf('sensor')), verified(await idOf('tampered'))]).toEqual([4, 3]);
    const { body: asked } = await get(`/api/v1/devices/${await idOf('sensor')}/ear?nonce=${Buffer.alloc(32, 7).toString('base64url')}`);
    const call = ['verify', 'ear', '-', '--anchors', jwks, '--nonce', '07'.repeat(32)];
    expect(spawnSync(process.execPath, [cli, ...call], { input: asked }).status).toBe(0);
    expect(spawnSync(process.execPath, [cli, 'verify', 'ear', '-', '--anchors', site.folder], { input: lines[0]?.ear ?? '' }).status).toBe(
      3,
    );
  });

  it('a zone is set to observe and back on the command line, and whom that cuts is said first and then true', async () => {
    const [tampered, printer] = [await idOf('tampered'), await idOf('printer')];
    const told = await sallyport('zone', 'set', 'dock', 'observe');
    expect([told.code, told.out.split('\n')[0], told.out.trimEnd().split('\n').at(-1)]).toEqual([
      2,
      'Zone dock: enforce to observe',
      'Nothing is changed yet: say --yes',
    ]);
    for (const id of [tampered, printer]) expect(told.out).toMatch(new RegExp(`^  ${id}  `, 'm'));
    expect((await site.device('tampered'))?.enforcement).toBe('quarantined');
    expect((await sallyport('zone', 'set', 'dock', 'observe', '--yes', '--reason', 'a forklift is stuck')).code).toBe(0);
    await site.untilDevice('tampered', d => d.enforcement === 'would-quarantine');
    expect((await sallyport('zone')).out).toMatch(/^dock: observe, \d+ devices, nothing cut; enforcing would hold \d+ and quarantine 1$/m);
    const back = await sallyport('zone', 'set', 'dock', 'enforce', '--yes', '--reason', 'it is free again');
    expect(back.out).toMatch(new RegExp(`^  ${tampered}  .* \\[DIGEST_UNKNOWN\\]$`, 'm'));
    await site.untilDevice('tampered', d => d.enforcement === 'quarantined');
    await site.untilDevice('sensor', d => d.enforcement === 'open');
  });
});
