import { execFileSync } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceRow } from '../../gateway/api/contract.ts';
import * as opc from '../attestation/opc-ua-world.ts';
import { blocks, deviceCa, exchange, good, info, keys, leafDer, marks, nonce, referenceSet, rootDer } from '../attestation/spdm-world.ts';
import { ca, newKeys, usage } from '../vectors/path-pki.ts';
import { makeReferenceFile } from '../vectors/pki.ts';
import { GatewayProcess } from './gateway-process.ts';
import type { Attester } from './hosts/attester.ts';
import { type Lan, labIsMissing, makeLan, until } from './namespace.ts';
import { announce, oneZone, untilRow } from './one-zone.ts';

const isBuilt = existsSync(join(import.meta.dirname, '../../dist/gateway/cli.js'));
const missing = labIsMissing() ?? (isBuilt ? undefined : 'there is no build in dist');
if (missing !== undefined) console.log(`skipped: ${missing}`);

const names = ['good', 'tampered', 'replayer', 'staller', 'plc', 'laptop'] as const;
const devices = names.map((name, i) => ({ name, port: `c${i + 1}`, mac: `02:00:5e:00:01:0${i + 1}`, ip: `10.20.2.${i + 1}/16` }));
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** A device of the model with its own keys, of which only the firmware may differ. */
function device(name: string, serial: string, firmware = blocks): { readonly attester: Attester; readonly chain: readonly Uint8Array[] } {
  const [own, leaf] = [newKeys(), newKeys()];
  const middle = deviceCa({
    subject: `CN=Gate-7 ${serial}`,
    keys: own,
    extensions: [ca(), usage(5), info('Acme Edge', 'Gate-7', serial), marks(2)],
  });
  const chain = [rootDer, middle, leafDer({ issuer: `CN=Gate-7 ${serial}`, keys: leaf, signer: own })];
  const spdm = {
    versions: [0x10, 0x11, 0x12],
    chain: chain.map(base64),
    keyPem: pem(leaf.privateKey),
    blocks: firmware.map(block => ({ ...block, value: base64(block.value) })),
  };
  return { attester: { name, spdm }, chain };
}

/** It has the good one's certificates and an exchange that it once overheard, and no key of them. */
function replayer(): Attester {
  const recording = Object.fromEntries(
    exchange({ ...good, versions: [0x10, 0x12] }, nonce).flatMap(({ request, response }) =>
      request[1] === 0x83 || request[1] === 0xe0 ? [[request[1], base64(response)] as const] : [],
    ),
  );
  return {
    name: 'replayer',
    spdm: { versions: [0x10, 0x12], chain: good.chain.map(base64), keyPem: pem(keys.other.privateKey), blocks: [], recording },
  };
}

const settings = oneZone(devices, [
  { channel: 'spdm', port: 4194 },
  { channel: 'opc-ua', port: 4840 },
]);

