import { describe, expect, it } from 'vitest';
import { type Collector, collector, tcpStream } from '../../collectors/collector.ts';
import { Dissector } from '../../collectors/dissector.ts';
import { DecodeError, Reader } from '../../gateway/codec/reader.ts';
import { bytes, frame, tagged } from '../vectors/frames/build.ts';
import { plc, server } from '../vectors/frames/index.ts';
import { client, flags, host, segment, type Endpoint, type Segment } from '../vectors/frames/tcp-segment.ts';

const start = 1_700_000_000_000;
const { syn, fin, rst, ack } = flags;

/** A message is its length in one byte and so much text; each one comes out as a description. */
const lines: Collector = collector({
  name: 'lines',
  spec: 'none',
  matches: tcpStream(9999),
  decode: body => {
    const r = new Reader(body, 'line');
    const length = r.u8();
    if (length === 0) throw r.fault('an empty line');
    return new TextDecoder().decode(r.take(length));
  },
  observe: text => [{ kind: 'description', text }],
});
/** The same on any port, with a mark of two bytes before it. */
const marked: Collector = collector({
  name: 'marked',
  spec: 'none',
  matches: tcpStream(),
  wants: p => p.end - p.payload >= 2 && p.bytes[p.payload] === 0x4d && p.bytes[p.payload + 1] === 0x4b,
  decode: body => (body.length < 4 ? undefined : new TextDecoder().decode(body.subarray(2, 4))),
  observe: text => [{ kind: 'description', text }],
});

function sensor(...segments: readonly (Segment | Uint8Array)[]) {
  const dissector = new Dissector({ collectors: [lines, marked] });
  segments.forEach((s, i) =>
    dissector.frame(frame(s instanceof Uint8Array ? s : segment(s), { at: start + Math.floor(i / 100), number: i + 1 })),
  );
  const { observations, malformed, overflow } = dissector.drain(true);
  const said = observations.flatMap(o => (o.fact.kind === 'description' ? [`${o.frame} ${o.fact.text}`] : []));
  return { said, malformed, overflow };
}
const open: Segment = { sequence: 999, flags: syn };
const line = bytes(5, 'hello');

