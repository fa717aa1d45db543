import { describe, expect, it } from 'vitest';
import { inspectTable } from '../../gateway/edge/inspect-table.ts';
import { Inspection } from '../../gateway/edge/inspect.ts';
import { policy } from '../gateway/fixture.ts';
import * as b from '../vectors/frames/build.ts';
import { lldp, lldpFrame, managementIp4, tlv } from '../vectors/frames/lldp.ts';

/** Ports of one switch, and a device beside it; composed here. */
const [port1, port2, drive] = ['00:1b:1b:00:00:01', '00:1b:1b:00:00:02', '00:1b:1b:00:00:09'] as const;
const virtual = '00:00:5e:00:01:07';
const zero = '00:00:00:00:00:00';

const announce = (mac: string, chassis: string, managed: string): Uint8Array =>
  lldpFrame(lldp(tlv(1, 4, b.mac(chassis)), tlv(2, 5, `port ${mac}`), tlv(3, b.u16(120)), managementIp4(managed)), mac);
const arp = (mac: string, ip: string): Uint8Array => b.ethernet(mac, b.broadcast, 0x0806, b.arp(1, mac, ip, zero, '192.0.2.1'));
const udp = (mac: string, ip: string, to = port1): Uint8Array =>
  b.ethernet(mac, to, 0x0800, b.ipv4(ip, '192.0.2.200', 17, b.udp(40_000, 40_001, b.bytes('x'))));

function inspect(...frames: readonly Uint8Array[]) {
  const inspection = new Inspection({ policy: policy(), vendorOf: () => undefined });
  for (const [n, bytes] of frames.entries())
    inspection.frame({ number: n + 1, at: 1_700_000_000_000 + n, port: 'file', bytes, wireLength: bytes.length });
  const inspected = inspection.finish();
  return { inspected, of: (mac: string) => inspected.devices.find(device => device.mac === mac) };
}

describe('inspect', () => {
  it('gives rows that are one device one id and all its addresses, and leaves the rest of each row its own', () => {
    const { inspected, of } = inspect(
      announce(port1, 'aa:00:00:00:00:01', '192.0.2.33'),
      announce(port2, 'aa:00:00:00:00:01', '192.0.2.33'),
      arp(port2, '192.0.2.34'),
      arp(drive, '192.0.2.9'),
    );
    expect(of(port1)).toMatchObject({ id: of(port2)?.id, macs: [port1, port2], ips: ['192.0.2.33'] });
    expect(of(port2)).toMatchObject({ macs: [port2, port1], ips: ['192.0.2.34'] });
    expect(of(drive)).toMatchObject({ macs: [drive] });
    expect(of(drive)?.id).not.toBe(of(port1)?.id);
    const table = inspectTable(inspected, 80).split('\n');
    for (const line of table) expect(line.length).toBeLessThanOrEqual(80);
    expect(table.slice(table.indexOf('ONE DEVICE') + 1, table.indexOf('ONE DEVICE') + 3)).toEqual([`  d1: ${port1} = ${port2}`, '']);
    expect(table.at(-1)).toMatch(/^3 addresses, 0 alarms, 4 frames/);
  });

  it('says nothing of it where there is none', () =>
    expect(inspectTable(inspect(arp(drive, '192.0.2.9')).inspected, 80)).not.toContain('ONE DEVICE'));

  it('takes no management address from who has it', () => {
    const { of } = inspect(announce(port1, 'aa:00:00:00:00:01', '192.0.2.9'), arp(drive, '192.0.2.9'));
    expect(of(port1)?.ips).toEqual([]);
    expect(of(drive)?.ips).toEqual(['192.0.2.9']);
  });

  it('takes no address of who passes through a virtual router address for its own, but what it claims itself', () => {
    const { of } = inspect(udp(virtual, '192.0.2.50'), udp(virtual, '192.0.2.51'), udp(drive, '192.0.2.9'));
    expect(of(virtual)?.ips).toEqual([]);
    expect(of(drive)?.ips).toEqual(['192.0.2.9']);
    expect(inspect(udp(virtual, '192.0.2.50'), arp(virtual, '192.0.2.1')).of(virtual)?.ips).toEqual(['192.0.2.1']);
  });
});
