import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/igmp.ts';
import * as b from '../vectors/frames/build.ts';
import { gateway, host } from '../vectors/frames/infrastructure.ts';
import * as v from '../vectors/frames/multicast.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';

const vectors = v.multicastVectors;
const member = (group: string) => ({ kind: 'member', group });

describe('IGMP', () => {
  it.each(['igmp-version-1', 'igmp-version-2'] as const)('names the group of a report: %s', name =>
    expect(factsOf(host, vectors[name])).toEqual([member('239.192.0.7')]),
  );

  it('that an access point sends on to one of its stations is the sender’s all the same', () => {
    const frame = v.igmpFrame(v.igmp(0x16, '239.192.0.7'), '239.192.0.7');
    const toStation = b.bytes(b.mac('00:00:5e:00:53:77'), frame.subarray(6));
    expect(protocolsOf(host, toStation)).toEqual(['igmp']);
  });

  it('version 3 names what is listened to, and not what is left or blocked', () =>
    expect(factsOf(host, vectors['igmp-version-3'])).toEqual(['239.192.0.7', '232.1.1.1', '232.1.1.2'].map(member)));

  it('that asks or leaves names nothing', () => {
    expect(factsOf(gateway, vectors['igmp-query'])).toEqual([]);
    expect(factsOf(host, vectors['igmp-leave'])).toEqual([]);
  });

  it('never names what is no group', () => expect(factsOf(host, v.igmpFrame(v.igmp(0x16, '192.0.2.1'), '224.0.0.1'))).toEqual([]));

  it('of many groups keeps sixteen, and a report that promises more than it has is malformed', () => {
    const many = v.report(0x22, ...Array.from({ length: 100 }, (_, i) => [4, `239.0.0.${i}`] as const));
    expect(decode(many)).toHaveLength(16);
    expect(drained(v.igmpFrame(many.with(6, 255), '224.0.0.22')).malformed).toMatchObject([{ mac: host, collector: 'igmp' }]);
    expect(() => decode(b.bytes(0x22, 0, b.u16(0), b.u16(0), b.u16(1), [4, 0, b.u16(9), b.ip4('239.0.0.1')]))).toThrow(/36 bytes wanted/);
  });

  it('does not decode when cut anywhere', () => {
    expect(cutsThatDecode(v.igmp(0x16, '239.192.0.7'), decode)).toEqual([]);
    expect(cutsThatDecode(v.report(0x22, [4, '239.192.0.7'], [1, '232.1.1.1', '192.0.2.9']), decode)).toEqual([]);
  });
});
