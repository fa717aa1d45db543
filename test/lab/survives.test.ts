import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labIsMissing, until } from './namespace.ts';
import { Standing } from './standing.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

const approve = { reason: 'spare controller', hours: 1 };

describe.skipIf(missing)('killing processes changes nobody’s access', () => {
  let site: Standing;
  beforeAll(async () => {
    site = await Standing.make('spkill');
    await site.start('sensor', 'tampered', 'plc');
    await site.untilDevice('tampered', d => d.enforcement === 'quarantined');
    await site.untilDevice('plc', d => d.enforcement === 'held' && d.reason === 'CANNOT_ATTEST');
  });
  afterAll(() => site?.close());

  it('each process has its privilege and no more: uid, capabilities, no new privileges', () => {
    const status = (role: string) => {
      const text = readFileSync(`/proc/${site.pids().get(role)}/status`, 'utf8');
      const of = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(text)?.[1];
      return [of('Uid'), of('CapEff'), of('CapPrm'), of('NoNewPrivs')];
    };
    const none = '0000000000000000';
    const netAdmin = '0000000000001000';
    expect(status('sensor')).toEqual(['61171', none, none, '1']);
    expect(status('enforcer')).toEqual(['61172', netAdmin, netAdmin, '1']);
    expect(status('challenger')).toEqual(['61173', none, none, '1']);
    expect(status('gateway')).toEqual(['61174', none, none, '1']);
  });

  it('a machine that stands still for five seconds: nobody’s access changes, and nothing is started again', async () => {
    const access = async () => (await site.gateway.devices()).map(d => [d.id, d.mac, d.admission, d.reason]);
    const [before, pids] = [await access(), site.pids()];
    const more = await site.arriving('sensor', 8, async () => {
      const sent = await site.warehouse.sent('sensor');
      for (const pid of pids.values()) process.kill(pid, 'SIGSTOP');
      await until(async () => (await site.warehouse.sent('sensor')) >= sent + 25, 'the sensor has sent for five seconds');
      for (const pid of pids.values()) process.kill(pid, 'SIGCONT');
    });
    expect([more('tampered'), more('plc')]).toEqual([0, 0]);
    await site.arriving('sensor', 5);
    expect([site.pids(), await access()]).toEqual([pids, before]);
  });

  for (const role of ['sensor', 'enforcer', 'challenger', 'gateway'] as const)
    it(`kill -9 of the ${role}: the good sensor passes all the time, the others stay cut, and it runs on where it was`, async () => {
      const before = (await site.gateway.devices()).map(d => [d.id, d.mac, d.admission, d.reason]);
      const old = site.pids().get(role) ?? expect.fail(`no ${role}`);
      const more = await site.arriving('sensor', 8, async () => {
        process.kill(old, 'SIGKILL');
        await until(() => (site.pids().get(role) ?? old) !== old, `${role} runs again`);
      });
      expect([more('tampered'), more('plc')]).toEqual([0, 0]);
      await site.untilDevice('sensor', d => d.enforcement === 'open');
      expect((await site.gateway.devices()).map(d => [d.id, d.mac, d.admission, d.reason])).toEqual(before);
    });

  it('kill -9 of the gateway right after an approval was acknowledged: it is not lost', async () => {
    const plc = await site.untilDevice('plc', d => d.admission === 'pending');
    const old = site.pids().get('gateway') ?? expect.fail('no gateway');
    await site.gateway.command(`/devices/${plc.id}/approve`, approve);
    process.kill(old, 'SIGKILL');
    const after = await site.untilDevice('plc', d => d.admission === 'approved' && d.enforcement === 'open');
    expect(after.id).toBe(plc.id);
    await site.arriving('plc', 3);
  });

  it('kill -9 of the supervisor: everything ends, what was enforced stays, and a new start carries on', async () => {
    const { GatewayProcess } = await import('./gateway-process.ts');
    const more = await site.arriving('sensor', 8, async () => {
      process.kill(site.pids().get('supervisor') ?? expect.fail('no supervisor'), 'SIGKILL');
      await until(() => site.pids().size === 0, 'all processes end');
    });
    expect([more('tampered'), more('plc') > 0]).toEqual([0, true]);
    site.gateway = await GatewayProcess.start(site.warehouse, site.gateway.data, `${site.folder}/gateway-2.log`);
    await site.untilDevice('plc', d => d.admission === 'approved' && d.enforcement === 'open');
    await site.untilDevice('tampered', d => d.enforcement === 'quarantined');
  });
});

