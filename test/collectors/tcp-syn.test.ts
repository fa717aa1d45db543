import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/tcp-syn.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { plc, vectors } from '../vectors/frames/index.ts';
import { linux, opening, windows } from '../vectors/frames/tcp-syn.ts';
import { factsOf } from './observe.ts';

const [syn, synAck, ack] = [2, 18, 16];
const prints = (...frames: readonly Uint8Array[]) => factsOf(plc, ...frames).filter(({ kind }) => kind === 'print');
const print = (scheme: string, value: string) => ({ kind: 'print', scheme, value });

describe('the first segment of a TCP connection', () => {
  it('tells stacks apart by first time to live, options and window scale', () => {
    expect(prints(opening(syn, linux))).toEqual([print('tcp-syn', '4:64:2,4,8,1,3:7')]);
    expect(prints(opening(syn, windows, { ttl: 128 }))).toEqual([print('tcp-syn', '4:128:2,1,3,1,1,4:8')]);
  });

  it('tells stacks apart whose options alone differ, one after the other', () => {
    const turned = [...linux.slice(0, 4), ...linux.slice(6, 16), ...linux.slice(4, 6), ...linux.slice(16)];
    const told = prints(opening(syn, linux), opening(syn, turned), opening(syn, linux));
    expect(new Set(told.map(fact => JSON.stringify(fact))).size).toBe(2);
  });

  it('of the answer is a print of its own', () => {
    expect(prints(opening(synAck, linux))).toEqual([print('tcp-syn-ack', '4:64:2,4,8,1,3:7')]);
  });

  it('tells nothing without options, and no other segment is looked at', () => {
    expect(prints(opening(syn, []))).toEqual([]);
    expect(prints(opening(ack, linux))).toEqual([]);
  });

  it('a cut segment, a header that is too short and an option of length 1 are malformed', () => {
    const segment = (vectors['tcp-syn-linux'] ?? new Uint8Array()).subarray(34);
    for (let n = 0; n < segment.length; n++) expect(() => decode(segment.subarray(0, n)), `${n} bytes`).toThrow(DecodeError);
    expect(() => decode(Uint8Array.from(segment, (byte, i) => (i === 12 ? 0x40 : byte)))).toThrow('header of 16 bytes');
    expect(() => decode(Uint8Array.from(segment, (byte, i) => (i === 21 ? 1 : byte)))).toThrow('option 2 of 1 bytes');
  });
});
