import { describe, expect, it } from 'vitest';
import type { Fact } from '../../gateway/model/fact.ts';
import { axis, axis2, laptop, router, server, siemens, World } from './world.ts';

const minute = 60_000;
const name = (text: string): Fact => ({ kind: 'hostname', name: text });
const behind = (ip: string): Fact => ({ kind: 'behind', ip });
const acted = (action: 'scan-arp' | 'scan-ports' | 'write' | 'set-name', target: string, detail: string): Fact => ({
  kind: 'acted',
  action,
  target,
  detail,
});
/** Stands in for a virtual address. */
const vrrp = (ip: string): Fact => ({ kind: 'router', protocol: 'vrrp', detail: 'group 7', ip, mac: '00:00:5e:00:01:07' });
const ra: Fact = { kind: 'router', protocol: 'ra', detail: 'lifetime 1800 s' };
const contested = (ip: string, mac: string): Fact => ({ kind: 'contested', ip, mac });
const bridgeId = (text: string) => {
  const [priority, extension, mac = ''] = text.split('/');
  return { priority: Number(priority), extension: Number(extension), mac };
};
const stp = (root: string, bridge: string): Fact => ({
  kind: 'bridge',
  protocol: 'stp',
  detail: `root ${root}, bridge ${bridge}`,
  tree: { root: bridgeId(root), bridge: bridgeId(bridge) },
});

describe('arp-spoof', () => {
  const world = () =>
    new World({ only: 'arp-spoof' }).address(router, '10.20.0.1').address(axis, '10.20.0.9').address(laptop, '10.20.0.50');
  it('claims the addresses of two others within a minute', () =>
    expect(world().address(laptop, '10.20.0.1').address(laptop, '10.20.0.9').raised).toEqual([`arp-spoof ${laptop} ${router}`]));
  it('contests the address of a router', () =>
    expect(
      world()
        .say(router, [behind('8.8.8.8'), behind('9.9.9.9'), behind('1.1.1.1')])
        .address(laptop, '10.20.0.1')
        .say(router, [contested('10.20.0.1', laptop)]).raised,
    ).toEqual([`arp-spoof ${laptop} ${router}`]));
  it('is no router group, no failover of one address, no new lease and no silent holder', () => {
    const w = new World({ only: 'arp-spoof', learnsMs: minute }).say(siemens, [vrrp('10.20.0.1'), vrrp('10.20.0.9')]).wait(2 * minute);
    w.address(router, '10.20.0.1').address(axis, '10.20.0.9').address(laptop, '10.20.0.50');
    w.address('00:00:5e:00:01:07', '10.20.0.1').address('00:00:5e:00:01:07', '10.20.0.9');
    w.address(server, '10.20.0.9');
    for (const mac of [router, axis, '00:00:0c:00:00:77']) w.say(mac, [vrrp('10.20.0.1'), vrrp('10.20.0.9')]);
    w.address('00:00:0c:00:00:77', '10.20.0.1').address('00:00:0c:00:00:77', '10.20.0.9');
    w.say(axis2, [{ kind: 'dhcp-lease', ip: '10.20.0.9', server: '10.20.0.1' }])
      .address(axis2, '10.20.0.9')
      .address(axis2, '10.20.0.50');
    expect(
      w
        .wait(6 * minute)
        .address(siemens, '10.20.0.1')
        .address(siemens, '10.20.0.50').raised,
    ).toEqual([]);
  });
  it('one frame that says it routes excuses nobody who claims real addresses', () => {
    for (const said of [ra, vrrp('10.20.0.1'), { kind: 'router', protocol: 'hsrp', detail: 'group 1', ip: '10.20.0.9' } as const])
      expect(world().say(laptop, [said]).address(laptop, '10.20.0.1').address(laptop, '10.20.0.9').raised).toHaveLength(1);
    const contest = world()
      .say(router, [behind('8.8.8.8'), behind('9.9.9.9'), behind('1.1.1.1')])
      .say(laptop, [vrrp('10.20.0.1')])
      .address(laptop, '10.20.0.1');
    contest.say(laptop, [behind('10.20.0.9'), behind('10.20.0.8'), behind('10.20.0.7')]);
    expect(contest.say(router, [contested('10.20.0.1', laptop)]).raised).toEqual([`arp-spoof ${laptop} ${router}`]);
  });
  it('is no router of the learning time that answers for others', () => {
    const w = new World({ only: 'arp-spoof', learnsMs: minute }).address(axis, '10.20.0.9').address(siemens, '10.20.0.8').say(router, [ra]);
    expect(w.wait(minute).address(axis, '10.20.0.9').address(router, '10.20.0.9').address(router, '10.20.0.8').raised).toEqual([]);
    expect(w.say(laptop, [ra]).address(laptop, '10.20.0.9').address(laptop, '10.20.0.8').raised).toHaveLength(1);
  });
  it('is not the same address plan in another VLAN, but is where the VLANs are joined', () => {
    const w = world().address(axis2, '10.20.0.1', { vlan: 7 }).address(axis2, '10.20.0.9', { vlan: 7 });
    expect(w.raised).toEqual([]);
    w.say(siemens, [{ kind: 'reaches', vlan: 0 }], { vlan: 7 });
    expect(w.address(server, '10.20.0.1', { vlan: 7 }).address(server, '10.20.0.9', { vlan: 7 }).raised).toHaveLength(1);
  });
});