describe('the start of a TCP stream', () => {
  it('in one segment is read at once, and what follows is not looked at', () =>
    expect(sensor(open, { sequence: 1000, body: line }, { sequence: 1006, body: bytes(3, 'two') }).said).toEqual(['2 hello']));

  it('grows until the message is whole', () =>
    expect(sensor(open, ...[...line].map((byte, i) => ({ sequence: 1000 + i, body: bytes(byte) }))).said).toEqual(['7 hello']));

  it('is put in order; retransmissions and keep-alives change nothing', () => {
    const part = (from: number, to: number): Segment => ({ sequence: 1000 + from, body: line.subarray(from, to) });
    expect(sensor(open, part(4, 6), part(2, 4), part(0, 2)).said).toEqual(['4 hello']);
    expect(sensor(open, part(0, 2), part(0, 2), { sequence: 999, body: 'X' }, part(1, 6)).said).toEqual(['5 hello']);
  });

  it('of which a segment is said again with other bytes is malformed, and what came first stands', () => {
    const [first, rest] = [line.subarray(0, 3), line.subarray(3)];
    const send = (again: Uint8Array | string) =>
      sensor(open, { sequence: 1000, body: first }, { sequence: 1000, body: again }, { sequence: 1003, body: rest });
    expect(send(bytes(5, 'XX'))).toMatchObject({ said: ['4 hello'], malformed: [{ collector: 'packet', message: /different bytes/ }] });
    expect(send(first)).toMatchObject({ said: ['4 hello'], malformed: [] });
    // A probe whether the other is still there.
    expect(sensor(open, { sequence: 1000, body: first }, { sequence: 1002, body: '\0' }, { sequence: 1003, body: rest })).toMatchObject({
      said: ['4 hello'],
      malformed: [],
    });
  });

  it('keeps what came first where segments overlap', () =>
    expect(sensor(open, { sequence: 1002, body: 'EL' }, { sequence: 1000, body: bytes(5, 'hxxlo') }).said).toEqual(['3 hELlo']));

  it('may have a sequence number that wraps around', () =>
    expect(
      sensor({ sequence: 0xfffffffd, flags: syn }, { sequence: 1, body: 'llo' }, { sequence: 0xfffffffe, body: line.subarray(0, 3) }, open)
        .said,
    ).toEqual(['3 hello']));

  it('is read in both directions apart', () => {
    const back = { from: host, to: client };
    expect(
      sensor(
        open,
        { ...back, sequence: 70, flags: syn | ack },
        { ...back, sequence: 71, body: bytes(2, 'hi') },
        { sequence: 1000, body: line },
      ).said,
    ).toEqual(['3 hi', '4 hello']);
  });

  it('may come with the SYN', () => expect(sensor({ sequence: 999, flags: syn, body: line }).said).toEqual(['1 hello']));

  it('comes again when the ports are used again', () =>
    expect(
      sensor(open, { sequence: 1000, body: line }, { sequence: 5000, flags: syn }, { sequence: 5001, body: bytes(3, 'two') }).said,
    ).toEqual(['2 hello', '4 two']));

  it('is another one in another VLAN', () => {
    const inVlan = (s: Segment): Uint8Array => tagged(server, plc, [[0x8100, 7]], 0x0800, segment(s).subarray(14));
    expect(sensor(open, inVlan({ sequence: 1000, body: line }), { sequence: 1000, body: bytes(3, 'two') }).said).toEqual(['3 two']);
  });

  it('is not given up with a FIN or RST that stands elsewhere: its receiver does not either', () => {
    for (const [end, sequence] of [
      [rst, 77],
      [rst, 1000 + 0x7fff_0000],
      [fin | ack, 1006],
    ] as const)
      expect(
        sensor(open, { sequence: 1000, body: line.subarray(0, 3) }, { sequence, flags: end }, { sequence: 1003, body: 'llo' }).said,
      ).toEqual(['4 hello']);
    expect(sensor(open, { sequence: 77, flags: rst }, { sequence: 1000, body: line }).said).toEqual(['3 hello']);
  });

  it('is given up with FIN or RST', () => {
    for (const end of [fin | ack, rst])
      expect(
        sensor(open, { sequence: 1000, body: line.subarray(0, 3) }, { sequence: 1003, flags: end }, { sequence: 1003, body: 'llo' }).said,
      ).toEqual([]);
  });
});

