import { describe, expect, it } from 'vitest';
import { alarmEvent } from '../../gateway/inventory/alarm-event.ts';
import { Inventory, type InventorySnapshot } from '../../gateway/inventory/inventory.ts';
import { maxMembers, maxSharers } from '../../gateway/inventory/linking.ts';
import { maxRelinks, maxUndone, Links } from '../../gateway/inventory/links.ts';
import { maxHolders, maxSignValues, SignIndex } from '../../gateway/inventory/sign-index.ts';
import { unattested } from '../../gateway/inventory/record.ts';
import type { Fact, IdentifierScheme } from '../../gateway/model/fact.ts';
import { Bench, result } from '../gateway/fixture.ts';

/** Registered addresses, as vendors have them; a made-up one as phones have it; a virtual one of VRRP. */
const [one, two, three, four] = ['00:1b:1b:00:00:01', '00:1b:1b:00:00:02', '00:1b:1b:00:00:03', '00:1b:1b:00:00:04'] as const;
const [madeUp, virtual] = ['da:a1:19:00:00:01', '00:00:5e:00:01:07'] as const;
const id = (scheme: IdentifierScheme, value: string): Fact => ({ kind: 'identifier', scheme, value });
const chassis = (value = '00:1b:1b:ff:00:00'): Fact => id('lldp-chassis', value);
const name = (text: string): Fact => ({ kind: 'hostname', name: text });
const client = (hex: string): Fact => ({ kind: 'dhcp-client-id', id: hex });

const ids = (bench: Bench, mac: string, port?: string) => bench.device(mac, port).device.id;
const members = (bench: Bench, mac: string) => bench.gateway.inventory.links.groupOf(ids(bench, mac))?.members ?? [];
const isOne = (bench: Bench, a: string, b: string) => members(bench, a).includes(ids(bench, b));
const kinds = (bench: Bench, kind: string) => bench.events.filter(event => event.kind === kind);
const act = (bench: Bench, command: Parameters<Bench['feed']>[0] & { kind: 'command' }) => bench.feed(command);
const command = (bench: Bench, what: (Parameters<Bench['feed']>[0] & { kind: 'command' })['command'], by = 'keller') =>
  act(bench, { kind: 'command', by, reason: `because ${what.kind}`, command: what });
/** Two interfaces of one switch. */
function pair(bench = new Bench()): Bench {
  bench.see(one, 'v1', chassis());
  bench.see(two, 'v2', chassis());
  return bench;
}

describe('one strong sign links', () => {
  it.each([
    ['lldp-chassis', '00:1b:1b:ff:00:00'],
    ['cip-serial', '1:00c0ffee'],
    ['s7-serial', 'S C-B1U12345'],
    ['bacnet-device', '4711'],
    ['snmp-engine-id', '80001f8880e963000031a2'],
    ['knx-serial', '00fa12345678'],
  ] as const)('%s', (scheme, value) => {
    const bench = new Bench();
    bench.see(one, 'v1', id(scheme, value));
    bench.see(two, 'v2', id(scheme, value));
    expect(isOne(bench, one, two)).toBe(true);
    expect(kinds(bench, 'devices-linked')).toEqual([
      expect.objectContaining({
        device: ids(bench, two),
        other: ids(bench, one),
        group: ids(bench, one),
        score: 100,
        evidence: [{ sign: scheme, value, frames: [1, 1] }],
      }),
    ]);
  });

  it('a device key that both proved, but not where the proof failed', () => {
    const prove = (status: 'affirming' | 'warning') => {
      const bench = new Bench();
      for (const [n, mac] of [one, two].entries()) {
        bench.see(mac, `v${n + 1}`, { kind: 'address', ip: `10.20.1.${n + 1}` });
        bench.answer(mac, result(bench.now, { status }));
      }
      return bench;
    };
    expect(isOne(prove('warning'), one, two)).toBe(true);
    // The second of two that prove one key fails the check `bound`: it may be a copy, and is neither let in nor linked.
    expect(prove('affirming').device(two).attestation.reason).toBe('KEY_SEEN_ELSEWHERE');
    expect(isOne(prove('affirming'), one, two)).toBe(false);
  });

  it('a PROFINET station with its type, in its segment only', () => {
    const bench = new Bench();
    for (const [mac, port] of [
      [one, 'v1'],
      [two, 'v2'],
    ] as const)
      bench.see(mac, port, id('profinet-station', 'press-7'), id('profinet-id', '002a:0113'));
    expect(isOne(bench, one, two)).toBe(true);
    const other = new Bench();
    other.see(one, 'v1', id('profinet-station', 'press-7'), id('profinet-id', '002a:0113'));
    other.feed({
      kind: 'observed',
      observations: [id('profinet-station', 'press-7'), id('profinet-id', '002a:0113')].map(fact => ({
        at: other.now,
        port: 'v2',
        vlan: 30,
        mac: two,
        collector: 'test',
        frame: 1,
        fact,
      })),
    });
    expect(isOne(other, one, two)).toBe(false);
  });

  it('one registered address in two VLANs of a port, but neither a made-up one nor one on two ports', () => {
    const bench = new Bench();
    const see = (mac: string, vlan: number, port = 'v1') =>
      bench.feed({
        kind: 'observed',
        observations: [{ at: bench.now, port, vlan, mac, collector: 'test', frame: 1, fact: { kind: 'seen' } }],
      });
    for (const mac of [one, madeUp]) for (const vlan of [0, 10, 20]) see(mac, vlan);
    see(two, 0, 'v2');
    see(two, 0, 'v3');
    expect(members(bench, one)).toHaveLength(3);
    expect(members(bench, madeUp)).toEqual([]);
    expect(members(bench, two)).toEqual([]);
  });

  it('the address that EtherCAT gives its frames on their way back', () => {
    const bench = new Bench();
    for (const mac of [one, '02:1b:1b:00:00:01', '02:1b:1b:00:00:02']) bench.see(mac, 'v1', { kind: 'protocol', name: 'ethercat' });
    expect(members(bench, one)).toEqual([ids(bench, one), ids(bench, '02:1b:1b:00:00:01')]);
  });
});

