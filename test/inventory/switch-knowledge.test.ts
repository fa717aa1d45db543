import { beforeEach, describe, expect, it } from 'vitest';
import { Inventory } from '../../gateway/inventory/inventory.ts';
import { attachmentAgeMs, SwitchKnowledge, tablesAgeMs } from '../../gateway/inventory/switch-knowledge.ts';
import type { EventBody } from '../../gateway/model/event.ts';
import { maxSwitches, type SwitchTables } from '../../gateway/model/switch.ts';

const [a, b] = ['10.0.0.1', '10.0.0.2'];
const own = { a: '02:00:5e:00:00:0a', b: '02:00:5e:00:00:0b', us: '02:00:5e:00:00:ff' };
const mac = (n: number): string =>
  `02:00:5e:00:${Math.floor(n / 256)
    .toString(16)
    .padStart(2, '0')}:${(n % 256).toString(16).padStart(2, '0')}`;
const [plc, camera] = [mac(257), mac(258)];

/** Tables of a switch: port → addresses behind it. */
function tables(name: 'a' | 'b', at: Readonly<Record<number, readonly string[]>>, over: Partial<SwitchTables> = {}): SwitchTables {
  const ports = Object.keys(at).map(port => ({ port: Number(port), name: `Gi0/${port}` }));
  const entries = Object.entries(at).flatMap(([port, macs]) => macs.map(one => ({ mac: one, port: Number(port) })));
  return {
    name: `sw-${name}`,
    description: '',
    chassis: own[name],
    own: [own[name]],
    ports,
    entries,
    neighbours: [],
    truncated: [],
    skipped: 0,
    ...over,
  };
}

let inventory: Inventory;
let knowledge: SwitchKnowledge;
let events: EventBody[];
const found = (n: number, address: string, vlan = 0): void =>
  inventory.apply({
    at: 1,
    body: { kind: 'device-found', device: `d${n}`, mac: address, port: 'span0', vlan, zone: 'all', seenBy: 'frames', frame: 0 },
  });
const at = (n: number) => inventory.get(`d${n}`)?.device.attachedTo;
const read = (ip: string, of: SwitchTables, now = 1000): void => knowledge.take(ip, { kind: 'read', tables: of }, now);

beforeEach(() => {
  inventory = new Inventory();
  events = [];
  const emit = (now: number, body: EventBody): void => {
    events.push(body);
    inventory.apply({ at: now, body });
  };
  knowledge = new SwitchKnowledge({ inventory, ownMac: own.us, emit });
  found(1, plc);
  found(2, camera);
});

describe('where a device is plugged in', () => {
  it('is the port that knows it', () => {
    read(
      a,
      tables('a', { 5: [plc] }, { ports: [{ port: 5, name: 'Gi0/5', alias: 'press 2' }], entries: [{ mac: plc, port: 5, vlan: 20 }] }),
    );
    expect(at(1)).toEqual({
      switchIp: a,
      switchName: 'sw-a',
      chassis: own.a,
      port: 'Gi0/5',
      alias: 'press 2',
      vlan: 20,
      how: 'edge',
      addresses: 1,
      at: 1000,
    });
    expect(at(2)).toBeUndefined();
  });

  it('is the deepest port, whichever switch was read first', () => {
    // The camera is at b; a sees it, with b itself, at the port that leads to b. The PLC is at a; b sees it at its port to a.
    const [first, second] = [tables('a', { 5: [plc], 24: [camera, own.b] }), tables('b', { 7: [camera], 1: [plc, own.a] })];
    for (const order of [() => (read(a, first), read(b, second)), () => (read(b, second), read(a, first))]) {
      order();
      expect([at(1)?.switchName, at(1)?.port, at(1)?.how]).toEqual(['sw-a', 'Gi0/5', 'edge']);
      expect([at(2)?.switchName, at(2)?.port, at(2)?.how]).toEqual(['sw-b', 'Gi0/7', 'edge']);
    }
  });

  it('is a port for devices also where more addresses share it than come by the link', () => {
    read(a, tables('a', { 24: [camera, own.b] }));
    read(b, tables('b', { 7: [camera, mac(1), mac(2), mac(3)], 1: [own.a] }));
    expect(at(2)).toMatchObject({ switchName: 'sw-b', port: 'Gi0/7', addresses: 4 });
  });

  it('is a link, and says so, where the switch behind it is not read', () => {
    const neighbours = [{ port: 24, chassis: '02:00:5e:00:00:99', name: 'cell-sw', isBridge: true }];
    read(a, tables('a', { 24: [camera] }, { neighbours }));
    expect(at(2)).toMatchObject({ port: 'Gi0/24', how: 'link' });
  });

  it('is a link where a listed switch announces itself without saying that it is one', () => {
    read(b, tables('b', { 7: [] }));
    read(a, tables('a', { 24: [camera] }, { neighbours: [{ port: 24, chassis: own.b, name: '', isBridge: false }] }));
    expect(at(2)?.how).toBe('link');
  });

  it('leads to this box where the switch sees us too: the device is behind us, not there', () => {
    read(a, tables('a', { 2: [own.us, plc, camera], 5: [] }));
    expect(at(1)).toMatchObject({ port: 'Gi0/2', how: 'here' });
  });

  it('is shared where more addresses are at the port, and the one with fewer goes before', () => {
    read(a, tables('a', { 24: [plc, camera, mac(1), mac(2)] }));
    expect(at(2)).toMatchObject({ port: 'Gi0/24', addresses: 4, how: 'edge' });
    read(b, tables('b', { 7: [camera, mac(1)] }));
    expect(at(2)).toMatchObject({ switchName: 'sw-b', addresses: 2 });
    expect(at(1)).toMatchObject({ switchName: 'sw-a' });
  });

  it('is the port of its own VLAN where it has others too', () => {
    found(3, mac(300), 30);
    const entries = [
      { mac: mac(300), port: 1, vlan: 20 },
      { mac: mac(300), port: 2, vlan: 30 },
      { mac: mac(301), port: 2, vlan: 30 },
    ];
    read(a, tables('a', { 1: [], 2: [] }, { entries }));
    expect(at(3)).toMatchObject({ port: 'Gi0/2', vlan: 30 });
  });

  it('follows a cable: the switch that knows it since the shortest time, while the other one has not forgotten it', () => {
    read(a, tables('a', { 5: [plc] }));
    read(b, tables('b', { 7: [] }), 2000);
    read(b, tables('b', { 7: [plc] }), 62_000);
    expect(at(1)).toMatchObject({ switchName: 'sw-b', at: 62_000 });
    read(a, tables('a', { 5: [] }), 70_000);
    expect(at(1)).toMatchObject({ switchName: 'sw-b', at: 62_000 });
  });

  it('stays the last known one while the device is silent, and is forgotten after a day', () => {
    read(a, tables('a', { 5: [plc] }), 0);
    read(a, tables('a', { 5: [] }), attachmentAgeMs - 1);
    expect(at(1)?.port).toBe('Gi0/5');
    read(a, tables('a', { 5: [] }), attachmentAgeMs + 1);
    expect(at(1)).toBeUndefined();
    expect(events.at(-1)).toEqual({ kind: 'attached', device: 'd1' });
  });

  it('is not what a switch said that is silent since an hour', () => {
    read(a, tables('a', { 5: [camera] }), 0);
    knowledge.take(a, { kind: 'silent', detail: 'no answer' }, tablesAgeMs + 1);
    read(b, tables('b', { 7: [camera, mac(1)] }), tablesAgeMs + 2);
    expect(at(2)).toMatchObject({ switchName: 'sw-b' });
  });
});

