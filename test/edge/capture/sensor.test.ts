import { readdirSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { roles, setpriv } from '../../../gateway/edge/roles.ts';
import type { Observation, Sighting } from '../../../gateway/model/fact.ts';
import { labIsMissing, type Lan, makeLan } from '../../lab/namespace.ts';
import { type Message, Processes, statusOf } from '../processes.ts';
import { arpAnnouncement, mute } from './frames.ts';

const missing = labIsMissing();
if (missing) console.warn(`sensor: skipped, ${missing}`);

const argument = (...ports: string[]): string => JSON.stringify({ ports, filter: 'none', user: roles.sensor.becomes });
const observations = (p: Processes): readonly Observation[] =>
  p.messages(3, 'observations').flatMap(m => (m as Message & { observations: readonly Observation[] }).observations);
/** What was seen of an address, but for which protocols it spoke: that is the collectors' own test. */
const of = (p: Processes, mac: string): readonly Observation[] => observations(p).filter(o => o.mac === mac && o.fact.kind !== 'protocol');
const sightings = (p: Processes, mac: string): readonly Sighting[] =>
  p
    .messages(3, 'sightings')
    .flatMap(m => (m as Message & { sightings: readonly Sighting[] }).sightings)
    .filter(s => s.mac === mac);
const states = (p: Processes, port: string): readonly unknown[] =>
  p
    .messages(3, 'port')
    .filter(m => m['port'] === port)
    .map(m => m['state']);
let last = 0x100;
/** An address that no other test uses. */
const freshMac = (): string => `02:00:5e:00:${(++last >> 8).toString(16).padStart(2, '0')}:${(last & 0xff).toString(16).padStart(2, '0')}`;

describe.skipIf(missing !== undefined)('the sensor', () => {
  let lan: Lan;
  let processes: Processes | undefined;
  const start = async (ports: readonly string[], isUp = ports): Promise<Processes> => {
    const p = new Processes(lan, 'gateway', { real: { sensor: [argument(...ports)] } });
    processes = p;
    await p.until(() => isUp.every(port => states(p, port).includes('up')), `${isUp.join()} are up`);
    return p;
  };
  const link = (...words: string[]): Promise<unknown> => lan.exec('gateway', ['ip', 'link', ...words]);

  beforeAll(async () => {
    const devices = ['d1', 'd2', 'd3'].map((name, i) => ({
      name,
      port: `v${i + 1}`,
      mac: `02:00:5e:00:00:0${i + 1}`,
      ip: `10.20.1.${i + 1}/16`,
    }));
    lan = await makeLan({ prefix: 'spsen', devices });
  });
  afterEach(() => processes?.stop());
  afterAll(() => lan.close());

  it('gives a frame the port it came in on, and no other although the bridge sends it out there', async () => {
    const p = await start(['v1', 'v2', 'up0']);
    const [mac, later] = [freshMac(), freshMac()];
    await lan.sendFrames('d1', [arpAnnouncement(mac, '10.20.9.9')]);
    await lan.sendFrames('d2', [mute(later)]);
    await p.until(() => of(p, later).length > 0 && of(p, mac).length > 1, 'both are seen');
    expect(of(p, mac).map(o => [o.port, o.fact])).toEqual([
      ['v1', { kind: 'seen' }],
      ['v1', { kind: 'address', ip: '10.20.9.9' }],
    ]);
    expect(new Set(of(p, later).map(o => o.port))).toEqual(new Set(['v2']));
  });

  it('hears the first frame after its start', async () => {
    const p = await start(['v2']);
    const mac = freshMac();
    await lan.sendFrames('d2', [mute(mac)]);
    await p.until(() => of(p, mac).length === 1, 'it is seen');
  });

  it('sees the VLAN tag that the kernel takes off', async () => {
    const p = await start(['v1']);
    const mac = freshMac();
    await lan.sendFrames('d1', [arpAnnouncement(mac, '10.20.9.8', 20)]);
    await p.until(() => of(p, mac).length > 1, 'it is seen');
    expect(of(p, mac).map(o => [o.vlan, o.fact.kind])).toEqual([
      [20, 'seen'],
      [20, 'address'],
    ]);
  });

  it('sees only frames that bear identity, tagged ones too, when it is told to look at nothing else', async () => {
    const options = { ports: ['v1'], filter: 'identity', user: roles.sensor.becomes };
    const p = new Processes(lan, 'gateway', { real: { sensor: [JSON.stringify(options)] } });
    processes = p;
    await p.until(() => states(p, 'v1').includes('up'), 'v1 is up');
    const [plain, tagged, silent] = [freshMac(), freshMac(), freshMac()];
    await lan.sendFrames('d1', [mute(silent), arpAnnouncement(plain, '10.20.9.5'), arpAnnouncement(tagged, '10.20.9.4', 20)]);
    await p.until(() => of(p, plain).length === 2 && of(p, tagged).length === 2, 'both are seen');
    expect(of(p, silent)).toEqual([]);
  });

  it('counts frames each second', async () => {
    const p = await start(['v1']);
    const mac = freshMac();
    await lan.sendFrames('d1', Array(7).fill(mute(mac)));
    await p.until(() => sightings(p, mac).reduce((sum, s) => sum + s.packets, 0) === 7, '7 frames are counted');
    await p.until(() => p.messages(3, 'counters').some(m => m['port'] === 'v1' && Number(m['frames']) >= 7), 'and of the port');
  });

  it('heals and shows an interface that goes down and up, without a restart', async () => {
    const p = await start(['v1', 'v2']);
    const pid = p.pid('sensor');
    await link('set', 'v1', 'down');
    await p.until(() => states(p, 'v1').includes('down'), 'it is reported down');
    await link('set', 'v1', 'up');
    await p.until(() => states(p, 'v1').includes('healed'), 'it is reported healed');
    const mac = freshMac();
    await lan.sendFrames('d1', [mute(mac)]);
    await p.until(() => of(p, mac).length > 0, 'its frames are seen');
    expect(p.pid('sensor')).toBe(pid);
    expect(states(p, 'v2')).toEqual(['up']);
  });

  it('heals and shows a flap that is over before it looks', async () => {
    const p = await start(['v1']);
    await lan.exec('gateway', ['ip', '-batch', '-'], { input: 'link set v1 down\nlink set v1 up\n' });
    await p.until(() => states(p, 'v1').join() === 'up,down,healed', 'the flap is reported');
  });

  it('reports a lost carrier and goes on capturing', async () => {
    const p = await start(['v1']);
    await lan.exec('d1', ['ip', 'link', 'set', 'eth0', 'down']);
    await p.until(() => states(p, 'v1').includes('down'), 'no carrier is reported');
    await lan.exec('d1', ['ip', 'link', 'set', 'eth0', 'up']);
    await p.until(() => states(p, 'v1').join() === 'up,down,up', 'the carrier is back');
    const mac = freshMac();
    await lan.sendFrames('d1', [mute(mac)]);
    await p.until(() => of(p, mac).length > 0, 'its frames are seen');
    expect(p.starts('sensor')).toBe(1);
  });

  it('takes up a port that is down at its start when it comes, and hears the others meanwhile', async () => {
    await link('set', 'v2', 'down');
    const p = await start(['v1', 'v2'], ['v1']);
    const [early, late] = [freshMac(), freshMac()];
    await lan.sendFrames('d1', [mute(early)]);
    await p.until(() => of(p, early).length > 0 && states(p, 'v2').includes('down'), 'v1 is heard and v2 reported down');
    await link('set', 'v2', 'up');
    await p.until(() => states(p, 'v2').includes('healed'), 'v2 is reported healed');
    await lan.sendFrames('d2', [mute(late)]);
    await p.until(() => of(p, late).some(o => o.port === 'v2'), 'v2 is heard');
  });

  it('takes up an interface that is removed and made again', async () => {
    const p = await start(['v1', 'v3']);
    await link('del', 'v3');
    await p.until(() => states(p, 'v3').includes('gone'), 'it is reported gone');
    await lan.exec('gateway', ['ip', 'link', 'add', 'v3', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', lan.ns('d3')]);
    await lan.exec('d3', ['ip', 'link', 'set', 'eth0', 'up']);
    await link('set', 'v3', 'master', lan.bridge, 'up');
    await p.until(() => states(p, 'v3').includes('healed'), 'it is reported healed');
    const mac = freshMac();
    await lan.sendFrames('d3', [mute(mac)]);
    await p.until(() => of(p, mac).some(o => o.port === 'v3'), 'it is heard');
  });

  it('says everything again to a gateway that has just started', async () => {
    const p = new Processes(lan, 'gateway', { real: { sensor: [argument('v1')] } });
    processes = p;
    await p.until(() => states(p, 'v1').includes('up'), 'v1 is up');
    const mac = freshMac();
    await lan.sendFrames('d1', [arpAnnouncement(mac, '10.20.9.7')]);
    await p.until(() => of(p, mac).length === 2, 'it is seen');
    const from = p.heard.length;
    process.kill(p.pid('gateway'), 'SIGKILL');
    const again = (): readonly Message[] => p.heard.slice(from).flatMap(h => (h.fd === 3 && h.message ? [h.message] : []));
    await p.until(() => of(p, mac).length === 4, 'it is said again');
    expect(again().map(m => m.type)).toEqual(expect.arrayContaining(['hello', 'port', 'observations']));
    expect(p.starts('sensor')).toBe(1);
  });

  it('stays small in a flood of 100,000 senders, counts what it drops, and keeps the genuine devices', async () => {
    const p = await start(['v1', 'v2']);
    const [genuine, elsewhere] = [freshMac(), freshMac()];
    await lan.sendFrames('d1', [arpAnnouncement(genuine, '10.20.9.6')]);
    await p.until(() => of(p, genuine).length === 2, 'it is seen');
    const script = fileURLToPath(new URL('flood.py', import.meta.url));
    const { code } = await lan.exec('d1', ['/usr/bin/python3', script, 'eth0', '100000'], { timeoutMs: 120_000 });
    expect(code).toBe(0);
    // What comes while it still catches up may find no room in the kernel, which is none of its faults.
    const heard = () => p.messages(3, 'counters').flatMap(m => (m['port'] === 'v1' ? [Number(m['frames']) + Number(m['dropped'])] : []));
    await p.until(() => Number(heard().at(-1)) > 10_000 && heard().at(-1) === heard().at(-2), 'the flood is through');
    await lan.sendFrames('d1', Array(3).fill(mute(genuine)));
    await lan.sendFrames('d2', [mute(elsewhere)]);
    await p.until(() => of(p, elsewhere).length > 0, 'a new device elsewhere is seen');
    await p.until(() => sightings(p, genuine).reduce((sum, s) => sum + s.packets, 0) === 4, 'the genuine one is counted');
    const dropped = p
      .messages(3, 'overflow')
      .filter(m => m['port'] === 'v1')
      .reduce((sum, m) => sum + Number(m['count']), 0);
    const admitted = new Set(observations(p).map(o => o.mac)).size;
    const rss = Number.parseInt(statusOf(p.pid('sensor'), 'VmRSS'), 10) / 1024;
    console.info(`flood: ${admitted} addresses kept, ${dropped} frames over the cap, sensor ${rss.toFixed(0)} MiB`);
    expect(admitted).toBeLessThan(2_000);
    expect(dropped).toBeGreaterThan(10_000);
    expect(rss).toBeLessThan(256);
    expect(p.starts('sensor')).toBe(1);
  });

  it('holds a packet socket for each port and cannot open another one', async () => {
    const p = await start(['v1', 'v2']);
    const pid = p.pid('sensor');
    const sockets = readdirSync(`/proc/${pid}/fd`).filter(fd => readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:')).length;
    expect(sockets).toBeGreaterThanOrEqual(2);
    const reopen = fileURLToPath(new URL('reopen.ts', import.meta.url));
    const { code, stdout, stderr } = await lan.exec('gateway', [...setpriv(roles.sensor), process.execPath, reopen]);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({
      asRoot: 'open',
      afterwards: 'Cannot capture on v1: socket: Operation not permitted',
      root: 'EPERM',
    });
  });
});
