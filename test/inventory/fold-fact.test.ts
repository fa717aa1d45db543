import { describe, expect, it } from 'vitest';
import { addressClass } from '../../gateway/model/address-class.ts';
import type { Device } from '../../gateway/model/device.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import { foldFact, unlocked, withField } from '../../gateway/inventory/fold-fact.ts';
import { maxBindings, maxIps } from '../../gateway/inventory/record.ts';
import { Bench } from '../gateway/fixture.ts';

const mac = '00:1b:1b:00:00:01';
const minute = 60_000;
const fresh: Device = {
  id: 'd1',
  mac,
  port: 'v1',
  vlan: 0,
  zone: 'dock',
  seenBy: 'frames',
  ips: [],
  bindings: [{ mac, port: 'v1', vlan: 0, from: 0 }],
  fields: {},
  services: [],
  facts: [],
  firstSeen: 0,
};
const say = (device: Device, at: number, ...facts: Fact[]): Device =>
  facts.reduce((d, fact) => foldFact(d, { at, port: 'v1', vlan: 0, mac, collector: 'arp', frame: at, fact }), device);
const ip = (n: number): Fact => ({ kind: 'address', ip: `10.20.0.${n}` });
const open = (device: Device) =>
  device.bindings.flatMap(({ ip: bound, until }) => (bound !== undefined && until === undefined ? bound : []));

describe('addresses', () => {
  it('that no host can have bind nothing', () => {
    const none = ['0.0.0.0', '127.0.0.1', '224.0.0.251', '255.255.255.255', '::', '::1', 'ff02::fb'].map(
      (one): Fact => ({ kind: 'address', ip: one }),
    );
    expect(say(fresh, 1, ...none)).toMatchObject({ ips: [], bindings: fresh.bindings });
  });

  it('that a port says the device is managed at are facts, not its own', () => {
    const device = say(fresh, 1, { kind: 'management-address', ip: '10.20.0.9' });
    expect(device.ips).toEqual([]);
    expect(device.facts).toHaveLength(1);
  });

  it('change over months without the device standing in for anybody', () => {
    let device = fresh;
    for (let n = 1; n <= 20; n++) device = say(device, n * 24 * 60 * minute, ip(n));
    expect(device.standsIn).toBeUndefined();
    expect(device.ips).toHaveLength(maxIps);
    expect(device.ips.at(-1)).toBe('10.20.0.20');
    expect(open(device)).toEqual(device.ips);
  });

  it('claimed in a row, more than one device has, are of others: the first is kept, the bindings end, the rest is counted', () => {
    let device = say(fresh, 1, ip(1));
    for (let n = 2; n <= 200; n++) device = say(device, n * 1000, ip(n));
    expect(device.ips).toEqual(['10.20.0.1']);
    expect(device.standsIn).toMatchObject({ count: 200, since: (maxIps + 1) * 1000 });
    expect(open(device)).toEqual(['10.20.0.1']);
    expect(device.bindings.length).toBeLessThanOrEqual(maxBindings);
  });

  it('that it had for longer stay its own, and its IPv6 ones', () => {
    let device = say(fresh, 0, ip(250), { kind: 'address', ip: 'fe80::1' });
    for (let n = 1; n <= 20; n++) device = say(device, 120 * minute + n, ip(n));
    expect(device.ips).toEqual(['10.20.0.250', 'fe80::1', '10.20.0.1']);
  });

  it('are its own again after a day without one more claim', () => {
    let device = fresh;
    for (let n = 1; n <= 20; n++) device = say(device, n, ip(n));
    device = say(device, 25 * 60 * minute, ip(99));
    expect(device.standsIn).toBeUndefined();
    expect(device.ips).toContain('10.20.0.99');
  });
});

describe('hardware addresses', () => {
  it.each([
    ['00:1b:1b:00:00:01', 'registered'],
    ['da:a1:19:00:00:01', 'randomised'],
    ['02:42:ac:11:00:02', 'made'],
    ['52:54:00:12:34:56', 'made'],
    ['00:00:5e:00:01:07', 'virtual'],
    ['00:00:5e:00:02:07', 'virtual'],
    ['00:00:0c:07:ac:01', 'virtual'],
    ['00:00:0c:9f:f0:01', 'virtual'],
    ['00:07:b4:00:01:02', 'virtual'],
    ['00:00:0c:07:ad:01', 'registered'],
    ['00:00:5e:00:53:01', 'registered'],
  ] as const)('%s is %s', (address, kind) => expect(addressClass(address)).toBe(kind));
});

