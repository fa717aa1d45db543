import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page as Tab } from 'playwright-core';
import { readReferenceKey } from '../../gateway/attestation/reference-values.ts';
import { fileList } from '../api/fixture-trust.ts';
import { fixtureSite } from '../api/fixture-site.ts';
import { markupName } from '../api/fixture-words.ts';
import { openPage } from '../api/open-page.ts';
import type { OpenPage } from '../api/open-page.ts';
import { makeReferenceFile } from '../vectors/pki.ts';
import { browserIsMissing, buildUi, openBrowser, overflow, setUp, shoot, signIn } from './pages.ts';

if (browserIsMissing !== undefined) console.log(`skipped: ${browserIsMissing}`);

const omron = 'b2'.repeat(32);
/** A signed list of one model: `digest` is what its firmware measures. */
const listOf = (version: string, digest: string) => [
  {
    model: 'TS-4',
    minSvn: '3',
    components: [{ name: 'firmware', layer: 1, versions: [{ version, alg: 'sha-256', digest: digest.repeat(32) }] }],
  },
];

describe.skipIf(browserIsMissing !== undefined)('the page of trust', () => {
  let open: OpenPage;
  let ui: Awaited<ReturnType<typeof buildUi>>;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let tab: Tab;

  beforeAll(async () => {
    ui = await buildUi();
    open = await openPage(fixtureSite(), ui.folder);
    browser = await openBrowser();
    tab = await browser.newTab(1280, 900);
    const old = makeReferenceFile({ vendor: 'Acme', models: listOf('4.2.1', 'ab') });
    const next = makeReferenceFile({ vendor: 'Acme', models: listOf(`4.3.0 ${markupName}`, 'cd'), keyPem: old.keyPem });
    open.site.trusted.push(readReferenceKey('acme.refval.pem', old.publicKeyPem));
    for (const [file, { file: text, signature }] of Object.entries({ 'old.json': old, 'next.json': next })) {
      const brought = { file, content: new Uint8Array(Buffer.from(text)), signature };
      expect(await open.site.addReferences('local:ann', 'from the vendor', brought)).toEqual({ ok: true });
    }
  });
  afterAll(async () => {
    await browser?.close();
    await open?.close();
    ui?.remove();
  });

  const card = (name: string) => tab.getByRole('listitem', { name });
  const decide = async (reason: string, button: string, preset?: string) => {
    const dialog = tab.getByRole('dialog');
    if (preset !== undefined) await dialog.getByLabel(preset).check();
    await dialog.getByLabel('Reason').fill(reason);
    await dialog.getByRole('button', { name: button }).click();
    await dialog.waitFor({ state: 'detached' });
  };

  it('is a page of its own, and the other pages count what waits', async () => {
    await tab.goto(open.page.url);
    await setUp(tab, open.page.setupCode ?? '');
    const link = tab.getByRole('link', { name: /^Trust/ });
    await expect.poll(() => link.textContent()).toBe('Trust1 waiting for a second person');
    await link.click();
    await tab.getByRole('heading', { name: 'Trust', exact: true }).waitFor();
    expect(await tab.title()).toBe('Trust · Sallyport');
    expect(await link.getAttribute('aria-current')).toBe('page');
    await tab.reload();
    await tab.getByRole('heading', { name: 'Trust anchors (2)' }).waitFor();
  });

  it('shows of an anchor what it is limited to, who brought it, and what it would let in; hostile text as text', async () => {
    const waits = card('omron');
    await expect
      .poll(() => waits.textContent())
      .toMatch(
        /Waits for a second person.*local:ann brought it: “new drives”.*It would newly admit 1 device: line1-plc \(2 devices judged anew; of 1 more it cannot be told\)/s,
      );
    await waits.getByText('Limits and who says so').click();
    expect(await waits.locator('dl').textContent()).toMatch(
      /foridentity zonesdock.*until.*sourcea mail that says <img src=x onerror=alert\(1\)>/,
    );
    expect(await waits.textContent()).toContain('O=Omron, CN=cam�gpj.exe');
    expect(await tab.locator('img').count()).toBe(0);
    expect(
      await card('acme.device-ca.pem')
        .getByRole('button', { name: /Revoke/ })
        .count(),
    ).toBe(0);
    await shoot(tab, 'trust-1280');
  });

  it('says what a confirmation lets in, and sends the number that was shown', async () => {
    await card('omron').getByRole('button', { name: 'Confirm as second person…: omron' }).click();
    const dialog = tab.getByRole('dialog');
    await expect
      .poll(() => dialog.textContent())
      .toMatch(/vouches for devices in zone dock, until .*newly admit 1 device at once: line1-plc/);
    expect(await dialog.textContent()).toContain(omron);
    await shoot(tab, 'trust-confirm-1280', false);
    await decide('compared by phone', 'Trust it from now on');
    await card('omron').getByText('In force').waitFor();
    expect(open.site.commands.at(-1)).toMatchObject({
      by: 'keller',
      reason: 'compared by phone',
      command: { kind: 'approve-anchor', sha256: omron, newlyAdmits: 1 },
    });
    await tab.getByText('Done: trust it from now on. It counts within seconds.').waitFor();
    expect(await tab.getByRole('link', { name: /^Trust/ }).textContent()).toBe('Trust');
  });

  it('says whom a revocation cuts, lets an anchor end, and takes it away', async () => {
    await card('omron').getByRole('button', { name: 'Let it end…: omron' }).click();
    await decide('the line is sold', 'Let it end then', 'Now');
    await card('omron').getByText('Ended: admits nobody').waitFor();
    await card('omron').getByRole('button', { name: 'Revoke omron…' }).click();
    await expect
      .poll(() => tab.getByRole('dialog').textContent())
      .toMatch(/within seconds and for good\. No device leans on it now\..*two persons must say so anew/);
    await tab.keyboard.press('Escape');
    expect(open.site.trust.anchors()).toHaveLength(2);
    await card('omron').getByRole('button', { name: 'Revoke omron…' }).click();
    await decide('not ours', 'Trust it no more');
    await card('omron').waitFor({ state: 'detached' });
    expect(open.site.trust.anchors()).toHaveLength(1);
  });

  it('offers no confirmation to who brought the anchor, and asks once what it would let in, whatever else changes', async () => {
    let asked = 0;
    const count = (request: { url(): string }) => void (asked += Number(request.url().endsWith('/preview')));
    tab.on('request', count);
    const staged = {
      kind: 'stage-anchor',
      sha256: 'c3'.repeat(32),
      subject: 'O=Keller',
      anchor: { name: 'mine', certificate: '' },
    } as const;
    await open.site.command('keller', 'my own', staged);
    await card('mine').getByText('Another person must confirm it.').waitFor();
    expect(
      await card('mine')
        .getByRole('button', { name: /Confirm/ })
        .count(),
    ).toBe(0);
    await open.site.command('ann', 'another', { ...staged, sha256: 'd4'.repeat(32), anchor: { name: 'zebra', certificate: '' } });
    await card('zebra').getByText('newly admit 1 device').waitFor();
    await open.site.command('ann', 'a mistake', { kind: 'remove-anchor', sha256: 'd4'.repeat(32) });
    await card('zebra').waitFor({ state: 'detached' });
    expect(asked).toBe(2);
    tab.off('request', count);
    await card('mine').getByRole('button', { name: 'Take it back…: mine' }).click();
    expect(await tab.getByRole('dialog').textContent()).toContain('Nothing changes for any device.');
    await decide('a test', 'Take it back');
    await card('mine').waitFor({ state: 'detached' });
  });

  it('offers no confirmation of what lapsed, only to take it back', async () => {
    open.site.stageAt('forgotten', 'e5'.repeat(32), Date.now() - 15 * 86_400_000);
    await card('forgotten').getByText('Nobody confirmed it within 14 days').waitFor();
    expect(
      await card('forgotten')
        .getByRole('button', { name: /Confirm/ })
        .count(),
    ).toBe(0);
    await card('forgotten').getByRole('button', { name: 'Take it back…: forgotten' }).click();
    await decide('too late', 'Take it back');
    await card('forgotten').waitFor({ state: 'detached' });
  });

  const set = (version: string) => tab.getByRole('listitem', { name: 'Acme TS-4' }).filter({ hasText: `version ${version}` });

  it('puts a set into force, and another in its place for a time, with the deadline and what changes', async () => {
    await set('4.2.1')
      .getByRole('button', { name: /into force/ })
      .click();
    await decide('the release of May', 'Put into force');
    await set('4.2.1').getByText('Active', { exact: true }).waitFor();
    await set('4.3.0').getByText('What it lists, and who signed it').click();
    await set('4.3.0').getByLabel('Compare with').selectOption({ index: 1 });
    await expect
      .poll(() => set('4.3.0').locator('.changes').textContent())
      .toMatch(
        /no more firmware layer 1: 4\.2\.1 sha-256:abababab…abababab.*new firmware layer 1: 4\.3\.0 <img src=x onerror=alert\(1\)> sha-256:cdcdcdcd…cdcdcdcd/,
      );
    await set('4.3.0')
      .getByRole('button', { name: /into force/ })
      .click();
    expect(await tab.getByRole('dialog').textContent()).toMatch(
      /takes the place of Acme TS-4 4\.2\.1.*a device that has not been updated by then fails/,
    );
    await decide('the release of June', 'Put into force', '7 days');
    await expect.poll(() => set('4.2.1').textContent()).toMatch(/Superseded, accepted for a while.*accepted until .* \(7 d left\)/);
    await shoot(tab, 'trust-transition-1280');
    expect(await tab.locator('img').count()).toBe(0);
  });

  it('revokes a set for good, after saying what follows', async () => {
    await set('4.2.1')
      .getByRole('button', { name: /^Revoke/ })
      .click();
    expect(await tab.getByRole('dialog').textContent()).toContain(
      'counts as bad from now on and for good: it can never be put into force again',
    );
    await decide('a hole in it', 'Revoke for good');
    await set('4.2.1').getByText('Revoked', { exact: true }).waitFor();
    expect(await set('4.2.1').getByRole('button').count()).toBe(0);
    expect(
      open.site
        .references()
        .sets.map(({ state }) => state)
        .toSorted(),
    ).toEqual(['active', 'revoked']);
  });

  it('is refused when more would be let in than was shown, says so, and shows the new number', async () => {
    await open.site.command('ann', 'new drives', {
      kind: 'stage-anchor',
      sha256: omron,
      subject: 'O=Omron',
      anchor: { name: 'omron', certificate: '' },
    });
    await card('omron').getByRole('button', { name: 'Confirm as second person…: omron' }).click();
    open.site.newlyAdmitted.push('d9');
    await tab.getByRole('dialog').getByLabel('Reason').fill('compared');
    await tab.getByRole('button', { name: 'Trust it from now on' }).click();
    const failure = tab.getByRole('dialog').getByRole('alert');
    await expect.poll(() => failure.textContent()).toBe('Cannot approve the anchor: it would newly admit 2 devices, not 1');
    browser.complaints.splice(0); // the browser reports the refused request itself
    await tab.keyboard.press('Escape');
    await expect.poll(() => card('omron').textContent()).toContain('newly admit 2 devices: line1-plc, dock-ts4-99');
    expect(open.site.trust.anchors().find(({ name }) => name === 'omron')?.state).toBe('staged');
  });

  it('shows which files devices may run, and the keys that TPMs enrolled, of which one can be forgotten', async () => {
    open.site.fileLists.push(fileList);
    await tab.reload();
    await tab.getByRole('heading', { name: 'Files that devices may run' }).waitFor();
    const row = tab.getByRole('listitem').filter({ hasText: 'EdgeBox-3' });
    expect(await row.textContent()).toContain(`all but /var/log/${markupName}/; 3 devices judged by it, 1 not`);
    await shoot(tab, 'trust-tables');
    await tab.getByRole('button', { name: 'Forget…: the key of d1' }).click();
    await decide('replaced', 'Forget it');
    expect(open.site.commands.at(-1)).toMatchObject({ reason: 'replaced', command: { kind: 'forget-enrolled', device: 'd1' } });
  });

  it('works on a phone and by keyboard: nothing scrolls sideways, fingers hit what they mean, focus comes back', async () => {
    const phone = await browser.newTab(390, 844, 'dark');
    await phone.goto(`${open.page.url}trust`);
    await signIn(phone);
    const confirm = phone.getByRole('button', { name: 'Confirm as second person…: omron' });
    await confirm.waitFor();
    for (const summary of await phone.locator('.card summary').all()) await summary.click();
    await phone.getByLabel('Compare with').first().waitFor();
    expect(await overflow(phone)).toBe(0);
    await shoot(phone, 'trust-390-dark', true);
    for (const target of await phone.locator('.nav a, .card button:not(.copy), .card summary').all())
      expect((await target.boundingBox())?.height, (await target.textContent()) ?? '').toBeGreaterThanOrEqual(44);
    await confirm.focus();
    await phone.keyboard.press('Enter');
    await phone.getByRole('dialog').waitFor();
    expect(await overflow(phone)).toBe(0);
    await shoot(phone, 'trust-confirm-390-dark');
    await phone.keyboard.press('Escape');
    expect(await confirm.evaluate(button => button === document.activeElement)).toBe(true);
    await phone.context().close();
  });

  it('breaks no content security policy and reports no error', () => expect(browser.complaints).toEqual([]));
});
