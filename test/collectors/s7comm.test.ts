import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decode, observe, s7comm } from '../../collectors/s7comm.ts';
import { CaptureReader } from '../../gateway/codec/capture.ts';
import type { Fact } from '../../gateway/model/fact.ts';
import * as b from '../vectors/frames/build.ts';
import { device, fromDevice, station, toDevice } from '../vectors/frames/industrial.ts';
import { componentList, job, list, moduleList, s7Vectors as v, tpkt } from '../vectors/frames/s7comm.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { actsOf, cutsOf, saidBy } from './industrial.ts';
import { drained, protocolsOf } from './observe.ts';
import { peeled } from './peeled.ts';

describe('an S7 controller', () => {
  it('tells order number and firmware with its module identification', () =>
    expect(saidBy('s7comm', device, v['s7-module-list'])).toEqual([
      { kind: 'model', text: '6ES7 315-2EH14-0AB0' },
      { kind: 'maker', text: 'Siemens' },
      { kind: 'device-kind', text: 'plc' },
      { kind: 'firmware', text: '3.2.6' },
    ]));

  it('tells serial number and names with its component identification', () =>
    expect(saidBy('s7comm', device, v['s7-component-list'])).toEqual([
      { kind: 'serial', text: 'S C-C2UR28922012' },
      { kind: 'identifier', scheme: 's7-serial', value: 'S C-C2UR28922012' },
      { kind: 'maker', text: 'Siemens' },
      { kind: 'description', text: 'CPU 315-2 PN/DP, PLC_1, station SIMATIC 300(1)' },
    ]));

  it('whose answer comes in parts is named by the whole records of the first', () => {
    expect(saidBy('s7comm', device, v['s7-component-part'])).toContainEqual({ kind: 'serial', text: 'S C-X4' });
    expect(saidBy('s7comm', device, fromDevice(102, list(0x001c, [b.bytes(0, 5)], 3)))).toEqual([]);
  });

  it('that is no Siemens controller has no such kind', () => {
    const other = list(0x0011, [b.bytes(0, 1, 'VIPA 315-4NE12'.padEnd(20), new Uint8Array(6))]);
    expect(saidBy('s7comm', device, fromDevice(102, other))).toEqual([{ kind: 'model', text: 'VIPA 315-4NE12' }]);
  });

  it('cannot be named by a client, and other lists name nothing', () => {
    expect(saidBy('s7comm', station, toDevice(102, componentList))).toEqual([]);
    expect(saidBy('s7comm', device, fromDevice(102, list(0x0131, [new Uint8Array(28)])))).toEqual([]);
    expect(saidBy('s7comm', device, fromDevice(102, list(0x001c, [b.bytes(0)])))).toEqual([]);
    // The same in an answer of another group of functions, and one of another method.
    for (const at of [7 + 10 + 4, 7 + 10 + 5]) expect(moduleList[at]).toBe(at === 21 ? 0x12 : 0x84);
    const decoded = [moduleList.with(21, 0x11), moduleList.with(22, 0x87)].flatMap(body => decode(body));
    expect(decoded.map(m => m.list)).toEqual([undefined, undefined]);
  });
});

describe('an S7 client', () => {
  it.each([
    ['s7-write', 'write s7comm write-variable'],
    ['s7-stop', 'control s7comm plc-stop'],
    ['s7-upload', 'upload s7comm start-upload'],
    ['s7-two-packets', 'download s7comm request-download'],
  ] as const)('is named for what it does: %s', (name, act) => expect(actsOf(v[name])).toEqual([act]));

  it('that sets up or reads did nothing', () => {
    expect(saidBy('s7comm', station, v['s7-setup'])).toEqual([]);
    expect(saidBy('s7comm', station, toDevice(102, job([4, 0])))).toEqual([]);
  });

  it('a controller that fetches the blocks of a download does not act on the station', () =>
    expect(saidBy('s7comm', device, fromDevice(102, job([0x1b, 0])))).toEqual([]));
});

describe('S7 communication', () => {
  it('is known of both sides; reads are not read', () => {
    expect(protocolsOf(station, v['s7-setup'])).toContain('s7comm');
    expect(protocolsOf(station, toDevice(102, job([4, 0])))).toContain('s7comm');
    expect(s7comm.wants?.(peeled(toDevice(102, job([4, 0]))))).toBe(false);
  });

  it('what else speaks on its port is left alone', () =>
    expect(drained(fromDevice(102, tpkt([1, 0, 1, 0, new Uint8Array(30)]))).malformed).toEqual([]));

  it('does not decode when cut; only whole packets before the cut do', () => {
    for (const name of ['s7-setup', 's7-module-list', 's7-component-list', 's7-write', 's7-stop'] as const)
      expect(cutsOf(decode, v[name]), name).toEqual([]);
    const [first, second] = [job([4, 0]).length, job([0x1a, 0]).length];
    expect(cutsOf(decode, v['s7-two-packets'])).toEqual(Array.from({ length: second }, (_, i) => first + i));
  });

  it('parameters that run past the packet are malformed', () =>
    expect(drained(fromDevice(102, moduleList.with(14, 250))).malformed).toMatchObject([{ mac: device, collector: 's7comm' }]));
});

describe.skipIf(!hasCaptures)('captures of other people', () => {
  it('s7ident names the fields that tshark shows', () => {
    // Recorded between zero addresses, of which nothing is believed: so the messages are read by themselves.
    const facts: Fact[] = [];
    const reader = new CaptureReader(f => {
      const packet = peeled(f.bytes.slice());
      if (packet.end === packet.payload || s7comm.wants?.(packet) !== true) return;
      for (const s of observe(decode(packet.body), packet)) if (!('about' in s)) facts.push(s);
    });
    reader.push(readFileSync(join(import.meta.dirname, '../../../shared/captures/icsnpp-s7comm/s7ident.pcap')));
    reader.finish();
    expect(facts).toEqual(
      expect.arrayContaining([
        { kind: 'model', text: '6ES7 315-2EH14-0AB0' },
        { kind: 'firmware', text: '3.2.6' },
        { kind: 'serial', text: 'S C-C2UR28922012' },
        { kind: 'description', text: 'CPU 315-2 PN/DP, station SNAP7-SERVER' },
      ]),
    );
  });

  it('the plant of mb2 is written to by one host', () => {
    const { all, of } = captureFacts('captures/ICS-Security-Tools/mb2.pcap', s7comm);
    expect(all.length).toBeGreaterThan(5);
    expect(all).toEqual(of('78:e7:d1:e0:02:5e'));
  });
});
