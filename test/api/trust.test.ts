import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stagedMs } from '../../gateway/model/trust.ts';
import * as schemas from '../../gateway/api/schemas-trust.ts';
import { makeSelfSigned, makeVendor } from '../vectors/pki.ts';
import { type Called, callVerb } from './call-verb.ts';
import { type OpenPage, openPage } from './open-page.ts';

let open: OpenPage;
let folder = '';
beforeAll(async () => {
  open = await openPage();
  folder = mkdtempSync(join(tmpdir(), `sallyport-trust-verb-${process.pid}-`));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  return open.close();
});
beforeEach(() => void open.site.commands.splice(0));

const sallyport = (...args: readonly string[]): Promise<Called> => callVerb(open.controlSocket, 'trust', 'bob', args);

describe('sallyport trust enrolled', () => {
  it('lists the keys that TPMs enrolled, and shows one by its device or its name', async () => {
    const { code, out } = await sallyport('enrolled');
    expect([code, out]).toEqual([0, 'd1  affirming        as d432fbb3, TPM e4e4e4e4e4e4e4e4, enrolled 2026-09-21 14:13 UTC\n']);
    const listed: unknown = JSON.parse((await sallyport('enrolled', 'list', '--json')).out);
    expect(schemas.enrolledKeys.parse({ keys: listed }).keys).toEqual(open.site.trust.enrolled());
    for (const named of ['d1', 'D432-FBB3']) {
      const shown = await sallyport('enrolled', 'show', named);
      expect(shown.code).toBe(0);
      expect(shown.out).toContain(`TPM       sha256 ${'e4'.repeat(32)}, 2 certificates vouch for it\n`);
    }
    expect((await sallyport('enrolled', 'show', 'd9')).code).toBe(4);
  });

  it('forgets one for a reason, with who said so', async () => {
    expect((await sallyport('enrolled', 'forget', 'd1')).err).toContain('--reason is missing');
    const { code, out } = await sallyport('enrolled', 'forget', 'd432fbb3', '--reason', 'replaced');
    expect([code, out]).toEqual([0, 'Forgot the key of d1: it proves nothing by it, and is asked anew; its TPM may enrol again\n']);
    expect(open.site.commands).toEqual([{ by: 'local:bob', reason: 'replaced', command: { kind: 'forget-enrolled', device: 'd1' } }]);
  });

  it('refuses what it would ignore', async () => {
    for (const words of [['show'], ['list', 'd1'], ['forget', 'd1', 'd2'], ['burn', 'd1'], ['list', '--reason', 'why']])
      expect((await sallyport('enrolled', ...words)).code, words.join(' ')).toBe(1);
  });
});

