import { describe, expect, it } from 'vitest';
import type { BridgeId, Fact } from '../../gateway/model/fact.ts';
import { axis, axis2, laptop, router, server, siemens, World } from './world.ts';

/** What the rules know must outlive a restart and months of silence about what never changes: facts come once. */
const day = 24 * 3_600_000;
const serves = (ip: string): Fact => ({ kind: 'dhcp-server', ip });
const advertises: Fact = { kind: 'router', protocol: 'ra', detail: 'lifetime 1800 s' };
const id = (priority: number, mac: string): BridgeId => ({ priority, extension: 0, mac });
const bpdu = (root: BridgeId, bridge: BridgeId, detail = 'root'): Fact => ({
  kind: 'bridge',
  protocol: 'stp',
  detail,
  tree: { root, bridge },
});
/** Every device speaks each day: it is there, and says nothing new. */
function days(w: World, count: number, ...macs: readonly string[]): World {
  for (let i = 0; i < count; i++) {
    w.wait(day);
    for (const mac of macs) w.say(mac, [{ kind: 'seen' }]);
  }
  return w;
}
const later = {
  'after a restart': (w: World): World => w.restarted(1000),
  'after forty days': (w: World): World => days(w, 40, server, router, siemens),
  'after a restart and forty days more': (w: World): World => days(w.restarted(), 40, server, router, siemens),
};

describe.each(Object.entries(later))('%s', (_, pass) => {
  it('the known DHCP server is still the known one', () => {
    const w = pass(new World({ only: 'rogue-dhcp' }).address(server, '10.20.0.5').say(server, [serves('10.20.0.5')]));
    expect(w.address(laptop, '10.20.0.50').say(laptop, [serves('10.20.0.50')]).raised).toEqual([`rogue-dhcp ${laptop} ${server}`]);
  });

  it('the known IPv6 router is still the known one', () => {
    const w = pass(new World({ only: 'rogue-ra' }).address(router, 'fe80::1').say(router, [advertises]));
    expect(w.address(laptop, 'fe80::50').say(laptop, [advertises]).raised).toEqual([`rogue-ra ${laptop} ${router}`]);
  });

  it('a type plate is still that of the controller which shows it', () => {
    const plate: Fact = { kind: 'identifier', scheme: 'cip-serial', value: '1:00c0ffee' };
    const w = pass(new World({ only: 'impersonation' }).say(siemens, [plate]));
    expect(w.say(laptop, [plate], { port: 'v2' }).raised).toEqual([`impersonation ${laptop} ${siemens}`]);
  });
});

describe('after a restart', () => {
  it('whoever is known keeps silent about it', () => {
    const w = new World()
      .say(server, [serves('10.20.0.5')])
      .say(router, [advertises])
      .say(siemens, [{ kind: 'identifier', scheme: 'cip-serial', value: '1:00c0ffee' }]);
    const next = w.restarted();
    next
      .say(server, [serves('10.20.0.5'), serves('10.20.0.6')])
      .say(router, [{ ...advertises, detail: 'lifetime 900 s' }])
      .say(siemens, [{ kind: 'identifier', scheme: 'cip-serial', value: '1:00c0ffee' }]);
    expect(next.raised).toEqual([]);
  });

  it('the root of the tree is still the root, and a better one is not', () => {
    const root = id(0x1000, router);
    const w = new World({ only: 'rogue-switch', isMirror: true }).say(router, [bpdu(root, root)]).say(axis, [bpdu(root, id(0x8000, axis))]);
    const next = w.restarted(day);
    next
      .address(axis2, '10.20.0.9')
      .wait(60_000)
      .say(router, [bpdu(root, root, 'root, topology change')]);
    expect(next.raised).toEqual([]);
    next.say(laptop, [bpdu(id(0x0000, laptop), id(0x0000, laptop))]);
    expect(next.raised).toEqual([`rogue-switch ${laptop} ${router}`]);
  });

  it('a flood of tags does not make the known server forgotten', () => {
    const w = new World({ only: 'rogue-dhcp' }).say(server, [serves('10.20.0.5')]);
    for (let vlan = 1; vlan < 400; vlan++) w.say(axis, [serves('10.20.0.9')], { vlan });
    expect(w.say(laptop, [serves('10.20.0.50')]).raised).toEqual([`rogue-dhcp ${laptop} ${server}`]);
  });
});
