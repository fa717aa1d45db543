import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Exchange } from '../../../gateway/edge/challenge/channels/channel.ts';
import { agentInstance, alphanumeric, keylime } from '../../../gateway/edge/challenge/channels/keylime.ts';
import { makeNonce } from '../../../gateway/edge/challenge/nonce.ts';
import { boot } from '../../attestation/tpm/world.ts';
import { type Credential, makeSelfSigned } from '../../vectors/pki.ts';
import { eventLog, type File, imaAscii, template } from '../../vectors/soft-tpm.ts';
import { noSwtpm } from '../../vectors/swtpm.ts';
import { httpsServer } from './https.ts';
import type { Running } from './servers.ts';
import { Site } from './site.ts';
import { bootSet, TpmDevice } from './tpm-device.ts';

const missing = noSwtpm();
if (missing !== undefined) process.stderr.write(`skip: ${missing}\n`);

const uuid = 'd432fbb3-d2f1-4a97-9ef7-75bd81c00000';
let credential: Credential;
const running: Running[] = [];
const sites: Site[] = [];
beforeAll(async () => {
  credential = await makeSelfSigned({ cn: 'agent' });
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
  for (const site of sites.splice(0)) await site.close();
});

type Results = (url: URL) => object | undefined;
/** Answers as an agent wraps it; undefined is a 404. */
const agent = async (results: Results): Promise<number> => {
  const server = await httpsServer(credential, (request: IncomingMessage, response: ServerResponse) => {
    const found = results(new URL(request.url ?? '', 'https://agent'));
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ code: 200, status: 'Success', results: found ?? {} }));
  });
  running.push(server);
  return server.port;
};
const about = (url: URL): object | undefined =>
  url.pathname === '/version'
    ? { supported_version: '2.5' }
    : url.pathname === '/v2.5/agent/info'
      ? { agent_uuid: uuid, tpm_hash_alg: 'sha256' }
      : undefined;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const pcrsOf = (mask: string): string =>
  Array.from({ length: 24 }, (_, pcr) => pcr)
    .filter(pcr => (Number(mask) >> pcr) & 1)
    .join(',');

