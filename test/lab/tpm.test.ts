import { execFileSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceRow } from '../../gateway/api/contract.ts';
import { sha256 } from '../../gateway/attestation/evidence.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { callVerb } from '../api/call-verb.ts';
import { bootSet, TpmDevice } from '../edge/challenge/tpm-device.ts';
import { model } from '../attestation/tpm/world.ts';
import { makeReferenceFile, makeSelfSigned } from '../vectors/pki.ts';
import type { File } from '../vectors/soft-tpm.ts';
import { noSwtpm } from '../vectors/swtpm.ts';
import { GatewayProcess } from './gateway-process.ts';
import type { KeylimeHost } from './hosts/keylime-host.ts';
import { type Lan, labIsMissing, makeLan, until } from './namespace.ts';
import { announce, gatewayIp, oneZone, untilRow } from './one-zone.ts';

const isBuilt = existsSync(join(import.meta.dirname, '../../dist/gateway/cli.js'));
const missing = labIsMissing() ?? noSwtpm() ?? (isBuilt ? undefined : 'there is no build in dist');
if (missing !== undefined) console.log(`skipped: ${missing}`);

const devices = ['box', 'stranger'].map((name, i) => ({
  name,
  port: `t${i + 1}`,
  mac: `02:00:5e:00:03:0${i + 1}`,
  ip: `10.20.4.${i + 1}/16`,
}));
const runtime: File = { path: '/usr/bin/plc-runtime', content: 'plc 1.2' };
const settings = oneZone(devices, [{ channel: 'keylime', port: 9002 }], 30);

