import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import type { Frame } from '../../gateway/model/frame.ts';
import { bytes, frame } from '../vectors/frames/build.ts';
import { block, encodePcap, enhanced, interfaceBlock, section, simple } from '../vectors/frames/encode-capture.ts';

const frames: readonly Frame[] = [
  frame(bytes('0123456789abcdef'), { number: 1, at: 1_700_000_000_001, port: 'file' }),
  frame(bytes('snapped'), { number: 2, at: 1_700_000_000_999, port: 'file', wireLength: 9000 }),
  frame(bytes(), { number: 3, at: 1_700_000_001_000, port: 'file' }),
];
const [first, second, third] = frames as readonly [Frame, Frame, Frame];

/** Frames and the error, if any, of a file pushed in chunks of `size`. */
function read(file: Uint8Array, size = file.length || 1): { readonly frames: readonly Frame[]; readonly error?: string } {
  const got: Frame[] = [];
  const reader = new CaptureReader(f =>
    got.push({ number: f.number, at: f.at, port: f.port, bytes: f.bytes.slice(), wireLength: f.wireLength }),
  );
  try {
    for (let i = 0; i < file.length; i += size) reader.push(file.subarray(i, i + size));
    reader.finish();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { frames: got, error: error.message };
  }
  return { frames: got };
}

const micros = (f: Frame): bigint => BigInt(f.at) * 1000n;
const pcapng = (little: boolean): Uint8Array =>
  bytes(
    section(little),
    interfaceBlock(little),
    block(little, 5, bytes('statistics are skipped')),
    frames.map(f => enhanced(little, 0, micros(f), f)),
  );

const files: { readonly [name: string]: Uint8Array } = {
  'pcap, little-endian, µs': encodePcap(frames),
  'pcap, big-endian, µs': encodePcap(frames, { little: false }),
  'pcap, little-endian, ns': encodePcap(frames, { nanos: true }),
  'pcap, big-endian, ns': encodePcap(frames, { little: false, nanos: true }),
  'pcap with long records, little-endian': encodePcap(frames, { modified: true }),
  'pcap with long records, big-endian': encodePcap(frames, { modified: true, little: false }),
  'pcapng, little-endian': pcapng(true),
  'pcapng, big-endian': pcapng(false),
};

