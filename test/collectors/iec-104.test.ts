import { describe, expect, it } from 'vitest';
import { decode, iec104 } from '../../collectors/iec-104.ts';
import * as b from '../vectors/frames/build.ts';
import { device, fromDevice, station, toDevice } from '../vectors/frames/industrial.ts';
import { iecStart, iecUnit, telecontrolVectors as v } from '../vectors/frames/telecontrol.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { actsOf, cutsOf, saidBy } from './industrial.ts';
import { drained, protocolsOf } from './observe.ts';
import { peeled } from './peeled.ts';

describe('a station of IEC 60870-5-104', () => {
  it('tells its address with what it reports', () =>
    expect(saidBy('iec-104', device, v['iec-104-report'])).toEqual([
      { kind: 'device-kind', text: 'rtu' },
      { kind: 'description', text: 'IEC 60870-5-104 station 37133' },
    ]));

  it('that confirms a command did not command', () =>
    expect(saidBy('iec-104', device, fromDevice(2404, iecUnit(45, 7, 37_133))).filter(f => f.kind === 'acted')).toEqual([]));

  it('has no address 0 or 65535: those are for none and all', () => {
    for (const address of [0, 65_535]) expect(saidBy('iec-104', device, fromDevice(2404, iecUnit(30, 3, address)))).toEqual([]);
  });
});

describe('who commands a station', () => {
  it.each([
    ['iec-104-command', 'control iec-104 single-command'],
    ['iec-104-command-behind', 'control iec-104 reset-process'],
  ] as const)('is named: %s', (name, act) => expect(actsOf(v[name])).toEqual([act]));

  it.each([46, 51, 58, 64, 105])('is named for type %i', type => expect(actsOf(toDevice(2404, iecUnit(type, 6, 1)))).toHaveLength(1));

  it('writes with a parameter', () => expect(actsOf(toDevice(2404, iecUnit(110, 6, 1)))).toEqual(['write iec-104 parameter-normalised']));

  it('that asks for all values or sets the clock did nothing; nor does one that takes a command back', () => {
    for (const [type, cause] of [
      [100, 6],
      [101, 6],
      [103, 6],
      [45, 8],
    ] as const)
      expect(saidBy('iec-104', station, toDevice(2404, iecUnit(type, cause, 1)))).toEqual([]);
  });
});

describe('IEC 60870-5-104', () => {
  it('acknowledgements are looked at in samples only', () => {
    const acknowledge = toDevice(2404, b.bytes(0x68, 4, 1, 0, 8, 0));
    expect(protocolsOf(station, acknowledge)).toEqual(['iec-104']);
    acknowledge[14 + 20 + 17] = 1; // checksum
    expect(iec104.wants?.(peeled(acknowledge))).toBe(false);
  });

  it('what else speaks on its port is left alone', () =>
    expect(drained(fromDevice(2404, b.bytes('GET / HTTP/1.1\r\n\r\n'))).malformed).toEqual([]));

  it('does not decode when cut; only whole units before the cut do', () => {
    expect(cutsOf(decode, v['iec-104-command'])).toEqual([]);
    const rest = peeled(v['iec-104-report']).body.length - iecStart.length;
    expect(cutsOf(decode, v['iec-104-report'])).toEqual(Array.from({ length: rest }, (_, i) => iecStart.length + i));
  });

  it('a unit without its head is malformed', () =>
    expect(drained(toDevice(2404, b.bytes(0x68, 6, 0, 0, 0, 0, 45, 1))).malformed).toMatchObject([{ mac: station, collector: 'iec-104' }]));

  it.skipIf(!hasCaptures)('other people’s capture: the station and its commander are found', () => {
    const { all } = captureFacts('captures/nDPI/iec60780-5-104.pcap', iec104);
    expect(all).toEqual(
      expect.arrayContaining([
        { kind: 'device-kind', text: 'rtu' },
        { kind: 'description', text: 'IEC 60870-5-104 station 37133' },
        { kind: 'acted', action: 'control', target: '172.27.248.79', detail: 'iec-104 double-command' },
      ]),
    );
    expect(new Set(all.flatMap(f => (f.kind === 'acted' ? [f.target] : [])))).toEqual(new Set(['172.27.248.79']));
  });
});
