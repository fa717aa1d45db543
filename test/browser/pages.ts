import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page as Tab } from 'playwright-core';
import { build } from 'vite';

const executablePath = '/usr/bin/chromium';
/** Why no browser can be had here; undefined: it can. */
export const browserIsMissing = existsSync(executablePath) ? undefined : `Chromium is not at ${executablePath}`;
/** Set SALLYPORT_SCREENSHOTS to a folder to look at the pages. */
const screenshots = process.env['SALLYPORT_SCREENSHOTS'];

const flags =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage --disable-background-networking --disable-component-update --disable-sync'.split(
    ' ',
  );

/** A browser for one test file. `complaints`: whatever it reports, breaches of the content security policy among it. */
export async function openBrowser() {
  const browser: Browser = await chromium.launch({ executablePath, args: flags, timeout: 120_000 });
  const complaints: string[] = [];
  const newTab = async (width: number, height: number, colorScheme: 'light' | 'dark' = 'light'): Promise<Tab> => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width, height }, colorScheme });
    context.setDefaultTimeout(60_000);
    const tab = await context.newPage();
    tab.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    tab.on('pageerror', error => complaints.push(error.message));
    tab.on('dialog', dialog => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    return tab;
  };
  return { newTab, complaints, close: () => browser.close() };
}

/** Builds the page into a folder of its own, not ui/dist: a running gateway serves that. */
export async function buildUi(): Promise<{ readonly folder: string; readonly remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), `sallyport-ui-${process.pid}-`));
  await build({ root: join(import.meta.dirname, '../../ui'), logLevel: 'silent', build: { outDir: folder, emptyOutDir: true } });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Takes a picture where somebody asked for pictures. */
export async function shoot(tab: Tab, name: string, fullPage = !name.includes('390')): Promise<void> {
  if (screenshots === undefined) return;
  mkdirSync(screenshots, { recursive: true });
  await tab.screenshot({ path: join(screenshots, `${name}.png`), fullPage });
}

/** The password of everybody in these tests. */
export const password = 'a long enough one';
export async function setUp(tab: Tab, code: string): Promise<void> {
  await tab.getByLabel('One-time code').fill(code);
  await tab.getByLabel('Your name').fill('keller');
  await tab.getByLabel('Password').fill(password);
  await tab.getByRole('button', { name: /Create account/ }).click();
}
export async function signIn(tab: Tab): Promise<void> {
  await tab.getByLabel('Name').fill('keller');
  await tab.getByLabel('Password').fill(password);
  await tab.getByRole('button', { name: 'Sign in' }).click();
}

/** By how many pixels a tab scrolls sideways. */
export const overflow = (tab: Tab): Promise<number> =>
  tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
