import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/goose.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { gooseBody, gooseVectors } from '../vectors/frames/goose.ts';
import { device } from '../vectors/frames/industrial.ts';
import { drained, factsOf } from './observe.ts';

describe('GOOSE', () => {
  it('names the control block and the logical device, which protects', () =>
    expect(factsOf(device, gooseVectors.goose)).toEqual([
      { kind: 'identifier', scheme: 'iec61850-control-block', value: 'AA1Q1LD0/LLN0$GO$gcb01' },
      { kind: 'device-kind', text: 'protection-relay' },
      { kind: 'description', text: 'IEC 61850 logical device AA1Q1LD0' },
    ]));

  it('of several control blocks of one device is not news at each turn', () => {
    const frames = Array.from({ length: 12 }, (_, i) =>
      b.ethernet(device, '01:0c:cd:01:00:01', 0x88b8, gooseBody({ controlBlock: `AA1Q1LD0/LLN0$GO$gcb${i}` })),
    );
    expect(factsOf(device, ...frames, ...frames, ...frames)).toHaveLength(12 + 2);
  });

  it('says whether it is a simulation, and may have no id', () =>
    expect(decode(gooseBody({ goId: '', simulation: 1 }))).toMatchObject({
      appId: 1,
      dataSet: 'AA1Q1LD0/LLN0$dsTrip',
      goId: '',
      isSimulation: true,
    }));

  it('without a control block name tells nothing', () =>
    expect(factsOf(device, b.ethernet(device, '01:0c:cd:01:00:01', 0x88b8, gooseBody({ controlBlock: '' })))).toEqual([]));

  it('with another PDU is malformed', () =>
    expect(drained(b.ethernet(device, '01:0c:cd:01:00:01', 0x88b8, gooseBody().with(8, 0x62))).malformed).toMatchObject([
      { mac: device, collector: 'goose', message: 'Cannot read GOOSE: PDU tag 98 at byte 10' },
    ]));

  it('does not decode when cut before the values; those are not looked at', () => {
    const body = gooseBody();
    const values = body.indexOf(0x88) + 3;
    for (let length = 0; length < values; length++) expect(() => decode(body.subarray(0, length)), `${length}`).toThrow(DecodeError);
    expect(decode(body.subarray(0, values)).controlBlock).toBe('AA1Q1LD0/LLN0$GO$gcb01');
  });
});