/** Both boxes have a TPM of one maker; one of them enrols, and its endorsement key is expected at its port. */
function writeSite(data: string, box: TpmDevice): void {
  const own = `${data}/policies.d`;
  for (const sub of ['anchors', 'reference-values', 'expected']) mkdirSync(`${own}/${sub}`, { recursive: true });
  const maker = box.tpm.certificateAuthority[0] ?? new Uint8Array();
  const pem = Buffer.from(maker).toString('base64').replace(/.{64}/g, '$&\n');
  const provenance = 'provenance: { source: lab, by: A. Admin, when: "2026-11-01" }';
  writeFileSync(`${own}/anchors/swtpm.tpm-ek.pem`, `-----BEGIN CERTIFICATE-----\n${pem}\n-----END CERTIFICATE-----\n`);
  writeFileSync(
    `${own}/anchors/swtpm.yaml`,
    `- certificate: swtpm.tpm-ek.pem\n  sha256: "${sha256(maker)}"\n  uses: [tpm-ek]\n  vendor: Acme Edge\n  model: ${model}\n  ${provenance}\n`,
  );
  const components = bootSet.components.map(({ name, key, versions }) => ({ name, key: key ?? '', versions }));
  const reference = makeReferenceFile({ vendor: 'Acme Edge', models: [{ model, components }] });
  writeFileSync(`${own}/anchors/acme.refval.pem`, reference.publicKeyPem);
  writeFileSync(`${own}/reference-values/acme.json`, reference.file);
  writeFileSync(`${own}/reference-values/acme.json.sig`, reference.signature);
  writeFileSync(
    `${own}/reference-values/edge.ima.yaml`,
    `- vendor: Acme Edge\n  model: ${model}\n  lists: [edge.sha256]\n  ${provenance}\n`,
  );
  writeFileSync(`${own}/reference-values/edge.sha256`, `${createHash('sha256').update('plc 1.2').digest('hex')}  ${runtime.path}\n`);
  const ek = sha256(decodeCertificate(box.tpm.read('ek.der')).spki);
  writeFileSync(`${own}/expected/line.yaml`, `- key: "${ek}"\n  port: t1\n  note: bought for the line\n`);
  writeFileSync(`${data}/settings.json`, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
}

const patience = 480_000;
describe.skipIf(missing !== undefined)('a box with a TPM of others (swtpm) behind a live gateway', () => {
  let lan: Lan | undefined;
  let gateway: GatewayProcess | undefined;
  let box: TpmDevice | undefined;
  let other: TpmDevice | undefined;
  let folder = '';
  const hosts = new Map<string, ChildProcess>();

  beforeAll(async () => {
    folder = mkdtempSync(`/run/sallyport-test-sltpm-${process.pid}-`);
    execFileSync('chmod', ['711', folder]);
    [box, other] = [await TpmDevice.make(), await TpmDevice.make()];
    const umask = process.umask(0o022);
    const data = `${folder}/data`;
    mkdirSync(data, { mode: 0o700 });
    writeSite(data, box);
    process.umask(umask);
    lan = await makeLan({ prefix: 'sltpm', devices });
    const { chainPem, keyPem } = await makeSelfSigned({ cn: 'agent' });
    const common = { credential: { chainPem, keyPem } };
    const all: readonly KeylimeHost[] = [
      {
        ...common,
        name: 'box',
        uuid: 'd432fbb3-d2f1-4a97-9ef7-75bd81c00003',
        folder: box.tpm.folder,
        registrar: `http://${gatewayIp}:8444`,
        ran: [runtime],
      },
      { ...common, name: 'stranger', uuid: 'd432fbb3-d2f1-4a97-9ef7-75bd81c00004', folder: other.tpm.folder, ran: [] },
    ];
    for (const host of all) {
      writeFileSync(`${folder}/${host.name}.json`, JSON.stringify(host), { mode: 0o600 });
      const script = join(import.meta.dirname, 'hosts/keylime-host.ts');
      const stdio = { stdio: ['pipe', 'ignore', 'inherit'] as ('pipe' | 'ignore' | 'inherit')[] };
      hosts.set(host.name, lan.spawn(host.name, [process.execPath, script, `${folder}/${host.name}.json`], stdio));
      const listens = async (): Promise<boolean> => (await lan?.exec(host.name, ['ss', '-Hltn', 'sport = :9002']))?.stdout !== '';
      await until(listens, `${host.name} listens`);
    }
    gateway = await GatewayProcess.start({ lan }, data, `${folder}/gateway.log`);
  }, 480_000);
  afterAll(async () => {
    await gateway?.stop();
    await lan?.close();
    await box?.tpm.remove();
    await other?.tpm.remove();
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  const row = (name: string, holds: (device: DeviceRow) => boolean): Promise<DeviceRow> => untilRow(gateway, devices, name, holds, 150_000);
  const say = (name: 'attest' | 'reference' | 'trust', ...args: readonly string[]) =>
    callVerb(`${folder}/data/control.sock`, name, 'ann', [...args]);
  /** Asks it now rather than when its turn comes. Its address is known once it looks for somebody. */
  const ask = async (name: string) => {
    if (lan !== undefined) await announce(lan, [name]);
    const { id } = await row(name, d => d.ips.length > 0);
    return say('attest', id, '--reason', 'now');
  };

  it(
    'enrols its key by the certificate of its maker, proves what it runs, and is let in',
    async () => {
      await until(async () => (await ask('box')).code === 0, 'its key is enrolled', 150_000);
      const seen = await row('box', d => d.admission === 'admitted' && d.enforcement === 'open');
      expect(seen).toMatchObject({ attestation: 'affirming', assurance: 5, reason: 'SIGNED_AND_EXPECTED' });
      expect((await gateway?.device(seen.id))?.proof).toMatchObject({ scheme: 'tpm-quote', identity: { vendor: 'Acme Edge', model } });
    },
    patience,
  );

  it(
    'next to it that never enrolled is not believed, whatever TPM it has',
    async () => {
      await until(async () => (await ask('stranger')).code === 3, 'it is contraindicated', 150_000);
      expect(await row('stranger', d => d.attestation === 'contraindicated')).toMatchObject({ reason: 'CHAIN_UNTRUSTED' });
    },
    patience,
  );

  it(
    'that runs a file which nobody listed is quarantined, for that reason',
    async () => {
      hosts.get('box')?.stdin?.write('/tmp/door\n');
      await ask('box');
      const seen = await row('box', d => d.enforcement === 'quarantined');
      expect(seen).toMatchObject({ attestation: 'contraindicated', reason: 'FILE_NOT_LISTED' });
      const shown = await say('reference', 'show', 'edge.ima.yaml');
      expect([shown.code, shown.out]).toEqual([2, expect.stringContaining('1 device judged by it, 1 not')]);
    },
    patience,
  );

  it(
    'whose key a person forgets proves nothing by it any more, and is asked at once',
    async () => {
      const listed = await say('trust', 'enrolled');
      expect([listed.code, listed.out]).toEqual([0, expect.stringMatching(/^\S+ {2}contraindicated {2}as d432fbb3/)]);
      expect((await say('trust', 'enrolled', 'forget', listed.out.split(' ')[0] ?? '', '--reason', 'sold')).code).toBe(0);
      expect(await row('box', d => d.reason === 'CHAIN_UNTRUSTED')).toMatchObject({ attestation: 'contraindicated' });
      expect((await say('trust', 'enrolled')).code).toBe(4);
    },
    patience,
  );
});