describe('fields that a person set', () => {
  const set = (value: string) => ({ value, source: 'keller', at: 5, frame: 0, locked: true }) as const;
  const name = (text: string): Fact => ({ kind: 'hostname', name: text });

  it('stay whatever is observed, which is kept beside them', () => {
    const device = say(withField(say(fresh, 1, name('plc-1')), 'hostname', set('press 7')), 9, name('plc-2'));
    expect(device.fields.hostname).toEqual({ ...set('press 7'), observed: { value: 'plc-2', source: 'arp', at: 9, frame: 9 } });
    expect(device.hostnames?.map(({ value }) => value)).toEqual(['plc-1', 'plc-2']);
    expect(device.facts).toHaveLength(1);
  });

  it('give way to another word of a person, and keep what is observed', () => {
    const device = withField(withField(say(fresh, 1, name('plc-1')), 'hostname', set('a')), 'hostname', set('b'));
    expect(device.fields.hostname).toMatchObject({ value: 'b', observed: { value: 'plc-1' } });
    expect(device.fields.hostname?.observed).not.toHaveProperty('observed');
  });

  it('are what is observed again when they are unlocked, and nothing where nothing was', () => {
    const device = say(withField(withField(fresh, 'hostname', set('a')), 'location', set('dock 7')), 9, name('plc-2'));
    expect(unlocked(unlocked(device, 'hostname'), 'location').fields).toEqual({
      hostname: { value: 'plc-2', source: 'arp', at: 9, frame: 9 },
    });
    expect(unlocked(fresh, 'kind')).toBe(fresh);
  });

  it('hold against fingerprints and the registry, journalled with who and why', () => {
    const bench = new Bench();
    const camera = '44:19:b6:00:00:01';
    bench.see(camera, 'v1', name('cam'));
    const device = bench.device(camera).device.id;
    const command = (value?: string) =>
      bench.feed({
        kind: 'command',
        by: 'keller',
        reason: 'I see it from here',
        command: { kind: 'set-field', device, field: 'kind', ...(value === undefined ? {} : { value }) },
      });
    expect(bench.device(camera).device.fields.kind?.value).toBe('camera');
    command('sensor');
    bench.see(camera, 'v1', name('cam-2'));
    expect(bench.device(camera).device.fields.kind).toMatchObject({
      value: 'sensor',
      locked: true,
      source: 'keller',
      observed: { value: 'camera' },
    });
    // The rule that cuts cameras goes by what the person says.
    expect(bench.device(camera).decision.access).toBe('hold');
    expect(bench.events.findLast(({ kind }) => kind === 'field-set')).toMatchObject({ reason: 'I see it from here' });
    command();
    expect(bench.device(camera).device.fields.kind).toMatchObject({ value: 'camera' });
    expect(bench.device(camera).decision.access).toBe('quarantine');
    expect(command()).toMatchObject([{ refused: { status: 409 } }]);
    expect(command('x'.repeat(129))).toMatchObject([{ refused: { status: 400 } }]);
  });
});

describe('what a device says of itself', () => {
  const by = (device: Device, collector: string, fact: Fact): Device =>
    foldFact(device, { at: 1, port: 'v1', vlan: 0, mac, collector, frame: 1, fact });

  it.each(['codesys', 'gvcp', 'zebra'])('by %s, which reads out its plate, is not replaced by what it announces', collector => {
    const device = by(by(fresh, collector, { kind: 'model', text: 'of the plate' }), 'mdns', { kind: 'model', text: 'announced' });
    expect(device.fields.model?.value).toBe('of the plate');
  });

  it.each(['cldap', 'sql-browser', 'iscsi'])(
    'by %s, as a name that Windows cuts or that is kept when it is renamed, replaces none',
    collector => {
      const device = by(by(fresh, 'mdns', { kind: 'hostname', name: 'mes-1' }), collector, { kind: 'hostname', name: 'MES-01-OF-LINE-' });
      expect(device.fields.hostname?.value).toBe('mes-1');
    },
  );

  it.each(['cldap', 'sql-browser', 'iscsi', 'rtps', 'vtp', 'dtp'])(
    'by %s in passing does not replace what it is described as',
    collector => {
      const device = by(by(fresh, 'ssdp', { kind: 'description', text: 'a server' }), collector, {
        kind: 'description',
        text: 'in passing',
      });
      expect(device.fields.description?.value).toBe('a server');
    },
  );
});
