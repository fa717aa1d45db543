import type { ChildProcess } from 'node:child_process';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receive } from '../../gateway/edge/inbox.ts';
import { lineWriter, readLines } from '../../gateway/edge/lines.ts';
import type { ToProber } from '../../gateway/edge/messages.ts';
import { roles, setpriv } from '../../gateway/edge/roles.ts';
import type { ProbeOrder, ProbeOutcome } from '../../gateway/model/probe.ts';
import { statusOf } from '../edge/processes.ts';
import { ownType } from './hosts/own-probes.ts';
import { type Ear, type Lan, labIsMissing, makeLan, until } from './namespace.ts';
import { undisturbed } from '../undisturbed.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

const own = { mac: '02:00:00:00:00:01', ip: '10.20.0.1', prefix: '10.20.0.1/16' };
const devices = [1, 2, 3].map(n => ({ name: `h${n}`, port: `v${n}`, mac: `02:00:5e:00:00:0${n}`, ip: `10.20.1.${n}/16` }));
const target = (n: number, service: number) => ({
  device: `d${n}`,
  mac: `02:00:5e:00:00:0${n}`,
  ip: `10.20.1.${n}`,
  port: `v${n}`,
  vlan: 0,
  service,
});
/** Serves TCP 502, 631 and 9100 and UDP 161, and gives back what comes. */
const server = `for (const p of [502, 631, 9100]) require('net').createServer({ allowHalfOpen: true }, s => s.on('data', d => s.write(d)).on('end', () => s.end()).on('error', () => {})).listen(p);
const u = require('dgram').createSocket('udp4'); u.on('message', (m, f) => u.send(m, f.port, f.address)); u.bind(161);`;

