import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ip6Bytes } from '../../gateway/codec/ip6.ts';
import type { ReplyLane, RuleSet } from '../../gateway/model/rule-set.ts';
import { EnforcerProcess } from './enforcer-process.ts';
import { ethernet } from './frames.ts';
import { type Lan, labIsMissing, makeLan, until } from './namespace.ts';

/** The lane of a held device over IPv6, by the real enforcer, with frames as an attacker writes them. */
const missing = labIsMissing();
if (missing) console.log(`skipped: ${missing}`);

const gateway = { mac: '02:00:00:00:00:01', ip: '10.20.0.1', ip6: ['fd00:20::1', 'fe80::ff:fe00:1'], attestationPort: 8443 };
const good = { name: 'good', port: 'v1', mac: '02:00:5e:00:00:01', ip: 'fd00:20::11' };
const held = { name: 'held', port: 'v2', mac: '02:00:5e:00:00:02', ip: 'fd00:20::12' };
const [goodLocal, heldLocal] = ['fe80::5eff:fe00:1', 'fe80::5eff:fe00:2'];
const ruleSet: RuleSet = {
  ...{ bridge: 'br0', gateway, uplinks: ['up0'], enforced: ['v1', 'v2'], observed: [], dhcpServers: [] },
  devices: [
    { mac: good.mac, port: good.port, ips: [good.ip, goodLocal], access: 'admit', bound: true },
    { mac: held.mac, port: held.port, ips: [held.ip, heldLocal], access: 'hold', bound: false },
  ],
};

const bytes = (ip: string): readonly number[] => [...(ip6Bytes(ip) ?? [])];
const macOf = (mac: string): readonly number[] => mac.split(':').map(part => Number.parseInt(part, 16));
/** An ICMPv6 message in IPv6; nobody here looks at checksums. RFC 8200 §3. */
const icmp6 = (from: string, to: string, message: readonly number[], { hops = 255, next = 58 } = {}): readonly number[] => [
  ...[0x60, 0, 0, 0, 0, message.length, next, hops],
  ...bytes(from),
  ...bytes(to),
  ...message,
];
/** RFC 4861 §4.3. */
const solicitation = (target: string, mac: string, option = 1): readonly number[] => [
  ...[135, 0, 0, 0, 0, 0, 0, 0],
  ...bytes(target),
  ...[option, 1],
  ...macOf(mac),
];
/** RFC 4861 §4.4, with the override flag. */
const advertisement = (target: string, mac: string): readonly number[] => [
  ...[136, 0, 0, 0, 0x20, 0, 0, 0],
  ...bytes(target),
  ...[2, 1],
  ...macOf(mac),
];
const group = { ip: 'ff02::1:ff00:1', mac: '33:33:ff:00:00:01' };
const everyone = { ip: 'ff02::1', mac: '33:33:00:00:00:01' };
const from = (payload: readonly number[], to = group.mac): Uint8Array => ethernet(to, held.mac, 0x86dd, payload);
const asking = icmp6(heldLocal, group.ip, solicitation('fe80::ff:fe00:1', held.mac));

