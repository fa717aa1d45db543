import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/glbp.ts';
import * as b from '../vectors/frames/build.ts';
import { gateway, host } from '../vectors/frames/infrastructure.ts';
import * as v from '../vectors/frames/redundancy.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { factsOf } from './observe.ts';

describe('GLBP', () => {
  it('names a router with its virtual address and those that it forwards for', () =>
    expect(factsOf(gateway, v.redundancyVectors.glbp)).toEqual([
      {
        kind: 'router',
        protocol: 'glbp',
        detail: 'group 7, priority 100, also 00:07:b4:00:07:02',
        ip: '192.0.2.1',
        mac: '00:07:b4:00:07:01',
      },
    ]));

  it('that is sent to one host names nothing', () => {
    const frame = b.ethernet(gateway, host, 0x0800, b.ipv4('192.0.2.33', '192.0.2.34', 17, b.udp(3222, 3222, v.glbp(100))));
    expect(factsOf(gateway, frame)).toEqual([]);
  });

  it('of another version, or with a part shorter than its head, is malformed', () => {
    expect(() => decode(v.glbp(100).with(0, 2))).toThrow(/version 2/);
    expect(() => decode(v.glbp(100).with(13, 1))).toThrow(/part of length 1/);
  });

  it('does not decode when cut, but between its parts', () => expect(cutsThatDecode(v.glbp(100), decode)).toEqual([12, 40, 60]));
});