describe('ip-conflict', () => {
  const world = () => new World({ only: 'ip-conflict' }).address(siemens, '10.20.0.9').address(laptop, '10.20.0.9');
  it('the newcomer is the actor, whoever is seen to claim it again', () => {
    expect(world().say(siemens, [contested('10.20.0.9', laptop)]).raised).toEqual([`ip-conflict ${laptop} ${siemens}`]);
    expect(world().say(laptop, [contested('10.20.0.9', siemens)]).raised).toEqual([`ip-conflict ${laptop} ${siemens}`]);
  });
  it('is told of two routers too, unless the address is virtual for both', () => {
    const w = world()
      .say(siemens, [vrrp('10.20.0.1')])
      .say(laptop, [vrrp('10.20.0.9')]);
    expect(w.say(siemens, [contested('10.20.0.9', laptop)]).raised).toEqual([`ip-conflict ${laptop} ${siemens}`]);
    const group = world()
      .say(siemens, [vrrp('10.20.0.9')])
      .say(laptop, [vrrp('10.20.0.9')]);
    expect(group.say(siemens, [contested('10.20.0.9', laptop)]).raised).toEqual([]);
  });
  it('is one alarm however often it is said', () =>
    expect(
      world()
        .say(siemens, [contested('10.20.0.9', laptop)])
        .say(laptop, [contested('10.20.0.9', siemens)]).alarms,
    ).toHaveLength(1));
  it('is no failover, no router group and no other VLAN', () => {
    const virtual = '00:00:5e:00:01:07';
    const w = new World({ only: 'ip-conflict', learnsMs: minute }).say(router, [vrrp('10.20.0.1')]).wait(2 * minute);
    w.address(siemens, '10.20.0.9').address(laptop, '10.20.0.9');
    w.address(router, '10.20.0.1')
      .address(virtual, '10.20.0.1')
      .say(router, [contested('10.20.0.1', virtual)]);
    w.address(axis, '10.20.0.9', { vlan: 7 }).say(axis, [contested('10.20.0.9', siemens)], { vlan: 7 });
    expect(w.raised).toEqual([]);
  });
});

describe('claimed-mac', () => {
  const claim = (mac: string): Fact => ({ kind: 'claimed-mac', mac, ip: '10.20.0.1' });
  it('speaks for another address, but not for the virtual one of its group', () => {
    const hsrp: Fact = { kind: 'router', protocol: 'hsrp', detail: 'group 1, standby', ip: '10.20.0.1', mac: '00:00:0c:07:ac:01' };
    const w = new World({ only: 'claimed-mac', learnsMs: minute }).say(router, [hsrp]).wait(2 * minute);
    w.say(router, [{ ...hsrp, detail: 'group 1, active' }])
      .say(laptop, [claim(axis)])
      .say(router, [claim('00:00:0c:07:ac:01')]);
    expect(w.raised).toEqual([`claimed-mac ${laptop} ${axis}`]);
  });
});

