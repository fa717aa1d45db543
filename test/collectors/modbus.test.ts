import { describe, expect, it } from 'vitest';
import { decode, modbus, observe } from '../../collectors/modbus.ts';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fact } from '../../gateway/model/fact.ts';
import * as b from '../vectors/frames/build.ts';
import { device, fromDevice, station, toDevice, udpFromDevice } from '../vectors/frames/industrial.ts';
import { adu, identity, identityMore, modbusVectors as v, readRegisters, umasIdentity, writeRegisters } from '../vectors/frames/modbus.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { actsOf, cutsOf, saidBy } from './industrial.ts';
import { drained, protocolsOf } from './observe.ts';
import { peeled } from './peeled.ts';

describe('a Modbus server', () => {
  it('names maker, model and firmware with its device identification', () =>
    expect(saidBy('modbus', device, v['modbus-identity'])).toEqual([
      { kind: 'maker', text: 'Schneider Electric' },
      { kind: 'model', text: 'BMX P34 2020' },
      { kind: 'firmware', text: 'v2.60' },
    ]));

  it('names its application and site, and does so in datagrams too', () => {
    const texts = [4, 5, 6, 3].map((id): b.Part => [id, 2, ['P4', 'M5', 'A6', 'U3'][[4, 5, 6, 3].indexOf(id)] ?? '']);
    const facts = [{ kind: 'description', text: 'P4 M5 A6 U3' }];
    const answer = adu([0x2b, 0x0e, 0x02, 0x82, 0, 0, 4, ...texts]);
    expect(saidBy('modbus', device, fromDevice(502, answer))).toEqual(facts);
    expect(saidBy('modbus', device, udpFromDevice(502, answer))).toEqual(facts);
  });

  it('may tell the rest in a message of its own', () => {
    const frames = identityMore.map(message => fromDevice(502, message));
    expect(saidBy('modbus', device, ...frames)).toEqual([
      { kind: 'maker', text: 'Maker' },
      { kind: 'model', text: 'P-1' },
      { kind: 'description', text: 'Product' },
      { kind: 'description', text: 'Model X' },
    ]);
    expect(saidBy('modbus', device, v['modbus-two-messages'])).toContainEqual({ kind: 'description', text: 'Product Model X' });
  });

  it('of Schneider names its model with UMAS', () =>
    expect(saidBy('modbus', device, v['umas-identity'])).toEqual([
      { kind: 'maker', text: 'Schneider Electric' },
      { kind: 'model', text: 'BMX P34 2020' },
    ]));

  it('another UMAS answer names nothing', () => {
    // Not done, a name that is longer than the message, too short, of another shape.
    for (const body of [umasIdentity.with(9, 0xfd), umasIdentity.with(32, 14), adu([90, 0, 0xfe]), adu([90, 0, 0xfe, 1, 2, 3])])
      expect(saidBy('modbus', device, fromDevice(502, body))).toEqual([]);
  });

  it('behind a router is not the router', () => expect(saidBy('modbus', device, fromDevice(502, identity, 63))).toEqual([]));

  it('cannot be named by a client', () => expect(saidBy('modbus', station, toDevice(502, identity))).toEqual([]));

  it('has its text made harmless', () => {
    const body = adu([0x2b, 0x0e, 1, 1, 0, 0, 1, 0, 5, 'a\nb\0c']);
    expect(saidBy('modbus', device, fromDevice(502, body))).toEqual([{ kind: 'maker', text: 'a\ufffdb\ufffdc' }]);
  });
});

