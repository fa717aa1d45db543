import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runClientVerb } from '../../gateway/api/verbs.ts';
import { GatewayProcess } from './gateway-process.ts';
import { labIsMissing, until } from './namespace.ts';
import { Standing } from './standing.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

describe.skipIf(missing)('a trust anchor that people bring to a live gateway', () => {
  let site: Standing;
  beforeAll(async () => {
    site = await Standing.make('spanch');
    await site.startUntrusted();
  });
  afterAll(() => site?.close());

  const trust = (user: string, ...args: readonly string[]) => verb('trust', user, ...args);
  const verb = async (name: 'trust' | 'journal', user: string, ...args: readonly string[]) => {
    let [out, err] = ['', ''];
    const io = {
      socketPath: `${site.gateway.data}/control.sock`,
      stdout: { write: (text: string) => (out += text) },
      stderr: { write: (text: string) => (err += text) },
      user,
    };
    return { code: await runClientVerb(name, args, io), out, err };
  };

  it('is shown with what it would newly admit, and changes nothing while one person has spoken', async () => {
    const { code, out, err } = await trust('ann', 'add', `${site.folder}/acme.pem`, '--source', 'the maker', '--reason', 'new sensors');
    expect([code, err]).toEqual([2, '']);
    const id = (await site.device('sensor'))?.id;
    expect(out).toContain(`Would newly admit 1 device: ${id} (1 device judged anew)`);
    expect((await trust('ann', 'approve', 'acme', '--yes', '--reason', 'I am sure')).err).toContain('another person must approve it');
    expect((await site.device('sensor'))?.enforcement).toBe('quarantined');
  });

  it('lets the device in when another person approves it, and says who', async () => {
    expect((await trust('bob', 'approve', 'acme', '--yes', '--reason', 'compared by phone')).code).toBe(0);
    await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
    const { out } = await trust('carl', 'show', 'acme');
    expect(out).toMatch(/^approved {3}local:bob at .*: compared by phone$/m);
  });

  it('stays over a restart, and goes when one person takes it away', async () => {
    const { data } = site.gateway;
    await site.gateway.stop();
    site.gateway = await GatewayProcess.start(site.warehouse, data, `${site.folder}/gateway.log`);
    expect((await trust('carl', 'list')).out).toMatch(/in force {3}acme: /);
    // Never without it: who leans on it would be asked anew by a gateway that does not know it, and cut.
    const rows = z.array(z.object({ kind: z.string(), text: z.string() }));
    let since: z.infer<typeof rows> = [];
    // What is not written yet is not told: without its second start the journal would tell of the first one's trust.
    await until(async () => {
      const told = rows.parse(JSON.parse((await verb('journal', 'carl', '--json')).out));
      since = told.slice(told.findLastIndex(({ kind }) => kind === 'started'));
      return told.filter(({ kind }) => kind === 'started').length === 2 && since.some(({ kind }) => kind === 'trust-loaded');
    }, 'the journal tells of the second start');
    expect(since.find(({ kind }) => kind === 'trust-loaded')?.text).toBe('trust in force: 2 anchors, 1 reference set');
    expect((await trust('carl', 'remove', 'acme', '--reason', 'contract ended')).code).toBe(0);
    await site.untilDevice('sensor', d => d.enforcement === 'quarantined' && d.reason === 'CHAIN_UNTRUSTED');
  });
});
