import { describe, expect, it } from 'vitest';
import { receive } from '../../gateway/edge/inbox.ts';
import { Dissector } from '../../collectors/dissector.ts';
import type { Fact, FactKind } from '../../gateway/model/fact.ts';
import { frame } from '../vectors/frames/build.ts';
import { vectors } from '../vectors/frames/index.ts';

/** One fact of each kind: a kind without an example here does not compile. */
const facts: { readonly [kind in FactKind]: Extract<Fact, { readonly kind: kind }> | Fact } = {
  seen: { kind: 'seen' },
  'management-address': { kind: 'management-address', ip: '10.0.0.1' },
  address: { kind: 'address', ip: '192.0.2.1' },
  hostname: { kind: 'hostname', name: 'plc-7' },
  'vendor-class': { kind: 'vendor-class', text: 'MSFT 5.0' },
  'dhcp-parameters': { kind: 'dhcp-parameters', options: [1, 3, 6] },
  'asks-address': { kind: 'asks-address', ip: '192.0.2.7' },
  'relay-agent': { kind: 'relay-agent', circuit: 'Gi0/3', remote: '0006001122334455' },
  inventory: { kind: 'inventory', of: 'asset', text: 'A-7' },
  'dhcp-client-id': { kind: 'dhcp-client-id', id: '01aa' },
  'dhcp-lease': { kind: 'dhcp-lease', ip: '192.0.2.7', server: '192.0.2.1', router: '192.0.2.2' },
  'dhcp-server': { kind: 'dhcp-server', ip: '192.0.2.1' },
  'mud-url': { kind: 'mud-url', url: 'https://example.org/mud.json' },
  service: { kind: 'service', protocol: 'tcp', port: 502, name: 'mbap' },
  model: { kind: 'model', text: 'M340' },
  'claimed-mac': { kind: 'claimed-mac', mac: '00:00:5e:00:53:01', ip: '192.0.2.1' },
  protocol: { kind: 'protocol', name: 'arp' },
  maker: { kind: 'maker', text: 'Acme' },
  firmware: { kind: 'firmware', text: '1.2' },
  serial: { kind: 'serial', text: 'TS2-1' },
  description: { kind: 'description', text: 'Linux' },
  'device-kind': { kind: 'device-kind', text: 'camera' },
  identifier: { kind: 'identifier', scheme: 'lldp-chassis', value: '00:00:5e:00:53:01' },
  print: { kind: 'print', scheme: 'ja4', value: 't13d' },
  certificate: { kind: 'certificate', role: 'server', subject: 'CN=a', issuer: 'CN=b', key: '00ff' },
  'uses-server': { kind: 'uses-server', service: 'ntp', ip: '192.0.2.1' },
  neighbour: { kind: 'neighbour', protocol: 'lldp', chassis: 'a', portId: 'b', name: 'c' },
  router: {
    kind: 'router',
    protocol: 'vrrp',
    detail: '',
    ip: '10.0.0.1',
    mac: '00:00:5e:00:01:07',
    owner: '10.0.0.2',
    isPreferred: true,
  },
  bridge: {
    kind: 'bridge',
    protocol: 'stp',
    detail: '',
    tree: {
      root: { priority: 4096, extension: 1, mac: '00:00:5e:00:53:01' },
      bridge: { priority: 32768, extension: 1, mac: '00:00:5e:00:53:02' },
    },
  },
  member: { kind: 'member', group: '224.0.0.251' },
  asks: { kind: 'asks', protocol: 'tls', name: 'example.org' },
  'answers-for': { kind: 'answers-for', protocol: 'llmnr', name: 'wpad' },
  acted: { kind: 'acted', action: 'write', target: '192.0.2.7', detail: 'function 16' },
  contested: { kind: 'contested', ip: '192.0.2.1', mac: '00:00:5e:00:53:02' },
  'talks-to': { kind: 'talks-to', ip: '192.0.2.1', protocol: 6, port: 443, ownPort: 0, began: 'here' },
  resolves: { kind: 'resolves', name: 'example.org', ip: '192.0.2.1' },
  reaches: { kind: 'reaches', vlan: 20 },
  turned: { kind: 'turned', sign: 'ttl', from: '64', to: '128', times: 2 },
  behind: { kind: 'behind', ip: '198.51.100.1' },
};
const observation = { at: 1, port: 'eth0', vlan: 0, mac: '00:00:5e:00:53:01', collector: 'test', frame: 1 };