describe('rogue-dhcp', () => {
  const serves = (ip: string): Fact => ({ kind: 'dhcp-server', ip });
  const world = () => new World({ only: 'rogue-dhcp' }).say(server, [serves('10.20.0.2')]);
  it('the second server, also of IPv6', () => {
    expect(world().say(laptop, [serves('192.168.1.1')]).raised).toEqual([`rogue-dhcp ${laptop} ${server}`]);
    expect(
      world()
        .say(server, [serves('fe80::2')])
        .say(laptop, [serves('fe80::9')]).raised,
    ).toEqual([`rogue-dhcp ${laptop} ${server}`]);
  });
  it('also one that copies the server’s identifier', () =>
    expect(world().say(laptop, [serves('10.20.0.2')]).raised).toEqual([`rogue-dhcp ${laptop} ${server}`]));
  it('is told of one that copies the identifier and says that it routes', () =>
    expect(
      world()
        .say(laptop, [ra, vrrp('10.20.0.1')])
        .say(laptop, [serves('10.20.0.2')]).raised,
    ).toEqual([`rogue-dhcp ${laptop} ${server}`]));
  it('is neither the server’s second address, nor a relay, nor the server of another VLAN', () => {
    const w = world().say(server, [serves('10.20.0.3')]);
    w.say(router, [behind('8.8.8.8'), behind('9.9.9.9'), behind('1.1.1.1')]).say(router, [serves('10.20.0.2')]);
    expect(w.say(laptop, [serves('10.7.0.2')], { vlan: 7 }).raised).toEqual([]);
  });
});

describe('rogue-ra', () => {
  const world = () => new World({ only: 'rogue-ra' });
  it('the second router, and the first one when it turns out that another one routes', () => {
    expect(world().say(router, [ra]).say(laptop, [ra]).raised).toEqual([`rogue-ra ${laptop} ${router}`]);
    const late = world()
      .say(laptop, [ra])
      .say(router, [behind('8.8.8.8'), behind('9.9.9.9'), behind('1.1.1.1')])
      .say(router, [ra]);
    expect(late.raised).toEqual([`rogue-ra ${laptop} ${router}`]);
  });
  it('one more frame of another protocol makes no router, unless both stand in for one address', () => {
    expect(
      world()
        .say(router, [ra])
        .say(laptop, [vrrp('10.20.0.1'), ra]).raised,
    ).toEqual([`rogue-ra ${laptop} ${router}`]);
    expect(
      world()
        .say(router, [vrrp('10.20.0.1'), ra])
        .say(laptop, [vrrp('10.20.0.1'), ra]).raised,
    ).toEqual([]);
  });
  it('is no pair of routers that both route', () => {
    const pair = [behind('8.8.8.8'), behind('9.9.9.9'), behind('1.1.1.1'), ra];
    expect(world().say(router, pair).say(server, pair).raised).toEqual([]);
  });
});

describe('llmnr-poison', () => {
  const answers = (text: string, protocol: 'llmnr' | 'nbns' = 'llmnr'): Fact => ({ kind: 'answers-for', protocol, name: text });
  const world = () => new World({ only: 'llmnr-poison' });
  it('a bait, or two names that are not its own', () => {
    expect(world().say(laptop, [answers('wpad')]).raised).toEqual([`llmnr-poison ${laptop}`]);
    expect(
      world()
        .say(laptop, [answers('fileserver')])
        .say(laptop, [answers('PRINTER.local', 'nbns')]).raised,
    ).toEqual([`llmnr-poison ${laptop}`]);
  });
  const says = (w: World, mac: string, ...names: readonly string[]): World => {
    for (const one of names) w.say(mac, [name(one)], { collector: 'mdns' });
    return w;
  };
  it('by mDNS: a bait, two names of others, many names', () => {
    expect(says(world(), laptop, 'pc-7', 'wpad').raised).toEqual([`llmnr-poison ${laptop}`]);
    const others = says(says(world(), axis, 'files'), siemens, 'printer');
    expect(says(others, laptop, 'pc-7', 'files', 'printer').raised).toEqual([`llmnr-poison ${laptop}`]);
    const some = (n: number): readonly string[] => Array.from({ length: n }, (_, i) => `${i}x`);
    expect(says(world(), laptop, 'pc-7', ...some(32)).raised).toEqual([]);
    expect(says(world(), laptop, 'pc-7', ...some(33)).raised).toEqual([`llmnr-poison ${laptop}`]);
  });
  it('by mDNS is no name on two interfaces, none after a conflict, and none that is made at random', () => {
    const two = says(says(world(), axis, 'office-mac'), axis2, 'office-mac', 'office-mac-2', 'office-mac-3');
    const uuid = (n: number): string => `3f2b8c1${n}-0000-4000-8000-00000000000${n}`;
    says(two, laptop, 'pc-7', ...[1, 2, 3, 4, 5, 6, 7].map(uuid), ...[1, 2, 3, 4, 5, 6, 7].map(n => `b827eb12345${n}`));
    expect(
      says(two, siemens, 'android_1f', 'android_2e', 'android_3d', 'android_4c', 'android_5b', 'android_6a', 'android_7').raised,
    ).toEqual([]);
  });
  it('a flood of mDNS names is one alarm', () => {
    const w = says(world(), laptop, ...Array.from({ length: 2000 }, (_, i) => `q${i.toString(36)}x`));
    expect([new Set(w.raised), w.alarms.length < 12]).toEqual([new Set([`llmnr-poison ${laptop}`]), true]);
  });
  it('is no host that answers for its own name, nor for one more', () =>
    expect(
      world()
        .say(laptop, [name('pc-7.example')])
        .say(laptop, [answers('PC-7')])
        .say(laptop, [answers('files')]).raised,
    ).toEqual([]));
});

