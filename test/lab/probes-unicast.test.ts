import { createHash, X509Certificate } from 'node:crypto';
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListedProbe } from '../../gateway/probing/probe.ts';
import { probes } from '../../gateway/probing/index.ts';
import { dissect } from '../judge/tshark.ts';
import { type Lan, labIsMissing, makeLan, until } from './namespace.ts';
import { nmap, type Probed, probed, type Target, unreviewed } from './probed.ts';

const hosts = new URL('hosts', import.meta.url).pathname;
const sharedModbus = new URL('../../../shared/lab/modbus.py', import.meta.url).pathname;

/** The programs that the devices and the judge are made of; all of them are packages that the launcher installs for tests. */
const programs: readonly (readonly [string, readonly string[]])[] = [
  ['nmap', ['--version']],
  ['snmpd', ['--version']],
  ['snmpget', ['--version']],
  ['tshark', ['--version']],
  ['tcpdump', ['--version']],
  ['openssl', ['version']],
  ['/usr/bin/python3', ['-c', 'import pymodbus.server, serial_asyncio']],
];
const absent = programs.filter(([file, argv]) => spawnSync(file, argv, { stdio: 'ignore' }).status !== 0).map(([file]) => file);
const missing = labIsMissing() ?? (absent.length > 0 ? `there is no ${absent.join(', ')}` : undefined);
if (missing) console.warn(`unicast probes: skipped, ${missing}`);
if (!existsSync(sharedModbus))
  console.warn('unicast probes: the shared Modbus simulator is skipped, it is not on this machine (../shared)');

const names = ['modbus', 'shared', 's7', 'opcua', 'agent', 'tls', 'tls13', 'web'] as const;
type Name = (typeof names)[number];
const targets = names.map((name, i) => ({ name, port: `v${i + 1}`, ip: `10.20.1.${i + 1}`, mac: `02:00:5e:00:00:0${i + 1}` }));
const target = (name: Name): Target => {
  const found = targets.find(t => t.name === name);
  if (found === undefined) throw new Error(`Cannot find ${name}`);
  return found;
};
const probe = (name: string): ListedProbe => {
  const found = probes.find(p => p.name === name);
  if (found === undefined) throw new Error(`Cannot find probe ${name}`);
  return found;
};

const snmpdConf = `agentaddress udp:161
rocommunity public
sysDescr Siemens, SIMATIC S7, CPU 1511-1 PN, 6ES7 511-1AK01-0AB0, FW V2.8.3
sysObjectID .1.3.6.1.4.1.4196.1.1.5.3.27
sysName dock-plc-4
override .1.3.6.1.2.1.47.1.1.1.1.9.1 octet_str "V2.8.3"
override .1.3.6.1.2.1.47.1.1.1.1.11.1 octet_str "S C-L9D45321"
override .1.3.6.1.2.1.47.1.1.1.1.12.1 octet_str "Siemens AG"
override .1.3.6.1.2.1.47.1.1.1.1.13.1 octet_str "6ES7 511-1AK01-0AB0"
`;

