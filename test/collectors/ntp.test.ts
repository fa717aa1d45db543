import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/ntp.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { datagram, host, ntpHeader, ntpVariables, peerIp } from '../vectors/frames/udp.ts';
import { factsOf } from './observe.ts';
import { cannotBeCut, vector } from './udp-cases.ts';

const sent = (body: Uint8Array, source = 123, target = 123, ttl = 64) =>
  factsOf(host, datagram(source, target, body, { toPeer: true, ttl }));
const service = { kind: 'service', protocol: 'udp', port: 123, name: 'ntp' };

describe('NTP', () => {
  it('of a client or active peer names the server that it uses', () => {
    expect(factsOf(host, vector('ntp-client'))).toEqual([{ kind: 'uses-server', service: 'ntp', ip: peerIp }]);
    for (const version of [1, 2, 3, 4])
      expect(sent(ntpHeader(1, version), 50_000)).toEqual([{ kind: 'uses-server', service: 'ntp', ip: peerIp }]);
  });

  it('shows servers, passive peers and broadcasters', () => {
    expect(factsOf(host, vector('ntp-server'))).toEqual([service]);
    for (const mode of [2, 5]) expect(sent(ntpHeader(mode))).toEqual([service]);
  });

  it('tells program and system in the variables that a server was asked for', () =>
    expect(factsOf(host, vector('ntp-variables'))).toEqual([{ kind: 'description', text: 'ntpd 4.2.8; armv7l; Linux/5.4' }]));

  it('of variables that are none of these, of an error or of another command tells nothing', () => {
    expect(sent(ntpVariables('leap=00, refid="GPS"'))).toEqual([]);
    expect(sent(ntpVariables('xversion="1", system='))).toEqual([]);
    for (const flags of [0x02, 0xc2, 0xa2, 0x81]) expect(sent(ntpVariables('system="x"').with(1, flags))).toEqual([]);
  });

  it('that came through a router, to no server port or from none tells nothing', () => {
    expect(sent(ntpHeader(3), 123, 123, 63)).toEqual([]);
    expect(sent(ntpHeader(3), 123, 50_000)).toEqual([]);
    expect(sent(ntpHeader(4), 50_000, 123)).toEqual([]);
  });

  it('of private mode is let be; of mode 0 or an unknown version is malformed', () => {
    expect(sent(b.bytes(0x17, 0, 3, 42))).toEqual([]);
    for (const first of [0x20, 0x03, 0x2b, 0x3b]) expect(() => decode(ntpHeader(3).with(0, first))).toThrow(DecodeError);
  });

  cannotBeCut(decode, ['ntp-client', 'ntp-server', 'ntp-variables']);
});
