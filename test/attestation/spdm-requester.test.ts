import { describe, expect, it } from 'vitest';
import { readSpdmExchange, writeSpdmExchange } from '../../gateway/attestation/spdm/message.ts';
import { takeMeasurements } from '../../gateway/attestation/spdm/requester.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { type ResponderSpec, SpdmResponder } from '../vectors/spdm-responder.ts';
import { exchange, good, nonce, run } from './spdm-world.ts';

const outcome = (spec: Partial<ResponderSpec>): string => {
  const responder = new SpdmResponder({ ...good, ...spec });
  const end = run(request => responder.respond(request));
  return end.kind === 'failed' ? end.why : `done with ${end.pairs.length} pairs, ${end.sent} messages`;
};
/** Answers as the good responder does, but this request so. */
const answering = (code: number, answer: (request: Uint8Array, right: Uint8Array) => Uint8Array): { why: string; sent: number } => {
  const responder = new SpdmResponder(good);
  const end = run(request => {
    const right = responder.respond(request);
    return request[1] === code || request[1] === 0xff ? answer(request, right) : right;
  });
  return { why: end.kind === 'failed' ? end.why : 'done', sent: end.sent };
};

describe('a requester of SPDM', () => {
  it('asks eight things, and for the chain as often as it must', () => {
    expect(outcome({ portion: 1024 })).toMatch(/^done with [89] pairs, [89] messages$/);
    const [, , , , portion] = exchange(good);
    const chainBytes = (portion?.response.length ?? 0) - 8 + ((portion?.response[6] ?? 0) | ((portion?.response[7] ?? 0) << 8));
    const all = 6 + Math.ceil(chainBytes / 100);
    expect(outcome({ portion: 100 })).toBe(`done with ${all} pairs, ${all} messages`);
  });

  it('leaves out of the Evidence what was said about waiting', () => {
    expect(outcome({ notReady: 1, portion: 4000 })).toMatch(/^done with (8 pairs, 15|9 pairs, 17) messages$/);
  });

  it('gives up on a responder that asks for time without end, or for long', () => {
    const wait = (exponent: number) => (request: Uint8Array) =>
      Uint8Array.of(request[0] ?? 0, 0x7f, 0x42, 0, exponent, request[1] === 0xff ? (request[2] ?? 0) : (request[1] ?? 0), 1, 1);
    expect(answering(0x82, wait(10))).toEqual({ why: 'it asked for time more than 8 times', sent: 13 });
    expect(answering(0x82, wait(25)).why).toBe('it asked for 33555 ms');
    expect(answering(0x82, r => Uint8Array.of(r[0] ?? 0, 0x7f, 0x42, 0, 1, 0xe0, 1, 1)).why).toBe('it asked for time for another request');
    expect(answering(0x82, r => Uint8Array.of(r[0] ?? 0, 0x7f, 3, 0))).toEqual({ why: 'it asked for time more than 8 times', sent: 13 });
  });

  it('waits as long as it was asked to, and says so', () => {
    const step = takeMeasurements(nonce);
    const next = step.kind === 'send' ? step.next(Uint8Array.of(0x10, 0x7f, 3, 0)) : step;
    expect(next).toMatchObject({ kind: 'send', afterMs: 50, message: Uint8Array.of(0x10, 0x84, 0, 0) });
  });

  it('gives up on portions that are empty, endless or of a chain too long', () => {
    const portion = (length: number, remainder: number) => (r: Uint8Array) =>
      Uint8Array.of(r[0] ?? 0, 2, 0, 0, length & 255, length >> 8, remainder & 255, remainder >> 8, ...new Uint8Array(length));
    expect(answering(0x82, portion(0, 5)).why).toBe('it gave 0 bytes of a chain of 5');
    expect(answering(0x82, portion(1, 60_000))).toEqual({ why: 'it needs more than 128 messages', sent: 128 });
    expect(answering(0x82, portion(30_000, 60_000)).why).toBe('it gave 30000 bytes of a chain of 90000');
    expect(answering(0x82, portion(30_000, 30_000)).why).toBe('it gave 30000 bytes of a chain of 90000');
  });

  it.each([0x84, 0xe1, 0xe3, 0x81, 0x82, 0x83, 0xe0])('gives up when 0x%s is answered with something else, cut off or not at all', code => {
    expect(answering(code, () => new Uint8Array()).why).toContain('Cannot read');
    expect(answering(code, (_, right) => right.subarray(0, 3)).why).toContain('Cannot read');
    expect(answering(code, r => r).why).toContain('Cannot read');
    expect(answering(code, r => Uint8Array.of(r[0] ?? 0, 0x7f, 7, 0)).why).toMatch(
      /^it answered get?\w+|challenge|negotiate\w+ with error 0x7$/,
    );
    expect(answering(code, () => new Uint8Array(70_000)).why).toContain('70000 bytes');
  });

  it('does not ask who has no certificate, signs nothing or speaks another version', () => {
    expect(outcome({ flags: 0x14 })).toBe('it has no certificates');
    expect(outcome({ flags: 0x02 })).toBe('it signs nothing');
    expect(outcome({ flags: 0x0a })).toBe('it signs nothing');
    expect(outcome({ versions: [0x10, 0x14] })).toBe('it speaks SPDM 1.0, 1.4');
    expect(outcome({ versions: [] })).toBe('it speaks SPDM of no version');
    expect(outcome({ twist: { digests: r => r.with(3, 0) } })).toBe('none of its slots has a certificate');
  });

  it("takes the manufacturer's slot, else the first that is filled", () => {
    expect(exchange({ ...good, slot: 5 })[4]?.request[2]).toBe(5);
    expect(exchange(good)[4]?.request[2]).toBe(0);
  });

  it('puts the same nonce into both questions', () => {
    for (const pair of exchange(good).slice(-2)) expect(pair.request.subarray(4, 36)).toEqual(nonce);
  });
});

describe('an exchange as a file', () => {
  const pairs = exchange(good);
  const text = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
  it('is read as it was written', () => {
    expect(readSpdmExchange(writeSpdmExchange(pairs))).toEqual(pairs);
  });
  it('has one form, and caps', () => {
    const refused: readonly unknown[] = [
      '',
      'null',
      '[]',
      '{}',
      { messages: [] },
      { messages: ['AAAA'] },
      { messages: [1, 2] },
      { messages: ['AAAA', 'AAA'] },
      { messages: ['AAAA', 'AAB='] },
      { messages: ['AAAA', 'AAAA'], more: 1 },
      '{"messages": ["AAAA","AAAA"]}',
      '{"messages":["AAAA","AAAA"],"messages":["AAAA","AAAA"]}',
      { messages: Array.from({ length: 258 }, () => 'AAAA') },
      { messages: ['AAAA', 'A'.repeat(90_000)] },
      { messages: ['AAAA', 'A'.repeat(400_000)] },
      '['.repeat(100_000),
    ];
    for (const one of refused) expect(() => readSpdmExchange(text(one)), JSON.stringify(one).slice(0, 60)).toThrow(DecodeError);
    expect(() => readSpdmExchange(Uint8Array.of(0xff, 0xfe))).toThrow(DecodeError);
  });
});