describe.skipIf(missing !== undefined)('a probe of one device, on the wire of the lab', () => {
  let lan: Lan;
  let folder: string;
  let captures = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), `sallyport-probes-${process.pid}-`));
    lan = await makeLan({ prefix: 'spprobeu', devices: targets.map(t => ({ ...t, ip: `${t.ip}/16` })) });
    writeFileSync(join(folder, 'snmpd.conf'), snmpdConf);
    const subject = [
      '-subj',
      '/O=Lab Maker/CN=tls-7.lab',
      '-days',
      '30',
      '-keyout',
      join(folder, 'key.pem'),
      '-out',
      join(folder, 'cert.pem'),
    ];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], { stdio: 'ignore' });
    const root = ['-subj', '/O=Lab Maker/CN=Lab Root', '-keyout', join(folder, 'root.key'), '-out', join(folder, 'root.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...root], { stdio: 'ignore' });
    // Two certificates are longer than what is kept of a frame, which on a virtual link holds the whole flight.
    const chain = ['-cert_chain', join(folder, 'root.pem')];
    const server = [
      'openssl',
      's_server',
      '-quiet',
      '-cert',
      join(folder, 'cert.pem'),
      '-key',
      join(folder, 'key.pem'),
      '-www',
      '-accept',
      '8443',
    ];
    const start = (name: Name, argv: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess =>
      lan.spawn(name, argv, { cwd: folder, env: { ...process.env, ...env } });
    start('modbus', ['/usr/bin/python3', join(hosts, 'modbus-host.py'), 'Acme Drives', 'AD-7', 'V3.1']);
    if (existsSync(sharedModbus)) start('shared', ['/usr/bin/python3', sharedModbus]);
    start('s7', [process.execPath, join(hosts, 's7-host.ts')]);
    start('opcua', [process.execPath, join(hosts, 'opcua-host.ts')]);
    start(
      'agent',
      ['snmpd', '-f', '-LF', '4', join(folder, 'snmpd.log'), '-C', '-c', join(folder, 'snmpd.conf'), '-p', join(folder, 'pid')],
      { SNMP_PERSISTENT_DIR: folder },
    );
    start('tls', [...server, ...chain]);
    start('tls13', [...server, '-tls1_3']);
    start('web', ['/usr/bin/python3', '-m', 'http.server', '80']);
    const listens = async (name: Name, port: number): Promise<void> => {
      const filter = `sport = :${port}`;
      await until(async () => (await lan.exec(name, ['ss', '-Hln', filter])).stdout.includes(`:${port}`), `${name} listens`);
    };
    await Promise.all([
      listens('modbus', 502),
      existsSync(sharedModbus) ? listens('shared', 502) : undefined,
      ...[
        listens('s7', 102),
        listens('opcua', 4840),
        listens('agent', 161),
        listens('tls', 8443),
        listens('tls13', 8443),
        listens('web', 80),
      ],
    ]);
  });
  afterAll(async () => {
    await lan?.close();
    rmSync(folder, { recursive: true });
  });

  const run = (name: string, on: Name, service: number): Promise<Probed> =>
    probed(lan, probe(name), target(on), service, join(folder, `${++captures}.pcap`));

  /** Nothing left but reviewed messages to one port; a connection was opened once, and closed by both with FIN. */
  function isDecent(name: string, { wire }: Probed, port: string): void {
    expect(unreviewed(probe(name), wire)).toEqual([]);
    expect(wire.asked).toEqual([port]);
    if (!port.startsWith('tcp')) return;
    expect(wire.oursFlags).toEqual(['SYN', 'FIN']);
    expect(wire.itsFlags).toEqual(['SYN', 'FIN']);
  }

  it('modbus-device-id: pymodbus is identified, and nmap agrees', () => identifiesModbus('modbus', ['Acme Drives', 'AD-7', 'V3.1']));

  it.skipIf(!existsSync(sharedModbus))('modbus-device-id: the shared simulator is identified, and nmap agrees', () =>
    identifiesModbus('shared', ['Schneider Electric', 'TM221CE16R', 'V1.6.2']),
  );

  async function identifiesModbus(on: Name, identity: readonly string[]): Promise<void> {
    const found = await run('modbus-device-id', on, 502);
    expect(found.outcome).toMatchObject({ kind: 'answered', detail: 'it told its basic identification', sent: 11 });
    isDecent('modbus-device-id', found, 'tcp/502');
    const [maker, model, firmware] = identity;
    expect(found.facts).toEqual(
      expect.arrayContaining([
        { kind: 'maker', text: maker },
        { kind: 'model', text: model },
        { kind: 'firmware', text: firmware },
      ]),
    );
    const judge = await nmap(lan, target(on), ['-p', '502', '--script', 'modbus-discover']);
    expect(judge.text).toContain(identity.join(' '));
  }

  it('s7-szl: our simulator is identified, and nmap agrees', async () => {
    const found = await run('s7-szl', 's7', 102);
    expect(found.outcome).toMatchObject({ kind: 'answered', detail: 'it told its status lists', sent: 22 + 25 + 33 + 33 });
    isDecent('s7-szl', found, 'tcp/102');
    const judge = await nmap(lan, target('s7'), ['-p', '102', '--script', 's7-info']);
    const [model, version, serial] = ['Module', 'Version', 'Serial Number'].map(key => judge.of(key).trim());
    expect([model, version, serial]).toEqual(['6ES7 315-2EH14-0AB0', '3.2.6', 'S C-C2UR28922012']);
    expect(found.facts).toEqual(
      expect.arrayContaining([
        { kind: 'model', text: model },
        { kind: 'firmware', text: version },
        { kind: 'serial', text: serial },
        { kind: 'maker', text: 'Siemens' },
        expect.objectContaining({ kind: 'description', text: expect.stringContaining(judge.of('Module Type').trim()) as string }),
      ]),
    );
    expect(JSON.stringify(found.facts)).toContain(judge.of('System Name').trim());
    expect(judge.of('System Name').trim()).toBe('SIMATIC 300(Dock 4)');
  });

  it('opcua-endpoints: our simulator is identified, and tshark agrees (nmap has no script)', async () => {
    const found = await run('opcua-endpoints', 'opcua', 4840);
    expect(found.outcome).toMatchObject({ kind: 'answered', detail: 'it told its endpoints' });
    isDecent('opcua-endpoints', found, 'tcp/4840');
    expect(found.wire.ours).toHaveLength(4);
    const fields = ['opcua.ApplicationUri', 'opcua.ProductUri', 'opcua.loctext.Text', 'ip.src'];
    const judge = (await dissect(join(folder, `${captures}.pcap`), fields)).find(row => row.one('opcua.ApplicationUri') !== '');
    expect(judge?.one('opcua.ApplicationUri')).toBe('urn:lab:plc-9');
    expect(found.facts).toEqual(
      expect.arrayContaining([
        { kind: 'identifier', scheme: 'opcua-application-uri', value: judge?.one('opcua.ApplicationUri') },
        { kind: 'description', text: `${judge?.one('opcua.loctext.Text')}, ${judge?.one('opcua.ProductUri')}` },
      ]),
    );
  });

  it('snmp-get: net-snmp tells its objects and its engine, and nmap and snmpget agree', async () => {
    const found = await run('snmp-get', 'agent', 161);
    expect(found.outcome).toMatchObject({ kind: 'answered', detail: 'it told its objects and its engine' });
    isDecent('snmp-get', found, 'udp/161');
    const judge = await nmap(lan, target('agent'), ['-sU', '-p', '161', '--script', 'snmp-sysdescr,snmp-info']);
    const { stdout } = await lan.exec('gateway', [
      ...['snmpget', '-v2c', '-c', 'public', '-On', '-Oqv', target('agent').ip],
      ...['1.3.6.1.2.1.1.5.0', ...[9, 11, 12, 13].map(column => `1.3.6.1.2.1.47.1.1.1.1.${column}.1`)],
    ]);
    const [name, firmware, serial, maker, model] = stdout.split('\n').map(line => line.replaceAll('"', '').trim());
    expect([name, serial]).toEqual(['dock-plc-4', 'S C-L9D45321']);
    expect(found.facts).toEqual(
      expect.arrayContaining([
        ...[
          { kind: 'hostname', name },
          { kind: 'firmware', text: firmware },
          { kind: 'serial', text: serial },
        ],
        ...[
          { kind: 'maker', text: maker },
          { kind: 'model', text: model },
        ],
        { kind: 'print', scheme: 'snmp-object-id', value: '1.3.6.1.4.1.4196.1.1.5.3.27' },
      ]),
    );
    const description = found.facts.find(fact => fact.kind === 'description');
    expect(judge.text).toContain(description?.text);
    const engine = found.facts.find(fact => fact.kind === 'identifier');
    // nmap prints the engine without its first five bytes, which say whose format it is.
    expect(engine).toMatchObject({ scheme: 'snmp-engine-id' });
    expect(judge.of('engineIDData').replaceAll(/[^0-9a-f]/g, '')).not.toBe('');
    expect(engine?.value).toContain(judge.of('engineIDData'));
  });

  it('tls-hello: the certificate of openssl is heard, and nmap agrees', async () => {
    const found = await run('tls-hello', 'tls', 8443);
    expect(found.outcome).toMatchObject({ kind: 'answered', detail: 'it showed its certificate', sent: 150 + 14 });
    isDecent('tls-hello', found, 'tcp/8443');
    const judge = await nmap(lan, target('tls'), ['-p', '8443', '--script', 'ssl-cert']);
    const shown = new X509Certificate(judge.of('pem'));
    const key = createHash('sha256')
      .update(shown.publicKey.export({ type: 'spki', format: 'der' }))
      .digest('hex');
    expect(found.facts).toContainEqual(expect.objectContaining({ kind: 'certificate', role: 'server', key }));
    expect(JSON.stringify(found.facts.find(fact => fact.kind === 'certificate'))).toContain('tls-7.lab');
    expect(shown.subject).toContain('CN=tls-7.lab');
  });

  it('tls-hello: a server that speaks TLS 1.3 only declines, and is left in peace', async () => {
    const found = await run('tls-hello', 'tls13', 8443);
    expect(found.outcome).toMatchObject({ kind: 'refused', detail: 'it declined the hello', sent: 150 });
    isDecent('tls-hello', found, 'tcp/8443');
  });

  it('http-head: the server of Python is identified, and nmap agrees', async () => {
    const found = await run('http-head', 'web', 80);
    expect(found.outcome).toMatchObject({ kind: 'answered', detail: 'it sent the head of an answer' });
    isDecent('http-head', found, 'tcp/80');
    const judge = await nmap(lan, target('web'), ['-p', '80', '--script', 'http-server-header']);
    const server = found.facts.find(fact => fact.kind === 'description' && fact.of === 'http-server');
    expect(server).toMatchObject({ text: expect.stringMatching(/^SimpleHTTP\//) as string });
    expect(judge.text.trim()).toBe(server?.kind === 'description' ? server.text : '');
  });

  it('a port that nobody serves is a refusal, asked once', async () => {
    const found = await run('modbus-device-id', 'web', 502);
    expect(found.outcome).toMatchObject({ kind: 'refused', sent: 0 });
    expect(found.wire).toMatchObject({ ours: [], oursFlags: ['SYN'], itsFlags: ['RST'], asked: ['tcp/502'] });
  });
});
