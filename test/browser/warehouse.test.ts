import type { Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labIsMissing } from '../lab/namespace.ts';
import { forwardPage } from '../lab/page-forward.ts';
import { row, Standing } from '../lab/standing.ts';
import { browserIsMissing, openBrowser, overflow, setUp, shoot as shootAs, signIn } from './pages.ts';

const missing = labIsMissing() ?? browserIsMissing;
if (missing !== undefined) console.log(`skipped: ${missing}`);

/** The whole product as its users meet it: real hosts, the live gateway behind its page, a browser, and the wire. */
describe.skipIf(missing !== undefined)('the page of a live gateway', () => {
  let site: Standing;
  let page: Awaited<ReturnType<typeof forwardPage>>;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let tab: Tab;

  beforeAll(async () => {
    site = await Standing.make('spweb');
    await site.start('sensor', 'tampered', 'elsewhere', 'plc', 'printer', 'camera', 'stealth');
    await site.start('clone');
    await site.untilDevice('tampered', d => d.enforcement === 'quarantined');
    await site.untilDevice('plc', d => d.enforcement === 'held' && d.reason === 'CANNOT_ATTEST');
    await site.untilDevice('clone', d => d.enforcement === 'dropped');
    page = await forwardPage(site.gateway.pageSocket, 0);
    browser = await openBrowser();
    tab = await browser.newTab(1400, 900);
  });
  afterAll(async () => {
    await browser?.close();
    page?.close();
    await site?.close();
  });

  const shoot = (of: Tab, name: string) => shootAs(of, `live-${name}`, true);

  it('opens with the one-time code that the gateway printed', async () => {
    await tab.goto(page.url);
    await setUp(tab, site.gateway.oneTimeCode ?? expect.fail('no code was printed'));
    await tab.getByText('● live').waitFor();
    await expect.poll(() => tab.getByRole('row').count()).toBe(9);
    await shoot(tab, 'devices-1400');
  });

  it('says of the tampered sensor why it is cut, with both digests', async () => {
    const device = await site.untilDevice('tampered', d => d.enforcement === 'quarantined');
    await tab.goto(`${page.url}devices/${device.id}`);
    const why = tab.locator('.why');
    await why.waitFor();
    expect(await why.textContent()).toContain('its measured firmware is in no signed list');
    expect(await tab.locator('.checks .failed').textContent()).toMatch(/expected.*e8ffef5a.*seen.*07e435df/s);
    await shoot(tab, 'tampered-1400');
  });

  it('approves the PLC, and the wire opens', async () => {
    expect((await site.arriving('sensor', 8))('plc')).toBe(0);
    const device = await site.untilDevice('plc', d => d.enforcement === 'held');
    await tab.goto(`${page.url}devices/${device.id}`);
    await tab.getByRole('button', { name: 'Approve…' }).click();
    const dialog = tab.getByRole('dialog');
    await dialog.getByRole('textbox').fill('line 1 needs it');
    await dialog.getByRole('button', { name: 'Let it on the network' }).click();
    await tab.getByText('Approved by keller').waitFor();
    await site.arriving('plc', 3);
    await site.untilDevice('plc', d => d.admission === 'approved' && d.enforcement === 'open');
    await shoot(tab, 'plc-approved-1400');
  });

  it('shows the decision and the clone to a phone without sideways scrolling', async () => {
    const phone = await browser.newTab(390, 844);
    await phone.goto(page.url);
    await signIn(phone);
    await phone.getByText(row('camera').mac).waitFor();
    expect(await overflow(phone)).toBe(0);
    await shoot(phone, 'devices-390');
    for (const name of ['clone', 'tampered', 'sensor'] as const) {
      await phone.goto(`${page.url}devices/${(await site.device(name))?.id}`);
      await phone.locator('.why').waitFor();
      expect(await overflow(phone), name).toBe(0);
      await shoot(phone, `${name}-390`);
    }
  });

  it('lets a zone only observe and enforces it again, saying who is cut', async () => {
    await tab.goto(page.url);
    await tab.getByRole('button', { name: 'Only observe…' }).click();
    const dialog = tab.getByRole('dialog');
    await dialog.getByRole('textbox').fill('maintenance');
    await dialog.getByRole('button', { name: 'Only observe' }).click();
    await site.untilDevice('camera', d => d.enforcement === 'would-quarantine');
    await site.arriving('camera', 3);
    await tab.getByRole('button', { name: 'Enforce…' }).click();
    await expect.poll(() => dialog.textContent()).toMatch(/\d of 8 devices are cut at once/);
    await shoot(tab, 'enforce-1400');
    await dialog.getByRole('textbox').fill('maintenance is over');
    await dialog.getByRole('button', { name: 'Enforce from now on' }).click();
    await site.untilDevice('camera', d => d.enforcement === 'quarantined');
    expect((await site.arriving('sensor', 8))('camera')).toBe(0);
  });

  it('exports what it shows', async () => {
    const rows = await tab.evaluate(async () => (await (await fetch('/api/v1/export.jsonl')).text()).trim().split('\n'));
    expect(rows).toHaveLength(8);
    expect(rows.find(line => line.includes('DIGEST_UNKNOWN'))).toMatch(/07e435df.*/);
  });

  it('breaks no content security policy and reports no error', () => {
    expect(browser.complaints).toEqual([]);
  });
});
