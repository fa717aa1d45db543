import { describe, expect, it } from 'vitest';
import { decode, wants } from '../../collectors/slmp.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import * as b from '../vectors/frames/build.ts';
import { device, deviceIp, fromDevice, le16, station, toDevice } from '../vectors/frames/industrial.ts';
import { cpuModel, request, response, slmpVectors as v } from '../vectors/frames/slmp.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';
import { peeled } from './peeled.ts';

describe('SLMP', () => {
  it.each(['slmp-model', 'slmp-model-4e'] as const)('tells the model of the CPU: %s', name =>
    expect(factsOf(device, v[name])).toEqual([
      { kind: 'maker', text: 'Mitsubishi Electric' },
      { kind: 'model', text: 'Q02UCPU' },
      { kind: 'device-kind', text: 'plc' },
    ]),
  );

  it('writes and remote stop are acts; reads are none', () => {
    expect(factsOf(station, v['slmp-write'])).toEqual([{ kind: 'acted', action: 'write', target: deviceIp, detail: 'SLMP batch write' }]);
    expect(factsOf(station, v['slmp-stop'])).toEqual([{ kind: 'acted', action: 'control', target: deviceIp, detail: 'SLMP remote stop' }]);
    expect(factsOf(station, toDevice(5007, request(0x0401, 100, 0, 0, 0xa8, le16(1))))).toEqual([]);
  });

  it('who only reads is known to speak it, and the read is not decoded', () => {
    const read = toDevice(5007, request(0x0401, 100, 0, 0, 0xa8, le16(1)));
    expect(wants(peeled(read))).toBe(false);
    expect(protocolsOf(station, read)).toContain('slmp');
  });

  it('nine words that are no model name, and an error, name nothing', () => {
    expect(factsOf(device, fromDevice(5007, response(new Uint8Array(18).fill(7))))).toEqual([]);
    expect(factsOf(device, fromDevice(5007, response(cpuModel).with(9, 0x51)))).toEqual([]);
  });

  it('what else speaks on its ports is left alone', () =>
    expect(
      drained(fromDevice(5001, b.bytes('P HTTP/1.1 200 OK and so on\r\n')), fromDevice(5001, b.bytes(0x50, 0, 'xxxxxxxxxxxx'))).malformed,
    ).toEqual([]));

  it('does not decode when cut anywhere', () => {
    for (const body of [response(cpuModel), request(0x1401, 1, 2, 3)])
      for (let length = 0; length < body.length; length++) expect(() => decode(body.subarray(0, length)), `${length}`).toThrow(DecodeError);
  });
});
