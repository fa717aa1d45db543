import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'cborg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceRow } from '../../gateway/api/contract.ts';
import { component, psaClaims } from '../attestation/token-world.ts';
import { isThere } from '../vectors/dtls-server.ts';
import { makeDiceDevice, makeReferenceFile, makeSelfSigned, makeVendor } from '../vectors/pki.ts';
import { fromHex, makeSign1 } from '../vectors/tokens.ts';
import { GatewayProcess } from './gateway-process.ts';
import { type Lan, labIsMissing, makeLan, until } from './namespace.ts';
import { oneZone, untilRow } from './one-zone.ts';

/** Devices that have no IPv4 address at all, behind a live gateway that enforces. Their kernels do their Neighbour Discovery, and so does the gateway's. */
const isBuilt = existsSync(join(import.meta.dirname, '../../dist/gateway/cli.js'));
const missing = labIsMissing() ?? (isThere('socat') ? (isBuilt ? undefined : 'there is no build in dist') : 'there is no socat');
if (missing !== undefined) console.log(`skipped: ${missing}`);

/** `far` is no host of this LAN: it hangs on a link of the relay's own. */
const names = ['local', 'ula', 'tampered', 'page', 'spoofer', 'relay', 'far', 'meter'] as const;
type Name = (typeof names)[number];
const devices = names.map((name, i) => ({ name, port: `s${i + 1}`, mac: `00:1b:c5:00:06:0${i + 1}` }));
const portOf = (name: string): string => devices.find(d => d.name === name)?.port ?? '';
/** What a kernel makes of such a MAC (RFC 4291, appendix A). */
const linkLocal = (name: Name): string => `fe80::21b:c5ff:fe00:60${names.indexOf(name) + 1}`;
const serials = { local: 'TS2-000601', ula: 'TS2-000602', tampered: 'TS2-000603', far: 'TS2-000607' } as const;
/** It serves nothing: it hands a token in. */
const instance = `01${'d6'.repeat(32)}`;
const meter = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const gatewayUla = 'fd00:20::1';
const gatewayLocal = 'fe80::ff:fe00:1';
const settings = oneZone(devices, [{ channel: 'tls', port: 8443 }]);

