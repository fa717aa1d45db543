import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { maxListBytes } from '../../../gateway/attestation/tpm/list-beside.ts';
import { agentInstance } from '../../../gateway/edge/challenge/channels/keylime.ts';
import { wireEvidence } from '../../../gateway/edge/challenge/wire.ts';
import type { FileList, TrustMaterial } from '../../../gateway/model/trust.ts';
import { model } from '../../attestation/tpm/world.ts';
import { type Credential, makeSelfSigned } from '../../vectors/pki.ts';
import { type File, imaAscii } from '../../vectors/soft-tpm.ts';
import { noSwtpm } from '../../vectors/swtpm.ts';
import { KeylimeAgent } from './keylime-agent.ts';
import { Site } from './site.ts';
import { bootSet, TpmDevice } from './tpm-device.ts';

const missing = noSwtpm();
if (missing !== undefined) process.stderr.write(`skip: ${missing}\n`);

const uuid = 'd432fbb3-d2f1-4a97-9ef7-75bd81c00002';
const count = 100_000;
/** What a host has run after some weeks; every tenth file is listed, the rest is in a folder that a person left out. */
const files: readonly File[] = Array.from({ length: count }, (_, i) => ({
  path: `/${i % 10 === 0 ? 'usr/lib' : 'opt/data'}/plc/modules/part-${i}.so`,
  content: 'x',
}));
const digest = `sha256:${createHash('sha256').update('x').digest('hex')}`;
const fileList: FileList = {
  name: 'edge.ima.yaml:1',
  vendor: 'Acme Edge',
  model,
  files: files.filter((_, i) => i % 10 === 0).map(({ path }) => [path, [digest]] as const),
  excludes: ['/opt/data/'],
};
const door: File = { path: '/usr/bin/door', content: 'door' };

/** The machine and the real challenger, with the memory that it has in the product, ask a simulated agent (ours) with the TPM of others (swtpm). */
describe.skipIf(missing !== undefined)('a host that has run 100,000 files when it is asked first', () => {
  let credential: Credential;
  let device: TpmDevice;
  let agent: KeylimeAgent;
  const sites: Site[] = [];
  beforeAll(async () => {
    [credential, device] = [await makeSelfSigned({ cn: 'agent' }), await TpmDevice.make()];
    agent = new KeylimeAgent(device, uuid);
    for (let from = 0; from < count; from += 10_000) agent.runs(...files.slice(from, from + 10_000));
  }, 480_000);
  afterAll(async () => device?.tpm.remove());
  afterEach(async () => {
    for (const site of sites.splice(0)) await site.close();
    await agent.close();
  });
  const open = async (): Promise<Site> => {
    const trust: TrustMaterial = {
      anchors: [],
      referenceSets: [bootSet],
      keys: [device.listedAs(agentInstance(uuid))],
      fileLists: [fileList],
    };
    const port = await agent.serve(credential);
    const site = await Site.open([{ channel: 'keylime', port }], trust, `serial: "${agentInstance(uuid)}"`);
    sites.push(site);
    return site;
  };

  it('is admitted by all of them, in memory and time that leave others their share; then is asked for the rest only', async () => {
    const site = await open();
    const before = performance.now();
    const view = await site.asked();
    const [memory, kept] = [site.memory, site.kept.at(-1)];
    const took = Math.round(performance.now() - before);
    const bytes = imaAscii(files).length;
    process.stdout.write(
      `${count} entries, ${bytes} bytes: ${took} ms with quote and transfer, challenger at most ${memory} MiB, ${kept?.bytes.length} bytes kept\n`,
    );
    expect(view.attestation.checks.filter(c => c.outcome === 'failed')).toEqual([]);
    expect([view.attestation.status, view.decision.access, view.attestation.result?.quote?.ima?.entries]).toEqual([
      'affirming',
      'admit',
      count,
    ]);
    expect([kept?.list, JSON.stringify(kept === undefined ? '' : wireEvidence(kept)).length < 200_000]).toEqual([undefined, true]);
    expect(memory).toBeLessThan(320);
    agent.runs({ path: '/opt/data/late', content: 'y' });
    expect((await site.asked()).attestation.result?.quote?.ima?.entries).toBe(count + 1);
    expect(agent.asked.map(url => url.searchParams.get('ima_ml_entry')).filter(from => from !== null)).toEqual(['0', `${count}`]);
  }, 480_000);

  it('whose last file is in no list is contraindicated, with the file named', async () => {
    const site = await open();
    agent.runs(door);
    // One answer alone takes nothing from anybody.
    expect((await site.asked()).attestation.reason).toBe('FILE_NOT_LISTED');
    const { attestation } = await site.asked();
    expect([attestation.status, attestation.reason]).toEqual(['contraindicated', 'FILE_NOT_LISTED']);
    const found = attestation.checks.find(c => c.code === 'FILE_NOT_LISTED');
    expect(found?.detail).toBe(`entry ${agent.ran.length} of what it ran is of a file that is not in the list edge.ima.yaml:1`);
    expect(found?.seen).toMatch(/^\/usr\/bin\/door sha256:/);
  }, 480_000);

  it('whose list is over the cap is not judged, and is told with its size and the cap', async () => {
    const site = await open();
    const long = { path: `/opt/data/${'a'.repeat(3_000)}`, content: 'x' };
    agent.shows = () => Array.from({ length: 11_000 }, () => long);
    const bytes = imaAscii([long]).length * 11_000;
    const said = async (): Promise<unknown> => {
      await site.asked();
      const outcome = site.outcomes.at(-1);
      return outcome?.kind === 'transport-failure' ? [outcome.failure, outcome.detail.replace(/^.*: /, '')] : outcome;
    };
    expect(await said()).toEqual(['reset', `answers with ${bytes} bytes of files that it ran, at most ${maxListBytes} are taken`]);
    expect(site.kept).toEqual([]);
    // What is longer still is not even read.
    agent.shows = () => Array.from({ length: 14_000 }, () => long);
    const most = maxListBytes + 4 * 1024 * 1024;
    expect(await said()).toEqual([
      'reset',
      expect.stringMatching(`^answers with (more than ${most} bytes|\\d+ bytes, at most ${most} are taken)$`),
    ]);
  }, 480_000);
});
