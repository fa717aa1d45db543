import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FileList, TrustMaterial } from '../../../gateway/model/trust.ts';
import { agentInstance } from '../../../gateway/edge/challenge/channels/keylime.ts';
import { model } from '../../attestation/tpm/world.ts';
import { type Credential, makeSelfSigned } from '../../vectors/pki.ts';
import { type File, imaAscii } from '../../vectors/soft-tpm.ts';
import { noSwtpm } from '../../vectors/swtpm.ts';
import { KeylimeAgent } from './keylime-agent.ts';
import { Site } from './site.ts';
import { bootSet, TpmDevice } from './tpm-device.ts';

const missing = noSwtpm();
if (missing !== undefined) process.stderr.write(`skip: ${missing}\n`);

const uuid = 'd432fbb3-d2f1-4a97-9ef7-75bd81c00001';
const runtime: File = { path: '/usr/bin/plc-runtime', content: 'plc 1.2' };
const library: File = { path: '/usr/lib/modbus.so', content: 'modbus' };
const log: File = { path: '/var/log/plc.log', content: 'any' };
const changed: File = { ...runtime, content: 'plc 1.2 with a door' };
const digestOf = (file: File): string => /(sha256:[0-9a-f]{64})/.exec(imaAscii([file]))?.[1] ?? '';
const fileList: FileList = {
  name: 'edge.ima.yaml:1',
  vendor: 'Acme Edge',
  model,
  files: [runtime, library].map(file => [file.path, [digestOf(file)]] as const),
  excludes: ['/var/log/'],
};

/** The machine and the real challenger ask a simulated agent (ours) with the TPM of others (swtpm) for what it ran. */
describe.skipIf(missing !== undefined)('a Keylime agent of a model whose files are listed', () => {
  let credential: Credential;
  let device: TpmDevice;
  let agent: KeylimeAgent;
  const sites: Site[] = [];
  beforeAll(async () => {
    credential = await makeSelfSigned({ cn: 'agent' });
    device = await TpmDevice.make();
  });
  afterAll(async () => device?.tpm.remove());
  beforeEach(async () => {
    agent = new KeylimeAgent(device, uuid);
    await agent.reboots();
    agent.runs({ path: '/usr/sbin/init', content: 'init' }, runtime);
  });
  afterEach(async () => {
    for (const site of sites.splice(0)) await site.close();
    await agent.close();
  });

  const list = (more: Partial<FileList> = {}): FileList => ({
    ...fileList,
    files: [...fileList.files, ['/usr/sbin/init', [digestOf({ path: '/usr/sbin/init', content: 'init' })]]],
    ...more,
  });
  const open = async (fileLists: readonly FileList[] = [list()]): Promise<Site> => {
    const trust: TrustMaterial = { anchors: [], referenceSets: [bootSet], keys: [device.listedAs(agentInstance(uuid))], fileLists };
    const port = await agent.serve(credential);
    const site = await Site.open([{ channel: 'keylime', port }], trust, `serial: "${agentInstance(uuid)}"`);
    sites.push(site);
    return site;
  };
  const wanted = (): readonly (string | null)[] =>
    agent.asked.filter(({ pathname }) => pathname.endsWith('/integrity')).map(url => url.searchParams.get('ima_ml_entry'));

  it('is admitted by good files, and is asked only for what it ran since', async () => {
    const site = await open();
    const view = await site.asked();
    expect(view.attestation.checks.filter(c => c.outcome === 'failed')).toEqual([]);
    expect([view.attestation.status, view.attestation.assurance, view.decision.access]).toEqual(['affirming', 5, 'admit']);
    expect(view.attestation.checks.find(c => c.check === 'measured')?.detail).toBe('3 measured; 2 entries of files that it ran');
    agent.runs(library, log);
    const again = await site.asked();
    expect([again.attestation.status, again.attestation.result?.quote?.ima?.entries]).toEqual(['affirming', 4]);
    expect((await site.asked()).attestation.status).toBe('affirming');
    expect(wanted()).toEqual(['0', '2', '4']);
  });

  it('that ran one changed file is contraindicated once it was seen twice, with the file named, and stays so', async () => {
    const site = await open();
    await site.asked();
    agent.runs(changed);
    // What stood before counts until a second fresh answer says the same.
    expect((await site.asked()).attestation.status).toBe('affirming');
    const { attestation, decision } = await site.asked();
    expect([attestation.status, attestation.reason, decision.access]).toEqual(['contraindicated', 'FILE_NOT_LISTED', 'quarantine']);
    expect(attestation.checks.find(c => c.code === 'FILE_NOT_LISTED')).toMatchObject({
      expected: digestOf(runtime),
      seen: `/usr/bin/plc-runtime ${digestOf(changed)}`,
    });
    agent.runs(library);
    expect((await site.asked()).attestation.reason).toBe('FILE_NOT_LISTED');
    expect(wanted()).toEqual(['0', '2', '2', '2']);
  });

  it('one of whose files was written to while it was measured is contraindicated, for a reason of its own', async () => {
    const site = await open();
    agent.runs({ ...runtime, violation: true });
    expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'FILE_VIOLATION' });
  });

  it('that hides a file, shows another in its place or cuts its list short is caught by PCR 10', async () => {
    const site = await open();
    await site.asked();
    agent.runs(changed, library);
    agent.shows = () => agent.ran.filter(file => file !== changed);
    expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'LOG_MISMATCH' });
    agent.shows = () => agent.ran.map(file => (file === changed ? runtime : file));
    expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'LOG_MISMATCH' });
    agent.shows = () => agent.ran.slice(0, 2);
    expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'LOG_MISMATCH' });
    agent.shows = () => agent.ran.slice(0, 1);
    expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'ROLLED_BACK' });
  });

  it('that was reset is asked for all of its list at once, with another nonce', async () => {
    const site = await open();
    await site.asked();
    await agent.reboots();
    agent.runs(runtime, library, log);
    const { attestation } = await site.asked();
    expect([attestation.status, attestation.result?.quote?.since, attestation.result?.quote?.ima?.entries]).toEqual([
      'affirming',
      'rebooted',
      3,
    ]);
    // That it was reset is reason enough to ask it once more.
    expect((await site.asked()).attestation.result?.quote?.since).toBe('running');
    expect(wanted().slice(0, 4)).toEqual(['0', '2', '0', '3']);
    const nonces = agent.asked.flatMap(url => url.searchParams.get('nonce') ?? []);
    expect(new Set(nonces).size).toBe(nonces.length);
  });

  it('is asked for none where nobody listed the files of its model, and is judged as before', async () => {
    agent.runs(changed);
    const site = await open([list({ model: 'EdgeBox-4' })]);
    expect((await site.asked()).attestation).toMatchObject({ status: 'affirming' });
    expect(wanted()).toEqual([null]);
  });
});