describe('what the gateway believes of the sensor', () => {
  it.each(Object.values(facts))('takes a fact of the kind $kind as it is', fact => {
    const message = { type: 'observations', observations: [{ ...observation, fact }] };
    expect(receive('sensor', message, why => expect.fail(why))).toEqual(message);
  });

  it('takes all that the collectors say of every vector as it is', () => {
    const dissector = new Dissector();
    for (const bytes of Object.values(vectors)) dissector.frame(frame(bytes));
    const message = { type: 'observations', observations: dissector.drain(true).observations };
    expect(message.observations.length).toBeGreaterThan(200);
    expect(receive('sensor', message, why => expect.fail(why))).toEqual(message);
  });

  it.each([
    ['an unknown kind', { kind: 'password', text: 'x' }],
    ['text beyond its cap', { kind: 'description', text: 'x'.repeat(1025) }],
    ['an unknown scheme', { kind: 'identifier', scheme: 'passport', value: 'x' }],
    ['an unknown act', { kind: 'acted', action: 'explode', target: 'x', detail: '' }],
    ['a group that is no address', { kind: 'member', group: 'everybody' }],
  ])('refuses %s', (_, fact) => {
    let refused = '';
    expect(receive('sensor', { type: 'observations', observations: [{ ...observation, fact }] }, why => (refused = why))).toBeUndefined();
    expect(refused).toMatch(/^Cannot read a message of the sensor/);
  });
});

describe('what the gateway believes of the prober', () => {
  const messages = [{ template: 'read', bytes: '00ff' }];
  const outcome = { kind: 'answered', startedAt: 1, endedAt: 2, sent: 5, received: 9, detail: 'yes', messages };
  const read = (more: object): unknown =>
    receive('prober', { type: 'outcome', id: 'p1', outcome: { ...outcome, ...more } }, () => undefined);

  it('an outcome as it is written', () => expect(read({})).toEqual({ type: 'outcome', id: 'p1', outcome }));
  it.each([
    ['another kind', { kind: 'written' }],
    ['bytes beyond their cap', { messages: [{ template: 'read', bytes: '00'.repeat(65) }] }],
    ['more messages than are shown', { messages: Array(9).fill(messages[0]) }],
    ['a detail without end', { detail: 'x'.repeat(1025) }],
    ['a negative count', { sent: -1 }],
  ])('but not %s', (_, more) => expect(read(more)).toBeUndefined());
});

describe('what the gateway believes of the switch reader', () => {
  const port = { port: 1, name: 'Gi0/1', alias: 'dock' };
  const tables = {
    name: 'sw',
    description: '',
    chassis: '',
    own: ['00:00:5e:00:53:01'],
    ports: [port, { port: 2, name: 'Gi0/2' }],
    entries: [
      { mac: '00:00:5e:00:53:02', port: 1, vlan: 20 },
      { mac: '00:00:5e:00:53:03', port: 2 },
    ],
    neighbours: [{ port: 1, chassis: 'x', name: '', isBridge: true }],
    truncated: [],
    skipped: 0,
  };
  const message = (over: object) => ({ type: 'switch', switchIp: '10.0.0.1', reading: { kind: 'read', tables: { ...tables, ...over } } });

  it('takes tables and failures as they are', () => {
    const failed = { type: 'switch', switchIp: '10.0.0.1', reading: { kind: 'silent', detail: 'no answer' } };
    for (const one of [message({}), failed]) expect(receive('switch-reader', one, why => expect.fail(why))).toEqual(one);
  });

  it.each([
    ['text beyond its cap', { name: 'x'.repeat(65) }],
    ['more entries than are kept', { entries: Array.from({ length: 8193 }, () => tables.entries[0]) }],
    ['a VLAN that is none', { entries: [{ mac: '00:00:5e:00:53:02', port: 1, vlan: 5000 }] }],
    ['an address that is none', { own: ['<b>'] }],
  ])('refuses %s', (_, over) => {
    let refused = '';
    expect(receive('switch-reader', message(over), why => (refused = why))).toBeUndefined();
    expect(refused).toMatch(/^Cannot read a message of the switch-reader/);
  });
});
