import { describe, expect, it } from 'vitest';
import { decode, profinetDcp } from '../../collectors/profinet-dcp.ts';
import * as b from '../vectors/frames/build.ts';
import { device, deviceIp, station } from '../vectors/frames/industrial.ts';
import { block, dcp, identify, profinetVectors as v } from '../vectors/frames/profinet-dcp.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { actsOf, cutsOf } from './industrial.ts';
import { drained, factsOf } from './observe.ts';

const said = (...blocks: readonly Uint8Array[]) => factsOf(device, b.ethernet(device, station, 0x8892, dcp(0xfeff, 5, 1, blocks)));

describe('a PROFINET device', () => {
  it('names itself when it is identified', () =>
    expect(factsOf(device, v['dcp-identify-response'])).toEqual([
      { kind: 'model', text: 'S7-1500' },
      { kind: 'hostname', name: 'plc-7' },
      { kind: 'identifier', scheme: 'profinet-station', value: 'plc-7' },
      { kind: 'maker', text: 'Siemens' },
      { kind: 'identifier', scheme: 'profinet-id', value: '002a:010e' },
      { kind: 'device-kind', text: 'plc' },
      { kind: 'neighbour', protocol: 'profinet', chassis: 'switch-3', portId: 'port-001' },
      { kind: 'address', ip: deviceIp },
    ]));

  it.each(['dcp-hello', 'dcp-get-response'] as const)('names itself with %s', name =>
    expect(factsOf(device, v[name])).toEqual([
      { kind: 'hostname', name: 'plc-7' },
      { kind: 'identifier', scheme: 'profinet-station', value: 'plc-7' },
    ]),
  );

  it('without a name or an address yet names neither', () =>
    expect(said(block(2, 2, ''), block(1, 2, [b.ip4('0.0.0.0'), b.ip4('0.0.0.0'), b.ip4('0.0.0.0')]))).toEqual([]));

  it('of a maker that we do not know shows its number', () =>
    expect(said(block(2, 3, [0x12, 0x34, 0, 1]))).toContainEqual({ kind: 'maker', text: 'unknown-4660' }));

  it('that is no controller has no kind by its role', () => expect(said(block(2, 4, [1, 0]))).toEqual([]));

  it('is not named by who looks for it, nor by its answer to a Set', () => {
    expect(factsOf(station, v['dcp-identify-request'])).toEqual([]);
    expect(factsOf(device, v['dcp-set-response'])).toEqual([]);
  });
});

describe('who sets name or address of a PROFINET device', () => {
  it('is named with the device’s hardware address', () => {
    expect(actsOf(v['dcp-set'], device)).toEqual([
      'set-address profinet-dcp set address 192.0.2.99',
      'set-name profinet-dcp set name "other"',
    ]);
    expect(actsOf(v['dcp-signal'], device)).toEqual(['control profinet-dcp signal']);
  });

  it('says nothing about the device: anybody could name another', () =>
    expect(drained(v['dcp-identify-response'], v['dcp-set']).observations.filter(o => o.frame === 2 && o.mac === device)).toEqual([]));

  it('may reset it', () =>
    expect(actsOf(b.ethernet(station, device, 0x8892, dcp(0xfefd, 4, 0, [block(5, 6, [0, 2])])), device)).toEqual([
      'control profinet-dcp reset to factory settings',
    ]));
});

describe('PROFINET DCP', () => {
  it('cyclic frames cost nothing and say nothing', () => {
    const { observations, malformed } = drained(b.ethernet(device, station, 0x8892, b.bytes(0x80, 0x20, new Uint8Array(40))));
    expect(observations.map(o => o.fact.kind)).toEqual(['seen']);
    expect(malformed).toEqual([]);
  });

  it('may be padded', () => expect(factsOf(device, b.bytes(v['dcp-hello'], new Uint8Array(30)))).toHaveLength(2));

  it('does not decode when cut', () => {
    for (const [name, frame] of Object.entries(v)) expect(cutsOf(decode, frame), name).toEqual([]);
  });

  it('a block that runs past the data, or is too short for what it is, is malformed', () => {
    for (const body of [
      identify.with(15, 200),
      dcp(0xfeff, 5, 1, [block(1, 2, [10, 0])]),
      dcp(0xfeff, 5, 1, [b.bytes(2, 2, b.u16(1), 7, 0)]),
    ])
      expect(drained(b.ethernet(device, station, 0x8892, body)).malformed).toMatchObject([{ mac: device, collector: 'profinet-dcp' }]);
  });
});

describe.skipIf(!hasCaptures)('captures', () => {
  it('of other people: switches that look for a name do not get it', () => {
    const { all } = captureFacts('captures/ICS-Security-Tools/PROFINET-RT.pcap', profinetDcp);
    expect(all).toEqual([]);
  });

  it('the warehouse: the controller is found', () =>
    expect(captureFacts('bench/sample/warehouse-30dev.pcap', profinetDcp).of('00:1b:1b:16:2d:6f')).toEqual([
      { kind: 'model', text: 'S7-1500' },
      { kind: 'hostname', name: 'plc-s7-0003' },
      { kind: 'identifier', scheme: 'profinet-station', value: 'plc-s7-0003' },
      { kind: 'maker', text: 'Siemens' },
      { kind: 'identifier', scheme: 'profinet-id', value: '002a:010e' },
      { kind: 'device-kind', text: 'plc' },
      { kind: 'address', ip: '10.20.2.4' },
    ]));
});