describe.each(Object.entries(files))('%s', (_, file) => {
  it('gives the frames that were put in', () => expect(read(file)).toEqual({ frames }));

  it('gives the same in chunks of any size', () => {
    for (const size of [1, 2, 3, 5, 8, 13, 64, 100]) expect(read(file, size), `chunks of ${size}`).toEqual({ frames });
  });

  it('when cut anywhere gives every whole frame and says that it is cut', () => {
    let most = 0;
    for (let length = 0; length < file.length; length++) {
      const { frames: got, error } = read(file.subarray(0, length));
      expect(got).toEqual(frames.slice(0, got.length));
      expect(got.length).toBeGreaterThanOrEqual(most);
      most = got.length;
      // A cut between two records cannot be told from an end.
      if (error !== undefined) expect(error).toMatch(/^Cannot read capture: .+ at byte \d+$/);
      else expect(read(bytes(file.subarray(0, length))).frames).toEqual(got);
    }
    expect(read(file.subarray(0, file.length - 1)).error).toContain('the file ends inside a record');
  });

  it('when edited gives frames or a DecodeError', () => {
    const edit = fc.tuple(fc.nat(file.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 200 }), (edits, size) => {
        const edited = file.slice();
        for (const [at, value] of edits) edited[at] = value;
        expect(read(edited).frames.map(f => f.number)).toEqual(read(edited, size).frames.map(f => f.number));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a pcapng file', () => {
  it('may have several sections of either byte order, each with its interfaces', () => {
    const nanos = interfaceBlock(false, { resolution: 9 });
    const file = bytes(
      [section(true), interfaceBlock(true), interfaceBlock(true, { resolution: 3 })],
      [enhanced(true, 1, BigInt(first.at), first)],
      [section(false), nanos, enhanced(false, 0, BigInt(second.at) * 1_000_000n, second)],
    );
    expect(read(file)).toEqual({ frames: [first, second] });
    expect(read(file, 7)).toEqual({ frames: [first, second] });
  });

  it.each([
    ['10^-0 s', 0, 1_700_000_000n, 1_700_000_000_000],
    ['10^-9 s, on the millisecond', 9, 1_700_000_000_001_000_000n, 1_700_000_000_001],
    ['10^-9 s, just before it', 9, 1_700_000_000_000_999_999n, 1_700_000_000_000],
    ['10^-12 s', 12, 1_700_000_000_999_999_999n, 1_700_000_000],
    ['2^-10 s', 0x8a, 1024n * 5n + 512n, 5500],
  ])('reads clocks of %s', (_, resolution, ticks, at) => {
    const file = bytes(section(true), interfaceBlock(true, { resolution }), enhanced(true, 0, ticks, first));
    expect(read(file).frames.map(f => f.at)).toEqual([at]);
  });

  it('gives simple packets the time before them and the length that the interface allows', () => {
    const file = bytes(
      [section(true), interfaceBlock(true, { snap: 7 }), enhanced(true, 0, micros(first), first)],
      [simple(true, frame(bytes('snapped-off'), { wireLength: 7 })), simple(true, frame(bytes('0123456'), { wireLength: 60 }))],
    );
    expect(read(file).frames.slice(1)).toMatchObject([
      { at: first.at, bytes: bytes('snapped'), wireLength: 7 },
      { at: first.at, bytes: bytes('0123456'), wireLength: 60 },
    ]);
  });

  it('skips a block of unknown kind of any length without keeping it', () => {
    const huge = block(true, 0x0bad, new Uint8Array(3_000_000));
    const file = bytes(section(true), interfaceBlock(true), huge, enhanced(true, 0, micros(first), first));
    expect(read(file, 1000)).toEqual({ frames: [first] });
    expect(read(file.subarray(0, 1_000_000)).error).toContain('the file ends inside a record');
  });
});

describe('a file that we do not read is refused with what was found', () => {
  const usb = interfaceBlock(true, { link: 249 });
  it.each([
    ['empty', bytes(), 'the file is empty at byte 0'],
    ['text', bytes('hello, this is no capture'), 'neither pcap nor pcapng at byte 0'],
    ['two bytes', bytes(1, 2), 'neither pcap nor pcapng at byte 0'],
    ['only a header cut short', encodePcap([]).subarray(0, 20), 'the file ends inside a record at byte 20'],
    ['IEEE 802.15.4 capture', encodePcap([], { link: 195 }), 'link type 195 (IEEE 802.15.4) is neither Ethernet nor IP at byte 20'],
    [
      'packet of another link type',
      bytes(section(true), usb, enhanced(true, 0, 0n, first)),
      'link type 249 (USB of Windows) is neither Ethernet nor IP at byte 48',
    ],
    [
      'packet of no interface',
      bytes(section(true), enhanced(true, 3, 0n, first)),
      'packet of interface 3, which is not described at byte 28',
    ],
    [
      'time beyond the calendar',
      bytes(section(true), interfaceBlock(true, { resolution: 0 }), enhanced(true, 0, 1n << 62n, first)),
      'time out of range at byte 60',
    ],
  ])('%s', (_, file, message) => expect(read(file)).toEqual({ frames: [], error: `Cannot read capture: ${message}` }));

  it('a packet longer than any capture length', () => {
    const file = encodePcap(frames);
    new DataView(file.buffer).setUint32(24 + 16 + 16 + 8, 262_145, true);
    expect(read(file)).toEqual({ frames: [first], error: 'Cannot read capture: packet of 262145 bytes at byte 56' });
  });

  it('a block whose two lengths differ', () => {
    const file = bytes(
      section(true),
      interfaceBlock(true),
      enhanced(true, 0, micros(first), first),
      enhanced(true, 0, micros(third), third),
    );
    file[file.length - 4] = 36;
    expect(read(file).frames).toEqual([first]);
    expect(read(file).error).toContain('block of 32 bytes that ends as one of 36');
  });

  it('but an interface of another link type that sent nothing does no harm', () =>
    expect(read(bytes(section(true), usb, interfaceBlock(true), enhanced(true, 1, micros(first), first)))).toEqual({ frames: [first] }));
});
