import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { whyForbidden } from '../../gateway/edge/challenge/revocation/guard.ts';
import { bridgeAddress, endsOn, listenOn, networksOf } from '../../gateway/edge/bridge-address.ts';

const mac = '02:00:00:00:00:01';
const four = (address: string, cidr = `${address}/16`): NetworkInterfaceInfo => ({
  ...{ address, cidr, mac, netmask: '', internal: false, family: 'IPv4' },
});
const six = (address: string, cidr: string | null = `${address}/64`): NetworkInterfaceInfo => ({
  ...{ address, cidr, mac, netmask: '', internal: false, family: 'IPv6', scopeid: 2 },
});

describe('what stands on the bridge', () => {
  it('has the address of the settings, and those of IPv6 from which devices are reached', () => {
    const br0 = [
      four('10.20.0.1'),
      six('fd00:20::1'),
      six('fe80::1'),
      six('::1', '::1/128'),
      six('2002:a14:1::1'),
      six('fd00:21::1', null),
    ];
    expect(bridgeAddress('br0', '10.20.0.1', { br0, eth0: [six('fd00:99::1'), six('fe80::2')] })).toEqual({
      bridge: 'br0',
      mac,
      ip: '10.20.0.1',
      prefix: '10.20.0.1/16',
      ip6: [
        { ip: 'fd00:20::1', prefix: 'fd00:20::1/64' },
        { ip: 'fe80::1', prefix: 'fe80::1/64' },
      ],
    });
  });
  it('leaves out a network that another interface has too, wider or narrower', () => {
    for (const other of [six('fd00:20::9'), six('fd00:20::9', 'fd00:20::9/128'), six('fd00:20:1::9', 'fd00:20:1::9/32')])
      expect(bridgeAddress('br0', '10.20.0.1', { br0: [four('10.20.0.1'), six('fd00:20::1')], eth0: [other] }).ip6).toEqual([]);
  });
  it('must have the address that the settings name', () => {
    expect(() => bridgeAddress('br0', '10.20.0.9', { br0: [four('10.20.0.1')] })).toThrow('found 10.20.0.1');
    expect(() => bridgeAddress('br0', '10.20.0.9', {})).toThrow('found none');
  });
});

describe('both ends of a connection', () => {
  const bridge = { bridge: 'br0', mac, ip: '10.20.0.1', prefix: '10.20.0.1/16', ip6: [{ ip: 'fd00:20::1', prefix: 'fd00:20::1/64' }] };
  const local = { ...bridge, ip6: [...bridge.ip6, { ip: 'fe80::1', prefix: 'fe80::1/64' }] };
  it('are of one network, and of the bridge where an address says nothing without it', () => {
    expect(endsOn(local, '10.20.1.7')).toEqual({ ip: '10.20.1.7', localAddress: '10.20.0.1' });
    expect(endsOn(local, 'fd00:20::7')).toEqual({ ip: 'fd00:20::7', localAddress: 'fd00:20::1' });
    expect(endsOn(local, 'fe80::7')).toEqual({ ip: 'fe80::7%br0', localAddress: 'fe80::1%br0' });
  });
  it('are on the networks of the devices, from which nothing is fetched that a name leads to', () => {
    const lan = networksOf(local);
    expect(lan).toEqual(['10.20.0.1/16', 'fd00:20::1/64', 'fe80::1/64']);
    expect(whyForbidden('crl.example', ['fd00:20::7'], { own: [], management: [], lan })).toContain('on the network of the devices');
  });
  it('stand where devices reach us', () => {
    expect(listenOn(local)).toEqual(['fd00:20::1', 'fe80::1%br0']);
    expect(listenOn({ ...local, ip6: [] })).toEqual([]);
  });
  it('are none where we have no address on its network', () => {
    expect(['fe80::7', 'fd00:21::7', '::1', 'fd00:20::1'].map(ip => endsOn(bridge, ip))).toEqual(Array(4).fill(undefined));
  });
});
