import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page as Tab } from 'playwright-core';
import { callVerb } from '../api/call-verb.ts';
import { fixtureSite } from '../api/fixture-site.ts';
import { type OpenPage, openPage } from '../api/open-page.ts';
import { browserIsMissing, buildUi, openBrowser, overflow, password, setUp, shoot } from './pages.ts';

if (browserIsMissing !== undefined) console.log(`skipped: ${browserIsMissing}`);

describe.skipIf(browserIsMissing !== undefined)('the page of each role', () => {
  let open: OpenPage;
  let ui: Awaited<ReturnType<typeof buildUi>>;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let admin: Tab;
  let vera: Tab;
  const sallyport = (...args: readonly string[]) => callVerb(open.controlSocket, 'user', 'root', [...args, '--reason', 'second shift']);

  beforeAll(async () => {
    ui = await buildUi();
    open = await openPage(fixtureSite(), ui.folder);
    browser = await openBrowser();
    admin = await browser.newTab(1280, 900);
    await admin.goto(open.page.url);
    await setUp(admin, open.page.setupCode ?? '');
    await admin.getByRole('link', { name: 'People' }).waitFor();
    const { out } = await sallyport('add', 'vera', '--role', 'viewer');
    vera = await browser.newTab(390, 844);
    await vera.goto(open.page.url);
    await vera.getByRole('button', { name: 'I have a one-time code' }).click();
    await vera.getByLabel('One-time code').fill(/: (\S+)$/m.exec(out)?.[1] ?? '');
    await vera.getByLabel('Your name').fill('vera');
    await vera.getByLabel('Password').fill(password);
    await vera.getByRole('button', { name: /Create account/ }).click();
    await vera.getByText('● live').waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await open?.close();
    ui?.remove();
  });
  const decisions = (tab: Tab) => tab.getByRole('button', { name: /…$/ });

  it('a viewer sees every page, is offered no decision on any, and is told why', async () => {
    for (const path of ['', 'devices/d1', 'devices/d3', 'trust', 'journal', 'people']) {
      await vera.goto(open.page.url + path);
      await vera.getByText('● live').waitFor();
      expect(await decisions(vera).count(), path).toBe(0);
      expect(await overflow(vera), path).toBe(0);
      await shoot(vera, `role-viewer-${path.replace('/', '-') || 'devices'}-390`);
    }
    expect(await vera.locator('main').textContent()).toContain('To see who may sign in needs the role admin; you are viewer.');
    await vera.goto(`${open.page.url}devices/d3`);
    await vera.getByText('To decide about devices needs the role operator; you are viewer.').waitFor();
    expect(await vera.getByRole('link', { name: 'People' }).count()).toBe(0);
  });

  it('an admin gives her another role, and her open page has the buttons of it without a reload', async () => {
    await admin.getByRole('link', { name: 'People' }).click();
    await admin.getByRole('heading', { name: 'People' }).waitFor();
    await admin.getByRole('button', { name: 'Another role for vera…' }).click();
    const dialog = admin.getByRole('dialog');
    await dialog.getByLabel('Role').selectOption('operator');
    await dialog.getByLabel('Reason').fill('second shift');
    await dialog.getByRole('button', { name: 'Give this role' }).click();
    await expect.poll(() => admin.locator('main').textContent()).toMatch(/vera operator/);
    await shoot(admin, 'people-1280');
    await vera.getByRole('button', { name: 'Approve…' }).waitFor();
    expect(await vera.locator('.top').textContent()).toContain('vera operator');
    await vera.goto(`${open.page.url}trust`);
    await vera.getByText('To change whom the gateway trusts needs the role admin; you are operator.').waitFor();
    await vera.getByRole('heading', { name: /^Trust anchors \(/ }).waitFor();
    expect(await vera.getByRole('button', { name: /^(Confirm|Revoke|Take it back|Let it end)/ }).count()).toBe(0);
  });

  it('who is removed sees the sign-in page at once, and after too many tries how long to wait; the last admin cannot be, and is told why', async () => {
    await admin.getByRole('button', { name: 'Remove vera…' }).click();
    await admin.getByRole('dialog').getByLabel('Reason').fill('left the site');
    await admin.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await vera.getByRole('heading', { name: 'Sign in' }).waitFor();
    const wait = vera.getByRole('button', { name: /^Wait \d+ s$/ });
    for (let n = 0; n < 6 && (await wait.count()) === 0; n += 1) {
      await vera.getByLabel('Name').fill('vera');
      await vera.getByLabel('Password').fill(password);
      await vera.getByRole('button', { name: 'Sign in' }).click();
      await vera.getByRole('alert').filter({ hasText: 'Cannot sign in' }).waitFor();
    }
    expect(await wait.isDisabled()).toBe(true);
    await admin.getByRole('button', { name: 'Remove keller…' }).click();
    await admin.getByRole('dialog').getByLabel('Reason').fill('nobody left');
    await admin.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await admin.getByText('Cannot remove keller: nobody else is admin; make somebody else admin first').waitFor();
    await admin.getByRole('button', { name: 'Cancel' }).click();
  });

  it('fits a phone, with tokens', async () => {
    await sallyport('token', 'siem', '--for', '30d');
    const phone = await browser.newTab(390, 844);
    await phone.context().addCookies(await admin.context().cookies());
    await phone.goto(`${open.page.url}people`);
    await phone.getByRole('button', { name: 'Revoke siem…' }).waitFor();
    expect(await overflow(phone)).toBe(0);
    await shoot(phone, 'people-390');
  });

  it('breaks no content security policy and reports no error but the refusals', () => {
    expect(browser.complaints.filter(text => !/status of 4(?:0[19]|29)|WebSocket/.test(text))).toEqual([]);
  });
});
