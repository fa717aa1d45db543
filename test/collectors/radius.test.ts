import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/radius.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { datagram, host, hostIp, nas, peerIp, radiusPacket } from '../vectors/frames/udp.ts';
import { factsOf } from './observe.ts';
import { bodyOf, cannotBeCut, vector } from './udp-cases.ts';

const sent = (body: Uint8Array, source = 50_000, target = 1812) => factsOf(host, datagram(source, target, body, { toPeer: true }));
const uses = { kind: 'uses-server', service: 'radius', ip: peerIp };
const own = [
  { kind: 'address', ip: hostIp },
  { kind: 'hostname', name: 'sw-dock-1' },
  { kind: 'device-kind', text: 'switch' },
];

describe('RADIUS', () => {
  it('tells name, address and kind of a network access server, and the server that it uses', () => {
    expect(factsOf(host, vector('radius-request'))).toEqual([uses, ...own]);
    expect(sent(radiusPacket(4, nas), 50_000, 1813)).toEqual([uses, ...own]);
  });

  it('that a proxy passes on tells nothing of the proxy', () => {
    expect(sent(radiusPacket(1, [...nas, [33, 'x']]))).toEqual([uses]);
    expect(sent(radiusPacket(1, [[4, b.ip4('192.0.2.99')], ...nas]))).toEqual([uses]);
  });

  it('shows an access point by the type of its ports, and nothing by others', () => {
    expect(sent(radiusPacket(1, [[61, b.u32(19)]]))).toEqual([uses, { kind: 'device-kind', text: 'access-point' }]);
    expect(sent(radiusPacket(1, [[61, b.u32(5)]]))).toEqual([uses]);
  });

  it('tells where a station is plugged in, as its switch or access point calls the port', () => {
    const peer = '00:00:5e:00:53:22';
    const spoken = b.ethernet(peer, b.broadcast, 0x0806, b.arp(1, peer, peerIp, '00:00:00:00:00:00', hostIp));
    const told = (...list: readonly (readonly [type: number, value: b.Part])[]) =>
      factsOf(peer, spoken, datagram(50_000, 1812, radiusPacket(1, [...nas, ...list]), { toPeer: true })).filter(
        f => f.kind === 'relay-agent',
      );
    for (const calling of ['00-00-5E-00-53-22', '00:00:5e:00:53:22', '0000.5e00.5322', '00005E005322'])
      expect(told([31, calling], [87, 'Gi1/0/7']), calling).toEqual([{ kind: 'relay-agent', circuit: 'Gi1/0/7', remote: 'sw-dock-1' }]);
    expect(told([31, '00-00-5E-00-53-22'], [5, b.u32(50_107)])).toEqual([{ kind: 'relay-agent', circuit: '50107', remote: 'sw-dock-1' }]);
    for (const other of ['somebody', '49 89 1234', '00-00-5E-00-53-22-00']) expect(told([31, other], [87, 'Gi1/0/7']), other).toEqual([]);
    expect(told([31, '00-00-5E-00-53-22'])).toEqual([]);
    // What a proxy passes on, or a modem pool says, is of elsewhere.
    expect(told([31, '00-00-5E-00-53-22'], [87, 'Gi1/0/7'], [33, 'x'])).toEqual([]);
    const dialled = radiusPacket(1, [
      [61, b.u32(0)],
      [31, '00-00-5E-00-53-22'],
      [87, 'Gi1/0/7'],
    ]);
    expect(factsOf(peer, spoken, datagram(50_000, 1812, dialled, { toPeer: true })).filter(f => f.kind === 'relay-agent')).toEqual([]);
  });

  it('shows who answers as a server', () => {
    expect(factsOf(host, vector('radius-accept'))).toEqual([{ kind: 'service', protocol: 'udp', port: 1812, name: 'radius' }]);
    expect(sent(radiusPacket(2, []), 50_000, 50_001)).toEqual([]);
  });

  it('tells nothing of people', () => expect(JSON.stringify(factsOf(host, vector('radius-request')))).not.toContain('somebody'));

  it('with a length that is wrong is malformed; what is behind it is padding', () => {
    const good = bodyOf('radius-request');
    for (const wrong of [good.with(3, 19), good.with(2, 255), good.with(21, 1), good.with(21, 0)])
      expect(() => decode(wrong)).toThrow(DecodeError);
    expect(decode(b.bytes(good, 0, 0))).toEqual(decode(good));
  });

  cannotBeCut(decode, ['radius-request', 'radius-accept']);
});
