import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'cborg';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { component, psaClaims } from '../attestation/token-world.ts';
import { fromHex, makeSign1 } from '../vectors/tokens.ts';
import { callVerb } from '../api/call-verb.ts';
import { HandIn } from './hand-in.ts';
import { labIsMissing } from './namespace.ts';
import { row, Standing } from './standing.ts';

/** What others vouch for, against the real gateway: Attestation Results of another Verifier, and firmware that only a person took as good. */
const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);
const cli = join(import.meta.dirname, '../../dist/gateway/cli.js');

const verifier = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const meter = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pemOf = (pair: typeof meter): string => pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const [known, unsigned, third] = [`01${'e1'.repeat(32)}`, `01${'e2'.repeat(32)}`, `01${'e3'.repeat(32)}`];
const provenance = `  provenance: { source: made here, by: anna, when: "2026-11-22" }\n`;

/** What a Verifier said of a device `age` seconds ago, for ten minutes. */
async function earBy(by: typeof meter, ueid: string, nonce: Uint8Array | undefined, age = 0): Promise<Uint8Array> {
  const iat = Math.floor(Date.now() / 1000) - age;
  const claims = {
    eat_profile: 'tag:ietf.org,2026:rats/ear#03',
    iat,
    exp: iat + 600,
    ...(nonce === undefined ? {} : { eat_nonce: Buffer.from(nonce).toString('base64url') }),
    ueid: Buffer.from(ueid, 'hex').toString('base64url'),
    ear_verifier_id: { developer: 'https://verifier.example', build: '1' },
    submods: { PSA: { ear_status: 'affirming', ear_trustworthiness_vector: { 'instance-identity': 2, executables: 2 } } },
  };
  return new TextEncoder().encode(await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(by.privateKey));
}

