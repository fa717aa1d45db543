import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { decode, wants } from '../../collectors/fins.ts';
import * as b from '../vectors/frames/build.ts';
import { finsFrame, finsTcp, finsVectors as v, unitData, units } from '../vectors/frames/fins.ts';
import { device, deviceIp, fromDevice, station, toDevice, udpFromDevice, udpToDevice } from '../vectors/frames/industrial.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';
import { peeled } from './peeled.ts';

describe('FINS', () => {
  it.each(['fins-unit-data', 'fins-unit-data-tcp'] as const)('tells model and version of the controller: %s', name =>
    expect(factsOf(device, v[name])).toEqual([
      { kind: 'maker', text: 'Omron' },
      { kind: 'device-kind', text: 'plc' },
      { kind: 'model', text: 'CJ2M-CPU31' },
      { kind: 'firmware', text: '02.01' },
    ]),
  );

  it('tells the units on its bus as modules, and its name', () => {
    expect(factsOf(device, v['fins-units'])).toEqual([
      { kind: 'inventory', of: 'module', text: 'unit 16: CJ1W-ETN21' },
      { kind: 'inventory', of: 'module', text: 'unit 17: CJ1W-SCU41-V1' },
    ]);
    expect(factsOf(device, v['fins-name'])).toEqual([{ kind: 'hostname', name: 'LINE4' }]);
    for (const command of [0x0502, 0x2603]) {
      expect(factsOf(device, udpFromDevice(9600, finsFrame(0xc0, command, b.u16(0x1001), 1, 1, 'x'.padEnd(20))))).toEqual([]);
      expect(factsOf(station, udpToDevice(9600, finsFrame(0x80, command, 0, 25)))).toEqual([]);
    }
    expect(drained(udpFromDevice(9600, units.subarray(0, 40))).malformed).toMatchObject([{ mac: device, collector: 'fins' }]);
  });

  it('writes and stops are acts; reads and answers are none', () => {
    const acted = (frame: Uint8Array) => factsOf(station, frame).filter(f => f.kind === 'acted');
    expect(acted(v['fins-write'])).toEqual([{ kind: 'acted', action: 'write', target: deviceIp, detail: 'FINS memory area write' }]);
    expect(acted(v['fins-stop-tcp'])).toEqual([{ kind: 'acted', action: 'control', target: deviceIp, detail: 'FINS stop' }]);
    expect(acted(udpToDevice(9600, finsFrame(0x80, 0x0101, 0x82, b.u16(0), 0, b.u16(1))))).toEqual([]);
    expect(factsOf(device, udpFromDevice(9600, finsFrame(0xc0, 0x0102, b.u16(0))))).toEqual([]);
  });

  it('who only reads is known to speak it, and the read is not decoded', () => {
    const read = udpToDevice(9600, finsFrame(0x80, 0x0101, 0x82, b.u16(0), 0, b.u16(1)));
    expect(protocolsOf(station, read)).toEqual(['fins']);
    expect(wants(peeled(read))).toBe(false);
  });

  it('a read with an error, or of a part, names nothing', () => {
    expect(factsOf(device, udpFromDevice(9600, finsFrame(0xc0, 0x0501, b.u16(0x0401))))).toEqual([]);
    expect(factsOf(device, udpFromDevice(9600, finsFrame(0xc0, 0x0501, b.u16(0), 'short')))).toEqual([]);
  });

  it('the exchange of node addresses is recognised only with a frame', () =>
    expect(factsOf(station, toDevice(9600, finsTcp(b.bytes(0, 0, 0, 0), 0)))).toEqual([]));

  it('what else speaks on its port is left alone', () => {
    expect(drained(udpFromDevice(9600, b.bytes('hello there, this is no FINS'))).malformed).toEqual([]);
    expect(drained(fromDevice(9600, b.bytes('GET / HTTP/1.1\r\n\r\n, and so on'))).malformed).toEqual([]);
    expect(protocolsOf(device, fromDevice(9600, b.bytes('GET / HTTP/1.1\r\n\r\n, and so on')))).not.toContain('fins');
  });

  it('does not decode when cut before its command; a shorter answer holds no names', () => {
    for (const [frame, enough] of [
      [udpFromDevice(9600, unitData), 14],
      [fromDevice(9600, finsTcp(unitData)), 30],
    ] as const) {
      const packet = peeled(frame);
      for (let length = 0; length < packet.body.length; length++) {
        const cut = packet.body.subarray(0, length);
        if (length < enough) expect(() => decode(cut, packet), `${length}`).toThrow(DecodeError);
        else if (length < enough + 40) expect(decode(cut, packet).unit).toBeUndefined();
      }
    }
  });
});
