import { describe, expect, it } from 'vitest';
import type { Fact } from '../../gateway/model/fact.ts';
import { ace, cloud, mudFile, mudText, mudUrl, port } from '../vectors/mud.ts';
import { axis, axis2, laptop, server, World } from './world.ts';

const hour = 3_600_000;
type Flow = Extract<Fact, { readonly kind: 'talks-to' }>;
const flow = (more: Partial<Flow>): Flow => ({
  kind: 'talks-to',
  ip: '203.0.113.7',
  protocol: 6,
  port: 443,
  ownPort: 0,
  began: 'here',
  ...more,
});
const resolves = (ip: string, name = 'cloud.things.example'): Fact => ({ kind: 'resolves', name, ip });
const url: Fact = { kind: 'mud-url', url: mudUrl };

function world(file: Parameters<typeof mudFile>[0] = {}, controllers = ''): World {
  const files = [{ path: 'policies.d/mud/thermo.json', text: mudText(mudFile(file)) }];
  const more = controllers === '' ? [] : [{ path: 'policies.d/mud/site.yaml', text: controllers }];
  return new World({ only: 'mud-violation', files: [...files, ...more] }).say(axis, [url, { kind: 'address', ip: '10.20.0.9' }]);
}
const raised = `mud-violation ${axis}`;

