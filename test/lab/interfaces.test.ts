import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceRow } from '../../gateway/api/contract.ts';
import { ethernet } from './frames.ts';
import { labIsMissing, until } from './namespace.ts';
import { row, Standing } from './standing.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

/** Who copies what the good sensor says of itself. */
const rogue = '00:e0:4c:00:00:66';
const sensor = row('sensor').mac;
const nearestBridge = '01:80:c2:00:00:0e';
const hex = (text: string): readonly number[] => text.split(':').map(part => Number.parseInt(part, 16));
const tlv = (type: number, ...value: readonly number[]): readonly number[] => [
  (type << 1) | (value.length >> 8),
  value.length & 255,
  ...value,
];
/** IEEE 802.1AB §8: chassis, port and time to live. The chassis is the same, whoever says it. */
const lldp = (from: string): Uint8Array =>
  ethernet(nearestBridge, from, 0x88cc, [...tlv(1, 4, ...hex('00:1b:c5:ff:00:00')), ...tlv(2, 3, ...hex(from)), ...tlv(3, 0, 120), 0, 0]);

describe.skipIf(missing)('a rogue that copies the chassis of an admitted sensor', () => {
  let site: Standing;
  beforeAll(async () => {
    site = await Standing.make('spface');
    await site.start('sensor');
  });
  afterAll(() => site?.close());

  const find = async (mac: string): Promise<DeviceRow | undefined> => (await site.gateway.devices()).find(d => d.mac === mac);
  const announce = async () => {
    await site.warehouse.lan.sendFrames('sensor', [lldp(sensor)]);
    await site.warehouse.lan.sendFrames('stealth', [lldp(rogue)]);
  };
  const cli = (...args: readonly string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, '../../dist/gateway/cli.js'), ...args, '--data', join(site.folder, 'data')], {
      encoding: 'utf8',
    });
  const both = async (holds: (one: DeviceRow) => boolean, what: string) =>
    until(async () => [await find(sensor), await find(rogue)].every(one => one !== undefined && holds(one)), what);

  it('is shown as an interface of it with the evidence, and stays held', async () => {
    await announce();
    await both(one => one.interfaces === 2, 'both count as one device');
    const copy = await find(rogue);
    expect(copy).toMatchObject({ admission: 'pending', attestation: 'none' });
    expect(copy?.enforcement).not.toBe('open');
    expect(await find(sensor)).toMatchObject({ admission: 'admitted', enforcement: 'open' });
    expect(cli('why', rogue).stdout).toMatch(new RegExp(`^also .*${sensor}.*both say lldp-chassis “00:1b:c5:ff:00:00”`, 'm'));
  });

  it('does not get the sensor cut without somebody who sees that', async () => {
    const asked = cli('quarantine', rogue, '--reason', 'it is a rogue');
    expect(asked.status).toBe(1);
    expect(asked.stderr).toContain(sensor);
    expect(cli('quarantine', rogue, '--alone', '--reason', 'it is a rogue').status).toBe(0);
    await until(async () => (await find(rogue))?.enforcement === 'quarantined', 'the rogue is cut');
    expect(await find(sensor)).toMatchObject({ admission: 'admitted', enforcement: 'open' });
    cli('release', rogue, '--reason', 'for the next step');
  });

  it('a quarantine of the device cuts every interface, and its release lets out what may', async () => {
    expect(cli('quarantine', sensor, '--all', '--reason', 'the whole box').status).toBe(0);
    await both(one => one.enforcement === 'quarantined', 'both are cut');
    expect(cli('release', rogue, '--reason', 'looked at it').status).toBe(0);
    await until(async () => (await find(sensor))?.enforcement === 'open', 'the sensor is open again');
    expect((await find(rogue))?.admission).toBe('pending');
  });

  it('is linked no more once a person has undone it', async () => {
    expect(cli('unlink', rogue, '--reason', 'not our hardware').status).toBe(0);
    await announce();
    expect(cli('set', rogue, 'location', 'behind rack 4', '--reason', 'found it').status).toBe(0);
    await until(async () => (await find(rogue)) !== undefined && (await find(rogue))?.interfaces === undefined, 'they are two');
    expect((await find(sensor))?.interfaces).toBeUndefined();
    expect(cli('why', rogue).stdout).toContain('set    location to “behind rack 4”');
  });
});
