import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceRow } from '../../gateway/api/contract.ts';
import { referenceSet, spec } from '../attestation/world.ts';
import { isThere } from '../vectors/dtls-server.ts';
import { type Credential, makeDiceDevice, makeReferenceFile, makeSelfSigned, makeVendor } from '../vectors/pki.ts';
import { GatewayProcess } from './gateway-process.ts';
import type { CoapsHost } from './hosts/coaps-host.ts';
import { type Lan, labIsMissing, makeLan, until } from './namespace.ts';
import { announce, oneZone, untilRow } from './one-zone.ts';

const isBuilt = existsSync(join(import.meta.dirname, '../../dist/gateway/cli.js'));
const missing = labIsMissing() ?? (isThere('socat') ? (isBuilt ? undefined : 'there is no build in dist') : 'there is no socat');
if (missing !== undefined) console.log(`skipped: ${missing}`);

/** `far` is no host of this LAN: it hangs on a link of the relay's own. */
const names = ['good', 'tampered', 'dice', 'mute', 'relay', 'far'] as const;
type Name = (typeof names)[number];
const devices = names.map((name, i) => ({ name, port: `c${i + 1}`, mac: `02:00:5e:00:02:0${i + 1}`, ip: `10.20.3.${i + 1}/16` }));
const portOf = (name: Name): string => devices.find(d => d.name === name)?.port ?? '';
const instances = { good: `01${'a1'.repeat(32)}`, tampered: `01${'a2'.repeat(32)}`, far: `01${'a3'.repeat(32)}` } as const;
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

const settings = oneZone(devices, [{ channel: 'coaps', port: 5684 }]);

