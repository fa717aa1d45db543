import type { Finding } from './check.ts';
import type { Demo } from './demo.ts';
import { attacksOf, framesAgainst, type Field, inventedSenders, mostAddresses } from './attacks.ts';
import { deviceOf } from './demo-table.ts';
import { server } from './hosts/beat.ts';
import type { Ear } from './namespace.ts';
import { hostile, rows } from './rows.ts';
import { gateway as gatewayAddress, uplink } from './warehouse.ts';

const text = (frame: Uint8Array): string => Buffer.from(frame).toString('hex');
/** Who listens: the server, an admitted device, an approved one, and the gateway itself behind its bridge. */
const listeners = [
  ['server', 'eth0'],
  ['sensor', 'eth0'],
  ['plc', 'eth0'],
  ['gateway', 'br0'],
] as const;

/** An unknown host tries to get out of its lane, first held, then quarantined: no byte of what it tries may arrive at any listener. */
export async function tryLeaks(demo: Demo): Promise<readonly Finding[]> {
  console.log('\nA hostile host tries to leave its lane');
  const { warehouse, gateway } = demo;
  await warehouse.start(hostile);
  const reached = async (what: string): Promise<boolean> => {
    for (const end = Date.now() + 60_000; Date.now() < end; await new Promise(resolve => setTimeout(resolve, 50)))
      if (deviceOf(hostile, await gateway.devices())?.enforcement === what) return true;
    return false;
  };
  const attacks = Object.entries(attacksOf(await fieldOf(demo)));
  const ears: (readonly [string, Ear])[] = [];
  for (const [host, iface] of listeners) ears.push([host, await warehouse.lan.receive(host, iface)]);
  const findings: Finding[] = [await isHeard(demo, ears)];
  for (const state of ['held', 'quarantined'] as const) {
    const device = deviceOf(hostile, await gateway.devices());
    if (state === 'quarantined' && device !== undefined)
      await gateway.command(`/devices/${device.id}/quarantine`, { reason: 'demo check' });
    const isSo = await reached(state);
    findings.push(await reachedByOthers(demo, state, isSo));
    for (const [name, frames] of attacks) {
      for (const [, ear] of ears) ear.frames.length = 0;
      await warehouse.lan.sendFrames(hostile.name, frames);
      const tried = new Set(frames.map(text));
      const others = name === inventedSenders ? ears.filter(([host]) => host !== 'gateway') : ears;
      const leaked = await bytesHeard(demo, others, frame => tried.has(text(frame)));
      const seen = isSo ? `${frames.length} frames sent, ${leaked} bytes arrived` : `it is not ${state}`;
      findings.push({ host: `${hostile.title}, ${state}`, what: name, expected: '0 bytes arrived', seen, holds: isSo && leaked === 0 });
    }
  }
  return [...findings, await fewNeighbours(demo)];
}

/** Nor may the server or an admitted device reach it. */
async function reachedByOthers({ warehouse }: Pick<Demo, 'warehouse'>, state: string, isSo: boolean): Promise<Finding> {
  const { evil, server: from, victim } = await fieldOf({ warehouse });
  const ear = await warehouse.lan.receive(hostile.name);
  const tried = new Set<string>();
  for (const [host, station] of [['server', from] as const, ['sensor', victim] as const]) {
    const frames = framesAgainst(station, evil);
    for (const frame of frames) tried.add(text(frame));
    await warehouse.lan.sendFrames(host, frames);
  }
  const leaked = await bytesHeard({ warehouse }, [[hostile.name, ear]], frame => tried.has(text(frame)));
  await ear.close();
  const seen = isSo ? `${tried.size} frames sent to it, ${leaked} bytes arrived` : `it is not ${state}`;
  return {
    host: `${hostile.title}, ${state}`,
    what: 'reached by the server or the sensor',
    expected: '0 bytes arrived',
    seen,
    holds: isSo && leaked === 0,
  };
}

/** The neighbour table is the whole machine's, and small: one host may not fill it. */
async function fewNeighbours({ warehouse }: Demo): Promise<Finding> {
  const { stdout } = await warehouse.lan.exec('gateway', ['ip', 'neigh', 'show', 'dev', 'br0']);
  const entries = stdout.split('\n').filter(line => line.includes(hostile.mac)).length;
  const expected = `${mostAddresses} entries or fewer`;
  return {
    host: hostile.title,
    what: "in the gateway's neighbour table",
    expected,
    seen: `${entries} entries`,
    holds: entries <= mostAddresses,
  };
}

/** That the ears hear at all: a frame of an admitted device, on the same path. */
async function isHeard({ warehouse }: Demo, ears: readonly (readonly [string, Ear])[]): Promise<Finding> {
  const sensor = rows.find(r => r.name === 'sensor');
  const frame = new Uint8Array(64).fill(0xff, 0, 6);
  frame.set([...Buffer.from((sensor?.mac ?? '').replaceAll(':', ''), 'hex'), 0x88, 0xb6], 6);
  await warehouse.lan.sendFrames('sensor', [frame]);
  const heard: string[] = [];
  for (const [host, ear] of ears) {
    const frames = await warehouse.lan.heard(host, ear);
    if (frames.some(f => text(f) === text(frame))) heard.push(host);
  }
  const wanted = ears.map(([host]) => host).filter(host => host !== 'sensor');
  const seen = heard.join(', ') || 'nobody';
  return {
    host: 'sensor, good',
    what: 'a raw frame of it is heard',
    expected: wanted.join(', '),
    seen,
    holds: heard.join() === wanted.join(),
  };
}

async function bytesHeard(
  { warehouse }: Pick<Demo, 'warehouse'>,
  ears: readonly (readonly [string, Ear])[],
  counts: (frame: Uint8Array) => boolean,
): Promise<number> {
  let bytes = 0;
  for (const [host, ear] of ears) for (const frame of await warehouse.lan.heard(host, ear)) if (counts(frame)) bytes += frame.length;
  return bytes;
}

async function fieldOf({ warehouse }: Pick<Demo, 'warehouse'>): Promise<Field> {
  const victim = rows.find(r => r.name === 'sensor');
  return {
    evil: { mac: hostile.mac, ip: hostile.ip?.split('/')[0] ?? '' },
    gateway: gatewayAddress,
    server: { mac: uplink.mac, ip: server.address },
    victim: { mac: victim?.mac ?? '', ip: (await warehouse.address('sensor')) ?? '' },
  };
}