function writeSite(data: string): void {
  const own = `${data}/policies.d`;
  for (const sub of ['anchors', 'reference-values', 'expected']) mkdirSync(`${own}/${sub}`, { recursive: true });
  const der = (bytes: Uint8Array): string =>
    `-----BEGIN CERTIFICATE-----\n${base64(bytes).replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
  const models = [
    {
      model: 'Gate-7',
      minSvn: '6',
      components: referenceSet.components.map(({ name, key, versions }) => ({ name, key: key ?? '', versions })),
    },
  ];
  const reference = makeReferenceFile({ vendor: 'Acme Edge', models });
  writeFileSync(`${own}/anchors/acme.device-ca.pem`, der(rootDer));
  writeFileSync(`${own}/anchors/acme.attest-ca.pem`, der(rootDer));
  writeFileSync(`${own}/anchors/plant.device-ca.pem`, der(opc.caDer));
  writeFileSync(`${own}/anchors/acme.refval.pem`, reference.publicKeyPem);
  writeFileSync(`${own}/reference-values/acme.json`, reference.file);
  writeFileSync(`${own}/reference-values/acme.json.sig`, reference.signature);
  writeFileSync(
    `${own}/expected/line.yaml`,
    ['c1', 'c2', 'c4']
      .map((port, i) => `- serial: "G7-000${i + 1}"\n  vendor: Acme Edge\n  port: ${port}\n  note: bought for the line\n`)
      .join(''),
  );
  writeFileSync(`${data}/settings.json`, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
}

/** A busy machine may miss the first challenge; the next comes after half a minute. */
const patience = 480_000;
describe.skipIf(missing !== undefined)('devices that prove themselves by SPDM and OPC UA, behind a live gateway', () => {
  let lan: Lan | undefined;
  let gateway: GatewayProcess | undefined;
  let folder = '';

  beforeAll(async () => {
    folder = mkdtempSync(`/run/sallyport-test-slpch-${process.pid}-`);
    execFileSync('chmod', ['711', folder]);
    const umask = process.umask(0o022);
    const data = `${folder}/data`;
    mkdirSync(data, { mode: 0o700 });
    writeSite(data);
    process.umask(umask);
    lan = await makeLan({ prefix: 'slpch', devices });
    const unknown = blocks.map(b => (b.index === 2 ? { ...b, value: new Uint8Array(32).fill(6) } : b));
    const staller = device('staller', 'G7-0003').attester;
    const hosts: readonly Attester[] = [
      device('good', 'G7-0001').attester,
      device('tampered', 'G7-0002', unknown).attester,
      replayer(),
      { ...staller, ...(staller.spdm === undefined ? {} : { spdm: { ...staller.spdm, stalls: true } }) },
      { name: 'plc', opcUa: { chain: opc.good.chain.map(base64), keyPem: pem(opc.good.key), applicationUri: opc.uri } },
      { name: 'laptop' },
    ];
    for (const host of hosts) {
      writeFileSync(`${folder}/${host.name}.json`, JSON.stringify(host), { mode: 0o600 });
      lan.spawn(host.name, [process.execPath, join(import.meta.dirname, 'hosts/attester.ts'), `${folder}/${host.name}.json`], {
        stdio: ['pipe', 'ignore', 'inherit'],
      });
    }
    for (const host of hosts) {
      const port = host.spdm === undefined ? (host.opcUa === undefined ? undefined : 4840) : 4194;
      const listens = async (): Promise<boolean> => (await lan?.exec(host.name, ['ss', '-Hltn', `sport = :${port}`]))?.stdout !== '';
      if (port !== undefined) await until(listens, `${host.name} listens`);
    }
    gateway = await GatewayProcess.start({ lan }, data, `${folder}/gateway.log`);
    await announce(lan, names);
  });
  afterAll(async () => {
    await gateway?.stop();
    await lan?.close();
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  const row = (name: string, holds: (device: DeviceRow) => boolean): Promise<DeviceRow> => untilRow(gateway, devices, name, holds, 150_000);

  it(
    'the good one affirms by SPDM and is let in',
    async () => {
      const seen = await row('good', d => d.admission === 'admitted' && d.enforcement === 'open');
      expect(seen).toMatchObject({ attestation: 'affirming', assurance: 5, reason: 'SIGNED_AND_EXPECTED' });
      expect((await gateway?.device(seen.id))?.proof).toMatchObject({
        scheme: 'spdm',
        identity: { serial: 'G7-0001', version: '7.2.0', svn: '7' },
      });
    },
    patience,
  );

  it(
    'the one with other firmware, and the one that answers with what it overheard, are quarantined',
    async () => {
      expect(await row('tampered', d => d.enforcement === 'quarantined')).toMatchObject({
        attestation: 'contraindicated',
        reason: 'DIGEST_UNKNOWN',
      });
      expect(await row('replayer', d => d.enforcement === 'quarantined')).toMatchObject({
        attestation: 'contraindicated',
        reason: 'SIGNATURE_INVALID',
      });
    },
    patience,
  );

  it(
    'the one that asks for time without end, and the one that attests by nothing, are held and never cut for it',
    async () => {
      for (const name of ['staller', 'laptop']) {
        const seen = await row(name, d => d.reason === 'CANNOT_ATTEST' || d.reason === 'NO_RESPONSE');
        expect(seen).toMatchObject({ attestation: 'none', assurance: 0 });
        expect(seen.enforcement).not.toBe('quarantined');
      }
    },
    patience,
  );

  it(
    'the OPC UA server proves its key and nothing of its firmware',
    async () => {
      const seen = await row('plc', d => d.assurance === 3);
      expect(seen).toMatchObject({ attestation: 'warning', reason: 'NO_MEASUREMENTS' });
      expect(seen.admission).not.toBe('admitted');
      expect((await gateway?.device(seen.id))?.proof).toMatchObject({ scheme: 'opc-ua', identity: { serial: 'PLC-0009' } });
    },
    patience,
  );
});
