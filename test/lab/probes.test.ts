import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probes } from '../../gateway/probing/index.ts';
import { fits } from '../../gateway/probing/template.ts';
import { type Ear, labIsMissing, until } from './namespace.ts';
import { Standing } from './standing.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

const own = '020000000001';
const hosts = ['sensor', 'plc', 'printer'];

describe.skipIf(missing)('probes of a live gateway', () => {
  let site: Standing;
  const ears = new Map<string, Ear>();
  beforeAll(async () => {
    site = await Standing.make('spprobes');
    await site.start('sensor', 'plc', 'printer');
    for (const name of [...hosts, 'server']) ears.set(name, await site.warehouse.lan.receive(name));
  });
  afterAll(() => site?.close());

  /** What came from the gateway by itself: neither ARP of its kernel nor the connections of challenges, listeners and DHCP. */
  const asked = async (name: string): Promise<readonly Buffer[]> => {
    const ear = ears.get(name) ?? expect.fail('no ear');
    return (await site.warehouse.lan.heard(name, ear)).map(frame => Buffer.from(frame)).filter(frame => isOwnQuestion(frame));
  };
  const arm = (zone: string, mode: string) => site.gateway.command(`/zones/${zone}/probes`, { mode, minutes: 5, reason: 'commissioning' });
  const prober = async () => (await site.gateway.health()).processes.find(({ role }) => role === 'prober');

  it('a prober runs without privilege, and while nothing is armed nothing leaves', async () => {
    await until(async () => (await prober())?.alive === true, 'the prober is there');
    await site.arriving('sensor', 25);
    for (const name of ears.keys())
      expect(
        (await asked(name)).map(frame => frame.toString('hex')),
        name,
      ).toEqual([]);
    expect((await site.gateway.health()).probes).toEqual({ zones: [], running: 0 });
  });

  it('armed for broadcast, exactly templates leave, never by the uplink, and the journal says who armed it', async () => {
    await arm('dock', 'broadcast');
    expect((await site.gateway.health()).probes.zones).toMatchObject([
      { zone: 'dock', mode: 'broadcast', by: 'local:root', reason: 'commissioning' },
    ]);
    const everybody = probes.filter(({ reach, name }) => reach === 'broadcast' && name !== 'arp-sweep');
    const state = () => site.gateway.probes();
    // The sweep takes minutes at five frames a second; it goes on meanwhile.
    await until(async () => (await state()).recent.length >= everybody.length, 'the first round is over', 150_000);
    expect(new Set((await state()).recent.map(({ order, outcome }) => `${order.probe} ${outcome.kind}`))).toEqual(
      new Set(everybody.map(({ name }) => `${name} asked`)),
    );
    const templates = probes.filter(({ reach }) => reach === 'broadcast').flatMap(one => one.templates);
    for (const name of hosts) {
      const frames = await asked(name);
      for (const frame of frames)
        expect(
          templates.some(one => fits(one, frame) || fits(one, frame.subarray(42))),
          frame.toString('hex'),
        ).toBe(true);
      expect(frames.length, name).toBeGreaterThanOrEqual(everybody.length);
    }
    expect(await asked('server')).toEqual([]);
    console.log(`broadcast: ${everybody.length} probes asked`);
  });

  it('armed for known devices, one that was seen to serve Modbus is asked in one connection, pinned to its address, and says who it is', async () => {
    const plc = await site.device('plc');
    await site.gateway.command(`/devices/${plc?.id}/approve`, { hours: 1, reason: 'the line needs it' });
    await site.untilDevice('plc', d => d.enforcement === 'open');
    await arm('dock', 'known-devices');
    const ended = async () => (await site.gateway.probes()).recent.find(({ order }) => order.probe === 'modbus-device-id');
    await until(async () => (await ended()) !== undefined, 'it is asked', 150_000);
    expect(await ended()).toMatchObject({
      order: { armedBy: 'local:root', target: { device: plc?.id, service: 502 } },
      outcome: { kind: 'answered' },
    });
    const said = /^modbus-device-id to .* port 502, armed by local:root: answered/;
    const timeline = async () => (await site.gateway.device(plc?.id ?? '')).timeline;
    await until(async () => (await timeline()).some(({ kind, text }) => kind === 'probed' && said.test(text)), 'the journal says so');
    await until(
      async () => (await site.gateway.device(plc?.id ?? '')).fields.some(({ name, value }) => name === 'model' && value === 'TM221CE16R'),
      'the sensor reads the answer',
    );
    expect((await site.device('plc'))?.enforcement).toBe('open');
  });

  it('a stop works at once and shows', async () => {
    await site.gateway.command('/probes/stop', { reason: 'line 3 complains' });
    const began = Date.now();
    const { zones, running } = await site.gateway.probes();
    expect(zones).toEqual([{ zone: 'dock', mode: 'off', by: 'local:root', reason: 'line 3 complains' }]);
    await until(async () => (await site.gateway.probes()).running.length === 0, 'nothing runs');
    const stopped = (await site.gateway.probes()).recent.filter(({ outcome }) => outcome.kind === 'stopped');
    for (const { outcome } of stopped) expect(outcome.endedAt - began).toBeLessThanOrEqual(1000);
    expect(running.length).toBeLessThanOrEqual(32);
  });

  it('a device that a person named is not challenged any more', async () => {
    const sensor = await site.device('sensor');
    await site.gateway.command(`/devices/${sensor?.id}/never-probe`, { on: true, reason: 'in the safety loop' });
    await expect(site.gateway.command(`/devices/${sensor?.id}/challenge`, { reason: 'testing' })).rejects.toThrow(
      /never to ask it anything/,
    );
    expect((await site.gateway.device(sensor?.id ?? '')).probing?.never).toMatchObject({ on: true, by: 'local:root' });
    await site.gateway.command(`/devices/${sensor?.id}/never-probe`, { on: false, reason: 'it may' });
  });

  it('a killed prober changes nobody’s access, no other process, and comes again', async () => {
    const before = site.pids();
    const old = (await prober())?.pid ?? expect.fail('no prober');
    const more = await site.arriving('sensor', 10, async () => {
      process.kill(old, 'SIGKILL');
      await until(async () => ![undefined, old].includes((await prober())?.pid), 'another prober is there');
    });
    expect(more('sensor')).toBeGreaterThanOrEqual(10);
    expect(site.pids()).toEqual(before);
    await site.untilDevice('sensor', d => d.admission === 'admitted' && d.enforcement === 'open');
  });
});

function isOwnQuestion(frame: Buffer): boolean {
  if (frame.toString('hex', 6, 12) !== own) return false;
  const type = frame.readUInt16BE(12);
  // The kernel asks and answers for addresses of hosts that speak with it, in frames without padding (RFC 826).
  if (type === 0x0806) return frame.length === 60;
  if (type !== 0x0800) return true;
  const [protocol, source, destination] = [frame[23], frame.readUInt16BE(34), frame.readUInt16BE(36)];
  const isTcpOfOurs = protocol === 6 && (source === 8444 || destination === 8443);
  return !isTcpOfOurs;
}
