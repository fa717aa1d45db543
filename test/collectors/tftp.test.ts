import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/tftp.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { datagram, host, peerIp } from '../vectors/frames/udp.ts';
import { factsOf } from './observe.ts';
import { cannotBeCut, vector } from './udp-cases.ts';

const request = (opcode: number, file: string, mode = 'octet') => b.bytes(b.u16(opcode), file, 0, mode, 0);
const sent = (body: Uint8Array, ttl = 64) => factsOf(host, datagram(50_000, 69, body, { toPeer: true, ttl }));

describe('TFTP', () => {
  it('tells which file is read and from whom', () =>
    expect(factsOf(host, vector('tftp-read'))).toEqual([
      { kind: 'acted', action: 'download', target: peerIp, detail: 'TFTP firmware/plc7.bin' },
    ]));

  it('tells which file is written; the case of the mode does not matter', () =>
    expect(sent(request(2, 'a\nb', 'NetASCII'))).toEqual([{ kind: 'acted', action: 'upload', target: peerIp, detail: 'TFTP a\ufffdb' }]));

  it('that came through a router tells nothing', () => expect(sent(request(1, 'a'), 63)).toEqual([]));

  it('of other operations and modes is malformed', () => {
    for (const body of [request(3, 'a'), request(0, 'a'), request(1, 'a', 'fast'), request(1, 'a', '')])
      expect(() => decode(body)).toThrow(DecodeError);
  });

  // The options behind the mode (RFC 2347) are not read.
  cannotBeCut(decode, ['tftp-read'], length => length >= 25);
});