describe('a Modbus client', () => {
  it.each([
    ['modbus-write', 'write modbus write-multiple-registers'],
    ['modbus-read-and-write', 'write modbus write-multiple-registers'],
    ['modbus-listen-only', 'control modbus diagnostics 4'],
    ['umas-reserve', 'control umas take-reservation'],
    ['umas-stop', 'control umas stop-plc'],
  ] as const)('is named for what it changes: %s', (name, act) => expect(actsOf(v[name])).toEqual([act]));

  it.each([5, 6, 15, 16, 21, 22, 23])('is named for function %i', code =>
    expect(actsOf(toDevice(502, adu([code, 0, 1, 0, 1])))).toHaveLength(1),
  );

  it('is named once for each target, however often it writes', () =>
    expect(saidBy('modbus', station, v['modbus-write'], v['modbus-write'], v['modbus-write'])).toHaveLength(1));

  it('is named for one act of each kind in a frame', () =>
    expect(actsOf(toDevice(502, b.bytes(writeRegisters, writeRegisters, adu([8, b.u16(1), b.u16(0)]))))).toEqual([
      'write modbus write-multiple-registers',
      'control modbus diagnostics 1',
    ]));

  it('that reads or asks who is there did nothing', () => {
    for (const body of [readRegisters, adu([1, 0, 0, 0, 8]), adu([4, 0, 0, 0, 8]), adu([8, 0, 0, 0, 7]), adu([90, 0, 2])])
      expect(saidBy('modbus', station, toDevice(502, body))).toEqual([]);
    expect(saidBy('modbus', station, v['modbus-identity-request'])).toEqual([]);
  });

  it('an answer to a write is no write', () =>
    expect(saidBy('modbus', device, fromDevice(502, adu([16, b.u16(100), b.u16(2)])))).toEqual([]));
});

describe('Modbus', () => {
  it('is known of both sides, though polls are not read', () => {
    expect(protocolsOf(station, toDevice(502, readRegisters))).toEqual(['modbus']);
    expect(protocolsOf(device, fromDevice(502, adu([3, 4, 0, 0, 0, 0])))).toEqual(['modbus']);
    expect(modbus.wants?.(peeled(toDevice(502, readRegisters)))).toBe(false);
  });

  it('what else speaks on its port is left alone', () =>
    expect(drained(fromDevice(502, b.bytes('GET / HTTP/1.1\r\n\r\n'))).malformed).toEqual([]));

  it('does not decode when cut; only whole messages before the cut do', () => {
    for (const name of ['modbus-identity', 'modbus-write', 'umas-identity', 'umas-stop', 'modbus-listen-only'] as const)
      expect(cutsOf(decode, v[name]), name).toEqual([]);
    const first = identityMore[0].length;
    const second = identityMore[1].length;
    expect(cutsOf(decode, v['modbus-two-messages'])).toEqual(Array.from({ length: second }, (_, i) => first + i));
  });

  it('a message longer than the format allows is malformed; another protocol is none of ours', () => {
    expect(drained(fromDevice(502, b.bytes(0, 1, 0, 0, 1, 0, 1, 43, new Uint8Array(300)))).malformed).toEqual([]);
    for (const body of [b.bytes(0, 1, 0, 0, 0, 255, 1, 43, new Uint8Array(300)), identity.with(5, 200)])
      expect(drained(fromDevice(502, body)).malformed).toMatchObject([{ mac: device, collector: 'modbus' }]);
  });
});

describe.skipIf(!hasCaptures)('captures of other people', () => {
  it('modbus_example names the identity that tshark shows', () => {
    // Recorded between zero addresses, of which nothing is believed: so the messages are read by themselves.
    const facts: Fact[] = [];
    const file = join(import.meta.dirname, '../../../shared/captures/icsnpp-modbus/modbus_example.pcap');
    const reader = new CaptureReader(f => {
      const packet = peeled(f.bytes.slice());
      if (packet.end === packet.payload || modbus.wants?.(packet) !== true) return;
      for (const s of observe(decode(packet.body, packet), packet)) if (!('about' in s)) facts.push(s);
    });
    reader.push(readFileSync(file));
    reader.finish();
    expect(facts.filter(f => f.kind !== 'acted')).toEqual([
      { kind: 'maker', text: 'Zeek Modbus Test' },
      { kind: 'model', text: 'Protocol Parsing is fun!' },
      { kind: 'firmware', text: '1.2.3.6' },
    ]);
    const writes = facts.flatMap(f => (f.kind === 'acted' ? [f.detail.slice(7)] : []));
    expect(new Set(writes).size).toBe(7);
  });

  it('the scan of a Modicon writes nothing; the plant of mb2 is written to by one host', () => {
    expect(captureFacts('captures/Malcolm-Test-Artifacts/Modicon.pcap', modbus).all).toEqual([]);
    const plant = captureFacts('captures/ICS-Security-Tools/mb2.pcap', modbus);
    expect(plant.of('78:e7:d1:e0:02:5e').filter(f => f.kind === 'acted').length).toBeGreaterThan(10);
    expect(plant.all).toEqual(plant.of('78:e7:d1:e0:02:5e'));
  });
});