describe('medium signs link in pairs', () => {
  it('a host name and a client id do, one of them does not', () => {
    const bench = new Bench();
    bench.see(one, 'v1', name('hmi-3.local'), client('00112233445566778899'));
    bench.see(two, 'v2', name('HMI-3'));
    expect(isOne(bench, one, two)).toBe(false);
    bench.see(two, 'v2', client('00112233445566778899'));
    expect(isOne(bench, one, two)).toBe(true);
    expect(kinds(bench, 'devices-linked')).toMatchObject([{ score: 100, evidence: [{ sign: 'hostname' }, { sign: 'dhcp-client-id' }] }]);
  });

  it('a name said twice is one name, and a client id that spells the name is the name', () => {
    const bench = new Bench();
    const text = '00' + Buffer.from('hmi-3').toString('hex');
    for (const [mac, port] of [
      [one, 'v1'],
      [two, 'v2'],
    ] as const)
      bench.see(mac, port, name('hmi-3'), id('cdp-device-id', 'HMI-3'), client(text));
    expect(isOne(bench, one, two)).toBe(false);
  });

  it('hosts of one image, with the DUID of the image, are two; with the host name besides they are one', () => {
    const bench = new Bench();
    bench.see(one, 'v1', id('duid', '00010001aabbccdd001b1bffffff'));
    bench.see(two, 'v2', id('duid', '00010001aabbccdd001b1bffffff'));
    expect(isOne(bench, one, two)).toBe(false);
    bench.see(one, 'v1', name('press-server'));
    bench.see(two, 'v2', name('press-server'));
    expect(isOne(bench, one, two)).toBe(true);
  });

  it('factory settings (a default name, a key of the firmware) do not when serials differ', () => {
    const bench = new Bench();
    const tls = (subject: string): Fact => ({ kind: 'certificate', role: 'server', subject, issuer: subject, key: 'ab'.repeat(32) });
    for (const [mac, port, serial] of [
      [one, 'v1', 'SN-1'],
      [two, 'v2', 'SN-2'],
    ] as const)
      bench.see(mac, port, { kind: 'serial', text: serial }, name('camera'), tls('CN=default'));
    expect(isOne(bench, one, two)).toBe(false);
  });

  it('IP addresses, prints, vendors and fillers never do', () => {
    const bench = new Bench();
    const same: readonly Fact[] = [
      { kind: 'address', ip: '169.254.7.7' },
      { kind: 'address', ip: '0.0.0.0' },
      { kind: 'print', scheme: 'ja4', value: 't13d1516h2_8daaf6152771_b186095e22b6' },
      { kind: 'dhcp-parameters', options: [1, 3, 6, 15] },
      { kind: 'vendor-class', text: 'MSFT 5.0' },
      { kind: 'model', text: 'PLC-7' },
      name('localhost'),
      id('cip-serial', '1:00000000'),
      id('snmp-engine-id', '0000000000'),
      chassis('00:00:00:00:00:00'),
      id('knx-address', '1.1.1'),
    ];
    bench.see(one, 'v1', ...same);
    bench.see(two, 'v2', ...same);
    expect(isOne(bench, one, two)).toBe(false);
    expect(bench.device(one).device.ips).toEqual(['169.254.7.7']);
  });

  it('a made-up address needs a pair even with a strong sign', () => {
    const bench = new Bench();
    bench.see(one, 'v1', chassis(), name('tablet-4'));
    bench.see(madeUp, 'v2', chassis());
    expect(isOne(bench, one, madeUp)).toBe(false);
    bench.see(madeUp, 'v2', name('tablet-4'));
    expect(isOne(bench, one, madeUp)).toBe(true);
  });

  it('a virtual router address belongs to none, and its owners are told', () => {
    const bench = pair();
    bench.see(virtual, 'v1', chassis());
    bench.see(one, 'v1', { kind: 'router', protocol: 'vrrp', detail: 'group 7', ip: '10.20.0.254', mac: virtual });
    expect(members(bench, virtual)).toEqual([]);
    expect(bench.device(virtual).virtualOf).toEqual([ids(bench, one)]);
    expect(bench.device(two).virtualOf).toBeUndefined();
    // The master speaks VRRP from the virtual address, with its own IP address.
    bench.see(two, 'v2', { kind: 'address', ip: '10.20.0.2' });
    bench.see(virtual, 'v1', { kind: 'router', protocol: 'vrrp', detail: 'group 7', ip: '10.20.0.254', mac: virtual, owner: '10.20.0.2' });
    expect(bench.device(virtual).virtualOf).toEqual([ids(bench, one), ids(bench, two)]);
  });
});