describe('unauthorised-write', () => {
  const write = acted('write', '10.20.0.9', 'modbus write-multiple-registers');
  const world = (learnsMs = 0) => new World({ only: 'unauthorised-write', learnsMs }).address(siemens, '10.20.0.9');
  it('a write, a name given by DCP: with the victim', () => {
    expect(world().say(laptop, [write]).raised).toEqual([`unauthorised-write ${laptop} ${siemens}`]);
    expect(world().say(laptop, [acted('set-name', siemens, 'plc-9')]).raised).toEqual([`unauthorised-write ${laptop} ${siemens}`]);
  });
  it('is not the control system that did so while the site was learnt', () => {
    const w = world(10 * minute)
      .say(server, [write])
      .wait(11 * minute)
      .say(server, [acted('write', '10.20.0.9', 'modbus write-single-coil')]);
    expect(w.raised).toEqual([]);
    expect(w.say(laptop, [write]).raised).toEqual([`unauthorised-write ${laptop} ${siemens}`]);
  });
  it('is not the control system after it wrote in other words, by turns', () => {
    const w = world(10 * minute)
      .say(server, [write])
      .wait(11 * minute);
    for (const words of ['single-coil', 'multiple-registers', 'single-coil'])
      w.say(server, [acted('write', '10.20.0.9', `modbus write-${words}`)]).wait(60 * minute);
    expect(w.raised).toEqual([]);
  });
  it('is not the control system of more controllers than are remembered, after a restart; a controller that is new it may not write to', () => {
    const w = world(10 * minute);
    const plc = (i: number): string => `00:1b:1b:00:01:${i.toString(16).padStart(2, '0')}`;
    for (let i = 0; i < 150; i++) w.address(plc(i), `10.20.1.${i}`).say(server, [acted('write', `10.20.1.${i}`, 'modbus write')]);
    const later = w.restarted(60 * minute);
    for (let i = 0; i < 150; i++) later.say(server, [acted('write', `10.20.1.${i}`, 'modbus write')]);
    expect(later.raised).toEqual([]);
    later.address(plc(200), '10.20.1.200').say(server, [acted('write', '10.20.1.200', 'modbus write')]);
    expect(later.raised).toEqual([`unauthorised-write ${server} ${plc(200)}`]);
    expect(later.say(laptop, [acted('write', '10.20.1.3', 'modbus write')]).raised).toHaveLength(2);
  });
  it('is no looking around', () => expect(world().say(laptop, [acted('scan-ports', 'network', '64')]).raised).toEqual([]));
});

