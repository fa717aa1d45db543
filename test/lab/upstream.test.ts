import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ethernet, arp } from './frames.ts';
import { labIsMissing, until } from './namespace.ts';
import { Standing } from './standing.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

/** A workstation behind the uplink, from which a person looks at the page. */
const admin = { mac: '02:00:00:00:00:50', ip: '10.20.0.50' };
const rogue = '00:e0:4c:00:00:66';
const everyone = 'ff:ff:ff:ff:ff:ff';

describe.skipIf(missing)('a held host that claims the address of a workstation behind the uplink', () => {
  let site: Standing;
  beforeAll(async () => {
    site = await Standing.make('spup');
  });
  afterAll(() => site?.close());

  it('never becomes that address for the gateway itself', async () => {
    const { lan } = site.warehouse;
    const ask = (from: string, ip: string) => ethernet(everyone, from, 0x0806, arp({ sender: from, senderIp: ip, targetIp: '10.20.0.1' }));
    const neighbour = async () => (await lan.exec('gateway', ['ip', 'neigh', 'show', admin.ip])).stdout;
    await lan.sendFrames('server', [ask(admin.mac, admin.ip)]);
    await until(async () => (await neighbour()).includes(admin.mac), 'the gateway knows the workstation');
    for (let n = 0; n < 20; n += 1) {
      await lan.sendFrames('stealth', [ask(rogue, admin.ip), ask(rogue, '10.20.8.66')]);
      expect(await neighbour()).not.toContain(rogue);
    }
    await until(async () => (await site.gateway.devices()).some(d => d.mac === rogue && d.ips.includes(admin.ip)), 'its claim is seen');
    await until(
      async () => (await lan.exec('gateway', ['ip', 'neigh', 'show', '10.20.8.66'])).stdout.includes(rogue),
      'its own address has a lane',
    );
    expect(await neighbour()).not.toContain(rogue);
  });
});