describe('a contradiction forbids, and parts', () => {
  it('one strong sign alike and another one unlike are two devices', () => {
    const bench = new Bench();
    bench.see(one, 'v1', id('cip-serial', '1:000000aa'), chassis());
    bench.see(two, 'v2', id('cip-serial', '1:000000bb'), chassis());
    expect(isOne(bench, one, two)).toBe(false);
  });

  it('what contradicts later leaves, with what contradicted', () => {
    const bench = pair();
    bench.see(one, 'v1', id('snmp-engine-id', '80001f8880aa'));
    expect(isOne(bench, one, two)).toBe(true);
    bench.see(two, 'v2', id('snmp-engine-id', '80001f8880bb'));
    expect(isOne(bench, one, two)).toBe(false);
    expect(kinds(bench, 'devices-unlinked')).toEqual([
      {
        kind: 'devices-unlinked',
        device: ids(bench, two),
        others: [ids(bench, one)],
        group: ids(bench, one),
        reason: `contradicts ${ids(bench, one)}`,
        evidence: [
          { sign: 'lldp-chassis', value: '00:1b:1b:ff:00:00', frames: [1, 1] },
          { sign: 'snmp-engine-id', value: '80001f8880bb', against: '80001f8880aa', frames: [1, 1] },
        ],
      },
    ]);
  });

  it('the one that changes leaves; the others stay together', () => {
    const bench = pair();
    bench.see(three, 'v3', chassis());
    bench.see(three, 'v3', chassis('00:1b:1b:ee:00:00'));
    expect(members(bench, one)).toEqual([ids(bench, one), ids(bench, two)]);
    expect(members(bench, three)).toEqual([]);
  });
});

