import { expect, it } from 'vitest';
import { decode } from '../../collectors/gvcp.ts';
import * as b from '../vectors/frames/build.ts';
import { discoveryVectors as v, gvcpAnswer } from '../vectors/frames/discovery.ts';
import { datagram, host, hostIp, peer } from '../vectors/frames/udp.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';

it('a camera tells its plate', () =>
  expect(factsOf(host, v['gvcp'] ?? b.bytes())).toEqual([
    { kind: 'device-kind', text: 'vision-sensor' },
    { kind: 'address', ip: hostIp },
    { kind: 'maker', text: 'Vision Maker' },
    { kind: 'model', text: 'VM-9M' },
    { kind: 'firmware', text: '3.1.4' },
    { kind: 'serial', text: '99000123' },
    { kind: 'hostname', name: 'belt-cam-2' },
  ]));

it('the plate of another address is not the sender’s; a question and other answers are left alone', () => {
  expect(factsOf(host, datagram(3956, 50_000, gvcpAnswer(peer), { toPeer: true }))).toEqual([]);
  const others = [
    datagram(50_000, 3956, b.bytes(0x42, 0x11, b.u16(2), b.u16(0), b.u16(7))),
    datagram(3956, 50_000, b.bytes(b.u16(0), b.u16(0x81), b.u16(4), b.u16(7), b.u32(1)), { toPeer: true }),
    datagram(3956, 50_000, gvcpAnswer().with(0, 0x80), { toPeer: true }),
  ];
  for (const f of others) expect(factsOf(host, f)).toEqual([]);
  expect(drained(...others).malformed).toEqual([]);
});

it('cut anywhere is malformed', () => expect(cutsThatDecode(gvcpAnswer(), decode)).toEqual([]));