describe.skipIf(missing)('the lane of a held device, over IPv6', () => {
  let lan: Lan;
  let enforcer: EnforcerProcess;
  beforeAll(async () => {
    lan = await makeLan({ prefix: 'slpl6', devices: [good, held].map(({ ip, ...d }) => ({ ...d, ip: `${ip}/64` })), ipv6: true });
    await lan.exec('gateway', ['ip', 'addr', 'add', 'fd00:20::1/64', 'dev', 'br0', 'nodad']);
    enforcer = new EnforcerProcess(lan);
    await enforcer.enforce(ruleSet);
  });
  afterAll(() => lan?.close());

  const neighbour = async (host: string, ip: string): Promise<string> => (await lan.exec(host, ['ip', '-6', 'neigh', 'show', ip])).stdout;
  /** `seconds`: how long an answer is waited for; who expects none need not wait long. */
  const pings = async (host: string, to: string, seconds = 1): Promise<boolean> =>
    (await lan.exec(host, ['ping', '-6', '-c1', `-W${seconds}`, to])).stdout.includes('1 received');

  it('its kernel learns our hardware address, by both of ours, and reaches nobody', async () => {
    for (const ours of ['fd00:20::1', 'fe80::ff:fe00:1%eth0']) {
      const learns = async (): Promise<boolean> => {
        expect(await pings('held', ours)).toBe(false);
        return (await neighbour('held', ours.replace('%eth0', ''))).includes(`lladdr ${gateway.mac}`);
      };
      await until(learns, `it knows ${ours}`); // its own addresses are tentative for a while
    }
    expect(await pings('held', good.ip)).toBe(false);
    expect(await neighbour('held', good.ip)).not.toContain('lladdr');
    expect(await pings('good', 'fd00:20::1', 30)).toBe(true);
  });

  it('of its Neighbour Discovery nothing passes but a question of its own for us', async () => {
    const wrong: Readonly<Record<string, Uint8Array>> = {
      'from the address of another': from(icmp6(goodLocal, group.ip, solicitation('fe80::ff:fe00:1', held.mac))),
      'with the hardware address of another': from(icmp6(heldLocal, group.ip, solicitation('fe80::ff:fe00:1', good.mac))),
      'with another option': from(icmp6(heldLocal, group.ip, solicitation('fe80::ff:fe00:1', held.mac, 2))),
      'for the address of another': from(icmp6(heldLocal, group.ip, solicitation(goodLocal, held.mac))),
      'that tries an address': from(icmp6('::', group.ip, solicitation(heldLocal, held.mac))),
      'with more behind it': from(icmp6(heldLocal, group.ip, [...solicitation('fe80::ff:fe00:1', held.mac), 1, 1, ...macOf(good.mac)])),
      'that a router passed on': from(icmp6(heldLocal, group.ip, solicitation('fe80::ff:fe00:1', held.mac), { hops: 254 })),
      'behind an extension header': from(
        icmp6(heldLocal, group.ip, [58, 0, 1, 4, 0, 0, 0, 0, ...solicitation('fe80::ff:fe00:1', held.mac)], { next: 0 }),
      ),
      'to the good one': ethernet(good.mac, held.mac, 0x86dd, asking),
      'to everyone': from(asking, everyone.mac),
      'within a tag': ethernet(group.mac, held.mac, 0x86dd, asking, [[0x8100, 20]]),
      'an answer for another': from(icmp6(heldLocal, everyone.ip, advertisement(goodLocal, held.mac)), everyone.mac),
      'an answer for another, to us': from(icmp6(heldLocal, 'fe80::ff:fe00:1', advertisement(goodLocal, held.mac)), gateway.mac),
      'as a router': from(icmp6(heldLocal, everyone.ip, [134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]), everyone.mac),
      'a redirect': from(
        icmp6(heldLocal, 'fe80::ff:fe00:1', [137, 0, 0, 0, 0, 0, 0, 0, ...bytes(good.ip), ...bytes(good.ip)]),
        gateway.mac,
      ),
      'an echo': from(icmp6(heldLocal, 'fe80::ff:fe00:1', [128, 0, 0, 0, 0, 1, 0, 1]), gateway.mac),
      'cut short': from(asking.slice(0, 40)),
    };
    const ears = await Promise.all([lan.receive('gateway', 'br0'), lan.receive('good'), lan.receive('server')]);
    await lan.sendFrames('held', [...Object.values(wrong), from(asking)]);
    const isFromHeld = (frame: Uint8Array): boolean => macOf(held.mac).every((byte, i) => frame[6 + i] === byte);
    const heard = async (host: string, i: number) => {
      const ear = ears[i];
      return ear === undefined ? [] : (await lan.heard(host, ear)).filter(isFromHeld).map(f => [...f]);
    };
    expect([await heard('gateway', 0), await heard('good', 1), await heard('server', 2)]).toEqual([[[...from(asking)]], [], []]);
    for (const ear of ears) await ear.close();
  });

  it('questions in the names of ever new hosts take no room that others need', async () => {
    const invented = Array.from(
      { length: 300 },
      (_, i) => `02:66:00:00:${[i >> 8, i & 255].map(byte => byte.toString(16).padStart(2, '0')).join(':')}`,
    );
    const question = (mac: string) => ethernet(group.mac, mac, 0x86dd, icmp6(heldLocal, group.ip, solicitation('fe80::ff:fe00:1', mac)));
    await lan.sendFrames('held', invented.map(question));
    const { stdout } = await lan.exec('gateway', ['nft', 'list', 'set', 'bridge', 'sallyport', 'clients']);
    expect(stdout.match(/timeout|expires/g)?.length ?? 0).toBeLessThan(10);
  });

  it('of its questions twenty pass at once, and ten in a second after them', async () => {
    const ear = await lan.receive('gateway', 'br0');
    const begun = performance.now();
    await lan.sendFrames('held', Array<Uint8Array>(400).fill(from(asking)));
    const seconds = (performance.now() - begun) / 1000;
    const heard = (await lan.heard('gateway', ear)).filter(f => f[12] === 0x86 && f[11] === 2).length;
    expect(heard).toBeGreaterThanOrEqual(15);
    expect(heard).toBeLessThanOrEqual(20 + Math.ceil(10 * seconds) + 1);
    await ear.close();
  });

  describe('while we ask it', () => {
    const lane = (ip: string, more: Partial<ReplyLane> = {}): ReplyLane => ({
      ...{ mac: held.mac, port: held.port, ip, remotePort: 9443, localPort: 40_443, ttlSeconds: 30 },
      ...more,
    });
    const open = async (id: string, one: ReplyLane) => {
      enforcer.send({ type: 'open-lane', id, lane: one });
      return enforcer.until(m => m.type === 'lane' && m.id === id, 'the lane is answered');
    };
    const close = async (id: string, set: string, port: number): Promise<void> => {
      enforcer.send({ type: 'close-lane', id });
      const list = async () => (await lan.exec('gateway', ['nft', 'list', 'set', 'bridge', 'sallyport', set])).stdout;
      await until(async () => !(await list()).includes(`${port}`), 'the lane is closed');
    };

    it.each([
      [held.ip, ''],
      [heldLocal, '%br0'],
    ])('what it answers from %s comes back on a lane of TCP, while it is open', async (ip, zone) => {
      const server = lan.spawn('held', ['socat', 'TCP6-LISTEN:9443,fork,reuseaddr', 'EXEC:echo hello']);
      const connect = async () =>
        (await lan.exec('gateway', ['socat', '-u', `TCP6:[${ip}${zone}]:9443,sourceport=40443,reuseaddr,connect-timeout=1`, '-'])).stdout;
      expect(await connect()).toBe('');
      expect(await open('t6', lane(ip))).toMatchObject({ open: true });
      await until(async () => (await connect()) === 'hello\n', 'the device answers');
      expect(await pings('held', 'fd00:20::1')).toBe(false);
      await close('t6', 'lanes6', 40_443);
      expect(await connect()).toBe('');
      server.kill();
    });

    it('datagrams come back on a lane of their own', async () => {
      const server = lan.spawn('held', ['socat', 'UDP6-LISTEN:5683,fork,reuseaddr', 'EXEC:cat']);
      const ask = async () =>
        (await lan.exec('gateway', ['sh', '-c', `echo hello | socat -t1 - UDP6:[${heldLocal}%br0]:5683,sourceport=40444`])).stdout;
      await open('u0', lane(heldLocal, { remotePort: 5683, localPort: 40_444 }));
      expect(await ask()).toBe('');
      await open('u1', lane(heldLocal, { remotePort: 5683, localPort: 40_444, protocol: 'udp' }));
      await until(async () => (await ask()) === 'hello\n', 'the device answers');
      await close('u0', 'lanes6', 40_444);
      await close('u1', 'udp_lanes6', 40_444);
      expect(await ask()).toBe('');
      server.kill();
    });

    it('its address leads to it by the bridge, whatever others announce and another interface has a route for', async () => {
      const way = async () => (await lan.exec('gateway', ['ip', '-6', 'route', 'get', 'fd00:20::12'])).stdout;
      const elsewhere = ['link add mg0 type veth peer name mg1', 'link set mg0 up', 'link set mg1 up'];
      for (const words of [...elsewhere, '-6 route add fd00:20::/112 dev mg0 metric 1 proto ra'])
        expect(await lan.exec('gateway', ['ip', ...words.split(' ')])).toMatchObject({ code: 0 });
      expect(await way()).toContain('dev mg0');
      expect(await open('r6', lane(held.ip))).toMatchObject({ open: true });
      expect(await way()).toContain('dev br0');
      // Whoever is admitted may say what it likes on the wire: here, that it is the held one.
      const lie = ethernet(gateway.mac, good.mac, 0x86dd, icmp6(goodLocal, 'fd00:20::1', advertisement(held.ip, good.mac)));
      await lan.sendFrames('good', [lie, lie, lie]);
      expect(await pings('good', 'fd00:20::1')).toBe(false); // its prefix leads elsewhere now
      expect(await neighbour('gateway', held.ip)).toContain(`lladdr ${held.mac} PERMANENT`);
      await close('r6', 'lanes6', 40_443);
      await until(async () => (await way()).includes('dev mg0'), 'the way is as it was');
      await lan.exec('gateway', ['ip', 'link', 'del', 'mg0']);
    });

    it('two who say that they have one address are asked one after the other', async () => {
      expect(await open('a6', lane(held.ip))).toMatchObject({ open: true });
      expect(await open('a7', lane(held.ip, { localPort: 40_445 }))).toMatchObject({ open: true });
      const rival = lane(held.ip, { mac: '02:00:5e:00:00:66', localPort: 40_446 });
      expect(await open('b6', rival)).toMatchObject({
        open: false,
        detail: `Cannot open a lane: ${held.mac} is being asked at ${held.ip}`,
      });
      expect(await neighbour('gateway', held.ip)).toContain(`lladdr ${held.mac} PERMANENT`);
      await close('a6', 'lanes6', 40_443);
      await close('a7', 'lanes6', 40_445);
      // Nor is one asked at the address that the plan gives to another, who might answer in its place.
      const planned = await open('b7', rival);
      expect(planned).toMatchObject({ open: false, detail: expect.stringContaining('the address is of another') as string });
      expect(await open('b8', { ...rival, ip: 'fd00:20::66' })).toMatchObject({ open: true });
      await close('b8', 'lanes6', 40_446);
    });

    it('nothing leads to an address that no host of the link has: the lane is refused', async () => {
      for (const ip of ['::1', 'ff02::1', '2002:a14:107::1', '::ffff:a14:107'])
        expect(await open(`x${ip}`, lane(ip))).toMatchObject({
          open: false,
          detail: `Cannot open a lane: ${ip} is no address of one host`,
        });
    });
  });

  it('a bridge that believes no router, no redirect and no unasked answer', async () => {
    const read = async (name: string) => (await lan.exec('gateway', ['cat', `/proc/sys/net/ipv6/conf/br0/${name}`])).stdout.trim();
    expect(await Promise.all(['accept_ra', 'accept_redirects', 'drop_unsolicited_na'].map(read))).toEqual(['0', '0', '1']);
  });

  it('a bridge whose new address nobody takes by answering that he has it', async () => {
    await lan.exec('good', ['ip', 'addr', 'add', 'fd00:20::77/64', 'dev', 'eth0', 'nodad']);
    await lan.exec('gateway', ['ip', 'addr', 'add', 'fd00:20::77/64', 'dev', 'br0']);
    // Neither tentative nor `dadfailed`: the kernel asks nobody.
    expect((await lan.exec('gateway', ['ip', '-6', 'addr', 'show', 'dev', 'br0'])).stdout).toMatch(/fd00:20::77\/64 scope global \n/);
  });
});
