import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHttpHead } from '../../gateway/codec/http-head.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const request = 'OPTIONS rtsp://192.0.2.7/a b RTSP/1.0\r\nCSeq: 1\r\nUser-Agent:  Thing 9 \r\nUser-Agent: other\r\n\r\nbody';

describe('the head of an HTTP-like message', () => {
  it('has the parts of a request, its fields in order, the first of each name, and where the body begins', () => {
    const head = decodeHttpHead(bytes(request));
    expect(head?.start).toEqual({ kind: 'request', method: 'OPTIONS', target: 'rtsp://192.0.2.7/a b', version: 'RTSP/1.0' });
    expect(head?.names).toEqual(['CSeq', 'User-Agent', 'User-Agent']);
    expect(head?.headers.get('user-agent')).toBe('Thing 9');
    expect(head?.isComplete).toBe(true);
    expect(request.slice(head?.bodyAt)).toBe('body');
  });

  it('has the parts of a response, with and without a reason', () => {
    expect(decodeHttpHead(bytes('SIP/2.0 404 Not Found\r\n'))?.start).toEqual({
      kind: 'response',
      version: 'SIP/2.0',
      status: 404,
      reason: 'Not Found',
    });
    expect(decodeHttpHead(bytes('HTTP/1.1 200\n'))?.start).toMatchObject({ status: 200, reason: '' });
  });

  it('may end its lines in LF alone, fold them, and hold lines that are no fields', () =>
    expect([...(decodeHttpHead(bytes('GET / HTTP/1.1\nServer: a\n b\njunk\n: x\nX: y\n\n'))?.headers ?? [])]).toEqual([
      ['server', 'a b'],
      ['x', 'y'],
    ]));

  it('leaves out a line that has not ended, unless the bytes are all there is', () => {
    const cut = bytes('NOTIFY * HTTP/1.1\r\nServer: abc');
    expect(decodeHttpHead(cut)?.headers.size).toBe(0);
    expect(decodeHttpHead(cut)?.isComplete).toBe(false);
    expect(decodeHttpHead(cut, true).headers.get('server')).toBe('abc');
  });

  it('is awaited until the first line has ended, and refused when that line is something else', () => {
    expect(decodeHttpHead(bytes('GET / HTT'))).toBeUndefined();
    // Empty lines before it are passed over, RFC 9112 §2.2.
    expect(decodeHttpHead(bytes('\r\n'))).toBeUndefined();
    for (const line of ['GET', 'GET /', ' / HTTP/1.1', 'HTTP/1.1 2000 x', 'SSH-2.0-x', 'GET / http/1.1', '\x16\x03\x01'])
      expect(() => decodeHttpHead(bytes(`${line}\r\n`)), line).toThrow(DecodeError);
    expect(() => decodeHttpHead(bytes('GET /'), true)).toThrow(DecodeError);
  });

  it('is capped in fields and lengths, and its text is harmless', () => {
    const many = Array.from({ length: 90 }, (_, i) => `a${i}: \u202e${'v'.repeat(900)}\r\n b`).join('');
    const head = decodeHttpHead(bytes(`GET /${'x'.repeat(5000)} HTTP/1.1\r\n${many.slice(0, 8000)}${'b:\n'.repeat(100)}`), true);
    expect(head.start.kind === 'request' && head.start.target.length).toBe(1024);
    expect(head.names.length).toBe(64);
    for (const value of head.headers.values()) expect(value.length).toBeLessThanOrEqual(512);
    expect(head.headers.get('a0')?.slice(0, 2)).toBe('\ufffdv');
  });

  it('cut anywhere waits, throws DecodeError, or has a part of the fields', () => {
    for (let length = 0; length < request.length; length++) {
      const head = decodeHttpHead(bytes(request.slice(0, length)));
      for (const [name, value] of head?.headers ?? []) expect(decodeHttpHead(bytes(request))?.headers.get(name)).toBe(value);
    }
  });

  it('edited decodes or throws DecodeError', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(request.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (edits, isWhole) => {
          const edited = bytes(request);
          for (const [at, value] of edits) edited[at] = value;
          try {
            const head = decodeHttpHead(edited, isWhole);
            for (const value of head?.headers.values() ?? []) expect(value).not.toMatch(/[\u0000-\u001f]/);
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        },
      ),
      { numRuns: 500, interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true },
    ));
});
