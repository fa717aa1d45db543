import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Coverage } from '../../gateway/api/contract.ts';
import { arp, ethernet } from './frames.ts';
import { labIsMissing, until } from './namespace.ts';
import { Standing } from './standing.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);
const everyone = 'ff:ff:ff:ff:ff:ff';
const pair = ['02:00:5e:00:53:71', '02:00:5e:00:53:72'] as const;

describe.skipIf(missing)('two hosts behind an unmanaged switch on one port of a live gateway', () => {
  let site: Standing;
  beforeAll(async () => {
    site = await Standing.make('spcov');
  });
  afterAll(() => site?.close());

  it('are told as one of two, with what cannot be seen and what to do', async () => {
    const { lan } = site.warehouse;
    for (const [n, mac] of pair.entries())
      await lan.sendFrames('stealth', [
        ethernet(everyone, mac, 0x0806, arp({ sender: mac, senderIp: `10.20.8.${71 + n}`, targetIp: '10.20.0.1' })),
      ]);
    const both = async () => (await site.gateway.devices()).filter(({ mac }) => pair.some(one => one === mac));
    await until(
      async () => (await both()).length === 2 && (await both()).every(d => (d.sharesPortWith ?? 0) >= 1),
      'both share their port',
    );
    expect((await both()).map(({ assuranceCap }) => assuranceCap)).toEqual([2, 2]);
    const cli = join(import.meta.dirname, '../../dist/gateway/cli.js');
    const run = spawnSync(process.execPath, [cli, 'coverage', '--json', '--data', site.gateway.data], { encoding: 'utf8' });
    expect([run.status, run.stderr]).toEqual([2, '']);
    const { gaps, ports } = JSON.parse(run.stdout) as Coverage;
    const [device] = await both();
    expect(ports.find(({ port }) => port === device?.port)?.role).toBe('shared');
    expect(gaps.find(({ kind, port }) => kind === 'shared-port' && port === device?.port)?.devices).toEqual(
      expect.arrayContaining((await both()).map(({ id }) => id)),
    );
    expect(gaps.map(({ kind }) => kind)).toContain('uplink');
  });
});
