import { describe, expect, it } from 'vitest';
import { Inventory, type InventorySnapshot } from '../../gateway/inventory/inventory.ts';
import { maxMembers } from '../../gateway/inventory/linking.ts';
import { Links, maxUndone } from '../../gateway/inventory/links.ts';
import { unattested } from '../../gateway/inventory/record.ts';
import { maxHolders, maxSignValues, SignIndex } from '../../gateway/inventory/sign-index.ts';
import { Bench } from '../gateway/fixture.ts';
import { chassis, command, ids, madeUp, one, pair, three, two } from './linking-bench.ts';

describe('what is kept', () => {
  it('comes back from Events and from a snapshot alike', () => {
    const bench = pair();
    bench.see(three, 'v3', chassis());
    command(bench, { kind: 'unlink', device: ids(bench, two) });
    const again = new Inventory();
    for (const body of bench.events) again.apply({ at: 0, body });
    const restored = Inventory.from(JSON.parse(JSON.stringify(bench.gateway.inventory.snapshot())) as InventorySnapshot);
    for (const inventory of [again, restored]) {
      expect(inventory.links.groupOf(ids(bench, one))?.members).toEqual([ids(bench, one), ids(bench, three)]);
      expect(inventory.links.undone(inventory.pairOf(ids(bench, one), ids(bench, two)))?.signs).toEqual(['lldp-chassis 00:1b:1b:ff:00:00']);
      expect(inventory.withSign('lldp-chassis 00:1b:1b:ff:00:00')).toHaveLength(3);
    }
  });

  it('a snapshot of an older version has no links', () => {
    const { links: _, ...old } = pair().gateway.inventory.snapshot();
    expect(Inventory.from(old).links.groupOf('d1')).toBeUndefined();
  });

  it('a device that is forgotten leaves its group', () => {
    const bench = pair();
    const inventory = bench.gateway.inventory;
    inventory.apply({ at: bench.now, body: { kind: 'device-forgotten', device: ids(bench, two), why: 'test' } });
    expect(inventory.links.groupOf(ids(bench, one))).toBeUndefined();
  });

  it('a flood of values stays under the cap, and a value that all say under its own', () => {
    const index = new SignIndex();
    const device = {
      mac: one,
      port: 'v1',
      vlan: 0,
      zone: 'z',
      seenBy: 'frames',
      ips: [],
      bindings: [],
      fields: {},
      services: [],
      firstSeen: 0,
    };
    const seen = { lastAt: 0, packets: 0, bytes: 0 };
    for (let n = 0; n < maxSignValues + 500; n++) {
      const facts = [{ collector: 'test', frame: n, at: n, fact: chassis(`chassis-${n}`) }];
      const mac = `da:a1:19:${[n >> 16, (n >> 8) & 255, n & 255].map(b => b.toString(16).padStart(2, '0')).join(':')}`;
      index.update({
        device: { ...device, seenBy: 'frames', id: `d${n}`, mac, facts },
        attestation: unattested,
        person: undefined,
        decision: undefined,
        enforcement: 'applying',
        seen,
      });
    }
    expect(index.size).toBe(maxSignValues);
    expect(index.holders('lldp-chassis chassis-0')).toEqual(['d0']);
    const same = new SignIndex();
    for (let n = 0; n < maxHolders + 50; n++)
      same.update({
        device: {
          ...device,
          seenBy: 'frames',
          id: `d${n}`,
          mac: madeUp,
          facts: [{ collector: 't', frame: 1, at: 1, fact: chassis('all-1') }],
        },
        attestation: unattested,
        person: undefined,
        decision: undefined,
        enforcement: 'applying',
        seen,
      });
    expect(same.holders('lldp-chassis all-1')).toHaveLength(maxHolders);
    for (let n = 0; n < maxHolders + 50; n++) same.forget(`d${n}`);
    expect(same.size).toBe(0);
  });

  it(`no more than ${maxMembers} records are one device`, () => {
    const bench = new Bench();
    for (let vlan = 1; vlan <= maxMembers + 20; vlan++)
      bench.feed({
        kind: 'observed',
        observations: [{ at: bench.now, port: 'v1', vlan, mac: one, collector: 'test', frame: 1, fact: { kind: 'seen' } }],
      });
    const sizes = [...bench.gateway.inventory.records()].map(
      ({ device }) => bench.gateway.inventory.links.groupOf(device.id)?.members.length ?? 1,
    );
    expect(Math.max(...sizes)).toBe(maxMembers);
    const group = bench.gateway.inventory.links.groupOf(ids(bench, one));
    expect(group?.links.length).toBeLessThan(maxMembers);
    expect(command(bench, { kind: 'link', device: ids(bench, one), other: `d${maxMembers + 5}` })).toMatchObject([
      { refused: { status: 409 } },
    ]);
  });

  it('only so many undone links are remembered', () => {
    const links = new Links();
    for (let n = 0; n < maxUndone + 100; n++)
      links.unlinked(
        { kind: 'devices-unlinked', device: `d${n}`, others: ['d0'], group: 'd0', evidence: [], reason: 'x' },
        (a, b) => `${a} ${b}`,
      );
    expect(links.undoneCount).toBe(maxUndone);
  });
});
