import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Access } from '../../gateway/model/decision.ts';
import type { PlannedDevice, RuleSet } from '../../gateway/model/rule-set.ts';
import { hashRuleSet } from '../../gateway/quarantine/hash.ts';
import { EnforcerProcess } from './enforcer-process.ts';
import { ethernet, everyone } from './frames.ts';
import { type Lan, labIsMissing, makeLan, until } from './namespace.ts';

const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

const good = { name: 'good', port: 'v1', mac: '02:00:5e:00:00:01', ip: '10.20.1.1/16' };
const held = { name: 'held', port: 'v2', mac: '02:00:5e:00:00:02', ip: '10.20.1.2/16' };
const clone = { name: 'clone', port: 'v3', mac: good.mac, ip: '10.20.1.1/16' };
const asker = { name: 'asker', port: 'v4', mac: '02:00:5e:00:00:04' };

const planned = (d: { mac: string; port: string; ip?: string }, access: Access, bound = false): PlannedDevice => ({
  mac: d.mac,
  port: d.port,
  ips: d.ip === undefined || d === clone ? [] : [d.ip.replace('/16', '')],
  access,
  bound,
});
const ruleSet = (devices: readonly PlannedDevice[], more: Partial<RuleSet> = {}): RuleSet => ({
  bridge: 'br0',
  gateway: { mac: '02:00:00:00:00:01', ip: '10.20.0.1', attestationPort: 8443 },
  uplinks: ['up0'],
  enforced: ['v1', 'v2', 'v3', 'v4'],
  observed: [],
  dhcpServers: ['10.20.0.2'],
  devices,
  ...more,
});
const usual = ruleSet([planned(good, 'admit', true), planned(held, 'hold'), planned(clone, 'hold')]);