describe.skipIf(missing !== undefined)('a Keylime agent with swtpm', () => {
  let device: TpmDevice;
  beforeAll(async () => {
    device = await TpmDevice.make();
  });
  afterAll(async () => device?.tpm.remove());

  const files: File[] = [];
  const runs = (...more: readonly File[]): void => {
    for (const file of more) {
      files.push(file);
      device.tpm.extend(10, createHash('sha256').update(template(file)).digest());
    }
  };
  const asked: URL[] = [];
  const answers: Results = url => {
    asked.push(url);
    if (url.pathname !== '/v2.5/quotes/integrity') return about(url);
    const { nonce = '', mask = '' } = Object.fromEntries(url.searchParams);
    const { quote, signature, blob } = device.quote(`sha256:${pcrsOf(mask)}`, Buffer.from(nonce));
    return {
      quote: `r${[quote, signature, blob].map(base64).join(':')}`,
      hash_alg: 'sha256',
      ima_measurement_list: imaAscii(files),
      ima_measurement_list_entry: 0,
      mb_measurement_list: base64(eventLog(boot)),
    };
  };
  const open = async (results: Results = answers): Promise<Site> => {
    const trust = { anchors: [], referenceSets: [bootSet], keys: [device.listedAs(agentInstance(uuid))] };
    const site = await Site.open([{ channel: 'keylime', port: await agent(results) }], trust, `serial: "${agentInstance(uuid)}"`);
    sites.push(site);
    return site;
  };

  it('whose key is listed is admitted, and next time its TPM is where it was; the files it ran are not judged', async () => {
    runs({ path: '/usr/bin/plc-runtime', content: 'one' }, { path: '/usr/lib/a.so', content: 'two' });
    const site = await open();
    asked.length = 0;
    const view = await site.asked();
    expect(view.attestation.checks.filter(c => c.outcome === 'failed')).toEqual([]);
    expect([view.attestation.status, view.attestation.assurance, view.decision.access]).toEqual(['affirming', 5, 'admit']);
    expect(view.attestation.result?.quote).toMatchObject({ since: 'first' });
    expect(asked.map(({ pathname }) => pathname)).toEqual(['/version', '/v2.5/agent/info', '/v2.5/quotes/integrity']);
    expect(asked.at(-1)?.searchParams.get('nonce')).toMatch(/^[A-Za-z0-9]{32}$/);
    runs({ path: '/usr/bin/more', content: 'three' });
    const again = await site.asked();
    expect(again.attestation.result?.quote).toMatchObject({ since: 'running' });
    // It has been running for as long at least as it was at first.
    expect(again.attestation.result?.started).toEqual({ before: view.attestation.result?.at });
    expect(again.attestation.result?.quote?.ima).toBeUndefined();
    expect(again.decision.access).toBe('admit');
  });

  it('whose quote answers another nonce, or whose PCR values are not those signed, is contraindicated', async () => {
    let kept: object | undefined;
    const replaying = await open(url => (url.pathname.endsWith('integrity') ? (kept ??= answers(url)) : about(url)));
    await replaying.asked();
    expect((await replaying.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'NONCE_MISMATCH' });
    const broken = await open(url => {
      const found = answers(url);
      return found !== undefined && 'quote' in found ? { ...found, quote: String(found.quote).replace(/:[^:]*$/, ':AAAA') } : found;
    });
    expect((await broken.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'LOG_MISMATCH' });
    const nothing = await open(url => (url.pathname.endsWith('integrity') ? { quote: 'nothing' } : about(url)));
    expect((await nothing.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'EVIDENCE_MALFORMED' });
  });

  it('that says it is another is not believed: the key listed for that one did not sign', async () => {
    const trust = { anchors: [], referenceSets: [bootSet], keys: [{ ...device.listedAs('aa'.repeat(16)) }] };
    const site = await Site.open([{ channel: 'keylime', port: await agent(answers) }], trust, 'serial: "x"');
    sites.push(site);
    expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'CHAIN_UNTRUSTED' });
  });

  it('that ran what leads to another PCR is contraindicated', async () => {
    device.tpm.extend(7, createHash('sha256').update('rogue').digest());
    expect((await (await open()).asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'LOG_MISMATCH' });
  });
});

describe('an agent that is hostile', () => {
  const ask = async (results: Results): Promise<Exchange> => {
    const remotePort = await agent(results);
    const nonce = () => makeNonce({ random: new Uint8Array(64), mac: '', ip: '127.0.0.1', remotePort }, 0);
    return keylime.ask({ ip: '127.0.0.1', remotePort, nonce }, 30_000);
  };
  it.each<readonly [string, Results]>([
    ['leads us to another path by its version', url => (url.pathname === '/version' ? { supported_version: '2.5/../../x' } : undefined)],
    ['has a name without end', url => (url.pathname === '/version' ? { supported_version: '2.1' } : { agent_uuid: 'x'.repeat(201) })],
    ['has no quote', about],
    ['has a quote that is no text', url => (url.pathname.endsWith('integrity') ? { quote: 7 } : about(url))],
    ['has a quote beyond its cap', url => (url.pathname.endsWith('integrity') ? { quote: 'r'.repeat(70_000) } : about(url))],
  ])('and %s gives no Evidence', async (_, results) => {
    expect(await ask(results)).toMatchObject({ kind: 'failed', failure: 'refused' });
  });

  it('cannot make a nonce shorter, and no sign of it is likelier than another', () => {
    const counts = new Map<string, number>();
    for (const sign of alphanumeric(
      Uint8Array.from({ length: 256 }, (_, i) => i),
      248,
    ))
      counts.set(sign, (counts.get(sign) ?? 0) + 1);
    expect([...new Set(counts.values())]).toEqual([4]);
    expect(counts.size).toBe(62);
    expect(() => alphanumeric(new Uint8Array(64).fill(255), 32)).toThrow(/Cannot make a nonce/);
  });

  it('is listed under its UUID, the hash of its endorsement key, or the hash of its name', () => {
    expect(agentInstance(uuid.toUpperCase())).toBe(uuid.replaceAll('-', ''));
    expect(agentInstance('AB'.repeat(32))).toBe('ab'.repeat(32));
    expect(agentInstance('dock-1')).toMatch(/^[0-9a-f]{64}$/);
  });
});
