import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/matter.ts';
import { compressed, mdnsFrame, plc } from '../vectors/frames/index.ts';
import { datagram, host, matterNode } from '../vectors/frames/udp.ts';
import { drainedAll } from './observe.ts';
import { cannotBeCut, vector } from './udp-cases.ts';

const facts = (frame: Uint8Array, mac = host) =>
  drainedAll(frame)
    .observations.filter(o => o.collector === 'matter' && o.mac === mac)
    .flatMap(o => (o.fact.kind === 'protocol' ? [] : [o.fact]));
const node = (over: Parameters<typeof matterNode>[0]) => facts(datagram(5353, 5353, matterNode(over), { ttl: 255 }));
const instance = { kind: 'identifier', scheme: 'matter-instance', value: '87e1b004e235a130-8fc7772401cd0696' };

describe('Matter', () => {
  it('tells instance, vendor and product, kind and name of a node', () =>
    expect(facts(vector('matter-node'))).toEqual([
      instance,
      { kind: 'print', scheme: 'matter-product', value: '65521+32769' },
      { kind: 'device-kind', text: 'light' },
      { kind: 'description', text: 'Hall Lamp' },
    ]));

  it('of a node behind a border router says nothing of the router', () => expect(node({ ip: '192.0.2.99' })).toEqual([]));

  it('of a commissioner tells the same', () =>
    expect(node({ type: '_matterd._udp', txt: ['VP=65521', 'DT=35'] })).toEqual([
      instance,
      { kind: 'print', scheme: 'matter-product', value: '65521' },
      { kind: 'device-kind', text: 'media-player' },
    ]));

  it('of other services, and keys that are no numbers, tells nothing', () => {
    expect(node({ type: '_matterc._tcp' })).toEqual([instance]);
    expect(node({ txt: ['VP=x', 'DT=99999', 'DT=', 'DN= ', 'VP=1+2+3', 'vp=1'] })).toEqual([instance]);
  });

  it('is not looked for in other mDNS', () => {
    const spoken = drainedAll(mdnsFrame(compressed)).observations.filter(o => o.mac === plc && o.collector === 'matter');
    expect(spoken).toEqual([]);
  });

  it('from another port is no announcement', () => expect(facts(datagram(50_000, 5353, matterNode()))).toEqual([]));

  cannotBeCut(decode, ['matter-node']);
});
