import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/ptp.ts';
import * as b from '../vectors/frames/build.ts';
import { gateway, host } from '../vectors/frames/infrastructure.ts';
import * as v from '../vectors/frames/ptp.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';

const vectors = v.ptpVectors;
const clock = { kind: 'identifier', scheme: 'ptp-clock', value: '00005efffe005321' };
const master = 'grandmaster 00005efffe005323, priority 128/127, class 6, 1 steps away';

describe('PTP', () => {
  it('names a master of the time with its clock and grandmaster, over Ethernet and UDP', () => {
    expect(factsOf(host, vectors['ptp-announce'])).toEqual([clock, { kind: 'bridge', protocol: 'ptp', detail: `domain 0, ${master}` }]);
    expect(factsOf(gateway, vectors['ptp-announce-udp'])).toEqual([
      { ...clock, value: '00005efffe005323' },
      { kind: 'bridge', protocol: 'ptp', detail: `domain 4, ${master}` },
    ]);
  });

  it.each(['ptp-delay-request', 'ptp-peer-delay-request'] as const)('names the clock of who asks: %s', name =>
    expect(factsOf(host, vectors[name])).toEqual([clock]),
  );

  it('names maker, model, serial number and firmware of a clock that describes itself, not of who asks', () => {
    expect(factsOf(host, vectors['ptp-description'])).toEqual([
      clock,
      { kind: 'maker', text: 'Time Co.' },
      { kind: 'model', text: 'TC-9' },
      { kind: 'serial', text: 'S-41' },
      { kind: 'firmware', text: '1.2.3' },
    ]);
    const ask = b.ethernet(host, '01:1b:19:00:00:00', 0x88f7, v.ptp(13, host, v.description(host, 0)));
    expect(drained(ask)).toMatchObject({ malformed: [], counters: [{ identityFrames: 0 }] });
  });

  it('that goes many times a second (Sync, Follow_Up) is left alone', () => {
    const sync = b.ethernet(host, '01:1b:19:00:00:00', 0x88f7, v.ptp(0, host, new Uint8Array(10)));
    expect(drained(sync)).toMatchObject({ malformed: [], counters: [{ identityFrames: 0 }] });
  });

  it('is known of who only follows, and of who speaks version 1', () => {
    const spoken = (body: Uint8Array) => protocolsOf(host, b.ethernet(host, '01:1b:19:00:00:00', 0x88f7, body));
    expect(spoken(v.ptp(0, host, new Uint8Array(10)))).toEqual(['ptp']);
    expect(spoken(b.bytes(0, 1, 0, 1, '_DFLT', new Uint8Array(111)))).toEqual(['ptp']);
    expect(spoken(b.bytes(0, 3, 0, 1, new Uint8Array(40)))).toEqual([]);
  });

  it('for one host may have come through a router, and names nothing', () => {
    const body = v.ptp(11, host, v.announce);
    const frame = b.ethernet(host, gateway, 0x0800, b.ipv4('192.0.2.33', '192.0.2.34', 17, b.udp(320, 320, body)));
    expect(factsOf(host, frame)).toEqual([]);
  });

  it('of version 1, or shorter than its head, is malformed', () => {
    const good = v.ptp(11, host, v.announce);
    expect(() => decode(good.with(1, 1))).toThrow(/version 1/);
    expect(() => decode(good.with(3, 2))).toThrow(/-2 bytes wanted/);
    expect(() => decode(good.with(3, 40))).toThrow(/wanted/);
  });

  it('does not decode when cut anywhere', () => expect(cutsThatDecode(v.ptp(11, host, v.announce), decode)).toEqual([]));
});
