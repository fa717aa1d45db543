import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/capwap.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import * as g from '../vectors/frames/network-gear.ts';
import { datagram, host } from '../vectors/frames/udp.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { factsOf } from './observe.ts';

const kind = { kind: 'device-kind', text: 'access-point' };
const sent = (body: Uint8Array, { port = 5246, ttl = 64 } = {}) => factsOf(host, datagram(12_380, port, body, { ttl }));

describe('CAPWAP', () => {
  it('tells name, model, serial number and versions of an access point that looks for its controller', () =>
    expect(factsOf(host, g.networkGearVectors['capwap-discovery'] ?? b.bytes())).toEqual([
      kind,
      { kind: 'hostname', name: 'AP-dock-4' },
      { kind: 'model', text: 'AP-9120X' },
      { kind: 'serial', text: 'KWC9999999A' },
      { kind: 'inventory', of: 'hardware', text: 'rev 3' },
      { kind: 'firmware', text: '17.9.4.27' },
    ]));

  it('tells versions that are numbers, in the form before the RFC; and looks for the primary controller alike', () =>
    expect(sent(g.capwap(19, g.oldVersions))).toEqual([
      kind,
      { kind: 'inventory', of: 'hardware', text: '1.0.0.0' },
      { kind: 'firmware', text: '7.5.102.0' },
    ]));

  it('tells a controller by its answer', () =>
    expect(factsOf(host, g.networkGearVectors['capwap-answer'] ?? b.bytes())).toEqual([
      { kind: 'service', protocol: 'udp', port: 5246, name: 'capwap-control' },
      { kind: 'hostname', name: 'wlc-1' },
    ]));

  it('that is encrypted, another message, of another port or behind a router tells nothing', () => {
    const request = g.capwap(1, g.boardData);
    for (const facts of [sent(b.bytes(1, 0, 0, 0, 22)), sent(g.capwap(3, g.boardData)), sent(request, { ttl: 63 }), sent(g.capwap(2))])
      expect(facts).toEqual([]);
    expect(factsOf(host, datagram(5246, 12_380, request))).toEqual([]);
  });

  it('whose parts do not fit their element tells none of them', () => {
    for (const entry of [
      [38, [b.u32(9), b.u16(0), b.u16(9), 'x']],
      [38, [1, 2]],
      [39, [2, 2, 200]],
      [39, [2, 2, 0, 1, 1, 2, 3]],
      [37, [0, 0x40]],
    ] as const)
      expect(sent(g.capwap(1, entry))).toEqual([kind]);
  });

  it('of many elements reads sixty-four', () => {
    const many = Array.from({ length: 80 }, (_, i) => [4, `n${i}`] as const);
    expect(decode(g.capwap(2, ...many)).name).toBe('n63');
  });

  it('of another version, or with too short a header, is malformed', () => {
    const request = g.capwap(1, g.boardData);
    for (const body of [request.with(0, 0x10), request.with(1, 8)]) expect(() => decode(body)).toThrow(DecodeError);
  });

  it('cut anywhere is malformed, but between elements', () => {
    const request = g.capwap(1, [20, 0], g.boardData);
    // Behind the header there may be nothing, or what is too short to be an element.
    expect(cutsThatDecode(request, decode)).toEqual([24, 25, 26, 27, 29, 30, 31, 32]);
  });
});
