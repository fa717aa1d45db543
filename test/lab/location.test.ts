import { createHash, generateKeyPairSync } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { encode } from 'cborg';
import { importJWK, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certify } from '../attestation/tpm/world.ts';
import { decodeTpmPublic } from '../../gateway/codec/tpm-public.ts';
import { publicKeyOf } from '../../gateway/attestation/tpm/keys.ts';
import { component, psaClaims } from '../attestation/token-world.ts';
import { makeReferenceFile, makeVendor } from '../vectors/pki.ts';
import { message } from '../vectors/soft-tpm.ts';
import { noSwtpm, Swtpm } from '../vectors/swtpm.ts';
import { fromHex, makeSign1 } from '../vectors/tokens.ts';
import { base, HandIn } from './hand-in.ts';
import { labIsMissing, until } from './namespace.ts';
import { row, Standing } from './standing.ts';
import { gateway } from './warehouse.ts';

/**
 * Evidence and where it comes from, against the real gateway: devices that hand a token or quote in over Veraison's API from their lane, relays over the LAN and over a
 * link outside the bridge (each a plain socat in front of a genuine device), and TPMs that were copied.
 */
const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);
const noTpm = noSwtpm();
if (noTpm !== undefined) console.log(`skipped: ${noTpm}`);

const instance = `01${'d7'.repeat(32)}`;
const meter = generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe.skipIf(missing)('Evidence and its place', () => {
  let site: Standing;
  let lane: HandIn;
  const open = (host: string) => lane.open(host);
  const hand = (...call: Parameters<HandIn['hand']>) => lane.hand(...call);
  const curl = (...call: Parameters<HandIn['curl']>) => lane.curl(...call);
  const token = (nonce: Uint8Array): Uint8Array =>
    makeSign1(encode(psaClaims({ 10: Uint8Array.from(nonce), 256: fromHex(instance), 2399: [component('BL', 0x33)] })), {
      key: meter.privateKey,
    });
  const psa = 'application/psa-attestation-token';
  const own = () => lane.own;
  const plugIn = (host: string, address?: string) => lane.plugIn(host, address);
  const provenance = `  provenance: { source: made here, by: anna, when: "2026-11-22" }\n`;
  const references = (name: string, vendor: string, model: string, digest: string): void => {
    const versions = [{ version: '1', alg: 'sha-256', digest }];
    const made = makeReferenceFile({ vendor, models: [{ model, components: [{ name: 'BL', key: 'BL', versions }] }] });
    writeFileSync(`${own()}/anchors/${name}.refval.pem`, made.publicKeyPem);
    writeFileSync(`${own()}/reference-values/${name}.json`, made.file);
    writeFileSync(`${own()}/reference-values/${name}.json.sig`, made.signature);
  };
  const untilRead = () => lane.untilRead();

  beforeAll(async () => {
    site = await Standing.make('spplace');
    lane = new HandIn(site);
    const pem = meter.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const listed = `- instance: "${instance}"\n  publicKey: "${pem}"\n  vendor: Acme Meters\n  model: M1\n${provenance}`;
    writeFileSync(`${own()}/anchors/meters.keys.yaml`, listed);
    references('meters', 'Acme Meters', 'M1', '33'.repeat(32));
    appendFileSync(`${own()}/expected/dock.yaml`, `- serial: "${instance}"\n  vendor: Acme Meters\n  port: ${row('stealth').port}\n`);
    await untilRead();
    await site.start('sensor');
    for (const host of ['stealth', 'hostile']) await plugIn(host);
    for (const host of ['printer', 'tampered']) await plugIn(host, `${row(host).lease}/16`);
  }, 480_000);
  afterAll(() => site?.close());

  describe('handed in from the lane', () => {
    it('admits an expected device at its port, and tells it so in an EAR that jose takes until it ends', async () => {
      const { location, nonce } = await open('stealth');
      const told = await hand('stealth', location, psa, token(nonce));
      expect([told.status, (JSON.parse(told.body) as { status: string }).status]).toEqual([200, 'complete']);
      const device = await site.untilDevice('stealth', d => d.admission === 'admitted' && d.enforcement === 'open');
      expect(device).toMatchObject({ attestation: 'affirming', assurance: 5, reason: 'SIGNED_AND_EXPECTED' });
      const discovery = JSON.parse((await curl('stealth', `${base}/.well-known/veraison/verification`)).body) as {
        'ear-verification-key': object;
      };
      const ear = (JSON.parse(told.body) as { result: string }).result;
      const key = await importJWK(discovery['ear-verification-key']);
      const read = (at: number) => jwtVerify(ear, key, { algorithms: ['ES256'], currentDate: new Date(at) });
      expect((await read(Date.now())).payload['submods']).toMatchObject({ psa: { 'ear.status': 'affirming' } });
      // Stale, it says nothing of now.
      await expect(read(Date.now() + 3_600_000)).rejects.toThrow(expect.objectContaining({ code: 'ERR_JWT_EXPIRED' }));
    });

    it('is taken neither from behind the uplink nor for a session of another device', async () => {
      const far = await curl('server', '-X', 'POST', `${base}/challenge-response/v1/newSession?nonceSize=32`);
      expect([far.status, far.body]).toEqual([403, expect.stringContaining('no device of this bridge')]);
      const { location, nonce } = await open('stealth');
      for (const host of ['server', 'hostile']) expect((await hand(host, location, psa, token(nonce))).status).not.toBe(200);
      expect((await site.device('stealth'))?.admission).toBe('admitted');
    });

    it('that was answered before cuts who hands it in again, until it attests anew', async () => {
      const first = await open('stealth');
      const old = token(first.nonce);
      const next = await open('stealth');
      expect((await hand('stealth', next.location, psa, old)).status).toBe(200);
      await site.untilDevice('stealth', d => d.enforcement === 'quarantined' && d.reason === 'NONCE_MISMATCH');
      const again = await open('stealth');
      await hand('stealth', again.location, psa, token(again.nonce));
      await site.untilDevice('stealth', d => d.admission === 'admitted');
    });

    it('with the key of another device is cut, and the device at its port stays', async () => {
      const { location, nonce } = await open('hostile');
      const told = JSON.parse((await hand('hostile', location, psa, token(nonce))).body) as { result: string };
      const claims = JSON.parse(Buffer.from(told.result.split('.')[1] ?? '', 'base64url').toString()) as {
        submods: { psa: Record<string, unknown> };
      };
      expect(claims.submods.psa['ear.status']).toBe('contraindicated');
      await site.untilDevice('hostile', d => d.enforcement === 'quarantined' && d.reason === 'KEY_SEEN_ELSEWHERE');
      expect((await site.device('stealth'))?.admission).toBe('admitted');
    });
  });

  describe('through a relay', () => {
    const relay = (to: string) =>
      site.warehouse.lan.spawn('plc', ['socat', 'TCP-LISTEN:8443,fork,reuseaddr', `TCP:${to}:8443,connect-timeout=3`]);
    const challengeAgain = async () => site.gateway.command(`/devices/${(await site.device('plc'))?.id}/challenge`, { reason: 'again' });
    const mode = (to: string) => site.gateway.command('/zones/dock', { mode: to, reason: 'test' });
    let running: ReturnType<typeof relay>;

    it('over the LAN gets nothing while it is held: it reaches no genuine device', async () => {
      await plugIn('plc');
      running = relay(row('sensor').lease ?? '');
      await site.warehouse.lan.exec('plc', ['ping', '-c', '1', '-W', '1', gateway.ip]);
      const held = await site.untilDevice('plc', d => d.reason === 'NO_RESPONSE');
      expect(held).toMatchObject({ admission: 'pending', enforcement: 'held' });
    });

    it('over the LAN of a zone that only observes gets a genuine answer, and is cut for it once the zone enforces', async () => {
      await mode('observe');
      await challengeAgain();
      await site.untilDevice('plc', d => d.reason === 'KEY_SEEN_ELSEWHERE');
      await mode('enforce');
      await site.untilDevice('plc', d => d.enforcement === 'quarantined' && d.reason === 'KEY_SEEN_ELSEWHERE');
      expect((await site.device('sensor'))?.admission).toBe('admitted');
      running.kill('SIGTERM');
    });

    it('over a link outside the bridge is a genuine answer of an expected device, and is not let in: its place is not proven', async () => {
      const { lan } = site.warehouse;
      const [here, there] = [lan.ns('plc'), lan.ns('elsewhere')];
      await lan.exec('plc', ['ip', 'link', 'add', 'wan0', 'type', 'veth', 'peer', 'name', 'wan0', 'netns', there]);
      for (const [host, address] of [
        ['plc', '192.0.2.1/30'],
        ['elsewhere', '192.0.2.2/30'],
      ] as const) {
        await lan.exec(host, ['ip', 'addr', 'add', address, 'dev', 'wan0']);
        await lan.exec(host, ['ip', 'link', 'set', 'wan0', 'up']);
      }
      expect(here).not.toBe(there);
      await lan.exec('elsewhere', ['ip', 'link', 'set', 'eth0', 'down']); // it is not on our LAN at all
      await site.warehouse.start(row('elsewhere'));
      const list = `${own()}/expected/dock.yaml`;
      const before = readFileSync(list, 'utf8');
      writeFileSync(list, `${before}- serial: "TS2-777001"\n  vendor: Acme Sensors\n`);
      running = relay('192.0.2.2');
      await challengeAgain();
      const seen = await site.untilDevice('plc', d => d.reason === 'LOCATION_NOT_PROVEN' && d.enforcement === 'held');
      expect(seen).toMatchObject({ attestation: 'warning', assurance: 5, expected: true, admission: 'pending', enforcement: 'held' });
      // Nor is it where the list says that it belongs elsewhere.
      writeFileSync(list, `${before}- serial: "TS2-777001"\n  vendor: Acme Sensors\n  port: ${row('elsewhere').port}\n`);
      const told = async () => JSON.stringify(await site.gateway.device(seen.id));
      await until(async () => (await told()).includes('it is expected, but not here'), 'the list is read anew');
      const still = await site.untilDevice('plc', d => d.enforcement === 'held');
      expect(still).toMatchObject({ reason: 'LOCATION_NOT_PROVEN', admission: 'pending' });
    });

    it('is let in by a person who looked, and by nobody else', async () => {
      await site.gateway.command(`/devices/${(await site.device('plc'))?.id}/approve`, { hours: 1, reason: 'I stand before it' });
      await site.untilDevice('plc', d => d.admission === 'approved' && d.enforcement === 'open');
      running.kill('SIGTERM');
    });
  });

  describe.skipIf(noTpm !== undefined)('of a TPM', () => {
    const quoteType = 'application/vnd.sallyport.tpm-quote+json';
    const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
    let tpm: Swtpm;
    let copy: Swtpm | undefined;
    let akChain: readonly Uint8Array[];
    const quote = (of: Swtpm, nonce: Uint8Array): Uint8Array =>
      message({ ...of.quote('sha256:0,7', nonce), akPublic: of.read('ak.pub'), akChain });
    const boot = (of: Swtpm): void => {
      of.extend(0, digest('firmware'));
      of.loadKeys();
    };

    beforeAll(async () => {
      const vendor = await makeVendor({ name: 'Acme Edge' });
      writeFileSync(`${own()}/anchors/edge.device-ca.pem`, vendor.anchorPem);
      await untilRead();
      appendFileSync(`${own()}/expected/dock.yaml`, `- serial: "EB3-0001"\n  vendor: Acme Edge\n  port: ${row('printer').port}\n`);
      tpm = Swtpm.make();
      await tpm.start();
      const made = tpm.makeKeys(['-G', 'ecc', '-g', 'sha256', '-s', 'ecdsa']);
      akChain = [await certify(vendor, { privateKey: publicKeyOf(decodeTpmPublic(made.akPublic)) })];
      await tpm.reset();
      boot(tpm);
      await tpm.stop();
      copy = tpm.clone();
      await tpm.start();
      boot(tpm);
    }, 480_000);
    afterAll(async () => {
      await tpm?.remove();
      await copy?.remove();
    });

    it('a quote is proof of who it is; a replayed one is none', async () => {
      const first = await open('printer');
      const good = quote(tpm, first.nonce);
      expect((await hand('printer', first.location, quoteType, good)).status).toBe(200);
      await site.untilDevice('printer', d => d.attestation === 'warning' && d.assurance >= 3);
      const second = await open('printer');
      await hand('printer', second.location, quoteType, good);
      await site.untilDevice('printer', d => d.reason === 'NONCE_MISMATCH');
      const third = await open('printer');
      await hand('printer', third.location, quoteType, quote(tpm, third.nonce));
      await site.untilDevice('printer', d => d.attestation === 'warning');
    });

    it('a copied state on a second host is a key that another device has', async () => {
      if (copy === undefined) throw new Error('no copy');
      await copy.start();
      boot(copy);
      const { location, nonce } = await open('tampered');
      await hand('tampered', location, quoteType, quote(copy, nonce));
      await site.untilDevice('tampered', d => d.enforcement !== 'open' && d.reason === 'KEY_SEEN_ELSEWHERE');
    });

    it('a copied state in the place of the first is behind what the first has shown', async () => {
      if (copy === undefined) throw new Error('no copy');
      await tpm.reset();
      boot(tpm);
      const first = await open('printer');
      await hand('printer', first.location, quoteType, quote(tpm, first.nonce));
      const { location, nonce } = await open('printer');
      await hand('printer', location, quoteType, quote(copy, nonce));
      await site.untilDevice('printer', d => d.reason === 'ROLLED_BACK');
    });
  });
});
