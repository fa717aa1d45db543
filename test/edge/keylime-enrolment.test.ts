import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AnchorMaterial, TrustMaterial } from '../../gateway/model/trust.ts';
import { send } from '../../gateway/api/answer.ts';
import { RegistrarApi } from '../../gateway/api/registrar.ts';
import { sha256 } from '../../gateway/attestation/evidence.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { model } from '../attestation/tpm/world.ts';
import { base64 } from '../attestation/world.ts';
import { type Credential, makeSelfSigned } from '../vectors/pki.ts';
import { noSwtpm } from '../vectors/swtpm.ts';
import { KeylimeAgent } from './challenge/keylime-agent.ts';
import { Site } from './challenge/site.ts';
import { bootSet, TpmDevice } from './challenge/tpm-device.ts';

const missing = noSwtpm();
if (missing !== undefined) process.stderr.write(`skip: ${missing}\n`);

const uuid = 'd432fbb3-d2f1-4a97-9ef7-75bd81c00002';
/** The device of the site speaks from here. */
const ip = '10.20.1.7';
type Told = { readonly status: number; readonly results: { readonly blob?: string }; readonly said: string };

/**
 * A device with nothing but a TPM of others (swtpm), whose endorsement key is certified by its own maker's CA (swtpm_localca). Nobody listed its attestation
 * key: it enrols as agents of Keylime do, and is then asked as one. The agent is a simulator of ours, credentials are opened by tpm2-tools.
 */
