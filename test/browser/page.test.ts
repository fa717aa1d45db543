import { readFileSync } from 'node:fs';
import type { Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureSite } from '../api/fixture-site.ts';
import { markupName } from '../api/fixture-words.ts';
import { openPage } from '../api/open-page.ts';
import type { OpenPage } from '../api/open-page.ts';
import { callVerb } from '../api/call-verb.ts';
import { browserIsMissing, buildUi, openBrowser, overflow, password, setUp, shoot, signIn } from './pages.ts';

if (browserIsMissing !== undefined) console.log(`skipped: ${browserIsMissing}`);

describe.skipIf(browserIsMissing !== undefined)('the page in a browser', () => {
  let open: OpenPage;
  let ui: Awaited<ReturnType<typeof buildUi>>;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let tab: Tab;

  beforeAll(async () => {
    ui = await buildUi();
    open = await openPage(fixtureSite(), ui.folder);
    browser = await openBrowser();
    tab = await browser.newTab(1400, 900);
  });
  afterAll(async () => {
    await browser?.close();
    await open?.close();
    ui?.remove();
  });

  const card = (page: Tab, name: string) => page.getByRole('row').filter({ hasText: name });

  it('sets up with the one-time code and signs in', async () => {
    await tab.goto(open.page.url);
    await tab.getByRole('heading', { name: 'Set up this gateway' }).waitFor();
    await shoot(tab, 'setup-1400');
    await setUp(tab, '0000-0000-0000-0000');
    await expect.poll(() => tab.getByRole('alert').textContent()).toContain('Cannot sign in');
    browser.complaints.splice(0); // the browser reports the refused request itself
    await tab.getByLabel('One-time code').fill(open.page.setupCode ?? '');
    await tab.getByRole('button', { name: /Create account/ }).click();
    await tab.getByRole('link', { name: 'line1-plc' }).waitFor();
    expect(open.site.notes).toHaveLength(1);
  });

  it('lists every device with its badge, counts that filter, and a search', async () => {
    await tab.getByText('● live').waitFor();
    expect(await tab.getByRole('row').count()).toBe(10);
    await shoot(tab, 'devices-1400');
    await tab.getByRole('button', { name: /Pending/ }).click();
    expect(await tab.getByRole('row').count()).toBe(6);
    await tab.getByRole('button', { name: 'All' }).click();
    for (const typed of ['02-00-5E-10-00-03', '0200.5e10.0003', '10.20.4.13', 'siemens', 'line1 plc']) {
      await tab.getByRole('searchbox').fill(typed);
      expect(await tab.getByRole('row').count(), typed).toBe(2);
    }
    await tab.getByRole('searchbox').fill('no such thing');
    await tab.getByRole('heading', { name: 'Nothing matches' }).waitFor();
    await tab.getByRole('searchbox').fill('');
  });

  it('arms probes for a time and a reason, and stops them with one press', async () => {
    const stop = tab.getByRole('button', { name: /Stop probes/ });
    expect(await stop.count()).toBe(0);
    await tab.getByRole('button', { name: 'Ask everybody…' }).click();
    await tab.getByRole('textbox', { name: /Reason/ }).fill('commissioning of dock 7');
    await tab.getByRole('radio', { name: '15 min' }).check();
    await tab.getByRole('button', { name: 'Arm', exact: true }).click();
    await stop.waitFor();
    await shoot(tab, 'probes-1400');
    expect(open.site.commands.at(-1)).toMatchObject({ command: { kind: 'arm-probes', zone: 'dock', mode: 'broadcast' } });
    await stop.click();
    await stop.waitFor({ state: 'detached' });
    expect(open.site.commands.at(-1)).toMatchObject({ command: { kind: 'stop-probes' }, reason: 'the stop button on the page' });
    open.site.commands.splice(0);
  });

  it('hands out the inventory and what it proved, as files', async () => {
    for (const [link, name, text] of [
      ['CSV', /\.csv$/, 'dock-ts4-17'],
      ['JSON Lines', /\d\.jsonl$/, '"hostname":"dock-ts4-17"'],
      ['CycloneDX', /\.cdx\.json$/, '"specVersion":"1.6"'],
      ['Signed results', /\.ear\.jsonl$/, ''], // what the fixture's devices proved is long over, and none is signed anew
    ] as const) {
      const [download] = await Promise.all([
        tab.waitForEvent('download'),
        tab.locator('.exports').getByRole('link', { name: link, exact: true }).click(),
      ]);
      expect(download.suggestedFilename()).toMatch(name);
      expect(readFileSync(await download.path(), 'utf8')).toContain(text);
    }
  });

  it('hands it out as it stood at the end of a day, unsigned', async () => {
    await tab.getByLabel('as of').fill('2026-03-01');
    expect(await tab.getByRole('link', { name: 'Signed results' }).count()).toBe(0);
    await Promise.all([tab.waitForEvent('download'), tab.locator('.exports').getByRole('link', { name: 'CSV' }).click()]);
    expect(open.site.askedOf).toEqual([new Date(2026, 2, 2).getTime() - 1]);
    await tab.getByLabel('as of').fill('');
    await tab.getByRole('link', { name: 'Signed results' }).waitFor();
  });

  it('counts whom an enforcement would cut for as long as the question stands', async () => {
    const view = open.site.device('d5') ?? expect.fail('no camera');
    await tab.getByRole('button', { name: 'Enforce…' }).click();
    const dialog = tab.getByRole('dialog');
    expect(await dialog.textContent()).toContain('No device would be cut now.');
    open.site.add({ ...view, device: { ...view.device, id: 'd50', zone: 'office' }, enforcement: 'would-quarantine' });
    await expect.poll(() => dialog.textContent()).toMatch(/1 of \d devices are cut at once/);
    await tab.keyboard.press('Escape');
    open.site.forget('d50');
    await expect.poll(() => tab.getByRole('row').count()).toBe(10);
  });

  it('shows the alarms of the day before the list, and in the journal with what people did', async () => {
    expect(await tab.getByRole('region', { name: 'Alarms' }).count()).toBe(0);
    const scan = { kind: 'alarm', alarm: 'port-scan', actor: '02:00:5e:10:00:03', port: 'p1', device: 'd3' } as const;
    open.site.happens({ ...scan, detail: `knocks at 40 ports of ${markupName}`, count: 3, frames: [7] }, Date.now());
    for (let n = 0; n < 120; n++) open.site.happens({ kind: 'paused', by: 'keller', reason: `drill ${n}`, until: 1 }, Date.now());
    await tab.reload();
    const panel = tab.getByRole('region', { name: 'Alarms' });
    await panel.getByRole('link', { name: 'line1-plc' }).waitFor();
    expect(await panel.textContent()).toContain(`1 alarm in 24 hours`);
    expect(await panel.textContent()).toContain(markupName);
    await shoot(tab, 'alarms-1400');
    await panel.getByRole('link', { name: 'All alarms' }).click();
    await tab.getByRole('heading', { name: 'Journal' }).waitFor();
    const lines = tab.locator('.journal li');
    await expect.poll(() => lines.count()).toBe(1);
    await tab.getByRole('button', { name: 'People' }).click();
    await expect.poll(() => lines.count()).toBe(100);
    await tab.getByRole('button', { name: 'Older' }).click();
    await expect.poll(() => lines.count()).toBe(120);
    await tab.getByRole('button', { name: 'All', exact: true }).click();
    await expect.poll(() => lines.count()).toBe(100);
    await shoot(tab, 'journal-1400');
    await tab.setViewportSize({ width: 390, height: 844 });
    expect(await overflow(tab)).toBeLessThanOrEqual(0);
    await shoot(tab, 'journal-390');
    await tab.setViewportSize({ width: 1400, height: 900 });
    open.site.happened.splice(0);
    await tab.getByRole('link', { name: 'Devices', exact: true }).click();
    await tab.getByRole('link', { name: 'line1-plc' }).waitFor();
  });

  it('shows hostile names as text', async () => {
    await tab.getByRole('link', { name: markupName }).waitFor();
    expect(await tab.locator('img').count()).toBe(0);
  });

  it('shows a device with two interfaces: the evidence, what a quarantine cuts, and a way to undo it', async () => {
    expect(await tab.getByRole('row').filter({ hasText: '2 interfaces' }).count()).toBe(2);
    await tab.getByRole('link', { name: 'line1-plc' }).click();
    const others = tab.locator('.interfaces');
    await others.locator('.mono', { hasText: '02:00:5e:10:00:07' }).waitFor();
    expect(await others.textContent()).toMatch(/both say lldp-chassis.*frames 77 and 43.*score 100/);
    await shoot(tab, 'interfaces-1400');
    await tab.getByRole('button', { name: 'Quarantine…' }).click();
    expect(await tab.getByRole('dialog').textContent()).toContain('Cut with it, because they count as the same device: 02:00:5e:10:00:07');
    await tab.getByLabel('Cut this interface only').check();
    await tab.getByLabel('Reason').fill('only the one at p3');
    await tab.getByRole('button', { name: 'Cut from the network' }).click();
    await expect.poll(() => open.site.commands.at(-1)?.command).toEqual({ kind: 'quarantine', device: 'd3', alone: true });
    await tab.getByRole('button', { name: 'Release…' }).click();
    await tab.getByLabel('Reason').fill('looked at it');
    await tab.getByRole('button', { name: 'Take the block away' }).click();
    await others.getByRole('button', { name: 'Undo…' }).click();
    await tab.getByLabel('Reason').fill('two boxes in one rack');
    await tab.getByRole('button', { name: 'Undo the link' }).click();
    await others.getByText('None is known').waitFor();
    expect(open.site.commands.at(-1)).toMatchObject({ reason: 'two boxes in one rack', command: { kind: 'unlink', device: 'd7' } });
  });

  it('sets a field that stays, and shows what is observed beside it', async () => {
    await tab.getByRole('button', { name: 'Set a field…' }).click();
    await tab.locator('select[name=field]').selectOption('vendor');
    await tab.locator('input[name=value]').fill('Acme Drives');
    await tab.getByLabel('Reason').fill('its type plate');
    await tab.getByRole('button', { name: 'Set and lock' }).click();
    await expect
      .poll(() => tab.locator('.set-fields li').textContent())
      .toContain('vendor Acme Drives by keller · observed is Siemens AG (oui)');
    await tab.locator('.set-fields').getByRole('button', { name: 'Unlock…' }).click();
    await tab.getByLabel('Reason').fill('it was the wrong one');
    await tab.getByRole('button', { name: 'Unlock', exact: true }).click();
    await expect.poll(() => tab.locator('.set-fields li').count()).toBe(0);
    await tab.getByRole('link', { name: '‹ Devices' }).click();
  });

  it('says what is not seen from here, and on the device that it is one of two on its port', async () => {
    await tab.getByText('2 things are not seen from here').click();
    const gap = tab.getByRole('listitem').filter({ hasText: 'shared-port' });
    expect(await gap.textContent()).toMatch(
      /2 addresses share port p8 and none is a switch that says so.*To do: Give each device a port of its own/,
    );
    await shoot(tab, 'coverage-1400');
    await gap.getByRole('link', { name: 'd8' }).click();
    await tab.getByText('one of 2 on this port').waitFor();
    expect(await tab.locator('.whereabouts').textContent()).toContain('its frames count for A2 at most');
    await tab.goto(open.page.url);
    await tab.getByText('● live').waitFor();
  });

  it('says of the tampered sensor why it is cut, with expected and seen', async () => {
    await tab.getByRole('link', { name: 'dock-ts4-18' }).click();
    const why = tab.locator('.why');
    await why.waitFor();
    expect(await why.textContent()).toContain('its measured firmware is in no signed list');
    expect(await why.textContent()).toContain('built-in:failed-evidence');
    const failed = tab.locator('.checks .failed');
    expect(await failed.count()).toBe(1);
    expect(await failed.textContent()).toMatch(/expected.*sha-256:91c4a2f0…f213e07b.*seen.*sha-256:d02f9c1b…0b2955a1/);
    expect(await tab.locator('.checks .not-evaluated').count()).toBe(3);
    expect(await tab.getByRole('button', { name: 'Approve…' }).count()).toBe(0);
    expect(await tab.getByRole('button', { name: 'Waive…' }).count()).toBe(1);
    await shoot(tab, 'tampered-1400');
  });

  it('approves the PLC, and another open page sees it at once', async () => {
    const other = await browser.newTab(390, 844);
    await other.goto(open.page.url);
    await signIn(other);
    await card(other, 'line1-plc').getByText('Pending').waitFor();
    await shoot(other, 'devices-390');

    await tab.goto(`${open.page.url}devices/d3`);
    await tab.getByRole('button', { name: 'Approve…' }).click();
    const dialog = tab.getByRole('dialog');
    await dialog.getByRole('heading', { name: 'Approve line1-plc?' }).waitFor();
    await dialog.getByLabel('24 hours').check();
    await dialog.getByRole('textbox').fill('dock 7 replacement, CHG-4411');
    await shoot(tab, 'approve-1400');
    const loads = await other.evaluate(() => performance.getEntriesByType('navigation').length);
    await dialog.getByRole('button', { name: 'Let it on the network' }).click();
    await tab.getByText('Approved by keller').waitFor();
    await card(other, 'line1-plc').getByText('Approved', { exact: true }).waitFor();
    await card(other, 'line1-plc')
      .getByText(/^by keller until 20\d\d-/)
      .waitFor();
    await other.getByRole('searchbox').fill('keller');
    expect(await other.getByRole('row').count()).toBe(2);
    expect(await other.evaluate(() => performance.getEntriesByType('navigation').length)).toBe(loads);
    expect(open.site.commands.at(-1)).toMatchObject({ by: 'keller', command: { kind: 'approve', device: 'd3' } });
    await shoot(tab, 'approved-1400');
    await other.context().close();
  });

  /** Whatever is pressed is 48 px high and wide enough, what opens a whole zone and what copies an address too. */
  async function fitsGloves(phone: Tab): Promise<void> {
    for (const target of await phone.locator('button:visible, summary:visible, .nav a').all()) {
      const box = await target.boundingBox();
      expect(Math.min(box?.height ?? 0, box?.width ?? 0), (await target.textContent()) ?? '').toBeGreaterThanOrEqual(48);
    }
  }

  it('keeps what decides about a device under the thumb, and hides nothing behind it', async () => {
    const phone = await browser.newTab(390, 844);
    await phone.goto(open.page.url);
    await signIn(phone);
    await phone.getByText('● live').waitFor();
    await phone.goto(`${open.page.url}devices/d3`);
    await phone.locator('.why').waitFor();
    const bar = phone.locator('.actions');
    for (const where of [0, 1e6]) {
      await phone.evaluate(top => scrollTo(0, top), where);
      const box = await bar.boundingBox();
      expect(box === null ? 0 : box.y + box.height).toBe(844);
      expect(box?.height).toBeLessThan(150);
    }
    const last = await phone.locator('.health dd').last().boundingBox();
    expect((last?.y ?? 0) + (last?.height ?? 0)).toBeLessThan((await bar.boundingBox())?.y ?? 0);
    await phone.evaluate(() => scrollTo(0, 0));
    await phone.getByRole('button', { name: 'Set a field…' }).focus();
    const focused = await phone.getByRole('button', { name: 'Set a field…' }).boundingBox();
    expect((focused?.y ?? 0) + (focused?.height ?? 0)).toBeLessThanOrEqual((await bar.boundingBox())?.y ?? 0);
    await shoot(phone, 'thumb-390');
    await phone.context().close();
  });

  it('fits a phone: no sideways scrolling, buttons of 48 px', async () => {
    const phone = await browser.newTab(390, 844, 'dark');
    await phone.goto(open.page.url);
    expect(await overflow(phone)).toBe(0);
    await signIn(phone);
    await card(phone, 'line1-plc').waitFor();
    expect(await overflow(phone)).toBe(0);
    await shoot(phone, 'devices-390-dark');
    await fitsGloves(phone);
    for (const id of ['d2', 'd3', 'd6', 'd8']) {
      await phone.goto(`${open.page.url}devices/${id}`);
      await phone.locator('.why').waitFor();
      expect(await overflow(phone), id).toBe(0);
      await shoot(phone, `device-${id}-390`);
      await fitsGloves(phone);
    }
    await phone.getByRole('button', { name: 'Quarantine…' }).click();
    await phone.getByRole('dialog').waitFor();
    expect(await overflow(phone)).toBe(0);
    await shoot(phone, 'quarantine-390');
    await phone.keyboard.press('Escape');
    expect(await phone.getByRole('dialog').count()).toBe(0);
    await phone.context().close();
  });

  it('waives the one failed check of the tampered sensor, for a time only, and releases it again', async () => {
    await tab.goto(`${open.page.url}devices/d2`);
    await tab.getByRole('button', { name: 'Waive…' }).click();
    const dialog = tab.getByRole('dialog');
    await dialog.getByRole('heading', { name: 'Waive DIGEST_UNKNOWN for dock-ts4-18?' }).waitFor();
    expect(await dialog.getByLabel('For good').count()).toBe(0);
    await dialog.getByRole('textbox').fill('vendor hotfix, list follows');
    await dialog.getByRole('button', { name: 'Let it on in spite of this' }).click();
    await tab.getByText('Waived by keller').waitFor();
    await shoot(tab, 'waived-1400');
    expect(open.site.commands.at(-1)?.command).toMatchObject({ kind: 'waive', device: 'd2', excuses: 'DIGEST_UNKNOWN' });
    await tab.getByRole('button', { name: 'Release…' }).click();
    await dialog.getByRole('textbox').fill('hotfix was wrong');
    await dialog.getByRole('button', { name: 'End the waiver' }).click();
    await tab.getByText('Done: end the waiver.').waitFor();
    await tab.getByText('Nobody decided about this device').waitFor();
  });

  it('shows a pause as a banner on every page and ends it', async () => {
    await tab.goto(open.page.url);
    await tab.getByRole('button', { name: 'Pause enforcement…' }).click();
    await tab.getByRole('dialog').getByRole('textbox').fill('forklift stuck');
    await tab.getByRole('dialog').getByRole('button', { name: 'Pause enforcement' }).click();
    await tab.getByText('Enforcement is paused').waitFor();
    await shoot(tab, 'paused-1400');
    await tab.getByRole('button', { name: 'Resume…' }).click();
    await tab.getByRole('dialog').getByRole('textbox').fill('forklift free');
    await tab.getByRole('dialog').getByRole('button', { name: 'Resume now' }).click();
    await tab.getByText('Enforcement is paused').waitFor({ state: 'detached' });
  });

  it('takes a forgotten device off the list, and keeps working from the keyboard', async () => {
    await card(tab, 'label-printer-4').waitFor();
    open.site.forget('d4');
    await card(tab, 'label-printer-4').waitFor({ state: 'detached' });
    await tab.keyboard.press('/');
    expect(await tab.evaluate(() => document.activeElement?.getAttribute('type'))).toBe('search');
    await tab.keyboard.type('ts4-17');
    await tab.getByRole('link', { name: 'dock-ts4-17' }).focus();
    await tab.keyboard.press('Enter');
    await tab.getByRole('heading', { name: /dock-ts4-17/ }).waitFor();
    await tab.goBack();
    await tab.getByRole('searchbox').waitFor();
  });

  it('goes back to the sign-in page when the session ends', async () => {
    await tab.getByRole('button', { name: 'Sign out' }).click();
    await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
    await shoot(tab, 'sign-in-1400');
  });

  it('lets one more person open an account with a one-time code', async () => {
    const { out } = await callVerb(open.controlSocket, 'user', 'root', ['add', 'huber', '--reason', 'second shift']);
    await tab.getByRole('button', { name: 'I have a one-time code' }).click();
    await tab.getByRole('heading', { name: 'Open your account' }).waitFor();
    await shoot(tab, 'account-1400');
    await tab.getByLabel('One-time code').fill(/code for huber: (\S+)/.exec(out)?.[1] ?? '');
    await tab.getByLabel('Your name').fill('huber');
    await tab.getByLabel('Password').fill(password);
    await tab.getByRole('button', { name: /Create account/ }).click();
    await tab.locator('.user', { hasText: 'huber' }).waitFor();
    open.site.happened.splice(0);
  });

  it('breaks no content security policy and reports no error', () => {
    expect(browser.complaints).toEqual([]);
  });
});
