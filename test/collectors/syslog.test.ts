import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/syslog.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { datagram, host, hostIp, peerIp } from '../vectors/frames/udp.ts';
import { factsOf } from './observe.ts';
import { bodyOf, cannotBeCut, vector } from './udp-cases.ts';

const uses = { kind: 'uses-server', service: 'syslog', ip: peerIp };
const sent = (message: string, target = 514, ttl = 64) => factsOf(host, datagram(50_000, target, b.bytes(message), { toPeer: true, ttl }));

describe('syslog', () => {
  it('names its sender in the old form and the new one', () => {
    expect(factsOf(host, vector('syslog-old'))).toEqual([uses, { kind: 'hostname', name: 'sw-dock-1' }]);
    expect(factsOf(host, vector('syslog-new'))).toEqual([uses, { kind: 'hostname', name: 'plc-7.example' }]);
  });

  it('with a year, without a version or with a day of one digit does so too', () => {
    for (const time of ['Oct  1 2026 22:14:15', '2026-10-01T22:14:15+02:00', '1 -'])
      expect(sent(`<13>${time} plc-7 app: up`), time).toEqual([uses, { kind: 'hostname', name: 'plc-7' }]);
  });

  it('with the sender’s address instead names that; with another address, a program or nothing, no name', () => {
    expect(sent(`<13>Oct 11 22:14:15 ${hostIp} app: up`)).toEqual([uses, { kind: 'address', ip: hostIp }]);
    for (const name of ['192.0.2.99', '2001:db8::1', 'app:', 'app[7]:', '-', ''])
      expect(sent(`<13>Oct 11 22:14:15 ${name} up`), name).toEqual([uses]);
    expect(sent('<13>something else')).toEqual([uses]);
  });

  it('that came through a router or to another port tells nothing', () => {
    expect(sent('<13>Oct 11 22:14:15 plc-7 up', 514, 63)).toEqual([]);
    expect(sent('<13>Oct 11 22:14:15 plc-7 up', 515)).toEqual([]);
  });

  it('without a priority of 0 to 191 is malformed', () => {
    for (const start of ['', '13>', '<>', '<1a>', '<192>', '<0001>', '<-1>'])
      expect(() => decode(b.bytes(start, 'Oct 11 22:14:15 a b')), start).toThrow(DecodeError);
  });

  it('keeps nothing of what is logged', () => expect(decode(bodyOf('syslog-old'))).toEqual({ priority: 34, name: 'sw-dock-1' }));

  // Text has no end of its own: behind the priority each part decodes.
  cannotBeCut(decode, ['syslog-old'], length => length >= 4);
  cannotBeCut(decode, ['syslog-new'], length => length >= 5);
});