describe('the journal', () => {
  it('has differences only', () => {
    for (let n = 0; n < 5; n++) read(a, tables('a', { 5: [plc], 6: [camera] }), 1000 * n);
    expect(events.map(({ kind }) => kind)).toEqual(['switch-read', 'attached', 'attached']);
    knowledge.take(a, { kind: 'silent', detail: 'no answer to 3 questions' }, 6000);
    knowledge.take(a, { kind: 'silent', detail: 'no answer to 3 questions' }, 7000);
    expect(events.at(-1)).toEqual({ kind: 'switch-read', switchIp: a, state: 'silent', detail: 'no answer to 3 questions' });
    expect(events).toHaveLength(4);
  });

  it('does not grow with each address that comes or goes at a shared port', () => {
    read(a, tables('a', { 5: [plc, ...Array.from({ length: 8 }, (_, n) => mac(n))] }));
    read(a, tables('a', { 5: [plc, ...Array.from({ length: 9 }, (_, n) => mac(n))] }));
    expect(events).toHaveLength(2);
  });

  it('gives the same state when it is folded again', () => {
    read(a, tables('a', { 5: [plc] }));
    const again = new Inventory();
    for (const n of [1, 2])
      again.apply({
        at: 1,
        body: { kind: 'device-found', device: `d${n}`, mac: mac(256 + n), port: 'span0', vlan: 0, zone: 'all', seenBy: 'frames', frame: 0 },
      });
    for (const body of events) again.apply({ at: 1000, body });
    expect(again.get('d1')?.device).toEqual(inventory.get('d1')?.device);
    expect(Inventory.from(inventory.snapshot()).get('d1')?.device.attachedTo).toEqual(at(1));
  });

  it('is not filled by a switch that says something else each time: 300 readings of 1,000 devices', () => {
    for (let n = 3; n < 1003; n++) found(n, mac(1000 + n));
    for (let round = 0; round < 300; round++) {
      const shuffled = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [((n + round) % 1000) + 1, [mac(1003 + n)]]));
      read(a, tables('a', shuffled, { name: `sw-${round}` }), round * 1000);
    }
    // 20,000 at once and two a second; it asked for 300,000.
    expect(events.length).toBeLessThan(20_000 + 2 * 300 + 1);
    expect(events.length).toBeGreaterThan(20_000);
  });

  it('has no more switches than may be listed', () => {
    for (let n = 0; n < 100; n++) read(`10.0.1.${n}`, tables('a', { 5: [plc] }));
    expect(events.filter(({ kind }) => kind === 'switch-read')).toHaveLength(maxSwitches);
  });
});
