import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roles } from '../../gateway/edge/roles.ts';
import { labIsMissing } from '../lab/namespace.ts';
import { forwardPage } from '../lab/page-forward.ts';
import { row, Standing } from '../lab/standing.ts';
import { browserIsMissing, openBrowser, overflow, setUp, shoot, signIn } from './pages.ts';

const challenger = join(import.meta.dirname, '../../dist/gateway/edge/challenge/challenger.js');
/** Where the folders above are shut, its processes see the product through mounts of their own, and not the broken file. */
const isShut = (): string | undefined =>
  spawnSync('setpriv', ['--reuid', String(roles.challenger.user), '--clear-groups', 'test', '-r', challenger]).status === 0
    ? undefined
    : 'the product stands in a folder that is shut to others';
const missing = labIsMissing() ?? browserIsMissing ?? isShut();
if (missing !== undefined) console.log(`skipped: ${missing}`);

/** A crypto library that takes every signature, loaded before everything else of the challenger; its environment lets nothing in. */
const broken = `import c from 'node:crypto';import { syncBuiltinESMExports as s } from 'node:module';c.verify = () => true;s();`;
/** Only what the gateway starts sees the broken file: its mount namespace is its own. */
const breaking = 'mount --bind "$1" "$2"; shift 2; exec "$@"';

/** A machine whose crypto library takes every signature: real processes, a real device that would be admitted, and what people are shown. */
describe.skipIf(missing !== undefined)('a Verifier that fails its self-test, on the page of a live gateway', () => {
  let site: Standing;
  let page: Awaited<ReturnType<typeof forwardPage>>;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let tab: Tab;
  let folder = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), `sallyport-self-test-${process.pid}-`));
    chmodSync(folder, 0o755);
    const file = join(folder, 'challenger.js');
    writeFileSync(
      file,
      `import ${JSON.stringify(`data:text/javascript,${encodeURIComponent(broken)}`)};\n${readFileSync(challenger, 'utf8')}`,
    );
    chmodSync(file, 0o644);
    site = await Standing.make('spwself', { before: ['sh', '-c', breaking, 'sh', file, challenger] });
    await site.warehouse.start(row('sensor'));
    await site.untilDevice('sensor', d => d.enforcement === 'held' || d.enforcement === 'quarantined');
    page = await forwardPage(site.gateway.pageSocket, 0);
    browser = await openBrowser();
    tab = await browser.newTab(1280, 900);
  });
  afterAll(async () => {
    await browser?.close();
    page?.close();
    await site?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('says on every page that no device is judged, why, and what follows', async () => {
    await tab.goto(page.url);
    await setUp(tab, site.gateway.oneTimeCode ?? expect.fail('no code was printed'));
    const banner = tab.getByRole('status').filter({ hasText: 'No device is judged' });
    await banner.waitFor();
    expect(await banner.textContent()).toMatch(
      /No device is judged: Cannot judge: the self-test of the Verifier failed, a changed signature is affirming.*approvals and waivers of people go on/,
    );
    expect(await tab.locator('.health dd').filter({ hasText: 'challenger' }).textContent()).toContain('challenger has a fault');
    await shoot(tab, 'live-self-test-1280');
    for (const path of ['trust', `devices/${(await site.device('sensor'))?.id}`]) {
      await tab.goto(`${page.url}${path}`);
      await banner.waitFor();
    }
  });

  it('admits nobody, and says on the device that it was not the device that failed', async () => {
    const device = await site.untilDevice('sensor', d => d.attestation === 'none');
    expect(device).toMatchObject({ admission: 'pending', enforcement: 'held', attestation: 'none', assurance: 0 });
    await tab.goto(`${page.url}devices/${device.id}`);
    await expect.poll(() => tab.locator('.why').textContent()).toContain('we failed to judge it; this is our fault');
    await shoot(tab, 'live-self-test-device-1280');
  });

  it('fits a phone', async () => {
    const phone = await browser.newTab(390, 844);
    await phone.goto(page.url);
    await signIn(phone);
    await phone.getByText('No device is judged').waitFor();
    expect(await overflow(phone)).toBe(0);
    await shoot(phone, 'live-self-test-390');
    await phone.context().close();
  });

  it('breaks no content security policy and reports no error', () => expect(browser.complaints).toEqual([]));
});
