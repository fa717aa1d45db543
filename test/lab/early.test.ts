import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../architecture/imports.ts';
import { ethernet, everyone } from './frames.ts';
import { GatewayProcess } from './gateway-process.ts';
import { server } from './hosts/beat.ts';
import { labIsMissing, until } from './namespace.ts';
import { row, Standing } from './standing.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

/** The kernel forgets rules, pins and neighbours, and the bridge whom it saw where: what a restart of the machine leaves. */
const forget = [
  'nft delete table bridge sallyport',
  'bridge fdb show br br0 | sed -n "s/^\\([0-9a-f:]*\\) dev \\([^ ]*\\) .*sticky.*/fdb del \\1 dev \\2 master/p" | bridge -force -batch -',
  'ip neigh flush dev br0 nud all',
  'bridge fdb flush dev br0 2>/dev/null || true',
].join('; ');

describe.skipIf(missing)('a restart of the machine', () => {
  let site: Standing;
  beforeAll(async () => {
    site = await Standing.make('spearly');
    await site.start('sensor', 'tampered', 'plc');
    await site.untilDevice('tampered', d => d.enforcement === 'quarantined');
    await site.untilDevice('plc', d => d.enforcement === 'held' && d.reason === 'CANNOT_ATTEST');
  });
  afterAll(() => site?.close());
  const early = () => site.warehouse.lan.exec('gateway', [`${projectRoot}/sallyport`, 'early', '--data', site.gateway.data]);
  const table = async () => (await site.warehouse.lan.exec('gateway', ['nft', 'list', 'table', 'bridge', 'sallyport'])).stdout;

  it('without the early unit everybody would pass until the gateway runs', async () => {
    const sensor = row('sensor');
    const kept = `${site.gateway.data}/enforced/rules.nft`;
    await until(() => existsSync(kept) && new RegExp(`set admitted \\{[^}]*${sensor.mac}`).test(readFileSync(kept, 'utf8')), 'it is kept');
    await site.gateway.stop();
    await site.warehouse.lan.exec('gateway', ['sh', '-c', forget]);
    expect(await table()).toBe('');
    expect((await site.arriving('tampered', 3))('tampered')).toBeGreaterThan(0);
  });

  it('with it: the tampered and the held are cut again, the good sensor passes, a newcomer and a clone of the sensor do not', async () => {
    const { code, stderr } = await early();
    expect([code, stderr.includes('is in force until the gateway takes it over')]).toEqual([0, true]);
    const ear = await site.warehouse.lan.receive('server');
    const clone = Array<Uint8Array>(5).fill(ethernet(everyone, row('sensor').mac, 0x88b6, [7, 7, 7]));
    const more = await site.arriving('sensor', 8, async () => {
      await site.warehouse.start(row('camera'));
      await site.warehouse.lan.sendFrames('stealth', clone);
    });
    expect([more('tampered'), more('plc'), more('camera')]).toEqual([0, 0, 0]);
    const isClone = (frame: Uint8Array): boolean => frame[12] === 0x88 && frame[13] === 0xb6 && frame[14] === 7;
    expect((await site.warehouse.lan.heard('server', ear)).filter(isClone)).toEqual([]);
    expect(await site.warehouse.sent('camera')).toBeGreaterThan(0);
    await ear.close();
    const before = await table();
    expect((await early()).stderr).toContain('in the kernel already');
    expect((await table()).replaceAll(/expires \w+/g, '')).toBe(before.replaceAll(/expires \w+/g, ''));
  });

  it('the gateway takes it over: of a ping each 10 ms none is lost, and nobody else passes meanwhile', async () => {
    const ping = site.warehouse.lan.spawn('sensor', ['ping', '-i', '0.01', server.address], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    ping.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
    const more = await site.arriving('sensor', 8, async () => {
      site.gateway = await GatewayProcess.start(site.warehouse, site.gateway.data, `${site.folder}/gateway-2.log`);
      await until(async () => (await site.gateway.health()).enforcement.state === 'applied', 'the rules are its own');
      await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
      await site.untilDevice('tampered', d => d.enforcement === 'quarantined');
      await site.untilDevice('camera', d => d.enforcement !== 'open' && d.enforcement !== 'applying');
    });
    // The answer to the last one may still be on its way: what counts is that of all before the newest answer none is missing.
    const answered = () => new Set([...said.matchAll(/icmp_seq=(\d+)/g)].map(([, number]) => Number(number)));
    const settled = answered().size;
    await until(() => answered().size > settled + 2, 'it is answered after the takeover too');
    const ended = new Promise(resolve => ping.once('close', resolve));
    ping.kill('SIGINT');
    await ended;
    const newest = Math.max(...answered());
    console.log(`takeover: ${newest} pings sent, ${answered().size} answered`);
    expect([more('tampered'), more('plc'), more('camera')]).toEqual([0, 0, 0]);
    expect(newest).toBeGreaterThan(50);
    expect(answered().size).toBe(newest);
  });
});