describe.skipIf(missing)('devices that others vouch for', () => {
  let site: Standing;
  let lane: HandIn;
  const sallyport = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [cli, ...args, '--data', site.gateway.data], { encoding: 'utf8' });

  beforeAll(async () => {
    site = await Standing.make('spvouch');
    lane = new HandIn(site);
    const listed = `- verifier: plant\n  publicKey: "${pemOf(verifier)}"\n  most: affirming\n  maxAgeSeconds: 600\n  vendor: Acme Meters\n${provenance}`;
    writeFileSync(`${lane.own}/anchors/plant.verifiers.yaml`, listed);
    const key = `- instance: "${unsigned}"\n  publicKey: "${pemOf(meter)}"\n  vendor: Acme Meters\n  model: M9\n${provenance}`;
    writeFileSync(`${lane.own}/anchors/meters.keys.yaml`, key);
    const expected = [
      [known, 'stealth'],
      [unsigned, 'printer'],
      [third, 'hostile'],
    ].map(([serial, host = '']) => `- serial: "${serial}"\n  vendor: Acme Meters\n  port: ${row(host).port}\n`);
    appendFileSync(`${lane.own}/expected/dock.yaml`, expected.join(''));
    await lane.untilRead();
    for (const host of ['stealth', 'hostile']) await lane.plugIn(host);
    await lane.plugIn('printer', `${row('printer').lease}/16`);
  }, 480_000);
  afterAll(() => site?.close());

  describe('by an EAR of another Verifier', () => {
    const type = 'application/eat+jwt; eat_profile="tag:ietf.org,2026:rats/ear#03"';
    const ear = (nonce: Uint8Array | undefined, age = 0): Promise<Uint8Array> => earBy(verifier, known, nonce, age);

    it('made for our nonce, an expected device is admitted at its port, and why says who vouches for it', async () => {
      const { location, nonce } = await lane.open('stealth');
      expect((await lane.hand('stealth', location, type, await ear(nonce))).status).toBe(200);
      const device = await site.untilDevice('stealth', d => d.admission === 'admitted' && d.enforcement === 'open');
      expect(device).toMatchObject({ attestation: 'affirming', assurance: 4, reason: 'SIGNED_AND_EXPECTED' });
      expect(sallyport('why', device.id)).toContain('the signature is good; it is by the Verifier plant');
    });

    it('that is stale, it is cut and says so; with a fresh one it is let in again', async () => {
      const { location, nonce } = await lane.open('stealth');
      // Though it carries the nonce: what a Verifier says for ten minutes is said no more after them.
      await lane.hand('stealth', location, type, await ear(nonce, 3600));
      const cut = await site.untilDevice('stealth', d => d.enforcement === 'quarantined');
      expect(cut).toMatchObject({ attestation: 'contraindicated', reason: 'EAR_STALE', assurance: 0 });
      const again = await lane.open('stealth');
      await lane.hand('stealth', again.location, type, await ear(again.nonce));
      await site.untilDevice('stealth', d => d.admission === 'admitted' && d.enforcement === 'open');
    });

    it('that was given for another question is a replay, and one without a nonce is no way out of it', async () => {
      const old = await ear((await lane.open('stealth')).nonce);
      const next = await lane.open('stealth');
      await lane.hand('stealth', next.location, type, old);
      await site.untilDevice('stealth', d => d.enforcement === 'quarantined' && d.reason === 'NONCE_MISMATCH');
      const last = await lane.open('stealth');
      expect((await lane.hand('stealth', last.location, type, await ear(undefined))).status).toBe(200);
      expect(await site.device('stealth')).toMatchObject({ enforcement: 'quarantined', reason: 'NONCE_MISMATCH' });
    });

    it('that is a passport of today and no answer to us, a device that never failed is held and not cut', async () => {
      const { location } = await lane.open('hostile');
      await lane.hand('hostile', location, type, await ear(undefined));
      const held = await site.untilDevice('hostile', d => d.reason === 'EVIDENCE_NOT_FRESH');
      expect(held).toMatchObject({ attestation: 'none', admission: 'pending', enforcement: 'held' });
    });
  });

  describe('by an EAR of a Verifier that people bring while it runs', () => {
    const late = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const hand = async (): Promise<void> => {
      const { location, nonce } = await lane.open('hostile');
      await lane.hand(
        'hostile',
        location,
        'application/eat+jwt; eat_profile="tag:ietf.org,2026:rats/ear#03"',
        await earBy(late, third, nonce),
      );
    };
    const trust = (user: string, ...args: readonly string[]) => callVerb(`${site.gateway.data}/control.sock`, 'trust', user, args);

    it('nothing counts while one person has spoken, who is shown whom it would let in; then another lets it count', async () => {
      await hand();
      const { id } = await site.untilDevice('hostile', d => d.reason === 'SIGNATURE_INVALID');
      const file = `${site.folder}/late.pem`;
      writeFileSync(file, late.publicKey.export({ type: 'spki', format: 'pem' }));
      const far = ['--most', 'affirming', '--max-age', '10m', '--vendor', 'Acme Meters'];
      const { out } = await trust('ann', 'add', file, ...far, '--source', 'the plant', '--reason', 'more meters');
      expect(out).toContain(`Would newly admit 1 device: ${id} (`);
      expect((await trust('ann', 'approve', 'late', '--yes', '--reason', 'sure')).err).toContain('another person must approve it');
      await hand();
      expect(await site.device('hostile')).toMatchObject({ attestation: 'contraindicated', reason: 'SIGNATURE_INVALID' });
      expect((await trust('bob', 'approve', 'late', '--yes', '--reason', 'compared')).code).toBe(0);
      await lane.untilRead();
      await hand();
      await site.untilDevice('hostile', d => d.admission === 'admitted' && d.enforcement === 'open');
      expect((await trust('bob', 'list')).out).toMatch(/in force {3}plant: key of another Verifier.*plant\.verifiers\.yaml:1/);
      expect((await trust('carl', 'remove', 'late', '--reason', 'contract ended')).code).toBe(0);
      await lane.untilRead();
      await hand();
      await site.untilDevice('hostile', d => d.enforcement === 'quarantined' && d.reason === 'SIGNATURE_INVALID');
    });
  });

  describe('by a baseline that a person took', () => {
    const token = (nonce: Uint8Array, byte: number): Uint8Array =>
      makeSign1(encode(psaClaims({ 10: Uint8Array.from(nonce), 256: fromHex(unsigned), 2399: [component('BL', byte)] })), {
        key: meter.privateKey,
      });
    const show = async (byte: number): Promise<void> => {
      const { location, nonce } = await lane.open('printer');
      expect((await lane.hand('printer', location, 'application/psa-attestation-token', token(nonce, byte))).status).toBe(200);
    };

    it('it stays a warning however long it measures the same: nobody signed for it, so it is held until a person lets it in', async () => {
      await show(0x11);
      const before = await site.untilDevice('printer', d => d.reason === 'REFERENCE_MISSING');
      expect(before).toMatchObject({ attestation: 'warning', admission: 'pending' });
      expect(sallyport('reference', 'baseline', before.id, '--reason', 'looked at it')).toContain('is its baseline: a warning');
      await show(0x11);
      const same = await site.untilDevice('printer', d => d.reason === 'BASELINE_ONLY');
      expect(same).toMatchObject({ attestation: 'warning', admission: 'pending', enforcement: 'held' });
      await site.gateway.command(`/devices/${same.id}/approve`, { hours: 1, reason: 'it is ours' });
      await site.untilDevice('printer', d => d.admission === 'approved' && d.enforcement === 'open');
    });

    it('it is cut when it measures something else, approved or not', async () => {
      await show(0x12);
      const cut = await site.untilDevice('printer', d => d.enforcement === 'quarantined');
      expect(cut).toMatchObject({ attestation: 'contraindicated', reason: 'BASELINE_CHANGED' });
      expect(sallyport('reference')).toMatch(/baseline of \S+, 1 digest/);
    });
  });
});
