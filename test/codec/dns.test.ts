import { decode as oracle } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeDns, type DnsRecord } from '../../gateway/codec/dns.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { bytes, type Part, u16, u32 } from '../vectors/frames/build.ts';
import { compressed, mdnsResponse, printer, selfPointing } from '../vectors/frames/index.ts';

const header = (questions: number, answers: number, authority = 0, additional = 0): Part => [
  [u16(0), u16(0x8400)],
  [u16(questions), u16(answers), u16(authority), u16(additional)],
];
const record = (name: Part, type: number, data: Part): Part => [name, u16(type), u16(1), u32(120), u16(bytes(data).length), data];

/** The shape in which dns-packet gives a record. */
function likeOracle(r: DnsRecord): unknown {
  const name = r.name.join('.');
  switch (r.kind) {
    case 'address':
      return { name, data: r.ip };
    case 'ptr':
      return { name, data: r.target.join('.') };
    case 'srv':
      return { name, data: { priority: r.priority, weight: r.weight, port: r.port, target: r.target.join('.') } };
    case 'txt':
      return { name, data: r.strings.map(s => Buffer.from(s).toString()) };
    case 'other':
      return { name, data: undefined };
  }
}

const theirs = (message: Uint8Array): readonly unknown[] =>
  (oracle(Buffer.from(message)).answers ?? []).map(a => {
    const data: unknown = 'data' in a ? a.data : undefined;
    const text = Array.isArray(data) ? data.map(String) : data;
    return { name: a.name, data: text };
  });

describe('a DNS message', () => {
  it('reads as an independent decoder reads it, compressed or not', () => {
    for (const message of [mdnsResponse(printer), compressed]) {
      const ours = decodeDns(message).records.map(likeOracle);
      expect(ours).toEqual(theirs(message));
      expect(ours.length).toBeGreaterThan(1);
    }
  });

  it('tells queries from responses and keeps the class apart from the cache-flush bit', () => {
    expect(decodeDns(compressed)).toMatchObject({ isResponse: true, opcode: 0, questions: [], records: [{ class: 1 }, { class: 1 }] });
    const query = bytes(u16(7), u16(0), u16(1), u16(0), u16(0), u16(0), 3, 'cam', 5, 'local', 0, u16(255), u16(0x8001));
    expect(decodeDns(query)).toMatchObject({ id: 7, isResponse: false, questions: [{ name: ['cam', 'local'], type: 255, class: 1 }] });
  });

  it('keeps dots inside a label', () => {
    const message = bytes(header(0, 1), record([5, 'a.b.c', 0], 12, [1, 'x', 0]));
    expect(decodeDns(message).records[0]?.name).toEqual(['a.b.c']);
  });
});

describe('a hostile DNS message is a DecodeError, at once', () => {
  it.each([
    ['the 26 bytes whose name points at itself', selfPointing, /pointer from 12 to 12/],
    [
      'two names that point at each other',
      bytes(header(0, 2), record([0xc0, 24], 12, []), 0xc0, 12, new Uint8Array(20)),
      /pointer from 12 to 24/,
    ],
    ['a pointer forward', bytes(header(0, 1), record([0xc0, 14], 12, [0])), /pointer from 12 to 14/],
    ['a pointer back into the labels before it', bytes(header(0, 1), record([1, 'a', 0xc0, 12], 12, [0])), /pointer from 12 to 12/],
    ['65,535 questions in 60 bytes', bytes(header(65_535, 0), new Uint8Array(48)), /65535 questions and 0 records in 60 bytes/],
    ['65,535 records of each kind', bytes(header(0, 65_535, 65_535, 65_535), new Uint8Array(48)), /196605 records/],
    ['a label of an unassigned type', bytes(header(0, 1), record([0x80, 1, 0], 1, [1, 2, 3, 4])), /label type 2/],
    [
      'a name longer than 255 bytes',
      bytes(header(0, 1), record([Array.from({ length: 5 }, () => [63, 'x'.repeat(63)]), 0], 1, [1, 2, 3, 4])),
      /name longer than 255/,
    ],
    ['an IPv4 address of 5 bytes', bytes(header(0, 1), record(0, 1, [1, 2, 3, 4, 5])), /Cannot read IPv4 address: 5 bytes/],
    ['a target that ends before its data', bytes(header(0, 1), record(0, 12, [0, 0])), /a name of 1 bytes in record data of 2/],
    ['a text longer than its record', bytes(header(0, 1), record(0, 16, [9, 'x'])), /9 bytes wanted, 1 left/],
    ['a record longer than the message', bytes(header(0, 1), 0, u16(1), u16(1), u32(1), u16(5), 1, 2, 3, 4), /5 bytes wanted, 4 left/],
  ])('%s', (_, message, found) => {
    expect(() => decodeDns(message)).toThrow(DecodeError);
    expect(() => decodeDns(message)).toThrow(found);
  });

  it('names that multiply by pointers stop at a cap', () => {
    const long = Array.from({ length: 126 }, () => [1, 'x']);
    const many = Array.from({ length: 400 }, () => record([0xc0, 12], 1, [1, 2, 3, 4]));
    expect(() => decodeDns(bytes(header(0, 401), record([long, 0], 1, [1, 2, 3, 4]), many))).toThrow(/more than 4096 labels/);
  });

  it('no truncation decodes', () => {
    for (const message of [mdnsResponse(printer), compressed])
      for (let length = 0; length < message.length; length++)
        expect(() => decodeDns(message.subarray(0, length)), `${length} bytes`).toThrow(DecodeError);
  });

  it('every edit decodes or is a DecodeError, and what both decoders read they read alike', () => {
    const message = fc.constantFrom(mdnsResponse(printer), compressed, selfPointing);
    const edits = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 5 });
    let compared = 0;
    fc.assert(
      fc.property(message, edits, (original, list) => {
        const edited = original.slice();
        for (const [at, value] of list) edited[at % edited.length] = value;
        let ours: readonly DnsRecord[];
        try {
          ours = decodeDns(edited).records;
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
          return;
        }
        // Only where no record became one that we do not read: dns-packet loses its place after some of those (SSHFP).
        const message = safeOracle(edited);
        if (message === undefined || ours.some(r => r.kind === 'other')) return;
        const addresses = ours.flatMap(r => (r.kind === 'address' && r.ip.includes('.') ? [r.ip] : []));
        const { answers = [], authorities = [], additionals = [] } = message;
        const expected = [...answers, ...authorities, ...additionals].flatMap(a => (a.type === 'A' ? [a.data] : []));
        compared++;
        expect(addresses).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
    expect(compared).toBeGreaterThan(300);
  });
});

function safeOracle(message: Uint8Array): ReturnType<typeof oracle> | undefined {
  try {
    return oracle(Buffer.from(message));
  } catch {
    return undefined;
  }
}