describe('sallyport trust', () => {
  it('lists anchors of files and of people, says what waits, and makes no text of a certificate dangerous', async () => {
    const { code, out } = await sallyport();
    expect(code).toBe(2);
    expect(out).toMatch(/^a1a1a1a1a1a1a1a1 {2}in force {3}acme\.device-ca\.pem: O=Acme; from a file$/m);
    expect(out).toMatch(/^b2b2b2b2b2b2b2b2 {2}staged {5}omron: O=Omron/m);
    expect(out).not.toMatch(/[\u202e\u0000\u0007]/);
    const listed: unknown = JSON.parse((await sallyport('list', '--json')).out);
    expect(schemas.trustState.parse({ anchors: listed })).toEqual({
      anchors: open.site.trust.anchors().map(anchor => ({ ...anchor, devices: 0, deviceIds: [] })),
    });
  });

  it('shows what an anchor would newly admit, by name or fingerprint', async () => {
    for (const named of ['omron', 'B2B2B2B2']) {
      const { code, out } = await sallyport('show', named);
      expect(code).toBe(2);
      expect(out).toContain('Would newly admit 1 device: d3 (2 devices judged anew; of 1 more it cannot be told)');
      expect(out).toMatch(/^staged {5}local:ann at .*: new drives$/m);
    }
    expect((await sallyport('show', 'acme.device-ca.pem')).code).toBe(0);
    expect((await sallyport('show', 'nobody')).code).toBe(4);
  });

  it('approves only with --yes, and with the number that was shown', async () => {
    const shown = await sallyport('approve', 'omron', '--reason', 'checked');
    expect([shown.code, open.site.commands]).toEqual([2, []]);
    expect(shown.out).toContain('Nothing is approved yet: say --yes');
    expect((await sallyport('approve', 'omron', '--yes', '--reason', 'checked')).code).toBe(0);
    expect(open.site.commands).toEqual([
      { by: 'local:bob', reason: 'checked', command: { kind: 'approve-anchor', sha256: 'b2'.repeat(32), newlyAdmits: 1, untold: 1 } },
    ]);
    expect((await sallyport('approve', 'acme.device-ca.pem', '--yes', '--reason', 'checked')).code).toBe(1);
  });

  it('says of one that nobody confirmed in time that it has lapsed, and does not ask what it would let in', async () => {
    open.site.stageAt('forgotten', 'e5'.repeat(32), Date.now() - stagedMs - 1000);
    expect((await sallyport()).out).toMatch(/^e5e5e5e5e5e5e5e5 {2}lapsed {5}forgotten: O=forgotten/m);
    const { code, out } = await sallyport('show', 'forgotten');
    expect([code, out]).toEqual([
      2,
      expect.stringContaining('Nobody confirmed it within 14 days: to have it after all, somebody brings it anew.'),
    ]);
    expect(out).not.toContain('newly admit');
    const approved = await sallyport('approve', 'forgotten', '--yes', '--reason', 'checked');
    expect([approved.code, approved.err]).toEqual([1, expect.stringContaining('Cannot approve forgotten: it has lapsed')]);
    expect((await sallyport('remove', 'forgotten', '--reason', 'too late')).code).toBe(0);
    open.site.stageAt('late', 'e6'.repeat(32), Date.now() - stagedMs + 60_000);
    expect((await sallyport()).out).toMatch(/^e6e6e6e6e6e6e6e6 {2}staged {5}late/m);
    expect((await sallyport('remove', 'late', '--reason', 'a test')).code).toBe(0);
  });

  it('brings the key of another Verifier, how far its word goes, and refuses what belongs to anchors', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const file = join(folder, 'plant.pem');
    writeFileSync(file, publicKey.export({ type: 'spki', format: 'pem' }));
    const why = ['--source', 'the plant', '--reason', 'meters'];
    expect((await sallyport('add', file, ...why, '--uses', 'identity')).err).toContain('Cannot add a Verifier: it has no --uses');
    expect((await sallyport('add', file, ...why, '--max-age', 'long')).err).toContain("Cannot read --max-age 'long'");
    const { code, out } = await sallyport('add', file, ...why, '--most', 'affirming', '--max-age', '10m', '--vendor', 'Acme Meters');
    expect([code, out]).toEqual([
      2,
      expect.stringContaining('Staged plant: key of another Verifier, whose results make a device affirming at most, for 600 s'),
    ]);
    expect(open.site.commands.at(-1)).toMatchObject({
      command: {
        kind: 'stage-verifier',
        verifier: { name: 'plant', most: 'affirming', maxAgeSeconds: 600, vendor: 'Acme Meters', provenance: { by: 'local:bob' } },
      },
    });
    expect((await sallyport()).out).toMatch(/staged {5}plant: key of another Verifier.*; for verifier; brought by people$/m);
    expect((await sallyport('remove', 'plant', '--reason', 'a test')).code).toBe(0);
  });

  it('brings a CA certificate with its limits; a leaf, two certificates and no certificate are refused', async () => {
    const vendor = await makeVendor({ name: 'Acme' });
    const put = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const file = put('Acme.device-ca.pem', vendor.anchorPem);
    const rest = ['--source', 'https://acme.example/pki', '--reason', 'new sensors'] as const;
    const added = await sallyport('add', file, ...rest, '--vendor', 'Acme Sensors', '--zone', 'dock,yard', '--until', '2027-03-01');
    expect([added.code, added.err]).toEqual([2, '']);
    expect(added.out).toMatch(/^Staged acme: O=Acme, CN=Acme Device Root$.*^Would newly admit 1 device.*^Another person approves it/ms);
    expect(open.site.commands[0]).toMatchObject({
      by: 'local:bob',
      reason: 'new sensors',
      command: {
        kind: 'stage-anchor',
        subject: 'O=Acme, CN=Acme Device Root',
        anchor: {
          name: 'acme',
          vendor: 'Acme Sensors',
          zones: ['dock', 'yard'],
          expires: Date.parse('2027-03-01T23:59:59Z'),
          provenance: { source: 'https://acme.example/pki', by: 'local:bob' },
        },
      },
    });
    const leaf = await makeSelfSigned({ cn: 'leaf' });
    expect((await sallyport('add', put('leaf.pem', leaf.chainPem), ...rest)).err).toContain('is no CA');
    expect((await sallyport('add', put('two.pem', vendor.anchorPem.repeat(2)), ...rest)).err).toContain('2 certificates in PEM');
    expect((await sallyport('add', put('none.pem', 'x'), ...rest)).err).toContain('0 certificates in PEM');
    expect((await sallyport('add', file, '--reason', 'x y z')).err).toContain('--source is missing');
    expect((await sallyport('add', join(folder, 'absent'), ...rest)).err).toContain('there is no such file');
    expect((await sallyport('add', file, ...rest, '--uses', 'everything')).err).toContain('uses');
    expect(open.site.commands).toHaveLength(1);
  });

  it('takes away and ends', async () => {
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    await sallyport('expire', 'omron', '--until', tomorrow, '--reason', 'line sold');
    await sallyport('expire', 'omron', '--reason', 'line sold');
    expect((await sallyport('list')).out).toMatch(/ended {6}omron/);
    await sallyport('remove', 'omron', '--reason', 'not ours');
    expect(open.site.commands.map(({ command }) => command)).toMatchObject([
      { kind: 'expire-anchor', expires: Date.parse(`${tomorrow}T23:59:59.999Z`) },
      { kind: 'expire-anchor' },
      { kind: 'remove-anchor', sha256: 'b2'.repeat(32) },
    ]);
    expect((await sallyport('list')).out).not.toContain('omron');
  });

  it.each([
    [['burn', 'omron'], 'give list, show, add'],
    [['show'], 'name one anchor'],
    [['list', 'acme'], 'it takes no arguments'],
    [['remove', 'acme', '--yes', '--reason', 'abc'], 'it has no option --yes'],
    [['remove', 'a1a1a1a1'], '--reason is missing'],
  ])('refuses %j', async (args, words) => {
    const { code, err } = await sallyport(...args);
    expect([code, err]).toEqual([1, expect.stringContaining(words)]);
    expect(open.site.commands).toEqual([]);
  });
});
