import { describe, expect, it } from 'vitest';
import { isHostOf, zoneOf } from '../../gateway/inventory/zone.ts';
import { zone } from '../gateway/fixture.ts';

const { default: _, ...plain } = zone();
const zones = [
  { ...plain, name: 'cell', prefixes: ['10.20.4.0/24', 'fd00:20:4::/64'] },
  { ...plain, name: 'line', vlans: [7], prefixes: ['2001:db8:5::/48'] },
  zone({ name: 'rest' }),
];
const named = (...ips: readonly string[]): string => zoneOf(zones, { port: 'v1', vlan: 0, ips }).name;

describe('the zone of a device', () => {
  it.each([
    ['its IPv4 address', ['10.20.4.9'], 'cell'],
    ['its IPv6 address', ['fd00:20:4::9'], 'cell'],
    ['any of its addresses', ['fe80::9', '169.254.1.1', '2001:db8:5:77::9'], 'line'],
    ['none of them: the default', ['10.20.5.9', 'fd00:20:5::9', 'fe80::9'], 'rest'],
    ['a text that is no address: the default', ['fd00:20:4::zz', '10.20.4', ''], 'rest'],
  ] as const)('is told by %s', (_, ips, name) => expect(named(...ips)).toBe(name));
});

it('neither the network nor the broadcast address of a prefix is a host', () =>
  expect(['10.20.4.0', '10.20.4.1', '10.20.4.255', '10.20.5.1', 'fd00::1'].map(ip => isHostOf(ip, '10.20.4.7/24'))).toEqual([
    false,
    true,
    false,
    false,
    false,
  ]));
