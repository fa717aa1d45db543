import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/arp.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { plc, server, vectors } from '../vectors/frames/index.ts';
import { drained, factsOf } from './observe.ts';

const v = (name: string): Uint8Array => vectors[name] ?? new Uint8Array(0);
const address = { kind: 'address', ip: '192.0.2.10' };

describe('ARP', () => {
  it.each(['arp-request', 'arp-reply', 'arp-gratuitous', 'arp-tagged', 'arp-padded'])('names the address of its sender: %s', name =>
    expect(factsOf(plc, v(name))).toEqual([address]),
  );

  it('that probes for a free address names none', () => expect(factsOf(plc, v('arp-probe'))).toEqual([]));

  it('that speaks for another hardware address is a claim of its sender, and no address of either', () => {
    const { observations } = drained(v('arp-claims-other'));
    expect(observations.map(o => [o.mac, o.fact])).toEqual([
      [plc, { kind: 'seen' }],
      [plc, { kind: 'claimed-mac', mac: server, ip: '192.0.2.1' }],
    ]);
  });

  it('is stamped with the VLAN of its tag', () => expect(drained(v('arp-tagged')).observations.map(o => o.vlan)).toEqual([5, 5]));

  it('never names an address that no host can have', () => {
    for (const ip of ['0.0.0.0', '224.0.0.251', '255.255.255.255', '127.0.0.1'])
      expect(factsOf(plc, b.ethernet(plc, b.broadcast, 0x0806, b.arp(2, plc, ip, server, '192.0.2.1')))).toEqual([]);
  });

  it('of other operations (RARP, InARP) tells nothing', () => {
    for (const operation of [0, 3, 4, 8, 9, 65_535])
      expect(factsOf(plc, b.ethernet(plc, server, 0x0806, b.arp(operation, plc, '192.0.2.10', server, '192.0.2.1')))).toEqual([]);
  });

  it('for other address pairs is malformed, with its sender', () => {
    const long = b.bytes(b.u16(1), b.u16(0x0800), 255, 4, b.u16(1), new Uint8Array(300));
    expect(drained(b.ethernet(plc, server, 0x0806, long)).malformed).toMatchObject([
      { mac: plc, collector: 'arp', count: 1, message: 'Cannot read ARP: htype=1 ptype=2048 hlen=255 plen=4' },
    ]);
  });

  it('does not decode when cut anywhere', () => {
    const message = b.arp(1, plc, '192.0.2.10', server, '192.0.2.1');
    for (let length = 0; length < message.length; length++) expect(() => decode(message.subarray(0, length))).toThrow(DecodeError);
  });
});
