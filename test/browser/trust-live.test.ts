import type { Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runClientVerb } from '../../gateway/api/verbs.ts';
import { labIsMissing } from '../lab/namespace.ts';
import { forwardPage } from '../lab/page-forward.ts';
import { Standing } from '../lab/standing.ts';
import { browserIsMissing, openBrowser, setUp, shoot } from './pages.ts';

const missing = labIsMissing() ?? browserIsMissing;
if (missing !== undefined) console.log(`skipped: ${missing}`);

/** One person brings an anchor on the command line, another confirms it on the page, and the wire opens; taken away, it closes. */
describe.skipIf(missing !== undefined)('trust on the page of a live gateway', () => {
  let site: Standing;
  let page: Awaited<ReturnType<typeof forwardPage>>;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let tab: Tab;

  beforeAll(async () => {
    site = await Standing.make('spwtr');
    await site.startUntrusted();
    page = await forwardPage(site.gateway.pageSocket, 0);
    browser = await openBrowser();
    tab = await browser.newTab(1280, 900);
    await tab.goto(page.url);
    await setUp(tab, site.gateway.oneTimeCode ?? expect.fail('no code was printed'));
    await tab.getByText('● live').waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    page?.close();
    await site?.close();
  });

  const card = () => tab.getByRole('listitem', { name: /^acme / });

  it('shows what waits, with the device that it would let in, judged by what that device showed', async () => {
    const out = { write: () => true };
    const io = { socketPath: `${site.gateway.data}/control.sock`, stdout: out, stderr: out, user: 'ann' };
    const args = ['add', `${site.folder}/acme.pem`, '--source', 'the maker', '--reason', 'new sensors'];
    expect(await runClientVerb('trust', args, io)).toBe(2);
    await tab.goto(`${page.url}trust`);
    const id = (await site.device('sensor'))?.id ?? expect.fail('no sensor');
    await expect.poll(() => card().textContent()).toMatch(/Waits for a second person.*newly admit 1 device: .*\(1 device judged anew\)/s);
    expect(await card().getByRole('link').getAttribute('href')).toBe(`/devices/${id}`);
    await shoot(tab, 'live-trust-waits-1280');
  });

  it('lets the device in when another person confirms, and counts it as leaning on the anchor', async () => {
    await card()
      .getByRole('button', { name: /^Confirm/ })
      .click();
    await tab.getByRole('dialog').getByLabel('Reason').fill('compared by phone');
    await tab.getByRole('button', { name: 'Trust it from now on' }).click();
    await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
    await card()
      .getByText(/1 device leaning on it/)
      .waitFor();
    await tab.getByRole('listitem', { name: 'Acme Sensors TempSense-2' }).getByText('1 device leans on it').waitFor();
    await shoot(tab, 'live-trust-in-force-1280');
  });

  it('cuts the device when the anchor is revoked, as it said before', async () => {
    await card()
      .getByRole('button', { name: /^Revoke/ })
      .click();
    const dialog = tab.getByRole('dialog');
    expect(await dialog.textContent()).toMatch(/The device that leans on it \(.+\) must prove anew who they are/);
    await dialog.getByLabel('Reason').fill('contract ended');
    await dialog.getByRole('button', { name: 'Trust it no more' }).click();
    await site.untilDevice('sensor', d => d.enforcement === 'quarantined' && d.reason === 'CHAIN_UNTRUSTED');
    await card().waitFor({ state: 'detached' });
  });

  it('breaks no content security policy and reports no error', () => expect(browser.complaints).toEqual([]));
});
