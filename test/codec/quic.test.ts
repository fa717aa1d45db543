import { describe, expect, it } from 'vitest';
import { mayBeInitial, openInitials } from '../../gateway/codec/quic.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import * as q from '../vectors/frames/quic.ts';
import { greaseHello } from '../vectors/frames/tls.ts';

const zeros = Array.from({ length: 40 }, () => 0);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const opened = (datagram: Uint8Array): readonly string[] =>
  openInitials(datagram).flatMap(({ pieces }) => pieces.map(p => `${p.offset} ${hex(p.bytes)}`));
const whole = [`0 ${hex(greaseHello)}`];

/** RFC 9001 appendix A.2: what the client sends, and header and tag of the packet that it makes of it. */
const sampleFrame =
  '060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578616d706c' +
  '652e636f6dff01000100000a00080006001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753d' +
  'e171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c00024001003900320408ffffffffffffff' +
  'ff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff';
const sample = b.padded(1162, Uint8Array.from(Buffer.from(sampleFrame, 'hex')));

describe('an Initial packet of QUIC', () => {
  it('as RFC 9001 has it is what our vectors are made like, and is opened', () => {
    const packet = q.initial(sample);
    expect(hex(packet.subarray(0, 22))).toBe('c000000001088394c8f03e5157080000449e7b9aec34');
    expect(hex(packet.subarray(-16))).toBe('e221af44860018ab0856972e194cd934');
    expect(opened(packet)).toEqual([`0 ${sampleFrame.slice(8)}`]);
  });

  it.each([
    ['1', q.version1],
    ['2', q.version2],
    ['draft 29', q.draft29],
  ])('of version %s is opened with the keys of that version', (_, version) => {
    expect(opened(q.initial(q.helloFrames, { version }))).toEqual(whole);
    const other = version === q.version1 ? [0xff, 0, 0, 0x1d] : [0, 0, 0, 1];
    if (version !== q.version2)
      expect(
        opened(
          b.bytes(
            q
              .initial(q.helloFrames, { version })
              .with(1, other[0] ?? 0)
              .with(2, 0)
              .with(3, 0)
              .with(4, other[3] ?? 0),
          ),
        ),
      ).toEqual([]);
  });

  it('with a token, an empty connection ID or a large number is opened', () => {
    for (const over of [{ token: new Uint8Array(300) }, { id: b.bytes() }, { number: 0x12345678 }])
      expect(opened(q.initial(q.helloFrames, over))).toEqual(whole);
  });

  it('that a server sent, or whose tag is wrong, is not opened', () => {
    const packet = q.initial(q.helloFrames);
    expect(opened(q.initial(q.helloFrames, { side: 'server in' }))).toEqual([]);
    expect(opened(packet.with(packet.length - 1, (packet.at(-1) ?? 0) ^ 1))).toEqual([]);
  });

  it('has pieces in any order among pings, padding and acknowledgements, several packets to a datagram', () => {
    const [one, two] = [greaseHello.subarray(0, 40), greaseHello.subarray(40)];
    const acks = b.bytes([2, 5, 0, 1, 0, 0, 0], [3, 5, 0, 0, 0, 1, 1, 1], 1, 0);
    const pieces = [`0 ${hex(one)}`, `40 ${hex(two)}`];
    expect(opened(q.initial(b.bytes(acks, q.cryptoFrame(40, two), acks, q.cryptoFrame(0, one))))).toEqual(pieces);
    expect(opened(b.bytes(q.initial(q.cryptoFrame(0, one)), q.initial(q.cryptoFrame(40, two), { number: 3 })))).toEqual(pieces);
    // What closes the connection ends it; a handshake without bound is not followed.
    expect(opened(q.initial(b.bytes([0x1c, 1], q.cryptoFrame(0, one))))).toEqual([]);
    expect(opened(q.initial(q.cryptoFrame(16_383, one)))).toHaveLength(1);
    expect(opened(q.initial(b.bytes(6, b.u32(0x80004000), 2, 1, 1, new Uint8Array(20))))).toEqual([]);
  });

  it('cut anywhere is malformed', () => {
    const packet = q.initial(q.helloFrames);
    for (let length = 6; length < packet.length; length++)
      expect(() => openInitials(packet.subarray(0, length)), `${length}`).toThrow(DecodeError);
  });

  it.each([
    ['a connection ID that is too long', [0xc0, 0, 0, 0, 1, 21, ...zeros], /connection ID of 21/],
    ['too few bytes to take a sample of', [0xc0, 0, 0, 0, 1, 0, 0, 0, 19, ...zeros], /packet of 19/],
    ['a length beyond the datagram', [0xc0, 0, 0, 0, 1, 0, 0, 0, 0xc0, 255, 255, 255, 255, 255, 255, 255, 0], /wanted/],
  ])('with %s is malformed', (_, bytes, found) => expect(() => openInitials(b.bytes(bytes))).toThrow(found));

  it('is told from others by its first byte and version', () => {
    expect(mayBeInitial(0xc0, 1)).toBe(true);
    expect(mayBeInitial(0xd0, q.version2)).toBe(true);
    for (const [first, version] of [
      [0xd0, 1],
      [0xe0, 1],
      [0xf0, 1],
      [0xc0, q.version2],
      [0x40, 1],
      [0x80, 1],
      [0xc0, 0],
      [0xc0, 2],
      [0xc0, 0xff000015],
    ] as const)
      expect(mayBeInitial(first, version), `${first} ${version}`).toBe(false);
  });
});
