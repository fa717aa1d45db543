import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/pcp.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { datagram, host, natPmpMap, pcpMap, peerIp } from '../vectors/frames/udp.ts';
import { factsOf } from './observe.ts';
import { bodyOf, cannotBeCut, vector } from './udp-cases.ts';

const router = [
  { kind: 'service', protocol: 'udp', port: 5351, name: 'pcp' },
  { kind: 'device-kind', text: 'router' },
];
const sent = (body: Uint8Array, source = 50_000, target = 5351, ttl = 64) =>
  factsOf(host, datagram(source, target, body, { toPeer: true, ttl }));
const opens = (what: string) => [{ kind: 'acted', action: 'control', target: peerIp, detail: `opens ${what} to the outside` }];

describe('PCP and NAT-PMP', () => {
  it.each(['nat-pmp-answer', 'pcp-answer'])('show who translates addresses: %s', name =>
    expect(factsOf(host, vector(name))).toEqual(router),
  );

  it.each(['nat-pmp-map', 'pcp-map'])('tell who opens a port of itself: %s', name =>
    expect(factsOf(host, vector(name))).toEqual(opens('tcp 8080')),
  );

  it('tell the protocol, also one that is not TCP or UDP', () => {
    expect(sent(natPmpMap(1, 53))).toEqual(opens('udp 53'));
    expect(sent(pcpMap(17, 53))).toEqual(opens('udp 53'));
    expect(sent(pcpMap(132, 9))).toEqual(opens('protocol-132 9'));
  });

  it('that close a mapping or ask for something else tell nothing', () => {
    const closing = (body: Uint8Array, at: number) => sent(body.with(at, 0).with(at + 1, 0));
    expect(closing(natPmpMap(1, 53), 10)).toEqual([]);
    expect(closing(pcpMap(6, 53), 6)).toEqual([]);
    expect(sent(b.bytes(0, 0))).toEqual([]);
    expect(sent(pcpMap(6, 53, 0))).toEqual([]);
  });

  it('that came through a router, or from or to another port, tell nothing', () => {
    expect(sent(natPmpMap(1, 53), 50_000, 5351, 63)).toEqual([]);
    expect(sent(natPmpMap(1, 53), 50_000, 5350)).toEqual([]);
    expect(sent(bodyOf('pcp-answer'), 50_000, 5350)).toEqual([]);
  });

  it('of an unknown version is malformed', () => expect(() => decode(bodyOf('pcp-map').with(0, 3))).toThrow(DecodeError));

  // What an answer holds behind its header is not read.
  cannotBeCut(decode, ['nat-pmp-map', 'pcp-map']);
  cannotBeCut(decode, ['nat-pmp-answer'], length => length >= 8);
  cannotBeCut(decode, ['pcp-answer'], length => length >= 24);
});