describe.skipIf(missing)('the prober on a bridge', () => {
  let lan: Lan;
  let child: ChildProcess;
  let say: (message: ToProber) => boolean;
  const outcomes = new Map<string, ProbeOutcome & { readonly heardAt: number }>();
  const ears = new Map<string, Ear>();
  let pid = 0;
  let next = 1;

  beforeAll(async () => {
    lan = await makeLan({ prefix: 'spprober', devices, gateway: { mac: own.mac, ip: own.prefix } });
    for (const { name } of devices.slice(0, 2)) lan.spawn(name, [process.execPath, '-e', server]);
    for (const { name } of devices.slice(0, 2))
      await until(async () => (await lan.exec(name, ['ss', '-Hltn', 'sport = :9100'])).stdout !== '', `${name} listens`);
    // The bridge learns who is where, as it has when a device was heard: an unknown address would be flooded to every port.
    for (const { name, mac } of devices)
      await lan.sendFrames(name, [Buffer.from(`ffffffffffff${mac.replaceAll(':', '')}88b7`.padEnd(120, '0'), 'hex')]);
    for (const n of [1, 2]) await pin(n, `02:00:5e:00:00:0${n}`);
    for (const name of [...devices.map(d => d.name), 'server']) ears.set(name, await lan.receive(name));
    const options = JSON.stringify({ bridge: 'br0', ports: ['v1', 'v2', 'v3'], user: roles.prober.becomes });
    const script = fileURLToPath(new URL('hosts/own-prober.ts', import.meta.url));
    child = lan.spawn('gateway', [...setpriv(roles.prober), process.execPath, script, options], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    const channel = child.stdio[3];
    if (!(channel instanceof Duplex)) throw new Error('no channel');
    say = lineWriter<ToProber>(channel);
    readLines(
      channel,
      value => {
        const message = receive('prober', value, why => expect.fail(why));
        if (message?.type === 'hello') ({ pid } = message);
        else if (message?.type === 'outcome') outcomes.set(message.id, { ...message.outcome, heardAt: performance.now() });
      },
      why => expect.fail(why),
    );
    await until(() => pid > 0, 'the prober says hello');
  });
  afterAll(() => lan?.close());

  const pin = async (n: number, mac: string) =>
    void (await lan.exec('gateway', ['ip', 'neigh', 'replace', `10.20.1.${n}`, 'lladdr', mac, 'dev', 'br0', 'nud', 'permanent']));
  const order = (probe: ProbeOrder['probe'], more: Partial<ProbeOrder>): string => {
    const id = `p${next++}`;
    say({ type: 'probe', order: { id, probe, zone: 'cell', armedBy: 'ann', ...more }, own });
    return id;
  };
  const ended = async (id: string): Promise<ProbeOutcome & { readonly heardAt: number }> => {
    await until(() => outcomes.has(id), `probe ${id} ends`);
    return outcomes.get(id) ?? expect.fail('no outcome');
  };
  /** Frames that came from the gateway's address since the last call, but for its kernel's answers to whoever asks for that address. */
  const marks = new Map<string, number>();
  const heard = async (name: string): Promise<readonly Buffer[]> => {
    const ear = ears.get(name) ?? expect.fail('no ear');
    const frames = (await lan.heard(name, ear))
      .map(frame => Buffer.from(frame))
      .filter(frame => frame.toString('hex', 6, 12) === '020000000001' && frame.toString('hex', 12, 22) !== '08060001080006040002');
    const from = marks.get(name) ?? 0;
    marks.set(name, frames.length);
    return frames.slice(from);
  };
  const nobodyHears = async () => {
    for (const name of ears.keys()) expect(await heard(name), name).toEqual([]);
  };

  it('has given up everything that root can do, and is its own user', () => {
    expect(['CapEff', 'CapPrm', 'CapAmb'].map(field => statusOf(pid, field))).toEqual(Array(3).fill('0000000000000000'));
    expect(statusOf(pid, 'Uid')).toMatch(/^61176 61176 61176 61176$/);
    expect(statusOf(pid, 'NoNewPrivs')).toBe('1');
  });

  it('sends nothing by itself', () => nobodyHears());

  it('asks one device in one connection: one SYN, the template, FIN, and no RST', async () => {
    const outcome = await ended(order('modbus-device-id', { target: target(1, 502) }));
    expect(outcome).toMatchObject({
      kind: 'answered',
      sent: 8,
      received: 8,
      messages: [{ template: 'question', bytes: Buffer.from('question').toString('hex') }],
    });
    const frames = await heard('h1');
    const flags = frames.map(frame => frame[47] ?? 0);
    expect(frames.every(frame => frame.readUInt16BE(12) === 0x0800 && frame[23] === 6 && frame.readUInt16BE(36) === 502)).toBe(true);
    expect(frames.every(frame => frame.toString('hex', 26, 30) === '0a140001')).toBe(true);
    expect(flags.filter(f => (f & 0x02) !== 0)).toHaveLength(1);
    expect(flags.filter(f => (f & 0x01) !== 0)).toHaveLength(1);
    expect(flags.filter(f => (f & 0x04) !== 0)).toHaveLength(0);
    const payload = frames
      .map(frame => frame.subarray(34 + ((frame[46] ?? 0) >> 4) * 4, 14 + frame.readUInt16BE(16)))
      .filter(part => part.length > 0);
    expect(payload.map(String)).toEqual(['question']);
    for (const other of ['h2', 'h3', 'server']) expect(await heard(other), other).toEqual([]);
  });

  it('asks by a datagram from its own address', async () => {
    expect(await ended(order('snmp-get', { target: target(2, 161) }))).toMatchObject({ kind: 'answered', received: 8 });
    expect((await heard('h2')).map(frame => [frame.toString('hex', 26, 30), frame.readUInt16BE(36), frame.toString('latin1', 42)])).toEqual(
      [['0a140001', 161, 'question']],
    );
  });

  it('sends no SYN to a port that acts on bytes, though it is open and was seen there', async () => {
    for (const service of [9100, 631, 515]) {
      expect(await ended(order('http-head', { target: target(2, service) }))).toMatchObject({ kind: 'blocked', sent: 0 });
      expect(await ended(order('modbus-device-id', { target: target(2, service) }))).toMatchObject({ kind: 'blocked', sent: 0 });
    }
    await nobodyHears();
  });

  it('sends nothing to an address that leads to another device, to nobody, or out of our network', async () => {
    await pin(2, '02:00:5e:00:00:03');
    expect(await ended(order('modbus-device-id', { target: target(2, 502) }))).toMatchObject({
      kind: 'blocked',
      detail: expect.stringMatching(/leads to 02:00:5e:00:00:03/) as unknown,
    });
    await pin(2, '02:00:5e:00:00:02');
    expect(await ended(order('modbus-device-id', { target: target(3, 502) }))).toMatchObject({
      kind: 'blocked',
      detail: expect.stringMatching(/leads to nobody/) as unknown,
    });
    expect(await ended(order('modbus-device-id', { target: { ...target(1, 502), ip: '10.30.0.1' } }))).toMatchObject({ kind: 'blocked' });
    await nobodyHears();
  });

  it('asks everybody by the ports it was given, never by another one or the uplink, one frame for each message', async () => {
    expect(await ended(order('ssdp-search', { ports: ['v1', 'v2'] }))).toMatchObject({ kind: 'asked', sent: 8 });
    expect(await ended(order('nbstat', { ports: ['v1', 'v2'] }))).toMatchObject({ kind: 'asked', sent: 8 });
    for (const name of ['h1', 'h2']) {
      const frames = await heard(name);
      expect(frames.map(frame => [frame.toString('hex', 0, 6), frame.toString('hex', 30, 34), frame.toString('latin1', 42)])).toEqual([
        ['01005e7ffffa', 'effffffa', 'question'],
        ['ffffffffffff', '0a14ffff', 'question'],
      ]);
    }
    for (const name of ['h3', 'server']) expect(await heard(name), name).toEqual([]);
  });

  it(
    'a sweep under way ends within a second of the stop, keeps to 5 a second until then, and nothing more comes',
    undisturbed,
    async () => {
      const begun = performance.now();
      const id = order('arp-sweep', { ports: ['v1'], prefix: '10.20.1.0/24' });
      const all = () => (ears.get('h1')?.frames ?? []).filter(frame => Buffer.from(frame).readUInt16BE(12) === ownType).length;
      const earlier = all();
      const mine = () => all() - earlier;
      await until(() => mine() >= 8, 'the sweep runs');
      expect(performance.now() - begun).toBeGreaterThan(1200);
      const stopped = performance.now();
      say({ type: 'stop' });
      const outcome = await ended(id);
      const took = outcome.heardAt - stopped;
      console.log(`stop: ${took.toFixed(0)} ms with a sweep under way`);
      expect(outcome.kind).toBe('stopped');
      expect(took).toBeLessThan(1000);
      const sent = mine();
      await ended(order('ssdp-search', { ports: ['v2'] })); // takes its turns after whatever the sweep would still send
      expect(mine()).toBe(sent);
    },
  );
});
