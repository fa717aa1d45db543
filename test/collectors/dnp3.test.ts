import { describe, expect, it } from 'vitest';
import { decode, dnp3 } from '../../collectors/dnp3.ts';
import * as b from '../vectors/frames/build.ts';
import { device, fromDevice, station, toDevice } from '../vectors/frames/industrial.ts';
import { dnp3Attributes, dnp3Frame, telecontrolVectors as v } from '../vectors/frames/telecontrol.ts';
import { actsOf, cutsOf, saidBy } from './industrial.ts';
import { drained, protocolsOf } from './observe.ts';
import { peeled } from './peeled.ts';

describe('a DNP3 outstation', () => {
  it.each(['dnp3-attributes', 'dnp3-attributes-udp'] as const)('tells its attributes and address: %s', name =>
    expect(saidBy('dnp3', device, v[name])).toEqual([
      { kind: 'device-kind', text: 'rtu' },
      { kind: 'maker', text: 'Example Controls' },
      { kind: 'model', text: 'RTU-9' },
      { kind: 'firmware', text: '4.1.7' },
      { kind: 'serial', text: 'SN-0042' },
      { kind: 'description', text: 'DNP3 address 10, pump house' },
    ]),
  );

  it('that reports values tells its address only', () =>
    expect(saidBy('dnp3', device, fromDevice(20_000, dnp3Frame(10, 1, [0xc0, 129, 0, 0, 1, 2, 0, 0, 1, 0x81, 0x01])))).toEqual([
      { kind: 'device-kind', text: 'rtu' },
      { kind: 'description', text: 'DNP3 address 10' },
    ]));

  it('says nothing with a status of the link', () => expect(saidBy('dnp3', device, v['dnp3-link-status'])).toEqual([]));

  it('is no other host that sends the same', () => expect(saidBy('dnp3', station, toDevice(20_000, dnp3Attributes))).toEqual([]));
});

describe('who commands a DNP3 outstation', () => {
  it('is named', () => expect(actsOf(v['dnp3-operate'])).toEqual(['control dnp3 direct-operate']));

  it.each([
    [2, 'write dnp3 write'],
    [13, 'control dnp3 cold-restart'],
    [18, 'control dnp3 stop-application'],
  ] as const)('is named for function %i', (code, act) =>
    expect(actsOf(toDevice(20_000, dnp3Frame(1, 10, [0xc0, code, 0x50, 1, 0, 7, 7, 0])))).toEqual([act]),
  );

  it('reads and confirms, and did nothing', () => {
    for (const code of [0, 1, 20, 23])
      expect(saidBy('dnp3', station, toDevice(20_000, dnp3Frame(1, 10, [0xc0, code, 0x3c, 2, 6])))).toEqual([]);
  });
});

describe('DNP3', () => {
  it('polls are looked at in samples only', () => {
    const poll = toDevice(20_000, dnp3Frame(1, 10, [0xc0, 1, 0x3c, 2, 6]));
    expect(protocolsOf(station, poll)).toEqual(['dnp3']);
    poll[14 + 20 + 17] = 1; // checksum
    expect(dnp3.wants?.(peeled(poll))).toBe(false);
  });

  it('what else speaks on its port is left alone', () =>
    expect(drained(fromDevice(20_000, b.bytes('GET / HTTP/1.1\r\n\r\n'))).malformed).toEqual([]));

  it('does not decode when cut', () => {
    for (const name of ['dnp3-attributes', 'dnp3-operate', 'dnp3-link-status'] as const) expect(cutsOf(decode, v[name]), name).toEqual([]);
  });

  it('an attribute that runs past its message is malformed, unless the message goes on', () => {
    const long = [0xc0, 129, 0, 0, 0, 252, 0, 0, 0, 1, 200, 'abc'];
    expect(drained(fromDevice(20_000, dnp3Frame(10, 1, long))).malformed).toMatchObject([{ mac: device, collector: 'dnp3' }]);
    expect(saidBy('dnp3', device, fromDevice(20_000, dnp3Frame(10, 1, long, 0x40))).map(f => f.kind)).toEqual([
      'device-kind',
      'description',
    ]);
  });
});