/** Writes what an operator would have, and the credentials of the hosts. */
async function writeSite(folder: string): Promise<void> {
  const own = `${folder}/data/policies.d`;
  for (const sub of ['anchors', 'reference-values', 'expected']) mkdirSync(`${own}/${sub}`, { recursive: true });
  const acme = await makeVendor({ name: 'Acme Sensors' });
  const digest = (name: string): string => (name === 'tampered' ? '66' : '33').repeat(32);
  for (const [name, serial] of Object.entries(serials)) {
    const made = await makeDiceDevice(acme, { serial, model: 'TempSense-2', version: '1.0.0', svn: 5, digestHex: digest(name) });
    writeCredential(`${folder}/${name}`, made);
  }
  for (const name of ['page', 'spoofer']) writeCredential(`${folder}/${name}`, await makeSelfSigned({ cn: name }));
  const versions = [{ version: '1.0.0', alg: 'sha-256', digest: '33'.repeat(32) }];
  const components = [{ name: 'firmware', layer: 1, versions }];
  const bl = { name: 'BL', key: 'BL', versions: [{ version: '1', alg: 'sha-256', digest: '33'.repeat(32) }] };
  const references = makeReferenceFile({
    vendor: 'Acme Sensors',
    models: [
      { model: 'TempSense-2', minSvn: '3', components },
      { model: 'M1', components: [bl] },
    ],
  });
  const spki = meter.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const provenance = `  provenance: { source: made here, by: anna, when: "2026-11-22" }\n`;
  const listed = `- instance: "${instance}"\n  publicKey: "${spki}"\n  vendor: Acme Sensors\n  model: M1\n${provenance}`;
  writeFileSync(`${own}/anchors/meters.keys.yaml`, listed);
  writeFileSync(`${own}/anchors/acme.device-ca.pem`, acme.anchorPem);
  writeFileSync(`${own}/anchors/acme.refval.pem`, references.publicKeyPem);
  writeFileSync(`${own}/reference-values/acme.json`, references.file);
  writeFileSync(`${own}/reference-values/acme.json.sig`, references.signature);
  // The far one was bought, and nobody wrote down where it stands.
  const line = ([name, serial]: readonly [string, string]): string =>
    `- serial: "${serial}"\n  vendor: Acme Sensors\n${name === 'far' ? '' : `  port: ${portOf(name)}\n`}`;
  writeFileSync(
    `${own}/expected/line.yaml`,
    Object.entries({ ...serials, meter: instance })
      .map(line)
      .join(''),
  );
  writeFileSync(`${folder}/data/settings.json`, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
}

function writeCredential(folder: string, { chainPem, keyPem }: { readonly chainPem: string; readonly keyPem: string }): void {
  mkdirSync(folder);
  writeFileSync(`${folder}/chain.pem`, chainPem);
  writeFileSync(`${folder}/key.pem`, keyPem, { mode: 0o600 });
}

/** A busy machine may miss the first challenge; the next comes after half a minute. */
const patience = 480_000;
describe.skipIf(missing !== undefined)('devices without IPv4, behind a live gateway', () => {
  let lan: Lan | undefined;
  let gateway: GatewayProcess | undefined;
  let folder = '';

  const must = async (host: string, ...argv: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = (await lan?.exec(host, argv)) ?? { code: 1, stdout: '', stderr: 'no LAN' };
    if (code !== 0) throw new Error(`Cannot ${argv.join(' ')} on ${host}: ${stderr}`);
    return stdout;
  };
  const serve = async (name: Name, address: string, credential: string = name): Promise<void> => {
    lan?.spawn(name, [process.execPath, join(import.meta.dirname, 'hosts/tls-host.ts'), `${folder}/${credential}`, address], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    await until(async () => (await must(name, 'ss', '-Hltn', 'sport = :8443')) !== '', `${name} listens`);
  };
  /** Whoever asks for our hardware address is seen to have its own. */
  const speak = (name: Name, from?: string) =>
    lan?.exec(name, ['ping', '-6', '-c', '1', '-W', '1', ...(from === undefined ? [`${gatewayLocal}%eth0`] : ['-I', from, gatewayUla])]);
  const row = (name: Name, holds: (device: DeviceRow) => boolean): Promise<DeviceRow> => untilRow(gateway, devices, name, holds, 150_000);
  /** Asked now, for what was asked before it listened is asked again only after a while. */
  const challenge = async (name: Name): Promise<void> =>
    gateway?.command(`/devices/${(await row(name, () => true)).id}/challenge`, { reason: 'test' });
  /** `seconds`: how long an answer is waited for; who expects none need not wait long. */
  const reaches = async (from: string, to: string, seconds = 1): Promise<boolean> =>
    (await lan?.exec(from, ['ping', '-6', '-c', '1', '-W', `${seconds}`, `${to}%eth0`]))?.code === 0;

  beforeAll(async () => {
    folder = mkdtempSync(`/run/sallyport-test-slpip6-${process.pid}-`);
    execFileSync('chmod', ['711', folder]);
    const umask = process.umask(0o022);
    mkdirSync(`${folder}/data`, { mode: 0o700 });
    await writeSite(folder);
    process.umask(umask);
    lan = await makeLan({ prefix: 'slpip6', devices, ipv6: true });
    await must('gateway', 'ip', 'addr', 'add', `${gatewayUla}/64`, 'dev', 'br0', 'nodad');
    await must('server', 'ip', 'addr', 'add', 'fd00:20::fe/64', 'dev', 'eth0', 'nodad');
    await must('ula', 'ip', 'addr', 'add', 'fd00:20::2/64', 'dev', 'eth0', 'nodad');
    const far = lan.ns('far');
    await must('relay', 'ip', 'link', 'add', 'wan0', 'type', 'veth', 'peer', 'name', 'wan0', 'netns', far);
    for (const [host, address] of [
      ['relay', 'fd00:99::1/64'],
      ['far', 'fd00:99::2/64'],
    ] as const) {
      await must(host, 'ip', 'addr', 'add', address, 'dev', 'wan0', 'nodad');
      await must(host, 'ip', 'link', 'set', 'wan0', 'up');
    }
    await must('far', 'ip', 'link', 'set', 'eth0', 'down');
    gateway = await GatewayProcess.start({ lan }, `${folder}/data`, `${folder}/gateway.log`);
  });
  afterAll(async () => {
    await gateway?.stop();
    await lan?.close();
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  it(
    'one with a link-local address only is held, challenged and let in',
    async () => {
      await speak('local');
      await row('local', d => d.enforcement === 'held');
      expect(await reaches('local', gatewayLocal)).toBe(false);
      await serve('local', '::');
      const seen = await row('local', d => d.admission === 'admitted' && d.enforcement === 'open');
      expect(seen).toMatchObject({ attestation: 'affirming', assurance: 5, reason: 'SIGNED_AND_EXPECTED', ips: [linkLocal('local')] });
      expect(await reaches('local', gatewayLocal, 30)).toBe(true);
    },
    patience,
  );

  it(
    'one that serves at its unique-local address only is found there',
    async () => {
      await serve('ula', 'fd00:20::2');
      await speak('ula', 'fd00:20::2');
      await row('ula', d => d.ips.at(-1) === 'fd00:20::2');
      await challenge('ula');
      expect(await row('ula', d => d.admission === 'admitted' && d.enforcement === 'open')).toMatchObject({ assurance: 5 });
    },
    patience,
  );

  it(
    'one that was seen to serve HTTP is probed at its link-local address, in one connection',
    async () => {
      const web = lan?.spawn('local', ['python3', '-u', '-m', 'http.server', '80', '--bind', '::'], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let asked = '';
      web?.stderr?.on('data', chunk => (asked += String(chunk)));
      const url = `http://[${linkLocal('local')}%25eth0]/`;
      const fetches = async () => (await lan?.exec('server', ['curl', '-s', '-g', '-m', '3', url]))?.code === 0;
      await until(fetches, 'somebody fetches its page');
      const { id } = await row('local', () => true);
      const serves = async () => (await gateway?.device(id))?.services.some(one => one.service === 'tcp/80') === true;
      await until(serves, 'the sensor knows');
      await gateway?.command('/zones/line/probes', { mode: 'known-devices', minutes: 5, reason: 'test' });
      await gateway?.command(`/devices/${id}/probe`, { reason: 'test' });
      const ended = async () => (await gateway?.probes())?.recent.find(({ order }) => order.probe === 'http-head');
      // Whoever falls silent after a question is left alone, so somebody goes on reading its page.
      await until(async () => (await fetches()) && (await ended()) !== undefined, 'it is asked', 150_000);
      expect(await ended()).toMatchObject({
        order: { target: { device: id, ip: linkLocal('local'), service: 80 } },
        outcome: { kind: 'answered' },
      });
      expect(asked.match(/HEAD \/ HTTP\/1\.1" 200/g)).toHaveLength(1);
      await gateway?.command('/probes/stop', { reason: 'test' });
      web?.kill('SIGTERM');
    },
    patience,
  );

  it(
    'one with other firmware is quarantined, and a self-signed page is no Evidence',
    async () => {
      await serve('tampered', '::');
      await speak('tampered');
      await serve('page', '::');
      await speak('page');
      for (const name of ['tampered', 'page'] as const) await challenge(name);
      expect(await row('tampered', d => d.enforcement === 'quarantined')).toMatchObject({ reason: 'DIGEST_UNKNOWN' });
      expect(await row('page', d => d.reason === 'NO_EVIDENCE')).toMatchObject({ admission: 'pending', enforcement: 'held' });
    },
    patience,
  );

  it(
    'one that answers for the address of another is not let in, and the other stays',
    async () => {
      await serve('spoofer', '::');
      await must('spoofer', 'ip', 'addr', 'add', `${linkLocal('local')}/64`, 'dev', 'eth0', 'nodad');
      await must('spoofer', 'ip', 'addr', 'del', `${linkLocal('spoofer')}/64`, 'dev', 'eth0');
      await speak('spoofer');
      await row('spoofer', d => d.ips.includes(linkLocal('local')));
      const { id } = await row('local', () => true);
      const verified = async (): Promise<number> => (await gateway?.device(id))?.lastVerified ?? 0;
      const before = await verified();
      for (const name of ['spoofer', 'local'] as const) await challenge(name);
      await until(async () => (await verified()) > before, 'the genuine one has attested again');
      expect(await row('local', d => d.enforcement === 'open')).toMatchObject({ admission: 'admitted', attestation: 'affirming' });
      expect(await row('spoofer', () => true)).toMatchObject({ admission: 'pending', enforcement: 'held' });
      expect(await reaches('local', gatewayLocal, 30)).toBe(true);
    },
    patience,
  );

  it(
    'a relay over a link outside the bridge is not let in: its place is not proven',
    async () => {
      await serve('far', 'fd00:99::2');
      lan?.spawn('relay', ['socat', 'TCP6-LISTEN:8443,fork,reuseaddr,ipv6only', 'TCP6:[fd00:99::2]:8443']);
      await until(async () => (await must('relay', 'ss', '-Hltn', 'sport = :8443')) !== '', 'the relay listens');
      await speak('relay');
      await challenge('relay');
      const seen = await row('relay', d => d.reason === 'LOCATION_NOT_PROVEN' && d.enforcement === 'held');
      expect(seen).toMatchObject({ attestation: 'warning', expected: true, admission: 'pending' });
    },
    patience,
  );

  it(
    'one that serves nothing hands its token in from its lane, at our link-local address',
    async () => {
      const base = `http://[${gatewayLocal}%25eth0]:8444`;
      const curl = async (...argv: readonly string[]) =>
        (await lan?.exec('meter', ['curl', '-s', '-g', '-m', '6', '-i', ...argv]))?.stdout ?? '';
      let session = '';
      const post = async (): Promise<boolean> => {
        session = await curl('-X', 'POST', `${base}/challenge-response/v1/newSession?nonceSize=32`);
        return session.startsWith('HTTP/1.1 201');
      };
      await until(post, 'it gets a session', 30_000); // a held host is heard only after it was seen to ask for us
      expect(await curl(`${base}/`)).toContain(`address: ${linkLocal('meter')}\nstate: pending, held`);
      const [, location = ''] = /^location: (\S+)/im.exec(session) ?? [];
      const { nonce } = JSON.parse(session.slice(session.indexOf('{'))) as { nonce: string };
      const claims = psaClaims({
        10: Uint8Array.from(Buffer.from(nonce, 'base64url')),
        256: fromHex(instance),
        2399: [component('BL', 0x33)],
      });
      writeFileSync(`${folder}/token`, makeSign1(encode(claims), { key: meter.privateKey }));
      const type = 'Content-Type: application/psa-attestation-token';
      expect(await curl('-X', 'POST', '-H', type, '--data-binary', `@${folder}/token`, `${base}${location}`)).toContain('"complete"');
      expect(await row('meter', d => d.admission === 'admitted' && d.enforcement === 'open')).toMatchObject({ assurance: 5 });
      const asFar = ['curl', '-s', '-g', '-m', '6', '-X', 'POST', `http://[${gatewayUla}]:8444/challenge-response/v1/newSession`];
      expect((await lan?.exec('server', asFar))?.stdout).toContain('no device of this bridge');
    },
    patience,
  );

  it('none of it was a defect of ours', () => {
    expect(readFileSync(`${folder}/gateway.log`, 'utf8')).not.toMatch(/defect/);
  });
});
