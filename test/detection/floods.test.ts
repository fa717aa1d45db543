import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import { Gateway } from '../../gateway/gateway.ts';
import type { EventBody } from '../../gateway/model/event.ts';
import { policy, zone } from '../gateway/fixture.ts';
import { arp, discover, mdns } from './said.ts';
import { axis, laptop, router, server, siteOf, vendorOf } from './world.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const frames = 1_000_000;
/** 20,000 frames a second: the flood lasts 50 seconds of the capture's clock. */
const [perTick, tickMs] = [20_000, 1000];

/** Sensor and machine in one process: frames in, Events out; the clock is that of the frames. */
class Live {
  now = 1_700_000_000_000;
  readonly dissector = new Dissector();
  readonly gateway: Gateway;
  readonly events: EventBody[] = [];
  #number = 0;

  constructor(learnsMs = 600_000) {
    this.gateway = new Gateway({ settings: siteOf([zone({ challenge: false })], undefined), vendorOf, learnsMs }, policy());
    this.#take(this.gateway.usePolicy(policy(), [], this.now));
  }

  send(bytes: Uint8Array, port = 'v1'): void {
    this.dissector.frame({ number: ++this.#number, at: this.now, port, bytes, wireLength: bytes.length });
    const { observations } = this.dissector.drain();
    if (observations.length > 0) this.#take(this.gateway.handle({ kind: 'observed', observations }, this.now));
  }

  tick(ms = tickMs): void {
    const { malformed, overflow } = this.dissector.drain(true);
    if (malformed.length > 0) this.#take(this.gateway.handle({ kind: 'malformed', malformed }, this.now));
    for (const one of overflow) this.#take(this.gateway.handle({ kind: 'overflowed', ...one }, this.now));
    const sightings = this.dissector.sightings();
    this.#take(this.gateway.handle({ kind: 'sighted', sightings }, this.now));
    this.now += ms;
    this.#take(this.gateway.handle({ kind: 'tick' }, this.now));
  }

  #take(effects: ReturnType<Gateway['handle']>): void {
    for (const effect of effects) if (effect.kind === 'append') this.events.push(...effect.events);
    if (effects.some(({ kind }) => kind === 'resync')) this.dissector.resync();
  }

  /** How often each alarm was told. */
  get told(): Readonly<Record<string, number>> {
    const told: Record<string, number> = {};
    for (const event of this.events) if (event.kind === 'alarm') told[event.alarm] = (told[event.alarm] ?? 0) + 1;
    return told;
  }
}

const genuine: readonly (readonly [mac: string, ip: string])[] = [
  [router, '10.20.0.1'],
  [axis, '10.20.0.9'],
  [laptop, '10.20.0.50'],
  [server, '10.20.0.5'],
];
/** Whether every device that was there before the flood still is, with its address. */
const isStillThere = ({ gateway }: Live): boolean =>
  genuine.every(([mac, ip]) => gateway.inventory.withMac(mac).some(({ device }) => device.ips.includes(ip)));

/** Devices that are known, then a flood on their port: `make(i)` changes one frame in place. They go on speaking now and then. */
function flooded(make: (i: number) => Uint8Array): { readonly live: Live; readonly grown: number } {
  const live = new Live(0);
  for (const [mac, ip] of genuine) live.send(arp(mac, ip));
  live.tick();
  let before = 0;
  for (let i = 0; i < frames; i++) {
    live.send(make(i));
    if (i % perTick === perTick - 1) {
      for (const [mac, ip] of genuine) live.send(arp(mac, ip));
      live.tick();
    }
    if (i === frames / 10) {
      collect();
      before = process.memoryUsage().heapUsed;
    }
  }
  collect();
  return { live, grown: process.memoryUsage().heapUsed - before };
}

const address = (i: number): readonly number[] => [0x94, 0x12, (i >> 24) & 255, (i >> 16) & 255, (i >> 8) & 255, i & 255];
/** The burst and refill of a port for what outsiders cause, and for each device that it may have what is decided and enforced. */
const maxEvents = 3000 + 60 * 2 + 2 * 1024 + 100;
/** What the machine may grow by, once a tenth of the flood has passed: bytes. */
const maxGrown = 20e6;

describe('a flood of a million', () => {
  it('random source addresses: capped, one alarm, and who was there stays', () => {
    const frame = arp(laptop, '10.20.0.66');
    const { live, grown } = flooded(i => {
      frame.set(address(i), 6);
      frame.set(address(i), 22);
      return frame;
    });
    expect(live.gateway.inventory.size).toBeLessThanOrEqual(1024);
    expect(live.dissector.size.addresses).toBeLessThanOrEqual(1024);
    expect(live.events.length).toBeLessThan(maxEvents);
    expect(grown).toBeLessThan(maxGrown);
    expect([live.told['mac-flood'], live.told['new-device']]).toEqual([1, 128 + genuine.length]);
    expect(isStillThere(live)).toBe(true);
    expect(live.dissector.sightings().length).toBeLessThanOrEqual(1024);
  });

  it('DHCP discovers, from one sender: one alarm for it', () => {
    const frame = discover(laptop, { chaddr: axis });
    const { live, grown } = flooded(i => {
      frame.set(address(i), 70);
      return frame;
    });
    expect([live.gateway.inventory.size, isStillThere(live)]).toEqual([genuine.length, true]);
    expect(live.events.length).toBeLessThan(200);
    expect(grown).toBeLessThan(maxGrown);
    expect(live.events.filter(e => e.kind === 'alarm' && e.alarm === 'dhcp-starvation')).toMatchObject([
      { actor: laptop, detail: 'asks for leases in the name of 64 clients within a minute' },
      { actor: laptop, detail: 'asks for leases in the name of 256 clients within a minute' },
      { actor: laptop, detail: 'asks for leases in the name of 1024 clients within a minute' },
    ]);
  });

  it('DHCP discovers, each from an address of its own: one alarm, under the caps', () => {
    const frame = discover(laptop);
    const { live, grown } = flooded(i => {
      frame.set(address(i), 6);
      frame.set(address(i), 70);
      return frame;
    });
    expect(live.gateway.inventory.size).toBeLessThanOrEqual(1024);
    expect(live.events.length).toBeLessThan(maxEvents);
    expect(grown).toBeLessThan(maxGrown);
    expect([live.told['dhcp-starvation'], live.told['mac-flood'], isStillThere(live)]).toEqual([1, 1, true]);
  });

  it('mDNS names: one alarm of few words, under the caps', () => {
    const frame = mdns(laptop, '10.20.0.50', 'aaaaaaaa');
    const at = frame.indexOf(8, 54) + 1;
    const { live, grown } = flooded(i => {
      for (let k = 0; k < 8; k++) frame[at + k] = 97 + (Math.floor(i / 20 ** k) % 20);
      return frame;
    });
    expect([live.gateway.inventory.size, isStillThere(live)]).toEqual([genuine.length, true]);
    expect(live.events.length).toBeLessThan(maxEvents);
    expect(grown).toBeLessThan(maxGrown);
    expect(live.told['llmnr-poison']).toBeLessThan(12);
    expect(live.gateway.inventory.withMac(laptop)[0]?.device.hostnames?.length).toBe(8);
  });
});

describe('one address that flips between two ports thousands of times', () => {
  it('is one alarm and two devices, and no journal that grows', () => {
    const live = new Live(0);
    for (const [mac, ip] of genuine) live.send(arp(mac, ip));
    live.tick();
    for (let i = 0; i < 20_000; i++) {
      live.send(arp(axis, '10.20.0.9'), i % 2 === 0 ? 'v2' : 'v1');
      if (i % 100 === 99) live.tick();
    }
    expect(live.told['mac-clone']).toBe(1);
    expect(live.gateway.inventory.withMac(axis)).toHaveLength(2);
    expect(live.events.length).toBeLessThan(100);
  });

  it('one IP address between two devices: one alarm', () => {
    const live = new Live(0);
    for (const [mac, ip] of genuine) live.send(arp(mac, ip));
    live.tick();
    for (let i = 0; i < 20_000; i++) {
      live.send(arp(i % 2 === 0 ? laptop : axis, '10.20.0.9'));
      if (i % 100 === 99) live.tick();
    }
    expect([live.told['ip-conflict'], live.gateway.inventory.size]).toEqual([1, genuine.length]);
    expect(live.events.length).toBeLessThan(100);
  });
});

it('when the quota of a flooded port has recovered, the sensor says again what was folded away', () => {
  const live = new Live(0);
  const frame = arp(laptop, '10.20.0.66');
  for (let i = 0; i < 5000; i++) {
    frame.set(address(i), 6);
    frame.set(address(i), 22);
    live.send(frame);
  }
  live.tick();
  const last = arp(axis, '10.20.0.9');
  live.send(last);
  const isKnown = (): boolean => live.gateway.inventory.withMac(axis).some(({ device }) => device.ips.includes('10.20.0.9'));
  expect(isKnown()).toBe(false);
  for (let i = 0; i < 1000; i++) live.tick();
  live.send(last);
  live.tick();
  expect(isKnown()).toBe(true);
});
