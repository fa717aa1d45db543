import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { PlannedDevice, RuleSet } from '../../gateway/model/rule-set.ts';
import { difference, render } from '../../gateway/quarantine/render.ts';

const good: PlannedDevice = { mac: '02:00:5e:00:00:01', port: 'v1', ips: ['10.20.1.1'], access: 'admit', bound: true };
const held: PlannedDevice = {
  mac: '02:00:5e:00:00:02',
  port: 'v2',
  ips: ['10.20.1.2', '10.20.1.22', 'fe80::2', 'fd00:20::22'],
  access: 'hold',
  bound: false,
};
const clone: PlannedDevice = { mac: '02:00:5e:00:00:01', port: 'v3', ips: [], access: 'quarantine', bound: false };
const outside: PlannedDevice = { mac: '02:00:5e:00:00:05', port: 'v5', ips: [], access: 'admit', bound: true };
const dock: RuleSet = {
  bridge: 'br0',
  gateway: { mac: '02:00:00:00:00:01', ip: '10.20.0.1', ip6: ['fd00:20::1', 'fe80::ff:fe00:1'], attestationPort: 8443 },
  uplinks: ['up0'],
  enforced: ['v1', 'v2', 'v3'],
  observed: [
    { port: 'v2', vlan: 0 },
    { port: 'v3', vlan: 20 },
  ],
  dhcpServers: ['10.20.0.2'],
  devices: [good, clone, held, outside],
};
const without6: RuleSet = { ...dock, gateway: { mac: dock.gateway.mac, ip: dock.gateway.ip, attestationPort: 8443 } };
const paused: RuleSet = { ...dock, enforced: [], observed: [], devices: [] };

/** Update with `vitest run test/quarantine -u`; read the difference in review. */
describe('render', () => {
  it('an enforced dock, to the letter', () => expect(render(dock)).toMatchFileSnapshot('dock.golden'));
  it('a paused gateway is a cable: no chain at all', async () => {
    await expect(render(paused)).toMatchFileSnapshot('paused.golden');
    expect(render(paused)).not.toContain('hook');
  });

  it('a bridge without IPv6 lets none through in its lane', () => expect(render(without6)).not.toMatch(/^\t\t.*\bip6\b/m));

  it.each([dock, without6, paused])('nft accepts the text %#', ruleSet => {
    if (process.getuid?.() !== 0) return console.log('skipped: nft -c needs root');
    const { status, stderr } = spawnSync('unshare', ['-n', 'nft', '-f', '-'], { input: render(ruleSet), encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it.each([
    ['port', { uplinks: ['up0"; flush ruleset; "'] }],
    ['port', { enforced: ['an-interface-name-too-long'] }],
    ['address', { devices: [{ ...good, mac: '02:00:5e:00:00:01 . "v9"' }] }],
    ['address', { gateway: { ...dock.gateway, mac: '02-00-00-00-00-01' } }],
    ['IPv4 address', { dhcpServers: ['10.20.0.2, 0.0.0.0/0'] }],
    ['IPv4 address', { devices: [{ ...good, ips: ['10.20.1.256'] }] }],
    ['IPv6 address', { devices: [{ ...good, ips: ['fe80::1%v1'] }] }],
    ['IPv6 address', { devices: [{ ...good, ips: ['FE80::1'] }] }],
    ['IPv6 address', { gateway: { ...dock.gateway, ip6: ['::1, ::/0'] } }],
    ['fe80::2 has two owners', { devices: [held, { ...good, ips: ['fe80::2'] }] }],
    ['VLAN', { observed: [{ port: 'v2', vlan: 4095 }] }],
    ['attestation port', { gateway: { ...dock.gateway, attestationPort: 0 } }],
    ['10.20.1.1 has two owners', { devices: [good, { ...held, ips: ['10.20.1.1'] }] }],
  ])('refuses what could not be text: %s %#', (what, change) => {
    expect(() => render({ ...dock, ...change })).toThrow(`Cannot render a RuleSet: ${what}`);
  });
  it('takes the last address, VLAN and port that there are', () => {
    const last = { ...dock, observed: [{ port: 'v2', vlan: 4094 }], gateway: { ...dock.gateway, attestationPort: 65_535 } };
    const text = render({ ...last, devices: [{ ...good, ips: ['10.255.255.255'] }] });
    for (const part of ['"v2" . 4094', 'tcp dport 65535', '10.255.255.255']) expect(text).toContain(part);
  });
});

describe('difference', () => {
  it('a device that is admitted is a change of elements', () => {
    expect(difference(dock, { ...dock, devices: [good, clone, { ...held, access: 'admit' }, outside] })).toEqual([
      'delete element bridge sallyport cut { 02:00:5e:00:00:02 . "v2" }',
      'add element bridge sallyport open { "v2" }',
      'add element bridge sallyport admitted { 02:00:5e:00:00:02 . "v2" }',
    ]);
  });
  it('hold and quarantine are the same on the wire', () => {
    expect(difference(dock, { ...dock, devices: [good, clone, { ...held, access: 'quarantine' }, outside] })).toEqual([]);
  });
  it.each([
    ['pausing', paused],
    ['another gateway address', { ...dock, gateway: { ...dock.gateway, ip: '10.20.0.9' } }],
    ['another IPv6 address of the gateway', { ...dock, gateway: { ...dock.gateway, ip6: ['fe80::9'] } }],
    ['the first known DHCP server', { ...dock, dhcpServers: [] }],
  ])('%s changes chains', (_, next) => expect(difference(dock, next)).toBe('whole'));
});