describe.skipIf(missing)('cables and floods', () => {
  let site: Standing;
  beforeAll(async () => {
    site = await Standing.make('spflood');
    await site.start('sensor', 'stealth');
  });
  afterAll(() => site?.close());

  it('an interface that goes down and up heals, is shown, and the sensor behind it proves itself anew', async () => {
    const link = (state: string) => site.warehouse.lan.exec('gateway', ['ip', 'link', 'set', 'v1', state]);
    const port = async () => (await site.gateway.health()).ports.find(p => p.port === 'v1');
    const before = await site.device('sensor');
    await link('down');
    await until(async () => (await port())?.state === 'down', 'the port is shown as down');
    await site.untilDevice('sensor', d => d.presence === 'offline');
    await link('up');
    await until(async () => ['up', 'healed'].includes((await port())?.state ?? ''), 'the port is shown as healed');
    await site.arriving('sensor', 3);
    const detail = async () => (await site.gateway.device(before?.id ?? '')).timeline.filter(e => e.kind.startsWith('attested')).length;
    await until(async () => (await detail()) >= 2, 'it is challenged again');
    await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
  });

  it('a port that is renamed is a way around the rules, and that is said', async () => {
    const fault = async () => (await site.gateway.health()).processes.find(({ role }) => role === 'enforcer')?.detail ?? '';
    const rename = async (from: string, to: string) => {
      for (const change of [['down'], ['name', to]]) await site.warehouse.lan.exec('gateway', ['ip', 'link', 'set', from, ...change]);
      await site.warehouse.lan.exec('gateway', ['ip', 'link', 'set', to, 'up']);
    };
    await rename('v1', 'vx');
    await until(async () => (await fault()).includes('no setting names: vx;'), 'the port is told');
    await rename('vx', 'v1');
    await until(async () => (await fault()) === '', 'all is well again');
    await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
  });

  it('the bridge gets an IPv6 address: the gateway starts anew with it, and the sensor passes all the time', async () => {
    const old = site.pids().get('gateway') ?? expect.fail('no gateway');
    const inGateway = async (...argv: readonly string[]) => (await site.warehouse.lan.exec('gateway', argv)).stdout;
    await inGateway('sysctl', '-qw', 'net.ipv6.conf.br0.disable_ipv6=0');
    await site.arriving('sensor', 8, async () => {
      await inGateway('ip', 'addr', 'add', 'fd00:77::1/64', 'dev', 'br0');
      await until(() => (site.pids().get('gateway') ?? old) !== old, 'the gateway runs again');
      await until(async () => (await inGateway('nft', 'list', 'table', 'bridge', 'sallyport')).includes('fd00:77::1'), 'its lane has it');
    });
    await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
  });

  it('a flood of 100,000 source addresses stays under its caps, and the genuine sensor stays', async () => {
    const memory = (role: string) =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${site.pids().get(role)}/status`, 'utf8'))?.[1]) / 1024;
    const events = (await site.gateway.health()).journal.events;
    const frames = Array.from({ length: 100_000 }, (_, n) => {
      const frame = new Uint8Array(60).fill(0xff, 0, 6);
      frame.set([0x06, 0x66, n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255, 0x88, 0xb6], 6);
      return frame;
    });
    const more = await site.arriving('sensor', 10, async () => {
      for (let n = 0; n < frames.length; n += 10_000) await site.warehouse.lan.sendFrames('stealth', frames.slice(n, n + 10_000));
    });
    expect(more('stealth')).toBe(0);
    const health = await site.gateway.health();
    const devices = await site.gateway.devices();
    expect(devices.length).toBeLessThanOrEqual(1030);
    expect(devices.length).toBeGreaterThan(500);
    expect(health.journal.events - events).toBeLessThan(6000);
    expect(memory('sensor')).toBeLessThan(260);
    expect(memory('gateway')).toBeLessThan(400);
    await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
    console.log(
      `flood: ${devices.length} devices, ${health.journal.events - events} events, sensor ${memory('sensor').toFixed(0)} MB, gateway ${memory('gateway').toFixed(0)} MB`,
    );
  });
});

describe.skipIf(missing)('a full disk', () => {
  let site: Standing;
  beforeAll(async () => {
    site = await Standing.make('spfull', { dataMegabytes: 200 });
    await site.start('sensor');
  });
  afterAll(() => site?.close());

  it('enforcement stays, new rogues are still cut, people’s decisions still commit, and it is said', async () => {
    const { execFileSync } = await import('node:child_process');
    const filler = `${site.gateway.data}/filler.bin`;
    execFileSync('sh', ['-c', `cat /dev/zero > ${filler} 2>/dev/null || true`]);
    const more = await site.arriving('sensor', 10, async () => {
      await site.warehouse.start((await import('./standing.ts')).row('camera'));
      await site.warehouse.start((await import('./standing.ts')).row('stealth'));
      await until(async () => (await site.gateway.health()).journal.storage === 'full', 'it is said that the disk is full');
    });
    expect([more('camera'), more('stealth')]).toEqual([0, 0]);
    const sensor = await site.untilDevice('sensor', d => d.enforcement === 'open');
    await site.gateway.command(`/devices/${sensor.id}/quarantine`, { reason: 'smoke seen' });
    await site.untilDevice('sensor', d => d.admission === 'blocked' && d.enforcement === 'quarantined');
    execFileSync('rm', [filler]);
    await site.gateway.command(`/devices/${sensor.id}/release`, { reason: 'mended' });
    await site.arriving('sensor', 3);
    await until(async () => (await site.gateway.health()).journal.storage === 'ok', 'it is said that there is room again');
  });
});
