import { expect, it } from 'vitest';
import { decode } from '../../collectors/dtp.ts';
import * as b from '../vectors/frames/build.ts';
import { discoveryVectors as v, dtpFrame } from '../vectors/frames/discovery.ts';
import { host, ieee8023, snap } from '../vectors/frames/infrastructure.ts';
import { factsOf } from './observe.ts';

it('who would become a trunk tells so and its domain, and is called no switch for it', () =>
  expect(factsOf(host, v['dtp'] ?? b.bytes())).toEqual([
    { kind: 'description', text: 'DTP desirable, is a trunk, domain plant', of: 'dtp' },
  ]));

it('padding ends it, and a state that is not known prints as its number', () => {
  expect(decode(dtpFrame(4, new Uint8Array(20)))).toEqual({ domain: 'plant', status: 4 });
  expect(
    factsOf(host, ieee8023(host, '01:00:0c:cc:cc:cc', snap(0x00000c, 0x2004, b.bytes(1, b.u16(1), b.u16(5), 0, b.u16(2), b.u16(5), 7)))),
  ).toEqual([{ kind: 'description', text: 'DTP unknown-7', of: 'dtp' }]);
});

it('another version, an entry shorter than its header, and what is cut within an entry, is malformed', () => {
  expect(() => decode(dtpFrame(3).with(0, 2))).toThrow('version 2');
  expect(() => decode(b.bytes(1, b.u16(1), b.u16(3), 'x'))).toThrow('Cannot read DTP');
  expect(() =>
    decode(
      b.bytes(
        1,
        Array.from({ length: 40 }, () => [b.u16(9), b.u16(4)]),
      ),
    ),
  ).toThrow('neither domain nor status');
  for (let length = 0; length < 16; length++) expect(() => decode(dtpFrame(3).subarray(0, length)), `${length}`).toThrow('Cannot read DTP');
});
