import { expect, it } from 'vitest';
import { decode } from '../../collectors/rtps.ts';
import * as b from '../vectors/frames/build.ts';
import { discoveryVectors as v, rtpsAnnouncement } from '../vectors/frames/discovery.ts';
import { datagram, host } from '../vectors/frames/udp.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf } from './observe.ts';

const participant = (text: string) => [{ kind: 'description', text: `DDS participant, ${text}`, of: 'rtps' }];

it('a participant tells by what it was made', () => {
  expect(factsOf(host, v['rtps'] ?? b.bytes())).toEqual(participant('eProsima Fast DDS'));
  expect(factsOf(host, datagram(50_000, 7650, rtpsAnnouncement('forklift-12-n', 0x7777)))).toEqual(participant('unknown-30583'));
});

it('programs of one host tell nothing new, whatever each is called; one that was made by others does', () => {
  const frames = ['drive', 'map', 'lidar'].map(name => datagram(50_000, 7400, rtpsAnnouncement(name)));
  expect(factsOf(host, ...frames)).toEqual(participant('eProsima Fast DDS'));
  const other = datagram(50_000, 7400, rtpsAnnouncement('plan', 0x0110));
  expect(factsOf(host, ...frames, other)).toEqual([...participant('eProsima Fast DDS'), ...participant('Eclipse Cyclone DDS')]);
});

it('other protocols and what a router passes on tell nothing', () => {
  const others = [datagram(50_000, 7400, b.bytes('something else')), datagram(50_000, 7400, rtpsAnnouncement(), { toPeer: true, ttl: 63 })];
  for (const f of others) expect(factsOf(host, f)).toEqual([]);
  expect(drained(...others).malformed).toEqual([]);
});

it('another version, and a header that is cut, is malformed', () => {
  expect(() => decode(rtpsAnnouncement().with(4, 3))).toThrow('version 3');
  expect(() => decode(rtpsAnnouncement().with(0, 0))).toThrow('no RTPS');
  expect(cutsThatDecode(rtpsAnnouncement().subarray(0, 20), decode)).toEqual([]);
});