describe.skipIf(missing !== undefined)('a Keylime agent whose key nobody listed', () => {
  let credential: Credential;
  let device: TpmDevice;
  let agent: KeylimeAgent;
  let site: Site;
  let server: Server;
  let url = '';
  let trust: TrustMaterial;
  beforeAll(async () => {
    credential = await makeSelfSigned({ cn: 'agent' });
    device = await TpmDevice.make();
  });
  afterAll(async () => device?.tpm.remove());
  const maker = (uses: AnchorMaterial['uses']): AnchorMaterial => ({
    name: 'swtpm maker',
    // The CA that signs certificates of TPMs stands below a root of its own; agents send the certificate of the TPM alone.
    certificate: base64(device.tpm.certificateAuthority[0] ?? new Uint8Array()),
    vendor: 'Acme Edge',
    model,
    ...(uses === undefined ? {} : { uses }),
  });
  const open = async (anchors: readonly AnchorMaterial[]): Promise<void> => {
    agent = new KeylimeAgent(device, uuid);
    const ek = sha256(decodeCertificate(device.tpm.read('ek.der')).spki);
    // Its CA is made meanwhile, to the second.
    const later = (): number => Date.now() + 60_000;
    trust = {
      anchors,
      referenceSets: [{ ...bootSet, anchors: anchors.map(a => sha256(decodeCertificate(Buffer.from(a.certificate, 'base64')).spki)) }],
    };
    site = await Site.open([{ channel: 'keylime', port: await agent.serve(credential) }], trust, `key: "${ek}"`, later);
    const api = new RegistrarApi(site.registrar);
    server = createServer((request, response) => {
      void api.answer(request, ip, later).then(answer => send(response, answer ?? { status: 404, text: '' }));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterEach(async () => {
    await site.close();
    await agent.close();
    server.close();
  });

  const call = async (method: string, path: string, body: object): Promise<Told> => {
    const answer = await fetch(`${url}${path}`, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
    const { results, status } = (await answer.json()) as { results: Told['results']; status: string };
    return { status: answer.status, results, said: status };
  };
  const read = (name: string): string => base64(device.tpm.read(name));
  const register = (more: object = {}, name = uuid): Promise<Told> =>
    call('POST', `/v2.5/agents/${name}`, {
      aik_tpm: read('ak.pub'),
      ek_tpm: read('ek.pub'),
      ekcert: read('ek.der'),
      ip,
      port: 9002,
      ...more,
    });
  /** What the TPM makes of the credential, and what the agent answers with it. */
  const opened = (blob = ''): string => {
    const bytes = Buffer.from(blob, 'base64').subarray(8);
    const split = 2 + bytes.readUInt16BE(0);
    const secret = device.tpm.activate(bytes.subarray(0, split), bytes.subarray(split));
    return createHmac('sha384', Buffer.from(secret).toString('base64')).update(uuid).digest('hex');
  };
  const enrols = async (): Promise<Told> => {
    const { results } = await register();
    return call('PUT', `/v2.5/agents/${uuid}/activate`, { auth_tag: opened(results.blob) });
  };

  describe('below an anchor for TPMs', () => {
    beforeEach(() => open([maker(['tpm-ek'])]));

    it('is nobody before it enrols, and is admitted when its TPM has opened the credential that we made', async () => {
      expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'CHAIN_UNTRUSTED' });
      expect(await (await fetch(`${url}/version`)).json()).toMatchObject({ results: { current_version: '2.5' } });
      expect(await enrols()).toMatchObject({ status: 200 });
      const { attestation, decision } = await site.asked();
      expect(attestation.checks.filter(c => c.outcome === 'failed')).toEqual([]);
      expect([attestation.status, attestation.assurance, decision.access]).toEqual(['affirming', 5, 'admit']);
      expect(attestation.checks.find(c => c.check === 'chain')?.detail).toMatch(/activated by a TPM that is certified up to swtpm maker/);
      expect(attestation.result?.identity).toMatchObject({ vendor: 'Acme Edge', model, anchor: 'swtpm maker' });
    });

    it('enrols with its certificate as it stands in its TPM, in an index that is longer', async () => {
      await site.asked();
      const ekcert = base64(Buffer.concat([device.tpm.read('ek.der'), Buffer.alloc(700, 0xff)]));
      const { results } = await register({ ekcert });
      expect(await call('PUT', `/v2.5/agents/${uuid}/activate`, { auth_tag: opened(results.blob) })).toMatchObject({ status: 200 });
      expect((await site.asked()).attestation.status).toBe('affirming');
    });

    it('is nobody again once its maker is trusted no more', async () => {
      await site.asked();
      await enrols();
      expect((await site.asked()).attestation.status).toBe('affirming');
      site.trusts({ ...trust, anchors: [] });
      expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated' });
    });

    it('that guesses, answers twice or under another name has not enrolled', async () => {
      await site.asked();
      const { results } = await register();
      const answer = opened(results.blob);
      expect((await call('PUT', `/v2.5/agents/${uuid}/activate`, { auth_tag: 'ab'.repeat(48) })).status).toBe(404);
      // One guess ends it, so the right answer comes too late.
      expect((await call('PUT', `/v2.5/agents/${uuid}/activate`, { auth_tag: answer })).status).toBe(404);
      const again = await register();
      expect((await call('PUT', '/v2.5/agents/another/activate', { auth_tag: opened(again.results.blob) })).status).toBe(404);
      expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'CHAIN_UNTRUSTED' });
    });

    it('with the certificate of another key, or with keys of other kinds, gets no credential', async () => {
      await site.asked();
      const ekOnly = await register({ aik_tpm: read('ek.pub') });
      expect(ekOnly.status).toBe(403);
      expect(ekOnly.said).toContain('[PROFILE_VIOLATED]');
      expect((await register({ ek_tpm: read('ak.pub') })).status).toBe(403);
      expect((await register({ ekcert: 'AAAA' })).said).toContain('[EVIDENCE_MALFORMED]');
      expect((await register({ ekcert: undefined })).status).toBe(400);
    });

    it('asks no more than a few times in ten minutes, and is known by no other path', async () => {
      await site.asked();
      const statuses: number[] = [];
      for (let n = 0; n < 8; n++) statuses.push((await register({ ekcert: 'AAAA' })).status);
      expect(statuses).toEqual([403, 403, 403, 403, 403, 403, 429, 429]);
      for (const path of ['/v2.5/agents', '/v2.5/agents/', `/v2.5/agents/${uuid}/x`, '/v3.0/agents/x', '/v2.5/agents/%2e%2e'])
        expect((await fetch(`${url}${path}`)).status).toBe(404);
    });
  });

  it('below an anchor for devices only gets no credential: that vouches for no TPM', async () => {
    await open([maker(['identity'])]);
    await site.asked();
    const { status, said } = await register();
    expect(status).toBe(403);
    expect(said).toMatch(/\[CHAIN_(INCOMPLETE|UNTRUSTED)\]/);
  });
});
