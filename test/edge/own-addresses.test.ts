import { describe, expect, it } from 'vitest';
import type { BridgeAddress } from '../../gateway/edge/bridge-address.ts';
import { changeOf, foreignPorts } from '../../gateway/edge/own-addresses.ts';

const [link, site] = [
  { ip: 'fe80::1', prefix: 'fe80::1/64' },
  { ip: 'fd00:20::1', prefix: 'fd00:20::1/64' },
];
const started: BridgeAddress = { bridge: 'br0', mac: '02:00:00:00:00:01', ip: '10.20.0.1', prefix: '10.20.0.1/16', ip6: [link, site] };

describe('the addresses of the bridge', () => {
  it('are the same in whatever order the kernel lists them', () => {
    expect(changeOf(started, { ...started, ip6: [site, link] })).toBeUndefined();
  });

  it.each([
    ['an IPv6 address came', { ip6: [link, site, { ip: 'fd00:21::1', prefix: 'fd00:21::1/64' }] }, ', fd00:21::1/64, fe80::1/64 now'],
    ['an IPv6 address went', { ip6: [link] }, '10.20.0.1/16, fe80::1/64 now'],
    ['the network has another length', { prefix: '10.20.0.1/24' }, '10.20.0.1/24'],
    ['a port brought another hardware address', { mac: '02:00:00:00:00:09' }, '02:00:00:00:00:09'],
  ] as const)('have changed when %s', (_, now, text) => {
    expect(changeOf(started, { ...started, ...now })).toContain(text);
  });
});

describe('a port of the bridge that no setting names', () => {
  const network = { kind: 'bridge', bridge: 'br0', ports: ['v1', 'v2'], uplinks: ['up0'], ip: '10.20.0.1', dhcpServers: [] } as const;

  it('is told, for nothing holds what is there', () => {
    expect(foreignPorts(network, ['up0', 'vx', 'v1'])).toBe(
      'br0 has a port that no setting names: vx; what is plugged in there is neither seen nor held',
    );
    expect(foreignPorts(network, ['vx', 'va'])).toContain('has ports that no setting names: va, vx;');
  });

  it('is none of those that it has, nor one that is missing', () => {
    expect(foreignPorts(network, ['v1', 'v2', 'up0'])).toBe('');
    expect(foreignPorts(network, [])).toBe('');
  });
});
