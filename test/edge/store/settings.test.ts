import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channelsOf, channelText } from '../../../gateway/model/settings.ts';
import { shippedPolicies } from '../../../gateway/edge/project-files.ts';
import { readSettings, settingsToRun } from '../../../gateway/edge/store/settings.ts';

let folder: string;
let warnings: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `sp-settings-${process.pid}-`));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (text: string) => writeFileSync(join(folder, 'settings.json'), text);
const read = () => readSettings(folder, m => warnings.push(m));
const problemsOf = async (text: string) => {
  put(text);
  const { settings, problems } = await read();
  expect(settings).toBeUndefined();
  return problems;
};

const bridge = { kind: 'bridge', bridge: 'br0', ports: ['eth1', 'eth2'], uplinks: ['eth0'], ip: '10.20.4.1' };
const dock = { name: 'dock', default: true };
const json = (more: object) => JSON.stringify({ network: bridge, zones: [dock], ...more }, null, 2);

describe('settings to run with', () => {
  const run = () => settingsToRun(folder, m => warnings.push(m));

  it('are those of the last good start while the file is refused, with file and line of what is wrong', async () => {
    put(json({}));
    expect((await run()).settings?.zones[0]?.name).toBe('dock');
    put(json({ zones: [{ name: 'dock', default: true, mode: 'enforced' }] }));
    const { settings, problems } = await run();
    expect(settings?.zones[0]).toMatchObject({ name: 'dock', mode: 'observe' });
    expect(problems[0]).toMatch(/^settings\.json:\d+: /);
    put(json({ zones: [{ name: 'yard', default: true }] }));
    expect((await run()).settings?.zones[0]?.name).toBe('yard');
  });

  it('are none at a first start with a bad file', async () => {
    put('{ "network": 7 }');
    expect(await run()).toMatchObject({ problems: [expect.stringMatching(/^settings\.json:1: /)] as string[] });
    expect((await run()).settings).toBeUndefined();
  });
});

describe('receivers of syslog', () => {
  it('are asked by TLS unless something else is said, at the port of their way, with files beside the settings', async () => {
    put(
      json({
        syslog: [
          { host: 'siem.example', ca: 'siem.pem' },
          { host: '10.0.0.9', transport: 'udp', all: true },
        ],
      }),
    );
    expect((await read()).settings?.syslog).toEqual([
      { host: 'siem.example', port: 6514, transport: 'tls', ca: join(folder, 'siem.pem'), all: false, enterprise: 32_473 },
      { host: '10.0.0.9', port: 514, transport: 'udp', all: true, enterprise: 32_473 },
    ]);
  });

  it.each([
    ['no host', {}],
    ['a host with a blank', { host: 'a b' }],
    ['another way', { host: 'a', transport: 'http' }],
    ['a CA without TLS', { host: 'a', transport: 'tcp', ca: 'x.pem' }],
    ['an unknown field', { host: 'a', token: 'x' }],
    ['port 0', { host: 'a', port: 0 }],
  ])('are refused with %s, with the line', async (_what, target) => {
    expect((await problemsOf(json({ syslog: [target] })))[0]).toMatch(/^settings\.json:\d+: Cannot read syslog\[0\]/);
    expect(await problemsOf(json({ syslog: Array.from({ length: 5 }, () => ({ host: 'a' })) }))).toHaveLength(1);
  });
});

