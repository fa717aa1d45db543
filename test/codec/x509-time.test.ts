import { describe, expect, it } from 'vitest';
import { openWhole, tags } from '../../gateway/codec/der.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { time } from '../../gateway/codec/x509-time.ts';
import { sequence, tlv } from '../vectors/der-encode.ts';

const element = (tag: number, text: string) => openWhole(sequence(tlv(tag, Buffer.from(text, 'latin1'))), tags.sequence, 'test').next();
const read = (text: string): string => new Date(time(element(text.length > 13 ? tags.generalizedTime : tags.utcTime, text))).toISOString();

describe('a time of a certificate', () => {
  it('is of this century below 50 and of the last one from 50, as UTCTime', () => {
    expect(read('491231235959Z')).toBe('2049-12-31T23:59:59.000Z');
    expect(read('500101000000Z')).toBe('1950-01-01T00:00:00.000Z');
  });
  it('has the year that it says as GeneralizedTime, also one below 100 and the last one', () => {
    expect(read('99991231235959Z')).toBe('9999-12-31T23:59:59.000Z');
    expect(read('00990228120000Z')).toBe('0099-02-28T12:00:00.000Z');
    expect(read('00000101000000Z')).toBe('0000-01-01T00:00:00.000Z');
  });
  it('has a 29 February in leap years only', () => {
    expect(read('20240229000000Z')).toBe('2024-02-29T00:00:00.000Z');
    expect(read('000229000000Z')).toBe('2000-02-29T00:00:00.000Z');
    for (const none of ['20230229000000Z', '21000229000000Z', '230229000000Z']) expect(() => read(none)).toThrow('does not exist');
  });
  it('that does not exist is refused, digit by digit', () => {
    for (const wrong of ['240001000000Z', '241301000000Z', '240100000000Z', '240132000000Z', '240431000000Z'])
      expect(() => read(wrong)).toThrow('does not exist');
    for (const wrong of ['240101240000Z', '240101006000Z', '240101000060Z', '20240101240000Z', '20240101000060Z'])
      expect(() => read(wrong)).toThrow('does not exist');
  });
  it('without seconds, with a fraction, an offset, another letter or anything but digits is refused', () => {
    for (const wrong of [
      '2401010000Z',
      '20240101000000.5Z',
      '240101000000+0100',
      '240101000000z',
      '24010100000 Z',
      '24010100000:Z',
      '24010100000/Z',
      '',
    ])
      for (const tag of [tags.utcTime, tags.generalizedTime]) expect(() => time(element(tag, wrong))).toThrow(DecodeError);
    expect(() => time(element(tags.utcTime, '20240101000000Z'))).toThrow(DecodeError);
    expect(() => time(element(tags.generalizedTime, '240101000000Z'))).toThrow(DecodeError);
    expect(() => time(element(tags.utf8String, '240101000000Z'))).toThrow('tag 0xc');
  });
});
