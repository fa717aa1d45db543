import { expect, it } from 'vitest';
import { exportRecord } from '../../gateway/export/record.ts';
import { Past } from '../../gateway/inventory/past.ts';
import type { EventBody } from '../../gateway/model/event.ts';
import type { Command } from '../../gateway/model/machine.ts';
import { Bench, result } from './fixture.ts';

const sensor = '02:00:5e:00:00:01';
const plc = '02:00:5e:00:00:02';
const camera = '44:19:b6:00:00:03';

/** What a record says beside who sent a frame when, which no journal keeps. */
const told = (record: ReturnType<typeof exportRecord>) => ({ ...record, presence: '', last_seen: '' });

it('the journal folded up to an instant says in every export what the machine said then', () => {
  const bench = new Bench();
  const journal: { readonly at: number; readonly body: EventBody }[] = [];
  const asItWas: { readonly at: number; readonly records: readonly unknown[] }[] = [];
  const say = (command: Command) => bench.feed({ kind: 'command', by: 'anna', reason: 'a test of the past', command });
  const steps: readonly (() => unknown)[] = [
    () => bench.see(sensor, 'v1', { kind: 'address', ip: '10.20.1.1' }, { kind: 'hostname', name: 'sensor' }),
    () => bench.answer(sensor, result(bench.now + 1)),
    () => bench.see(plc, 'v2', { kind: 'address', ip: '10.20.1.2' }, { kind: 'service', protocol: 'tcp', port: 502, name: 'modbus' }),
    () => bench.see(camera, 'v3', { kind: 'address', ip: '10.20.1.3' }),
    () => say({ kind: 'approve', device: 'd2', until: bench.now + 3_600_000 }),
    () => say({ kind: 'set-field', device: 'd2', field: 'location', value: 'dock 7' }),
    () => say({ kind: 'link', device: 'd2', other: 'd3' }),
    () => bench.feed({ kind: 'tick' }, 1_000),
    () => say({ kind: 'quarantine', device: 'd1' }),
    () => say({ kind: 'zone-mode', zone: 'dock', mode: 'observe' }),
    () => bench.feed({ kind: 'port-state', port: 'v1', state: 'down', detail: '' }, 1_000),
    () => say({ kind: 'release', device: 'd2' }),
    () => bench.feed({ kind: 'tick' }, 4_000_000),
  ];
  let taken = 0;
  for (const step of steps) {
    step();
    journal.push(...bench.events.slice(taken).map(body => ({ at: bench.now, body })));
    taken = bench.events.length;
    const views = [...bench.gateway.inventory.records()].flatMap(({ device }) => bench.gateway.view(device.id, bench.now) ?? []);
    asItWas.push({ at: bench.now, records: views.map(view => told(exportRecord(view, bench.now))) });
  }
  expect(asItWas.at(-1)?.records).toHaveLength(3);
  for (const { at, records } of asItWas) {
    const past = new Past(at);
    for (const event of journal) past.take(event);
    expect(past.views().map(view => told(exportRecord(view, at)))).toEqual(records);
  }
});