describe('who copies what others say', () => {
  it('is linked with the evidence, but gets neither approval nor proof', () => {
    const bench = new Bench();
    bench.see(one, 'v1', chassis(), { kind: 'address', ip: '10.20.1.1' });
    bench.answer(one, result(bench.now));
    bench.see(two, 'v2', chassis());
    expect(isOne(bench, one, two)).toBe(true);
    expect(bench.device(one)).toMatchObject({ admission: 'admitted' });
    expect(bench.device(two)).toMatchObject({ admission: 'pending', attestation: { status: 'none' }, decision: { access: 'hold' } });
    command(bench, { kind: 'approve', device: ids(bench, one) });
    expect(bench.device(two).admission).toBe('pending');
    expect(bench.device(two).person).toBeUndefined();
  });

  it('has his alarms shown as his own, and the genuine one keeps a clean name', () => {
    const bench = pair();
    const { inventory } = bench.gateway;
    const alarm = { type: 'arp-scan', actor: two, port: 'v2', vlan: 0, firstAt: 1, lastAt: 1, count: 1, frames: [7], detail: 'x' } as const;
    expect(alarmEvent(alarm, inventory)).toMatchObject({ device: ids(bench, two), actor: two });
    expect(alarmEvent({ ...alarm, victim: one }, inventory)).toMatchObject({ device: ids(bench, two), victim: ids(bench, one) });
  });

  it('is metered: what he makes the journal hold is what his port may', () => {
    const bench = new Bench();
    for (let n = 0; n < 6_000; n++) {
      const own = `00:1b:1b:01:${(n % 64).toString(16).padStart(2, '0')}:01`;
      bench.see(own, 'v2', chassis(`00:1b:1b:ff:${(n % 7).toString(16).padStart(2, '0')}:00`));
    }
    const links = bench.events.filter(({ kind }) => kind === 'devices-linked' || kind === 'devices-unlinked');
    expect(links.length).toBeLessThan(600);
    expect(bench.events.filter(({ kind }) => kind !== 'decided').length).toBeLessThan(3_300);
  });

  it('cannot draw two strangers together', () => {
    const bench = new Bench();
    bench.see(one, 'v1', chassis());
    bench.see(two, 'v2', id('snmp-engine-id', '80001f8880aa'));
    bench.see(three, 'v3', chassis(), id('snmp-engine-id', '80001f8880aa'));
    expect(isOne(bench, one, two)).toBe(false);
    expect(members(bench, three)).toHaveLength(2);
  });

  it('cannot wander from one to the next and leave them linked', () => {
    const bench = new Bench();
    bench.see(one, 'v1', chassis('00:1b:1b:ff:00:01'));
    bench.see(two, 'v2', chassis('00:1b:1b:ff:00:02'));
    bench.see(three, 'v3', chassis('00:1b:1b:ff:00:01'));
    expect(isOne(bench, one, three)).toBe(true);
    bench.see(three, 'v3', chassis('00:1b:1b:ff:00:02'));
    expect(members(bench, one)).toEqual([]);
    expect(members(bench, three)).toEqual([ids(bench, two), ids(bench, three)]);
  });

  it(`is believed no longer once more than ${maxSharers} addresses say the same`, () => {
    const bench = pair();
    for (let n = 0; n < maxSharers + 5; n++) bench.see(`00:1b:1b:00:01:${(16 + n).toString(16)}`, 'v3', chassis());
    expect(members(bench, one)).toEqual([]);
    expect(members(bench, two)).toEqual([]);
    expect(kinds(bench, 'devices-unlinked').length).toBeLessThanOrEqual(maxSharers);
    bench.see(four, 'v3', chassis());
    expect(members(bench, four)).toEqual([]);
  });

  it('links and parts the same two only so often', () => {
    const bench = pair();
    for (let n = 0; n < 40; n++) {
      bench.see(two, 'v2', chassis(`00:1b:1b:ee:00:${(16 + n).toString(16)}`));
      bench.see(one, 'v1', chassis(`00:1b:1b:dd:00:${(16 + n).toString(16)}`));
      bench.see(two, 'v2', chassis(`00:1b:1b:dd:00:${(16 + n).toString(16)}`));
    }
    expect(kinds(bench, 'devices-linked')).toHaveLength(1 + maxRelinks);
    expect(kinds(bench, 'devices-unlinked')).toHaveLength(1 + maxRelinks);
  });

  it('a clone of an address is no interface of it', () => {
    const bench = new Bench();
    bench.see(one, 'v1', chassis(), { kind: 'address', ip: '10.20.1.1' });
    bench.answer(one, result(bench.now));
    bench.see(three, 'v3', id('snmp-engine-id', '80001f8880aa'));
    bench.see(one, 'v2', chassis(), id('snmp-engine-id', '80001f8880aa'));
    expect(bench.device(one, 'v2').device.cloneOf).toBe(ids(bench, one, 'v1'));
    expect(kinds(bench, 'devices-linked')).toEqual([]);
  });
});

