import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../gateway/policy/load.ts';
import { ace, cloud, mudFile, mudText, mudUrl, port } from '../vectors/mud.ts';

const load = (text: string, more: readonly { readonly path: string; readonly text: string }[] = []) =>
  loadPolicy([{ path: 'policies.d/mud/thermo.json', text }, ...more]);
const profile = (file: ReturnType<typeof mudFile>) => load(mudText(file)).policy?.mud.profiles.get(mudUrl);
const entry = { name: 'a', accepts: true, ipVersion: 4, peers: [] };

describe('a MUD file', () => {
  it('is read as the flows that its maker foresees', () =>
    expect(profile(mudFile())).toEqual({
      url: mudUrl,
      from: [
        {
          name: 'cloud',
          accepts: true,
          ipVersion: 4,
          protocol: 6,
          farPorts: [{ low: 443, high: 443 }],
          begunBy: 'device',
          peers: [{ kind: 'name', name: 'cloud.things.example' }],
        },
      ],
      to: [],
    }));

  it('a policy that is not there says nothing, an empty one that there is nothing', () => {
    const file = profile(mudFile({ more: { 'to-device-policy': undefined } }));
    expect([file?.from?.length, file?.to]).toEqual([1, undefined]);
  });

  it.each([
    ['a range', { udp: { 'source-port': { 'lower-port': 7, 'upper-port': 9 } } }, { protocol: 17, ownPorts: [{ low: 7, high: 9 }] }],
    [
      'all but one',
      { udp: { 'destination-port': port(9, 'neq') } },
      {
        protocol: 17,
        farPorts: [
          { low: 0, high: 8 },
          { low: 10, high: 65_535 },
        ],
      },
    ],
    ['up to one', { udp: { 'destination-port': port(9, 'lte') } }, { protocol: 17, farPorts: [{ low: 0, high: 9 }] }],
    ['from one on', { udp: { 'destination-port': port(9, 'gte') } }, { protocol: 17, farPorts: [{ low: 9, high: 65_535 }] }],
    ['a network', { ipv4: { 'destination-ipv4-network': '192.0.2.0/24' } }, { peers: [{ kind: 'network', prefix: '192.0.2.0/24' }] }],
    [
      'whom only the site knows',
      { 'ietf-mud:mud': { 'local-networks': [null], 'same-manufacturer': [null], 'my-controller': [null] } },
      { peers: [{ kind: 'local-networks' }, { kind: 'same-manufacturer' }, { kind: 'my-controller' }] },
    ],
    [
      'others by their URLs',
      { 'ietf-mud:mud': { manufacturer: 'Other.example', model: 'https://o.example/m', controller: 'urn:x:y' } },
      {
        peers: [
          { kind: 'manufacturer', authority: 'other.example' },
          { kind: 'model', url: 'https://o.example/m' },
          { kind: 'controller', of: 'urn:x:y' },
        ],
      },
    ],
  ] as const)('says %s', (_, matches, read) =>
    expect(profile(mudFile({ from: [ace('a', matches)] }))?.from).toEqual([{ ...entry, ...read }]),
  );

  it('to the device, source and target change places', () =>
    expect(profile(mudFile({ to: [ace('a', { tcp: { 'destination-port': port(80), 'source-port': port(9) } })] }))?.to).toEqual([
      { ...entry, protocol: 6, ownPorts: [{ low: 80, high: 80 }], farPorts: [{ low: 9, high: 9 }] },
    ]));

  it('of IPv6', () => {
    const from = [ace('a', { ipv6: { 'destination-ipv6-network': '2001:db8::/32', protocol: 17 } }, 'drop')];
    expect(profile(mudFile({ type: 'ietf-access-control-list:ipv6-acl-type', from }))?.from).toEqual([
      { name: 'a', accepts: false, ipVersion: 6, protocol: 17, peers: [{ kind: 'network', prefix: '2001:db8::/32' }] },
    ]);
  });
});

describe('a MUD file is refused, with the line, when', () => {
  const refused = (file: unknown): string =>
    load(JSON.stringify(file, null, 1))
      .problems.map(({ text }) => text)
      .join('\n');
  it.each([
    ['it is none', { a: 1 }, /there is no such field/],
    [
      'a match is not understood',
      mudFile({ from: [ace('a', { ipv4: { ttl: 3 } })] }),
      /:\d+: Cannot read .*matches\.ipv4\.ttl: there is no such field/,
    ],
    ['an action is none', mudFile({ from: [ace('a', {}, 'mirror')] }), /must be accept, drop or reject/],
    ['its URL is not of https', mudFile({ url: 'http://things.example/x' }), /must be a URL of https/],
    ['a prefix is none', mudFile({ from: [ace('a', { ipv4: { 'destination-ipv4-network': '192.0.2.0/33' } })] }), /IPv4 prefix/],
    [
      'it names the device by its address',
      mudFile({ from: [ace('a', { ipv4: { 'source-ipv4-network': '192.0.2.1/32' } })] }),
      /names the device itself/,
    ],
    ['an entry is of another IP version', mudFile({ type: 'ipv6-acl-type' }), /another IP version/],
    ['an entry is of two protocols', mudFile({ from: [ace('a', { tcp: {}, udp: {} })] }), /two protocols/],
    [
      'a list is not there',
      mudFile({ more: { 'to-device-policy': { 'access-lists': { 'access-list': [{ name: 'gone' }] } } } }),
      /there is no "gone"/,
    ],
    ['it is too long', mudFile({ from: Array.from({ length: 501 }, () => cloud) }), /at most 500 entries/],
  ])('%s', (_, file, why) => expect(refused(file)).toMatch(why));

  it('it is no JSON, or two speak for one URL', () => {
    expect(load('{').problems).toHaveLength(1);
    const twin = load(mudText(mudFile()), [{ path: 'policies.d/mud/twin.json', text: mudText(mudFile()) }]);
    expect([twin.policy, twin.problems[0]?.text]).toEqual([
      undefined,
      expect.stringContaining('its name is taken by policies.d/mud/thermo.json:1'),
    ]);
  });
});

it('a site names its controllers', () => {
  const text = '- { controller: "urn:x:y", hosts: [10.20.0.5] }\n- { controller: "urn:x:y", hosts: ["fe80::1"] }\n';
  const file = (path: string, body: string) => loadPolicy([{ path, text: body }]);
  expect(file('policies.d/mud/site.yaml', text).policy?.mud.controllers.get('urn:x:y')).toEqual(['10.20.0.5', 'fe80::1']);
  expect(file('policies.d/mud/site.yaml', '- { controller: a, hosts: [plc-7] }').problems[0]?.text).toContain('must be an IP address');
});