/** Writes what an operator would have, and gives what each host is. */
async function writeSite(data: string): Promise<readonly CoapsHost[]> {
  const own = `${data}/policies.d`;
  for (const sub of ['anchors', 'reference-values', 'expected']) mkdirSync(`${own}/${sub}`, { recursive: true });
  const acme = await makeVendor({ name: 'Acme Sensors' });
  const dice = await makeDiceDevice(acme, spec);
  const tokenKeys = Object.entries(instances).map(([name, instance]) => ({
    name,
    instance,
    ...generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  }));
  const references = makeReferenceFile({
    vendor: 'Acme Sensors',
    models: [
      { model: 'Meter-1', components: [{ name: 'BL', key: 'BL', versions: [{ version: '1', alg: 'sha-256', digest: '33'.repeat(32) }] }] },
      { model: 'TempSense-2', minSvn: '4', components: referenceSet.components },
    ],
  });
  writeFileSync(`${own}/anchors/acme.device-ca.pem`, acme.anchorPem);
  writeFileSync(`${own}/anchors/acme.refval.pem`, references.publicKeyPem);
  writeFileSync(`${own}/reference-values/acme.json`, references.file);
  writeFileSync(`${own}/reference-values/acme.json.sig`, references.signature);
  const listed = tokenKeys.map(({ instance, publicKey }) => {
    const spki = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    return `- instance: "${instance}"\n  publicKey: "${spki}"\n  vendor: Acme Sensors\n  model: Meter-1\n  provenance: { source: made here, by: anna, when: "2026-11-22" }\n`;
  });
  writeFileSync(`${own}/anchors/meters.keys.yaml`, listed.join(''));
  const bought: readonly (readonly [string, Name | undefined])[] = [
    [instances.good, 'good'],
    [instances.tampered, 'tampered'],
    [spec.serial, 'dice'],
    [instances.far, undefined], // bought, and nobody wrote down where it stands
  ];
  const lines = bought.map(
    ([serial, at]) => `- serial: "${serial}"\n  vendor: Acme Sensors\n${at === undefined ? '' : `  port: ${portOf(at)}\n`}`,
  );
  writeFileSync(`${own}/expected/line.yaml`, lines.join(''));
  writeFileSync(`${data}/settings.json`, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  const plain: Credential = await makeSelfSigned({ cn: 'meter' });
  const meter = ({ name, instance, privateKey }: (typeof tokenKeys)[number]): CoapsHost => ({
    name,
    chainPem: plain.chainPem,
    keyPem: plain.keyPem,
    token: { instance, keyPem: pem(privateKey), firmware: name === 'tampered' ? 0x44 : 0x33 },
  });
  return [...tokenKeys.map(meter), { name: 'dice', chainPem: dice.chainPem, keyPem: dice.keyPem }];
}

/** A busy machine may miss the first challenge; the next comes after half a minute. */
const patience = 480_000;
describe.skipIf(missing !== undefined)('devices that attest over CoAPS, behind a live gateway', () => {
  let lan: Lan | undefined;
  let gateway: GatewayProcess | undefined;
  let folder = '';
  let running: ReturnType<typeof relay>;

  beforeAll(async () => {
    folder = mkdtempSync(`/run/sallyport-test-slpcs-${process.pid}-`);
    execFileSync('chmod', ['711', folder]);
    const umask = process.umask(0o022);
    const data = `${folder}/data`;
    mkdirSync(data, { mode: 0o700 });
    const hosts = await writeSite(data);
    process.umask(umask);
    lan = await makeLan({ prefix: 'slpcs', devices });
    // A link that no bridge sees, from the relay to where the far one stands.
    const far = lan.ns('far');
    await lan.exec('relay', ['ip', 'link', 'add', 'wan0', 'type', 'veth', 'peer', 'name', 'wan0', 'netns', far]);
    for (const [host, address] of [
      ['relay', '192.0.2.1/30'],
      ['far', '192.0.2.2/30'],
    ] as const) {
      await lan.exec(host, ['ip', 'addr', 'add', address, 'dev', 'wan0']);
      await lan.exec(host, ['ip', 'link', 'set', 'wan0', 'up']);
    }
    await lan.exec('far', ['ip', 'link', 'set', 'eth0', 'down']);
    for (const host of hosts) {
      writeFileSync(`${folder}/${host.name}.json`, JSON.stringify(host), { mode: 0o600 });
      lan.spawn(host.name, [process.execPath, join(import.meta.dirname, 'hosts/coaps-host.ts'), `${folder}/${host.name}.json`], {
        stdio: ['pipe', 'ignore', 'inherit'],
      });
    }
    running = relay('10.20.3.1');
    lan.spawn('mute', ['socat', '-u', 'UDP4-RECV:5684', 'CREATE:/dev/null']);
    for (const name of [...hosts.map(h => h.name), 'mute', 'relay']) {
      const listens = async (): Promise<boolean> => (await lan?.exec(name, ['ss', '-Hlun', 'sport = :5684']))?.stdout !== '';
      await until(listens, `${name} listens`);
    }
    gateway = await GatewayProcess.start({ lan }, data, `${folder}/gateway.log`);
    // What announces an address is asked at once.
    await announce(lan, names.slice(0, 5));
  });
  afterAll(async () => {
    await gateway?.stop();
    await lan?.close();
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  const row = (name: Name, holds: (device: DeviceRow) => boolean): Promise<DeviceRow> => untilRow(gateway, devices, name, holds, 150_000);
  const relay = (to: string) => lan?.spawn('relay', ['socat', '-T', '20', 'UDP4-LISTEN:5684,fork,reuseaddr', `UDP4:${to}:5684`]);
  const again = async (name: Name): Promise<void> =>
    gateway?.command(`/devices/${(await row(name, () => true)).id}/challenge`, { reason: 'again' });

  it(
    'the good one affirms by its token and is let in',
    async () => {
      const seen = await row('good', d => d.admission === 'admitted' && d.enforcement === 'open');
      expect(seen).toMatchObject({ attestation: 'affirming', reason: 'SIGNED_AND_EXPECTED' });
      expect((await gateway?.device(seen.id))?.proof).toMatchObject({ scheme: 'eat', identity: { serial: instances.good } });
      expect(JSON.stringify(await gateway?.device(seen.id))).toContain('CoAPS, DTLS 1.2, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256');
    },
    patience,
  );

  it(
    'the one that serves no token is let in by the chain of its handshake',
    async () => {
      const seen = await row('dice', d => d.admission === 'admitted' && d.enforcement === 'open');
      expect(seen).toMatchObject({ attestation: 'affirming', assurance: 5, reason: 'SIGNED_AND_EXPECTED' });
      expect((await gateway?.device(seen.id))?.proof).toMatchObject({ identity: { serial: spec.serial } });
    },
    patience,
  );

  it(
    'the one with other firmware is quarantined, and the one that never answers is held and not cut for it',
    async () => {
      await row('tampered', d => d.reason === 'DIGEST_UNKNOWN');
      await again('tampered'); // one answer might be an accident of the moment
      expect(await row('tampered', d => d.enforcement === 'quarantined')).toMatchObject({
        attestation: 'contraindicated',
        reason: 'DIGEST_UNKNOWN',
      });
      const mute = await row('mute', d => d.reason === 'NO_RESPONSE');
      expect(mute).toMatchObject({ attestation: 'none', admission: 'pending', enforcement: 'held' });
    },
    patience,
  );

  it(
    'a relay over the LAN reaches no genuine device while it is held, and is cut where it did',
    async () => {
      // It listens, else it would refuse; what it hands on comes nowhere.
      expect(await row('relay', d => d.reason === 'NO_RESPONSE')).toMatchObject({ attestation: 'none', enforcement: 'held' });
      await gateway?.command('/zones/line', { mode: 'observe', reason: 'test' });
      await again('relay');
      await row('relay', d => d.reason === 'KEY_SEEN_ELSEWHERE');
      await gateway?.command('/zones/line', { mode: 'enforce', reason: 'test' });
      await row('relay', d => d.enforcement === 'quarantined' && d.reason === 'KEY_SEEN_ELSEWHERE');
      expect(await row('good', () => true)).toMatchObject({ admission: 'admitted' });
      running?.kill('SIGTERM');
      running = undefined;
    },
    patience,
  );

  it(
    'a relay over a link outside the bridge answers as an expected device and is not let in: its place is not proven',
    async () => {
      running = relay('192.0.2.2');
      await again('relay');
      const seen = await row('relay', d => d.reason === 'LOCATION_NOT_PROVEN' && d.enforcement === 'held');
      expect(seen).toMatchObject({ attestation: 'warning', expected: true, admission: 'pending' });
      running?.kill('SIGTERM');
    },
    patience,
  );

  it('none of it was a defect of ours', () => {
    expect(readFileSync(`${folder}/gateway.log`, 'utf8')).not.toMatch(/defect/);
  });
});
