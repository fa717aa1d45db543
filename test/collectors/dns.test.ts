import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/dns.ts';
import { datagram, host, llmnrAnswer, llmnrQuery, peerIp } from '../vectors/frames/udp.ts';
import { drained, factsOf } from './observe.ts';
import { bodyOf, cannotBeCut, vector } from './udp-cases.ts';

describe('DNS', () => {
  it('names the server that the asker uses', () =>
    expect(factsOf(host, vector('dns-query'))).toEqual([{ kind: 'uses-server', service: 'dns', ip: peerIp }]));

  it('shows who answers as a server, and nothing of what it tells', () =>
    expect(factsOf(host, vector('dns-answer'))).toEqual([{ kind: 'service', protocol: 'udp', port: 53, name: 'domain' }]));

  it('that came through a router tells nothing of the router', () => {
    const query = datagram(50_000, 53, llmnrQuery('vendor.example'), { toPeer: true, ttl: 63 });
    expect(factsOf(host, query)).toEqual([]);
  });

  it('for a group, of another direction or operation names no server', () => {
    expect(factsOf(host, datagram(50_000, 53, llmnrQuery('vendor.example')))).toEqual([]);
    expect(factsOf(host, datagram(50_000, 53, llmnrAnswer('vendor.example', peerIp), { toPeer: true }))).toEqual([]);
    expect(factsOf(host, datagram(53, 50_000, llmnrQuery('vendor.example'), { toPeer: true }))).toEqual([]);
    expect(factsOf(host, datagram(50_000, 53, bodyOf('dns-query').with(2, 0x28), { toPeer: true }))).toEqual([]);
  });

  it('with more records than bytes is malformed', () =>
    expect(drained(datagram(50_000, 53, bodyOf('dns-query').with(4, 255))).malformed).toMatchObject([{ mac: host, collector: 'dns' }]));

  // The names behind the header are not walked: five bytes of a question are enough.
  cannotBeCut(decode, ['dns-query'], length => length >= 17);
  cannotBeCut(decode, ['dns-answer'], length => length >= 28);
});
