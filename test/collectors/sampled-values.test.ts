import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/sampled-values.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { device } from '../vectors/frames/industrial.ts';
import { sampledValuesBody, sampledValuesVectors } from '../vectors/frames/sampled-values.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';
import { hasCaptures, inCapture } from './capture-facts.ts';

const sv = (body: Uint8Array): Uint8Array => b.ethernet(device, '01:0c:cd:04:00:01', 0x88ba, body);

describe('Sampled Values', () => {
  it('name their stream; who sends them measures', () =>
    expect(factsOf(device, sampledValuesVectors['sampled-values'])).toEqual([
      { kind: 'identifier', scheme: 'iec61850-control-block', value: 'MU1xxxx4001' },
      { kind: 'device-kind', text: 'merging-unit' },
    ]));

  it('are read once in eight', () => {
    const read = Array.from({ length: 64 }, (_, i) => protocolsOf(device, sv(sampledValuesBody(i))).length);
    expect(read.reduce((a, c) => a + c)).toBe(8);
  });

  it('may name their dataset', () => expect(decode(sampledValuesBody(0, 'LD/LLN0$x')).dataSet).toBe('LD/LLN0$x'));

  it('with another PDU are malformed', () =>
    expect(drained(sv(sampledValuesBody(0).with(8, 0x61))).malformed).toMatchObject([{ mac: device, collector: 'sampled-values' }]));

  it('do not decode when cut before the sample counter; what follows is not looked at', () => {
    const body = sampledValuesBody(0);
    const counted = body.indexOf(0x82, 20) + 4;
    for (let length = 0; length < counted; length++) expect(() => decode(body.subarray(0, length)), `${length}`).toThrow(DecodeError);
    expect(decode(body.subarray(0, counted)).svId).toBe('MU1xxxx4001');
  });

  it.skipIf(!hasCaptures)('of a real merging unit, whose last element runs past the frame, name it', () =>
    expect(inCapture('ICS-Pcaps/IEC61850_SV.pcap', '00:a0:d2:18:8e:f3')).toContainEqual({
      kind: 'identifier',
      scheme: 'iec61850-control-block',
      value: 'xxxxMUnn01',
    }),
  );
});
