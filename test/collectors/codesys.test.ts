import { expect, it } from 'vitest';
import { decode } from '../../collectors/codesys.ts';
import * as b from '../vectors/frames/build.ts';
import { codesysAnswer, discoveryVectors as v } from '../vectors/frames/discovery.ts';
import { datagram, host } from '../vectors/frames/udp.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';

it('a controller tells its plate', () =>
  expect(factsOf(host, v['codesys'] ?? b.bytes())).toEqual([
    { kind: 'maker', text: 'Vendor' },
    { kind: 'model', text: 'Controller 9000' },
    { kind: 'hostname', name: 'PRESS-7' },
    { kind: 'serial', text: 'SN-0099' },
    { kind: 'description', text: 'CODESYS V3 target 5.15.4.0', of: 'codesys' },
    { kind: 'device-kind', text: 'plc' },
  ]));

it('addresses are padded to four bytes', () => {
  const answer = codesysAnswer().with(5, 0x21);
  const longer = b.bytes(answer.subarray(0, 12), b.u16(3), 0, 0, answer.subarray(12));
  expect(decode(longer)).toEqual(decode(codesysAnswer()));
});

it('what has another type is called no controller', () =>
  expect(factsOf(host, datagram(1740, 1740, codesysAnswer(4, 0x0400, 0x1006)))).not.toContainEqual({ kind: 'device-kind', text: 'plc' }));

it('a question, another version, what is in channels and what a router passes on tell nothing', () => {
  const frames = [
    datagram(1740, 1740, codesysAnswer(3)),
    datagram(1740, 1740, codesysAnswer(4, 0x0500)),
    datagram(1740, 1740, codesysAnswer(0x40)),
    datagram(1740, 1740, codesysAnswer(), { toPeer: true, ttl: 63 }),
    datagram(1740, 1740, b.bytes('something else')),
  ];
  for (const f of frames) expect(factsOf(host, f)).toEqual([]);
  expect(drained(...frames).malformed).toEqual([]);
  expect(protocolsOf(host, datagram(1740, 1740, codesysAnswer(0x40)))).toContain('codesys');
});

it('cut anywhere is malformed, and a header that ends before itself', () => {
  const answer = codesysAnswer();
  // The last byte ends the serial number.
  for (let length = 0; length < answer.length - 1; length++)
    expect(() => decode(answer.subarray(0, length)), `${length}`).toThrow('Cannot read');
  expect(() => decode(answer.with(1, 0).with(5, 0))).toThrow('header of 0 words');
});
