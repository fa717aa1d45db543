import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../gateway/codec/reader.ts';
import { liftText } from '../../../gateway/edge/challenge/channels/long-text.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const lifted = (json: string) => {
  const { rest, value } = liftText(bytes(json), 'list');
  return { rest: new TextDecoder().decode(rest), value: value && new TextDecoder().decode(value) };
};

describe('a long text lifted out of a message', () => {
  it('is what JSON says it is, whatever stands in it and around it', () => {
    const text = fc.string({ unit: 'binary' });
    const any = fc.oneof(text, fc.constantFrom('list', '"list": "x"', '\\"list\\":\\"x\\"', '\\', '"', '😀\u0000\n'));
    fc.assert(
      fc.property(any, fc.dictionary(any, any), any, fc.boolean(), (before, more, list, isSpaced) => {
        const { list: _, ...others } = more;
        const whole = { before, ...others, results: { list, after: before } };
        const json = (value: unknown): string => JSON.stringify(value, undefined, isSpaced ? 2 : 0);
        const rest = json({ ...whole, results: { list: null, after: before } });
        expect(lifted(json(whole))).toEqual({ rest, value: list.toWellFormed() });
      }),
      { numRuns: 300 },
    );
  });

  it('knows every escape', () => {
    expect(lifted(String.raw`{"list" : "\u0041\ud83d\ude00\ud83d!\"\\\/\b\f\n\r\t"}`).value).toBe('A😀\ufffd!"\\/\b\f\n\r\t');
  });

  it('is none where the member is none, or no text; broken JSON stays broken', () => {
    for (const json of ['{}', '{"list":null,"a":"b"}', '{"list":7}', '["list","x"]', '{"a":"list","b":"x"}'])
      expect(lifted(json)).toEqual({ rest: json, value: undefined });
    expect(lifted('{"list":"x"').rest).toBe('{"list":null');
    for (const json of ['{"list":"x', '{"list":"\\q"}', '{"list":"\\u12"}', '{"list":"a\nb"}', '{"list', '{"list":"x\\"}'])
      expect(() => liftText(bytes(json), 'list'), json).toThrow(DecodeError);
  });
});
