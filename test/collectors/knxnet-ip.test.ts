import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/knxnet-ip.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { device, udpFromDevice } from '../vectors/frames/industrial.ts';
import { deviceBlock, knx, knxnetIpVectors as v } from '../vectors/frames/knxnet-ip.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';
import { drainedCapture, hasCaptures } from './capture-facts.ts';

const identity = [
  { kind: 'device-kind', text: 'knx-gateway' },
  { kind: 'model', text: 'KNX IP Router 750' },
  { kind: 'serial', text: '00c501020304' },
  { kind: 'identifier', scheme: 'knx-serial', value: '00c501020304' },
  { kind: 'identifier', scheme: 'knx-address', value: '1.1.1' },
];
const description = (over: Parameters<typeof deviceBlock>[0]) => factsOf(device, udpFromDevice(3671, knx(0x0204, deviceBlock(over))));

describe('a KNXnet/IP server', () => {
  it.each(['knxnet-ip-search-response', 'knxnet-ip-description', 'knxnet-ip-tcp'] as const)('describes itself: %s', name =>
    expect(factsOf(device, v[name])).toEqual(identity),
  );

  it('names its address in the extended response', () =>
    expect(factsOf(device, v['knxnet-ip-search-extended'])).toEqual([...identity, { kind: 'address', ip: '192.0.2.17' }]));

  it('whose block names another hardware address says nothing of itself', () =>
    expect(description({ mac: '00:00:5e:00:53:99' })).toEqual([]));

  it('without serial number and name has neither', () =>
    expect(description({ serial: [0, 0, 0, 0, 0, 0], name: '' }).map(f => f.kind)).toEqual(['device-kind', 'identifier']));
});

describe('KNXnet/IP', () => {
  it('a question is recognised and tells no more', () => {
    const asker = '00:00:5e:00:53:12';
    expect(factsOf(asker, v['knxnet-ip-search'])).toEqual([]);
    expect(protocolsOf(asker, v['knxnet-ip-search'])).toEqual(['knxnet-ip']);
  });

  it.each([
    ['another header size', knx(0x0204).with(0, 8)],
    ['another version', knx(0x0204).with(1, 0x11)],
    ['a length past its end', knx(0x0204).with(5, 200)],
    ['a block of one byte', knx(0x0204, [1, 1])],
  ])('with %s is malformed', (_, body) =>
    expect(drained(udpFromDevice(3671, body)).malformed).toMatchObject([{ mac: device, collector: 'knxnet-ip' }]),
  );

  it('does not decode when cut anywhere', () => {
    const body = knx(0x0204, deviceBlock());
    for (let length = 0; length < body.length; length++) expect(() => decode(body.subarray(0, length)), `${length}`).toThrow(DecodeError);
  });

  it.skipIf(!hasCaptures)('of a real client is recognised', () => {
    const { observations, malformed } = drainedCapture('nDPI/knxip.pcapng');
    expect(observations.filter(o => o.fact.kind === 'protocol' && o.fact.name === 'knxnet-ip').length).toBeGreaterThan(0);
    expect(malformed).toEqual([]);
  });
});