describe('rogue-switch', () => {
  const world = () => new World({ only: 'rogue-switch', learnsMs: 60 * minute });
  const known = stp(`32768/0/${router}`, `32768/0/${axis}`);
  it('wants to be a better root', () =>
    expect(
      world()
        .say(axis, [known])
        .say(laptop, [stp(`4096/0/${laptop}`, `4096/0/${laptop}`)]).raised,
    ).toEqual([`rogue-switch ${laptop} ${router}`]));
  it('sends BPDUs on a device port after the learning time', () => {
    const w = world()
      .say(axis, [known])
      .wait(61 * minute)
      .say(laptop, [stp(`32768/0/${router}`, `32768/0/${laptop}`)]);
    expect(w.raised).toEqual([`rogue-switch ${laptop}`]);
  });
  it('is no switch that follows the known root, and no tree of another VLAN', () => {
    const w = world()
      .say(axis, [known])
      .say(axis2, [stp(`32768/0/${router}`, `32768/0/${axis2}`)]);
    expect(w.say(laptop, [stp(`4096/7/${laptop}`, `4096/7/${laptop}`)]).raised).toEqual([]);
  });
});

describe('arp-scan and port-scan', () => {
  const asks = (ips: string, within = 'a minute'): Fact => acted('scan-arp', 'network', `64 within ${within}, since frame 7: ${ips}`);
  const scan = () => new World({ only: 'arp-scan' });
  it('from 32 addresses of a minute, 48 of a day and 16 closed doors on, told with the frame where it began', () => {
    const w = scan()
      .say(laptop, [asks('10.20.1.0-30')])
      .say(server, [asks('10.20.1.0-40 10.20.2.1-6', 'a day')]);
    expect(w.raised).toEqual([]);
    w.say(laptop, [asks('10.20.1.0-29 10.20.2.1 10.20.2.7')]).say(server, [asks('10.20.1.0-40 10.20.2.1-7', 'a day')]);
    expect(w.alarms).toMatchObject([
      { actor: laptop, frames: [7] },
      { actor: server, frames: [7] },
    ]);
    const doors = new World({ only: 'port-scan' }).say(laptop, [acted('scan-ports', 'network', '16, since frame 3')]);
    expect(doors.raised).toEqual([`port-scan ${laptop}`]);
    expect(doors.alarms.map(({ frames }) => frames)).toEqual([[3]]);
  });
  it('is no search for devices that are off, nor one that ran while the site was learnt', () => {
    const w = scan();
    for (let i = 0; i < 40; i++) w.address(`00:1b:1b:00:01:${i + 10}`, `10.20.1.${i}`);
    w.wait(26 * 60 * minute).say(server, [asks('10.20.1.0-39 10.20.2.1-12', 'a day')]);
    expect(w.raised).toEqual([]);
    const learnt = new World({ only: 'arp-scan', learnsMs: minute }).say(server, [asks('10.20.1.0-63')]).wait(2 * minute);
    expect(learnt.raised).toEqual([`arp-scan ${server}`]);
    expect(learnt.say(server, [asks('10.20.3.0-63')]).say(server, [asks('10.20.4.0-63')]).alarms).toHaveLength(1);
  });
  it('is no virtual address for which routers speak, but one for which none does; and what is ours is no stranger', () => {
    const [virtual, other] = ['00:00:5e:00:01:07', '00:00:5e:00:01:63'];
    const w = new World({ only: 'arp-scan', learnsMs: minute }).say(router, [vrrp('10.20.0.1')]).wait(2 * minute);
    w.say(virtual, [asks('10.20.1.0-63')]).say(other, [asks('10.20.1.0-63')]);
    expect(w.raised).toEqual([`arp-scan ${other}`]);
    expect(scan().say(laptop, [asks('10.20.0.254 10.20.1.0-30')]).raised).toEqual([]);
  });
  it('who says that it routes and asks for everybody is told', () =>
    expect(
      scan()
        .say(laptop, [ra])
        .say(laptop, [asks('10.20.1.0-63')]).raised,
    ).toEqual([`arp-scan ${laptop}`]));
  it('a router asks for whomever traffic from outside is for; two forged packets make none', () => {
    const forged = [behind('8.8.8.8'), behind('9.9.9.9')];
    expect(
      scan()
        .say(router, [...forged, behind('1.1.1.1')])
        .say(router, [asks('10.20.1.0-63')]).raised,
    ).toEqual([]);
    expect(
      scan()
        .say(laptop, forged)
        .say(laptop, [asks('10.20.1.0-63')]).raised,
    ).toEqual([`arp-scan ${laptop}`]);
  });
});
