import { describe, expect, it } from 'vitest';
import type { Fact } from '../../gateway/model/fact.ts';
import * as s from './said.ts';
import { Wire } from './wire.ts';
import { axis, laptop, router, server, siemens, World } from './world.ts';

/** Whoever makes a noise must not be able to act unseen in it, nor to bury what matters under alarms. */
const mac = (i: number): string => `02:77:00:00:${[i >> 8, i & 255].map(x => x.toString(16).padStart(2, '0')).join(':')}`;
const claims = (i: number): Fact => ({ kind: 'claimed-mac', mac: mac(i), ip: `10.20.${i >> 8}.${i & 255}` });
const write: Fact = { kind: 'acted', action: 'write', target: '10.20.0.9', detail: 'Modbus write' };
const known = (): World =>
  new World().address(siemens, '10.20.0.9', { port: 'v2' }).say(server, [{ kind: 'dhcp-server', ip: '10.20.0.5' }]);
const told = (w: World, type: string): number => w.alarms.filter(({ alarm }) => alarm === type).length;

/** A word after the other, until the port may say no more. */
function noisy(w: World): World {
  for (let i = 0; i < 4000; i++) w.say(laptop, [{ kind: 'hostname', name: `pc-${i}` }]);
  expect(told(w, 'flood')).toBe(1);
  return w;
}

describe('after a flood of words on its port', () => {
  it.each([
    ['who writes to a controller', write, `unauthorised-write ${laptop} ${siemens}`],
    ['who answers as DHCP server', { kind: 'dhcp-server', ip: '10.20.0.66' }, `rogue-dhcp ${laptop} ${server}`],
    ['who speaks for another address', claims(1), `claimed-mac ${laptop} ${mac(1)}`],
    ['who answers for a bait', { kind: 'answers-for', protocol: 'llmnr', name: 'wpad' }, `llmnr-poison ${laptop}`],
  ] as const)('%s is told', (_, fact, raised) => {
    expect(noisy(known()).say(laptop, [fact]).raised).toContain(raised);
  });

  it('also when the flood was one of acts: of another kind there is a reserve of its own', () => {
    const w = known();
    for (let i = 0; i < 5000; i++) w.say(laptop, [claims(i)]);
    expect(w.say(laptop, [write]).raised).toContain(`unauthorised-write ${laptop} ${siemens}`);
  });

  it('and on every other port nothing is missed', () =>
    expect(noisy(known()).address(axis, '10.20.0.8', { port: 'v3' }).say(axis, [write], { port: 'v3' }).raised).toContain(
      `unauthorised-write ${axis} ${siemens}`,
    ));
});

describe('ever new victims', () => {
  const flooded = (): World => {
    const w = known();
    for (let i = 0; i < 2900; i++) w.say(laptop, [claims(i)]);
    return w;
  };

  it('are so many alarms and no more, with one that says so and how many there were', () => {
    const w = flooded();
    expect([told(w, 'claimed-mac'), told(w, 'flood')]).toEqual([256, 1]);
    w.wait(3 * 3_600_000);
    expect(w.events.filter(({ kind }) => kind === 'folded')).toEqual([
      { kind: 'folded', port: 'v1', count: 2900 - 256, what: 'more alarms claimed-mac' },
    ]);
  });

  it('take nothing from alarms of other types, nor from other ports', () => {
    const w = flooded()
      .say(router, [{ kind: 'dhcp-server', ip: '10.20.0.1' }])
      .say(axis, [claims(1)], { port: 'v3' });
    expect(w.raised).toContain(`rogue-dhcp ${router} ${server}`);
    expect(w.raised).toContain(`claimed-mac ${axis} ${mac(1)}`);
  });

  it('may be told again later', () => {
    const w = flooded().wait(24 * 3_600_000);
    for (let i = 3000; i < 3100; i++) w.say(laptop, [claims(i)]);
    expect(told(w, 'claimed-mac')).toBe(356);
  });
});

describe('on the wire, names without end', () => {
  it.each([
    ['a write to a controller', [s.modbusWrite(laptop, '10.20.0.50', '10.20.0.9')], 'unauthorised-write'],
    ['a DHCP offer', [s.offer(laptop, '10.20.0.50')], 'rogue-dhcp'],
    ['a router advertisement', [s.advertise(laptop)], 'rogue-ra'],
    ['an answer for a bait', [s.llmnr(laptop, '10.20.0.50', 'wpad')], 'llmnr-poison'],
    ['a BPDU', [s.bpdu(laptop, [0x1000, laptop])], 'rogue-switch'],
    ['an ARP for another', [s.arpReply(laptop, '10.20.0.9', siemens)], 'claimed-mac'],
    ['addresses of two others', [s.arpReply(laptop, '10.20.0.1'), s.arpReply(laptop, '10.20.0.9')], 'arp-spoof'],
  ] as const)('do not hide %s', (_, frames, alarm) => {
    const w = new Wire('untagged');
    w.send([s.arp(siemens, '10.20.0.9'), s.arp(router, '10.20.0.1'), s.advertise(router)], 'v2');
    w.send([s.arp(server, '10.20.0.5'), s.offer(server, '10.20.0.5')], 'v3');
    for (let i = 0; i < 8000; i++) w.send([s.mdns(laptop, '10.20.0.50', `n${i}`)]);
    expect(w.send(frames).alarms.filter(one => one.alarm === alarm && one.actor === laptop)).toHaveLength(1);
  });
});