describe('a collector of streams', () => {
  it('of any port sees those whose first bytes it wants, also when they come byte by byte', () => {
    const to = [plc, '192.0.2.10', 1234] as const;
    expect(sensor({ ...open, to }, { sequence: 1000, body: 'MKab', to }).said).toEqual(['2 ab']);
    expect(sensor({ ...open, to }, ...[...bytes('MKab')].map((c, i) => ({ sequence: 1000 + i, body: bytes(c), to }))).said).toEqual([
      '5 ab',
    ]);
    expect(sensor({ ...open, to }, { sequence: 1000, body: 'something else here', to }, { sequence: 1019, body: 'MKab', to }).said).toEqual(
      [],
    );
  });

  it('is asked of the segments of a stream whose opening was not seen, only when it wants the bytes, and what it breaks is nobody’s fault', () => {
    expect(sensor({ sequence: 500, body: 'MKab' }).said).toEqual(['1 ab']);
    expect(sensor({ sequence: 500, body: line })).toEqual({ said: [], malformed: [], overflow: [] });
    const before = (count: number): readonly Segment[] => Array.from({ length: count }, (_, i) => ({ sequence: 500 + i * 2, body: 'xx' }));
    const after = (count: number) => sensor(...before(count), { sequence: 500 + count * 2, body: 'MKab' }).said;
    expect([after(1), after(7)]).toEqual([['2 ab'], ['8 ab']]);
    // What has begun nothing for so long is a transfer.
    expect(after(8)).toEqual([]);
    // One message is enough, and a stream that opens anew is read from its start.
    expect(sensor(...before(1), { sequence: 502, body: 'MKab' }, { sequence: 506, body: 'MKcd' }).said).toEqual(['2 ab']);
    expect(sensor(...before(8), open, { sequence: 1000, body: line }).said).toEqual(['10 hello']);
  });

  it('that breaks is shown with the sender; of a message that is longer than the cap only that it was not read', () => {
    expect(sensor(open, { sequence: 1000, body: bytes(0) }).malformed).toMatchObject([{ mac: server, collector: 'lines', count: 1 }]);
    const long = Array.from({ length: 20 }, (_, i) => ({ sequence: 1000 + i * 1000, body: new Uint8Array(1000).fill(255) }));
    const stuck: Collector = {
      ...lines,
      said: () => {
        throw new DecodeError('never whole', true);
      },
    };
    const dissector = new Dissector({ collectors: [stuck] });
    [open, ...long].forEach((s, i) => dissector.frame(frame(segment(s), { at: start + i })));
    expect(dissector.drain(true)).toMatchObject({
      malformed: [],
      overflow: [{ what: 'messages longer than what is read of a stream', count: 1 }],
    });
  });

  it('is not asked for more when the capture cut the segment', () => {
    const whole = segment({ sequence: 1000, body: line });
    const dissector = new Dissector({ collectors: [lines] });
    dissector.frame(frame(segment(open)));
    dissector.frame(frame(whole.subarray(0, -2), { wireLength: whole.length }));
    expect(dissector.drain(true)).toMatchObject({ malformed: [], overflow: [{ what: 'identity frames cut by the capture length' }] });
  });
});

describe('a flood', () => {
  const to = (n: number): Endpoint => [plc, `198.51.${(n >> 8) & 255}.${n & 255}`, 9999];
  const opened = (n: number): Segment => ({ sequence: n, flags: syn, to: to(n) });

  it('of SYNs does not hide a stream that is being read, nor one that opens later', () => {
    const noise = Array.from({ length: 60_000 }, (_, n) => opened(n));
    expect(
      sensor(
        open,
        { sequence: 1000, body: line.subarray(0, 3) },
        ...noise,
        { sequence: 1003, body: 'llo' },
        { ...opened(70_000), from: client },
        { sequence: 70_001, body: bytes(3, 'two'), to: to(70_000) },
      ).said,
    ).toEqual(['60003 hello', '60005 two']);
  });

  it('of streams that never say a whole message makes no memory grow, and others go on', () => {
    const dissector = new Dissector({ collectors: [lines] });
    const send = (s: Segment, at: number): void => dissector.frame(frame(segment(s), { at: start + at }));
    global.gc?.();
    const before = process.memoryUsage();
    for (let n = 0; n < 5000; n++) {
      send(opened(n), n / 100);
      send({ sequence: n + 1, body: bytes(255, 'begins'), to: to(n) }, n / 100);
      send({ sequence: n + 9001, body: 'far ahead', to: to(n) }, n / 100);
    }
    const other = { from: [plc, '192.0.2.10', 40_000], to: [server, '192.0.2.1', 9999] } as const;
    send({ ...other, sequence: 1, flags: syn }, 600);
    send({ ...other, sequence: 2, body: line.subarray(0, 2) }, 600);
    send({ ...other, sequence: 4, body: line.subarray(2) }, 600);
    expect(
      dissector
        .drain()
        .observations.filter(o => o.fact.kind === 'description')
        .map(o => o.mac),
    ).toEqual([plc]);
    global.gc?.();
    const after = process.memoryUsage();
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(30e6);
  });
});