describe.skipIf(missing)('the enforcer', () => {
  let lan: Lan;
  let enforcer: EnforcerProcess;
  beforeAll(async () => {
    lan = await makeLan({ prefix: 'slpen', devices: [good, held, clone, asker] });
    enforcer = new EnforcerProcess(lan);
    await enforcer.enforce(usual);
  });
  afterAll(() => lan?.close());

  /** `seconds`: how long an answer is waited for; who expects none need not wait long. */
  const reaches = async (from: string, to = '10.20.0.2', seconds = 1): Promise<boolean> =>
    (await lan.exec(from, ['ping', '-c1', `-W${seconds}`, to])).stdout.includes('1 received');
  const passes = (from: string): Promise<boolean> => reaches(from, '10.20.0.2', 30);
  const fdb = async (mac: string): Promise<string> => {
    const { stdout } = await lan.exec('gateway', ['bridge', 'fdb', 'show', 'br', 'br0']);
    return stdout
      .split('\n')
      .filter(l => l.startsWith(mac))
      .join('\n')
      .trim();
  };
  const nft = (...args: readonly string[]) => lan.exec('gateway', ['nft', ...args]);
  const frame = (from: string): Uint8Array => ethernet(everyone, from, 0x88b6, [1, 2, 3]);

  it('opens a held device when it is admitted, and cuts it again, with each change read back', async () => {
    expect(await reaches('held')).toBe(false);
    await enforcer.enforce(ruleSet([planned(good, 'admit', true), planned(held, 'admit'), planned(clone, 'hold')]));
    await until(() => reaches('held'), 'the admitted device passes');
    await enforcer.enforce(usual);
    expect(await reaches('held')).toBe(false);
  });

  it('drops a clone of a bound address at its port, counts it, and the genuine device keeps its place', async () => {
    const from = enforcer.heard.length;
    expect(await passes('good')).toBe(true);
    const ear = await lan.receive('server');
    await lan.sendFrames('clone', Array<Uint8Array>(20).fill(frame(good.mac)));
    expect(await lan.heard('server', ear)).toEqual([]);
    expect(await fdb(good.mac)).toBe(`${good.mac} dev v1 sticky master br0 static`);
    expect(await passes('good')).toBe(true);
    const drops = await enforcer.until(m => m.type === 'clone-drops', 'the drops are told', from);
    expect(drops).toMatchObject({ port: 'v3' });
    await ear.close();
  });

  it('puts back a table that somebody deleted, and says so', async () => {
    const from = enforcer.heard.length;
    await nft('delete', 'table', 'bridge', 'sallyport');
    await enforcer.until(m => m.type === 'enforcement' && m.state === 'mismatch', 'the mismatch is told', from);
    await enforcer.until(m => m.type === 'enforcement' && m.state === 'applied', 'it is put right', from);
    expect(await reaches('held')).toBe(false);
    expect(await passes('good')).toBe(true);
  });

  it.each([
    ['an element that somebody added', ['add', 'element', 'bridge', 'sallyport', 'admitted', `{ ${held.mac} . "v2" }`]],
    ['a rule that somebody inserted', ['insert', 'rule', 'bridge', 'sallyport', 'leaving', 'accept']],
    ['a chain that somebody emptied', ['flush', 'chain', 'bridge', 'sallyport', 'reaching']],
  ])('takes back %s', async (_, change) => {
    const from = enforcer.heard.length;
    expect(await nft(...change)).toMatchObject({ code: 0 });
    await enforcer.until(m => m.type === 'enforcement' && m.state === 'mismatch', 'the mismatch is told', from);
    await enforcer.until(m => m.type === 'enforcement' && m.state === 'applied', 'it is put right', from);
    expect(await reaches('held')).toBe(false);
  });

  it("pins planned addresses in the gateway's neighbour table, and takes the pins away while paused", async () => {
    const pins = async (): Promise<string> => (await lan.exec('gateway', ['ip', 'neigh', 'show', 'nud', 'permanent'])).stdout;
    await until(async () => (await pins()).includes(`10.20.1.2 dev br0 lladdr ${held.mac} PERMANENT`), 'the held device is pinned');
    expect(await pins()).toContain(`10.20.1.1 dev br0 lladdr ${good.mac} PERMANENT`);
    await enforcer.enforce(ruleSet([], { enforced: [] }));
    await until(async () => (await pins()) === '' && !(await fdb(good.mac)).includes('sticky'), 'the pins are gone');
    await enforcer.enforce(usual);
    await until(async () => (await fdb(good.mac)).includes('sticky'), 'the pins are back');
  });

  it('answers come back on a connection that we open, while its lane is open and on it alone', async () => {
    const server = lan.spawn('held', ['socat', 'TCP-LISTEN:9443,fork,reuseaddr', 'EXEC:echo hello']);
    const connect = () => lan.exec('gateway', ['socat', '-u', 'TCP:10.20.1.2:9443,sourceport=40443,reuseaddr,connect-timeout=1', '-']);
    expect((await connect()).stdout).toBe('');
    const lane = { mac: held.mac, port: 'v2', ip: '10.20.1.2', remotePort: 9443, localPort: 40443, ttlSeconds: 30 };
    enforcer.send({ type: 'open-lane', id: 'c1', lane });
    expect(await enforcer.until(m => m.type === 'lane' && m.id === 'c1', 'the lane is open')).toMatchObject({ open: true });
    await until(async () => (await connect()).stdout === 'hello\n', 'the device answers');
    expect(await reaches('held', '10.20.0.1')).toBe(false);
    enforcer.send({ type: 'open-lane', id: 'c2', lane: { ...lane, mac: good.mac, port: 'v1', localPort: 40444 } });
    expect(await enforcer.until(m => m.type === 'lane' && m.id === 'c2', 'another is not asked at its address')).toMatchObject({
      open: false,
    });
    enforcer.send({ type: 'close-lane', id: 'c1' });
    await until(async () => !(await nft('list', 'set', 'bridge', 'sallyport', 'lanes')).stdout.includes('40443'), 'the lane is closed');
    expect((await connect()).stdout).toBe('');
    server.kill();
  });

  it('datagrams come back on a lane of their own, which no TCP lane of the same ports is', async () => {
    const server = lan.spawn('held', ['socat', 'UDP-LISTEN:5683,fork,reuseaddr', 'EXEC:cat']);
    const ask = async () =>
      (await lan.exec('gateway', ['sh', '-c', 'echo hello | socat -t1 - UDP:10.20.1.2:5683,sourceport=40444'])).stdout;
    expect(await ask()).toBe('');
    const lane = { mac: held.mac, port: 'v2', ip: '10.20.1.2', remotePort: 5683, localPort: 40444, ttlSeconds: 30 };
    enforcer.send({ type: 'open-lane', id: 'u0', lane });
    await enforcer.until(m => m.type === 'lane' && m.id === 'u0', 'the TCP lane is open');
    expect(await ask()).toBe('');
    enforcer.send({ type: 'open-lane', id: 'u1', lane: { ...lane, protocol: 'udp' } });
    await enforcer.until(m => m.type === 'lane' && m.id === 'u1', 'the lane is open');
    await until(async () => (await ask()) === 'hello\n', 'the device answers');
    for (const id of ['u0', 'u1']) enforcer.send({ type: 'close-lane', id });
    await until(async () => !(await nft('list', 'set', 'bridge', 'sallyport', 'udp_lanes')).stdout.includes('40444'), 'the lane is closed');
    expect(await ask()).toBe('');
    server.kill();
  });

  it('a held device gets a lease from the server behind the uplink', async () => {
    const args = [
      '--conf-file=/dev/null',
      '--interface=eth0',
      '--bind-interfaces',
      '--except-interface=lo',
      '--no-ping',
      '--port=0',
      '--user=root',
    ];
    const pool = ['--dhcp-authoritative', '--dhcp-range=10.20.100.1,10.20.120.254,255.255.0.0,10m', '--pid-file=', '--leasefile-ro'];
    const server = lan.spawn('server', ['dnsmasq', '-k', ...args, ...pool, '--no-resolv', '--no-hosts']);
    const script = 'busybox udhcpc -i eth0 -f -n -q -t 2 -T 1 -s /bin/true 2>&1';
    await until(async () => (await lan.exec('asker', ['sh', '-c', script])).stdout.includes('10.20.1'), 'a lease is given');
    expect(await reaches('asker')).toBe(false);
    server.kill();
  });

  it('tells each address that the bridge learns on a device port, once, and none of the uplink', async () => {
    await enforcer.enforce(ruleSet([], { enforced: [] }));
    const from = enforcer.heard.length;
    const macs = Array.from({ length: 50 }, (_, i) => `02:77:00:00:00:${(i + 16).toString(16)}`);
    await lan.sendFrames('asker', [...macs, ...macs].map(frame));
    await lan.sendFrames('server', [frame('02:78:00:00:00:01')]);
    const entries = () =>
      enforcer.heard.slice(from).flatMap(m => (m.type === 'forwarding-entry' && m.mac.startsWith('02:7') ? [m.mac] : []));
    await until(() => entries().length >= macs.length, 'all are told');
    expect(entries().sort()).toEqual(macs);
  });

  it('a RuleSet of 5,000 devices is brought into force whole and changed in one transaction', async () => {
    const many = Array.from({ length: 5_000 }, (_, i) => ({
      mac: `02:66:00:00:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`,
      port: 'v4',
    }));
    await enforcer.enforce(ruleSet([planned(good, 'admit', true), ...many.map(d => planned(d, 'admit'))]));
    await enforcer.enforce(ruleSet([planned(good, 'admit', true), ...many.map(d => planned(d, 'hold'))]));
    const { stdout } = await nft('-j', 'list', 'set', 'bridge', 'sallyport', 'cut');
    expect(stdout.split('02:66:').length - 1, stdout.slice(0, 300)).toBe(5_000);
    await enforcer.enforce(ruleSet([planned(good, 'admit', true), ...many.map(d => planned(d, 'hold'))])); // asked again: told again
    await enforcer.enforce(usual);
  });

  it('refuses what could not be a RuleSet, and what is in force stays', async () => {
    const bad = { ...usual, uplinks: ['up0"; flush ruleset; #'] };
    const hash = hashRuleSet(bad);
    enforcer.send({ type: 'enforce', ruleSet: bad, hash });
    await enforcer.until(m => m.type === 'enforcement' && m.state === 'failed' && m.ruleSet === hash, 'it is refused');
    await enforcer.enforce(usual);
    expect(await reaches('held')).toBe(false);
  });

  it('kill -9 changes nothing, and a new process takes over', async () => {
    const table = async (): Promise<string> => (await nft('-s', 'list', 'chain', 'bridge', 'sallyport', 'leaving')).stdout;
    const before = await table();
    expect(before).toContain('@admitted');
    enforcer.child.kill('SIGKILL');
    await until(() => enforcer.child.signalCode !== null, 'it is gone');
    expect(await table()).toBe(before);
    expect([await reaches('held'), await passes('good')]).toEqual([false, true]);
    enforcer = new EnforcerProcess(lan);
    await enforcer.enforce(usual);
    expect([await reaches('held'), await passes('good')]).toEqual([false, true]);
  });

  it('goes when its channel closes, with its own processes, and leaves the rules', async () => {
    enforcer.child.stdio[3]?.destroy();
    await until(() => enforcer.child.exitCode === 0, 'it has gone');
    expect([await reaches('held'), await passes('good')]).toEqual([false, true]);
    await until(
      async () =>
        !(await lan.exec('gateway', ['sh', '-c', 'ip netns pids "$(ip netns identify)" | xargs -r ps -o args= -p'])).stdout.includes(
          'monitor',
        ),
      'its children have gone',
    );
  });
});