describe('mud-violation', () => {
  it('a connection, a service and a datagram that the maker does not foresee', () => {
    expect(world().say(axis, [flow({ port: 23 })]).alarms).toMatchObject([
      { actor: axis, detail: `uses tcp/23 of 203.0.113.7, which ${mudUrl} does not foresee`, frames: [2] },
    ]);
    expect(world().say(axis, [flow({ began: 'there', port: 0, ownPort: 23, ip: '10.20.0.66' })]).raised).toEqual([raised]);
    expect(world().say(axis, [flow({ protocol: 17, port: 5683, began: 'unknown' })]).raised).toEqual([raised]);
  });

  it('names the victim when it is one of the site, and is one alarm for it', () => {
    const w = world().address(laptop, '10.20.0.4');
    for (let i = 0; i < 100; i++) w.say(axis, [flow({ port: 1000 + i, ip: '10.20.0.4' })]);
    expect(new Set(w.raised)).toEqual(new Set([`${raised} ${laptop}`]));
    expect(w.alarms.length).toBeLessThan(12);
  });

  it('is no device without a MUD file, nor one whose URL is not the file’s', () => {
    const files = [{ path: 'policies.d/mud/thermo.json', text: mudText(mudFile()) }];
    const w = new World({ only: 'mud-violation', files }).say(axis, [{ kind: 'mud-url', url: 'https://else.example/x' }]);
    expect(w.say(axis, [flow({ port: 23 })]).say(laptop, [flow({ port: 23 })]).raised).toEqual([]);
  });

  it('is no flow to a name that DNS was seen to give, also when it gives others later', () => {
    const w = world()
      .say(axis, [resolves('203.0.113.7')])
      .say(axis, [resolves('203.0.113.8')])
      .wait(24 * hour);
    expect(
      w
        .say(axis, [flow({})])
        .say(axis, [flow({ ip: '203.0.113.8' })])
        .wait(2 * hour).raised,
    ).toEqual([]);
  });

  it('a name that was not seen resolved waits an hour, then it counts', () => {
    const w = world()
      .say(axis, [flow({})])
      .wait(hour / 2);
    expect(w.raised).toEqual([]);
    expect(w.wait(hour).raised).toEqual([raised]);
    const late = world()
      .say(axis, [flow({})])
      .wait(60_000)
      .say(axis, [resolves('203.0.113.7')]);
    expect(late.wait(2 * hour).raised).toEqual([]);
    const others = world()
      .say(axis, [flow({})])
      .say(axis2, [resolves('203.0.113.7')]);
    expect(others.wait(2 * hour).raised).toEqual([raised]);
  });

  it('is neither what every host speaks nor an answer to a question by multicast', () => {
    const w = world();
    for (const number of [53, 67, 123, 547]) w.say(axis, [flow({ protocol: 17, port: number, began: 'unknown' })]);
    for (const own of [1900, 5353, 3702]) w.say(axis, [flow({ protocol: 17, port: 0, ownPort: own, began: 'unknown' })]);
    expect(w.raised).toEqual([]);
  });

  it('is no answer to what was let in, and the direction counts', () => {
    const to = [
      ace('in', {
        tcp: { 'destination-port': port(80), 'ietf-mud:direction-initiated': 'to-device' },
        'ietf-mud:mud': { 'local-networks': [null] },
      }),
    ];
    const served = flow({ began: 'there', port: 0, ownPort: 80, ip: '10.20.0.4' });
    expect(world({ to }).say(axis, [served]).raised).toEqual([]);
    expect(world({ to }).say(axis, [{ ...served, ip: '203.0.113.9' }]).raised).toEqual([raised]);
    const from = [ace('out', { tcp: { 'destination-port': port(80), 'ietf-mud:direction-initiated': 'to-device' } })];
    expect(world({ from }).say(axis, [flow({ port: 80 })]).raised).toEqual([raised]);
    const coap = [ace('coap', { udp: { 'destination-port': port(5683) } })];
    expect(world({ to: coap }).say(axis, [flow({ protocol: 17, port: 0, ownPort: 5683, began: 'unknown' })]).raised).toEqual([]);
  });

  it('the first entry that matches counts', () => {
    const from = [ace('not that one', { ipv4: { 'destination-ipv4-network': '203.0.113.7/32' } }, 'drop'), ace('all', {})];
    expect(
      world({ from })
        .say(axis, [flow({})])
        .say(axis, [flow({ ip: '203.0.113.8' })]).alarms,
    ).toHaveLength(1);
  });

  it('peers are asked for by their own MUD URLs and by the site’s list of controllers', () => {
    const same = [ace('same', { 'ietf-mud:mud': { 'same-manufacturer': [null] } })];
    const w = world({ from: same })
      .say(server, [{ kind: 'mud-url', url: 'https://things.example/hub.json' }])
      .address(server, '10.20.0.5');
    expect(w.say(axis, [flow({ ip: '10.20.0.5' })]).raised).toEqual([]);
    expect(w.say(axis, [flow({ ip: '10.20.0.6' })]).raised).toHaveLength(1);
    const mine = [ace('mine', { 'ietf-mud:mud': { 'my-controller': [null] } })];
    const site = `- { controller: "${mudUrl}", hosts: [10.20.0.5] }`;
    expect(world({ from: mine }, site).say(axis, [flow({ ip: '10.20.0.5' })]).raised).toEqual([]);
    expect(world({ from: mine }, site).say(axis, [flow({ ip: '10.20.0.6' })]).raised).toHaveLength(1);
    expect(world({ from: mine }).say(axis, [flow({ ip: '10.20.0.6' })]).raised).toEqual([]);
  });

  it('an IP version and a direction that the file says nothing of are no violation', () => {
    expect(world().say(axis, [flow({ ip: '2001:db8::1' })]).raised).toEqual([]);
    const noTo = { more: { 'to-device-policy': undefined } };
    expect(world(noTo).say(axis, [flow({ began: 'there', port: 0, ownPort: 23 })]).raised).toEqual([]);
  });

  it('flows are not journalled, and a flood of them and of names stays under the caps', () => {
    const w = world();
    const before = w.events.length;
    for (let i = 0; i < 20_000; i++)
      w.say(axis, [flow({ ip: `203.0.${(i >> 8) & 255}.${i & 255}` }), resolves('198.51.100.1', `n${i}.example`)]);
    expect(w.events.length).toBe(before);
    w.wait(61 * 60_000);
    expect(w.alarms.length).toBeLessThan(12);
  });

  it('a name of the file in any case, and one that no list names, are told apart', () => {
    const w = world({ from: [cloud] })
      .say(axis, [resolves('203.0.113.7', 'evil.example')])
      .say(axis, [flow({})]);
    expect(w.wait(2 * hour).raised).toEqual([raised]);
  });
});