describe('a person', () => {
  it('cuts the device at every interface and lets it out at all of them', () => {
    const bench = pair();
    command(bench, { kind: 'quarantine', device: ids(bench, one) });
    for (const mac of [one, two]) expect(bench.device(mac)).toMatchObject({ admission: 'blocked', decision: { access: 'quarantine' } });
    command(bench, { kind: 'release', device: ids(bench, two) });
    for (const mac of [one, two]) expect(bench.device(mac).person).toBeUndefined();
  });

  it('may cut one interface alone', () => {
    const bench = pair();
    command(bench, { kind: 'quarantine', device: ids(bench, one), alone: true });
    expect(bench.device(two).person).toBeUndefined();
  });

  it('who links himself to a device does not get out with it, and one linked later is not cut with it', () => {
    const bench = new Bench();
    bench.see(two, 'v2');
    command(bench, { kind: 'quarantine', device: ids(bench, two) });
    bench.see(one, 'v1', chassis());
    bench.see(two, 'v2', chassis());
    expect(isOne(bench, one, two)).toBe(true);
    expect(bench.device(one).person).toBeUndefined();
    command(bench, { kind: 'approve', device: ids(bench, one) });
    command(bench, { kind: 'release', device: ids(bench, one) });
    expect(bench.device(two).person).toMatchObject({ kind: 'block' });
    command(bench, { kind: 'quarantine', device: ids(bench, one), alone: true });
    command(bench, { kind: 'release', device: ids(bench, one) });
    expect(bench.device(two).person).toMatchObject({ kind: 'block' });
  });

  it('undoes a link for good, as far as the same words go', () => {
    const bench = pair();
    command(bench, { kind: 'unlink', device: ids(bench, two) });
    expect(isOne(bench, one, two)).toBe(false);
    bench.see(two, 'v2', name('new-name'), { kind: 'serial', text: '4' });
    bench.see(one, 'v1', name('other'));
    expect(isOne(bench, one, two)).toBe(false);
    for (const mac of [one, two]) bench.see(mac, mac === one ? 'v1' : 'v2', id('snmp-engine-id', '80001f8880cc'));
    expect(isOne(bench, one, two)).toBe(true);
  });

  it('links by hand what says nothing alike, and the machine does not part it', () => {
    const bench = new Bench();
    bench.see(one, 'v1', id('cip-serial', '1:000000aa'));
    bench.see(two, 'v2', id('cip-serial', '1:000000bb'));
    command(bench, { kind: 'link', device: ids(bench, one), other: ids(bench, two) });
    bench.see(two, 'v2', id('cip-serial', '1:000000cc'));
    expect(isOne(bench, one, two)).toBe(true);
    expect(bench.device(one).group?.links).toMatchObject([{ by: 'keller', reason: 'because link', evidence: [] }]);
    command(bench, { kind: 'unlink', device: ids(bench, one) });
    expect(isOne(bench, one, two)).toBe(false);
  });

  it.each([
    ['itself', one, one, 409],
    ['what is linked already', one, two, 409],
    ['what is not there', one, 'nobody', 404],
  ] as const)('cannot link %s', (_, a, b, status) => {
    const bench = pair();
    const other = b === 'nobody' ? 'd99' : ids(bench, b);
    expect(command(bench, { kind: 'link', device: ids(bench, a), other })).toMatchObject([{ kind: 'answer', refused: { status } }]);
  });

  it('cannot unlink what is linked to nothing', () => {
    const bench = new Bench();
    bench.see(one, 'v1');
    expect(command(bench, { kind: 'unlink', device: ids(bench, one) })).toMatchObject([{ refused: { status: 409 } }]);
  });

  it('approves a made-up address for a day at most, unless it is an interface of a device', () => {
    const bench = new Bench();
    bench.see(madeUp, 'v2', chassis(), name('tablet-4'));
    const device = ids(bench, madeUp);
    const day = 24 * 3_600_000;
    expect(command(bench, { kind: 'approve', device })).toMatchObject([{ refused: { status: 400 } }]);
    expect(command(bench, { kind: 'approve', device, until: bench.now + day + 10 })).toMatchObject([{ refused: { status: 400 } }]);
    command(bench, { kind: 'approve', device, until: bench.now + day });
    expect(bench.device(madeUp).admission).toBe('approved');
    bench.see(one, 'v1', chassis(), name('tablet-4'));
    command(bench, { kind: 'approve', device });
    expect(bench.device(madeUp).person?.until).toBeUndefined();
  });
});

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
