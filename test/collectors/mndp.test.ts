import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/mndp.ts';
import * as b from '../vectors/frames/build.ts';
import { mndp, networkGearVectors as vectors, routerOs } from '../vectors/frames/network-gear.ts';
import { datagram, host, hostIp } from '../vectors/frames/udp.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { factsOf } from './observe.ts';

const sent = (body: Uint8Array, ttl = 64, port = 5678) => factsOf(host, datagram(5678, port, body, { ttl }));

describe('MikroTik Neighbor Discovery', () => {
  it('tells name, maker, model and version of its sender, and its own address only', () => {
    expect(factsOf(host, vectors['mndp'] ?? b.bytes())).toEqual([
      { kind: 'address', ip: hostIp },
      { kind: 'hostname', name: 'dock-router' },
      { kind: 'maker', text: 'MikroTik' },
      { kind: 'model', text: 'RB5009UG+S+' },
      { kind: 'firmware', text: '7.15.3' },
    ]);
    expect(sent(mndp([17, b.ip4('192.0.2.99')], [15, b.ip6('fe80:0:0:0:0:0:0:9')]))).toEqual([]);
  });

  it('of who only asks tells nothing, nor behind a router or from the port alone', () => {
    for (const facts of [sent(b.bytes(b.u32(0))), sent(mndp([5, '']), 64), sent(routerOs, 63), sent(routerOs, 64, 40_000)])
      expect(facts).toEqual([]);
  });

  it('of many entries reads thirty-two', () => {
    const many = Array.from({ length: 40 }, (_, i) => [5, `n${i}`] as const);
    expect(decode(mndp(...many)).identity).toBe('n31');
  });

  it('cut anywhere is malformed, but between entries', () => {
    expect(cutsThatDecode(routerOs, decode)).toEqual([4, 14, 29, 68, 80, 88, 101, 116, 121]);
  });
});