describe('settings', () => {
  it('have a harmless default for everything but the interfaces: one zone that observes and challenges nobody', async () => {
    put('{ "network": { "kind": "listen", "ports": ["eth1"] } }');
    const { settings, problems } = await read();
    expect(problems).toEqual([]);
    expect(settings).toEqual({
      dataFolder: folder,
      policyFolders: [shippedPolicies()],
      network: { kind: 'listen', ports: ['eth1'] },
      page: { host: '0.0.0.0', port: 9443 },
      attestation: { host: '127.0.0.1', port: 8444 },
      zones: [
        {
          name: 'all',
          default: true,
          mode: 'observe',
          challenge: false,
          challengePorts: [8443],
          evidenceTtlSeconds: 3600,
          graceSeconds: 900,
          otherwise: 'hold',
          probes: 'off',
        },
      ],
      browseMdns: false,
    });
  });

  it("take the site's own policies.d beside them, relative folders from their own folder, and the bridge's address for devices", async () => {
    mkdirSync(join(folder, 'policies.d'));
    put(json({ dataFolder: 'data' }));
    const { settings } = await read();
    expect(settings?.policyFolders).toEqual([shippedPolicies(), join(folder, 'policies.d')]);
    expect(settings?.dataFolder).toBe(join(folder, 'data'));
    expect(settings?.attestation).toEqual({ host: '10.20.4.1', port: 8444 });
  });

  it('take ways to ask beside TLS; then TLS is asked only where the zone names it', async () => {
    const named = async (zone: object) => {
      put(json({ zones: [{ ...dock, challenge: true, ...zone }] }));
      const { settings, problems } = await read();
      expect(problems).toEqual([]);
      const [only] = settings?.zones ?? [];
      return only === undefined ? [] : channelsOf(only).map(channelText);
    };
    expect(await named({})).toEqual(['tls port 8443']);
    expect(await named({ channels: [{ channel: 'tls', port: 636 }] })).toEqual(['tls port 636']);
    expect(await named({ challengePorts: [443], channels: [{ channel: 'tls', port: 636, path: '/a/b-c' }] })).toEqual([
      'tls port 443',
      'tls port 636 /a/b-c',
    ]);
  });

  it('say that they are missing', async () => {
    expect((await read()).problems).toEqual([`Cannot read ${folder}/settings.json: it does not exist`]);
  });

  it.each([
    ['an unknown field', { zonez: [] }, ['settings.json:20: Cannot read zonez: there is no such field']],
    [
      'a wrong word',
      { zones: [{ ...dock, mode: 'armed' }] },
      ['settings.json:18: Cannot read zones[0].mode: it is "armed", must be observe or enforce'],
    ],
    [
      'a number as text',
      { zones: [{ ...dock, graceSeconds: '60' }] },
      ['settings.json:18: Cannot read zones[0].graceSeconds: it is "60", must be a whole number 0–604800 seconds'],
    ],
    [
      'a long interface name',
      { network: { ...bridge, bridge: 'a-very-long-name' } },
      ['settings.json:4: Cannot read network.bridge: it is "a-very-long-name", must be an interface name of at most 15 characters'],
    ],
    [
      'an interface name that is a path',
      { network: { ...bridge, bridge: '../x' } },
      ['settings.json:4: Cannot read network.bridge: it is "../x", must be an interface name of at most 15 characters'],
    ],
    ['no kind of network', { network: {} }, ['settings.json:2: Cannot read network.kind: it is missing']],
    [
      'no uplinks',
      { network: { ...bridge, uplinks: [] } },
      ['settings.json:9: Cannot read network.uplinks: it is an empty list, must be a list of 1–16'],
    ],
    [
      'an uplink that is a device port',
      { network: { ...bridge, uplinks: ['eth2'] } },
      ['settings.json:10: Cannot read network.uplinks[0]: it is "eth2", must be an interface that is neither the bridge nor a device port'],
    ],
    [
      'a port twice',
      { network: { ...bridge, ports: ['eth1', 'eth1'] } },
      ['settings.json:7: Cannot read network.ports[1]: it is "eth1", must be there only once'],
    ],
    [
      'an address that is none',
      { network: { ...bridge, ip: '10.20.4' } },
      ['settings.json:12: Cannot read network.ip: it is "10.20.4", must be an IPv4 address such as 10.20.4.1'],
    ],
    [
      'no default zone',
      { zones: [{ name: 'a' }, { name: 'b' }] },
      ['settings.json:14: Cannot read zones: it is a list of 2, must be a list in which exactly one zone has default: true'],
    ],
    [
      'two default zones',
      { zones: [dock, { ...dock, name: 'b' }] },
      ['settings.json:14: Cannot read zones: it is a list of 2, must be a list in which exactly one zone has default: true'],
    ],
    [
      'two zones of one name',
      { zones: [dock, { name: 'dock' }] },
      ['settings.json:19: Cannot read zones[1]: it is a map with one field, must be a zone with a name of its own'],
    ],
    [
      'a port of a zone that the network has not',
      { zones: [{ ...dock, ports: ['eth1', 'eth9'] }] },
      ['settings.json:20: Cannot read zones[0].ports[1]: it is "eth9", must be one of network.ports'],
    ],
    [
      'a port in two zones',
      {
        zones: [
          { ...dock, ports: ['eth1'] },
          { name: 'b', ports: ['eth1'] },
        ],
      },
      ['settings.json:25: Cannot read zones[1].ports[0]: it is "eth1", must be a port that no zone before has'],
    ],
    [
      'a prefix with host bits',
      { zones: [{ ...dock, prefixes: ['10.20.4.7/24'] }] },
      [
        'settings.json:19: Cannot read zones[0].prefixes[0]: it is "10.20.4.7/24", must be an IPv4 network such as 10.20.4.0/24, with no bits beyond its length',
      ],
    ],
    [
      'an IPv6 prefix with bits beyond its length',
      { zones: [{ ...dock, prefixes: ['fd00:20::1/64'] }] },
      [
        'settings.json:19: Cannot read zones[0].prefixes[0]: it is "fd00:20::1/64", must be an IPv6 network such as fd00:20:4::/64, with no bits beyond its length',
      ],
    ],
    [
      'a prefix that is none',
      { zones: [{ ...dock, prefixes: ['10.20.4.0/33'] }] },
      [
        'settings.json:19: Cannot read zones[0].prefixes[0]: it is "10.20.4.0/33", must be an IPv4 network such as 10.20.4.0/24, with no bits beyond its length',
      ],
    ],
    [
      'VLAN 4095',
      { zones: [{ ...dock, vlans: [4095] }] },
      ['settings.json:19: Cannot read zones[0].vlans[0]: it is the number 4095, must be 4094 or less'],
    ],
    [
      'five challenge ports',
      { zones: [{ ...dock, challengePorts: [1, 2, 3, 4, 5] }] },
      ['settings.json:18: Cannot read zones[0].challengePorts: it is a list of 5, must be a list of 1–4'],
    ],
    [
      'a way to ask that nobody knows',
      { zones: [{ ...dock, channels: [{ channel: 'gopher', port: 70 }] }] },
      [expect.stringMatching(/^settings\.json:20: Cannot read zones\[0\]\.channels\[0\]\.channel: it is "gopher", must be /) as string],
    ],
    [
      'a path with a query',
      { zones: [{ ...dock, channels: [{ channel: 'tls', port: 443, path: '/x?y' }] }] },
      [expect.stringMatching(/zones\[0\]\.channels\[0\]\.path: it is .*, must be a path such as \/attest/) as string],
    ],
    [
      'page and attestation on one port',
      { page: { host: '0.0.0.0', port: 8444 } },
      ["settings.json:22: Cannot read page.port: it is the number 8444, must be another port than the attestation API's"],
    ],
    [
      'enforcement where we only listen',
      { network: { kind: 'listen', ports: ['eth1'] }, zones: [{ ...dock, mode: 'enforce' }] },
      ['settings.json:12: Cannot read zones[0].mode: it is "enforce", must be observe: where we only listen, nothing can be enforced'],
    ],
    [
      'probes where we only listen',
      { network: { kind: 'listen', ports: ['eth1'] }, zones: [{ ...dock, probes: 'broadcast' }] },
      ['settings.json:12: Cannot read zones[0].probes: it is "broadcast", must be off: where we only listen, we ask nothing'],
    ],
    [
      'a mode of probes that is none',
      { zones: [{ ...dock, probes: 'all' }] },
      ['settings.json:18: Cannot read zones[0].probes: it is "all", must be off, broadcast or known-devices'],
    ],
  ])('refuse %s, with the line', async (_, more, problems) => {
    expect(await problemsOf(json(more))).toEqual(problems);
  });

  it('refuse a key that stands there twice, of which JSON would keep the last', async () => {
    expect(await problemsOf('{\n "browseMdns": false,\n "browseMdns": true\n}')).toEqual([
      'settings.json:3: Cannot read browseMdns: the key is there twice',
    ]);
  });

  it.each([
    'null',
    '[]',
    '"settings"',
    '{}',
    '{"network":null}',
    '{"__proto__":{"network":1}}',
    `{"network":${'['.repeat(5000)}${']'.repeat(5000)}}`,
  ])('refuse %s without throwing', async text => {
    expect((await problemsOf(text))[0]).toMatch(/^settings\.json:1: Cannot read /);
  });

  it('say where a syntax error is when there is no copy to fall back to', async () => {
    const [problem] = await problemsOf('{\n "network": {\n');
    expect(problem).toMatch(
      /^Cannot read .*settings\.json: it is no JSON \(.*line 3.*\); nor its copy: Cannot read .*: it does not exist$/,
    );
  });

  it('found good by hand become the copy, and a clumsy edit afterwards falls back to it', async () => {
    put(json({ browseMdns: true }));
    chmodSync(join(folder, 'settings.json'), 0o644);
    expect((await read()).settings?.browseMdns).toBe(true);
    expect(statSync(join(folder, 'settings.json.bak')).mode & 0o777).toBe(0o600);
    put(json({ browseMdns: true }).slice(0, 90));
    expect((await read()).settings?.browseMdns).toBe(true);
    expect(warnings).toHaveLength(1);
  });

  it('are read also where no copy can be kept, which is said', async () => {
    put(json({}));
    mkdirSync(join(folder, 'settings.json.bak'));
    expect((await read()).settings).toBeDefined();
    expect(warnings).toEqual([expect.stringMatching(/^Cannot keep a copy of .*settings\.json: E/)]);
  });

  it('found bad do not become the copy', async () => {
    put(json({}));
    await read();
    await problemsOf(json({ page: 5 }));
    expect(JSON.parse(readFileSync(join(folder, 'settings.json.bak'), 'utf8'))).not.toHaveProperty('page');
  });
});
