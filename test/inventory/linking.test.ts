import { describe, expect, it } from 'vitest';
import type { Fact } from '../../gateway/model/fact.ts';
import { Bench, result } from '../gateway/fixture.ts';
import { chassis, client, id, ids, isOne, kinds, madeUp, members, name, one, pair, two, virtual } from './linking-bench.ts';

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
