import { describe, expect, it } from 'vitest';
import { bacnet, decode } from '../../collectors/bacnet.ts';
import { Dissector } from '../../collectors/dissector.ts';
import { BacnetSegments } from '../../collectors/bacnet-segments.ts';
import { bacnetVectors as v, bvlc, iAm, multipleAck, npdu, propertyAck, routed, segmented } from '../vectors/frames/bacnet.ts';
import * as b from '../vectors/frames/build.ts';
import { device, station, udpFromDevice, udpToDevice } from '../vectors/frames/industrial.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { expectSoundAnswers } from './answers.ts';
import { actsOf, cutsOf, saidBy } from './industrial.ts';
import { drained, protocolsOf } from './observe.ts';
import { peeled } from './peeled.ts';

const identifier = { kind: 'identifier', scheme: 'bacnet-device', value: '1234' };
const said = (apdu: b.Part) => saidBy('bacnet', device, udpFromDevice(47_808, bvlc(10, npdu(apdu))));

describe('a BACnet device', () => {
  it.each(['bacnet-i-am', 'bacnet-ethernet', 'bacnet-forwarded-own'] as const)('names its instance and maker: %s', name =>
    expect(saidBy('bacnet', device, v[name])).toEqual([identifier, { kind: 'maker', text: 'Johnson Controls' }]),
  );

  it('of a maker that we do not know shows its number', () =>
    expect(said(iAm(1234, 999))).toContainEqual({ kind: 'maker', text: 'unknown-999' }));

  it('names itself with what it has', () => expect(saidBy('bacnet', device, v['bacnet-i-have'])).toEqual([identifier]));

  it('names itself with its name where what it has is itself', () => {
    const have = (object: number) => said([0x10, 1, 0xc4, b.u32(0x0200_0000 | 1234), 0xc4, b.u32(object), 0x75, 6, 0, 'AHU-1']);
    expect(have(0x0200_0000 | 1234)).toEqual([identifier, { kind: 'hostname', name: 'AHU-1' }]);
    expect(have(7)).toEqual([identifier]);
  });

  it('without an instance asks who it is, and says its maker, model and serial number', () =>
    expect(said([0x10, 13, 0x21, 5, 0x75, 6, 0, 'VAV-9', 0x74, 0, 'S-7'])).toEqual([
      { kind: 'maker', text: 'Johnson Controls' },
      { kind: 'model', text: 'VAV-9' },
      { kind: 'serial', text: 'S-7' },
    ]));

  it('tells a property of its device object', () =>
    expect(saidBy('bacnet', device, v['bacnet-read'])).toEqual([identifier, { kind: 'model', text: 'VAV-9' }]));

  it('tells several; errors, arrays and lists between them are passed over', () =>
    expect(saidBy('bacnet', device, v['bacnet-read-multiple'])).toEqual([
      identifier,
      { kind: 'maker', text: 'Example Controls' },
      { kind: 'model', text: 'VAV-9' },
      { kind: 'firmware', text: '2.7.1' },
      { kind: 'inventory', of: 'software', text: 'app 5' },
      { kind: 'serial', text: 'S-77' },
      { kind: 'hostname', name: 'AHU-1' },
    ]));

  it('may write in UCS-2 and ISO 8859-1; other character sets are not read', () => {
    expect(said(propertyAck(70, [0x75, 5, 4, 0, 0x41, 0, 0xe9]))).toContainEqual({ kind: 'model', text: 'Aé' });
    expect(said(propertyAck(70, [0x73, 5, 0x41, 0xe9]))).toContainEqual({ kind: 'model', text: 'Aé' });
    expect(said(propertyAck(70, [0x73, 2, 0x41, 0xe9]))).toEqual([identifier]);
  });

  it('says nothing of itself with the properties of another object', () => expect(said(propertyAck(77, [0x73, 0, 'ab'], 0))).toEqual([]));

  it('without an instance of its own has no identifier', () =>
    expect(said(iAm(4_194_303, 5))).toEqual([{ kind: 'maker', text: 'Johnson Controls' }]));

  it('behind a BACnet router or broadcast device is not the one that passes it on', () => {
    for (const name of ['bacnet-i-am-routed', 'bacnet-i-am-forwarded'] as const)
      expect(saidBy('bacnet', device, v[name]), name).toEqual([]);
  });
});

describe('an answer in several parts', () => {
  const part = (apdu: Uint8Array) => udpFromDevice(47_808, bvlc(10, npdu(apdu)));
  const whole = saidBy('bacnet', device, v['bacnet-read-multiple']);
  const of = (...parts: readonly (Uint8Array | undefined)[]) => saidBy('bacnet', device, ...parts.map(p => part(p ?? new Uint8Array(0))));
  const parts = segmented(24);

  it('tells what it would tell in one, however it is cut', () => {
    for (const size of [1, 7, 40, 60, 400]) expect(of(...segmented(size)), `${size}`).toEqual(whole);
    expect(parts.length).toBeGreaterThan(3);
  });

  it('may say a part again; one that is missing ends it, until the first one comes again', () => {
    const [first, second, third, ...rest] = parts;
    expect(of(first, first, second, second, third, second, third, ...rest)).toEqual(whole);
    expect(of(first, second, first, second, third, ...rest)).toEqual(whole);
    expect(of(first, third, ...rest)).toEqual([]);
    expect(of(second, third, ...rest)).toEqual([]);
    expect(of(first, third, ...parts)).toEqual(whole);
  });

  it('is of one question: of another id, from another device or too late it is none', () => {
    const [first, second, ...rest] = parts;
    expect(of(first, segmented(24, 10)[1], ...rest)).toEqual([]);
    expect(of(first, segmented(24, 10)[0], second, ...rest)).toEqual(whole);
    const late = parts.map((p, i) => b.frame(part(p), { number: i + 1, at: 1_700_000_000_000 + i * 11_000 }));
    expect(drained(...late).observations.filter(o => o.collector === 'bacnet')).toEqual([]);
  });

  it('on Ethernet is put together too; one that a router passes on is not', () => {
    const llc = (apdu: Uint8Array) => b.ethernet(device, station, 3 + npdu(apdu).length, b.bytes(0x82, 0x82, 3, npdu(apdu)));
    expect(saidBy('bacnet', device, ...parts.map(llc))).toEqual(whole);
    expect(saidBy('bacnet', device, ...parts.map(p => udpFromDevice(47_808, bvlc(10, routed(p)))))).toEqual([]);
  });

  it('is put together of copies: the bytes of a frame are the capture’s, and become other frames', () => {
    const dissector = new Dissector();
    for (const [i, bytes] of parts.map(part).entries()) {
      dissector.frame(b.frame(bytes, { number: i + 1 }));
      bytes.fill(0);
    }
    expect(dissector.drain().observations.map(o => o.fact)).toEqual(expect.arrayContaining([...whole]));
  });

  it('of another service is not kept, and its wants are as cheap', () => {
    const readRange = parts.map(p => p.with(4, 26));
    expect(of(...readRange)).toEqual([]);
    expect(readRange.map(p => bacnet.wants?.(peeled(part(p))))).toEqual(parts.map(() => false));
    expect(parts.map(p => bacnet.wants?.(peeled(part(p))))).toEqual(parts.map(() => true));
  });

  it('is believed or malformed, whatever of its last part is changed', () => expectSoundAnswers(...parts.map(part)));

  it('that never ends is given up at its cap; a flood of beginnings makes room for the newest', () => {
    const segments = new BacnetSegments();
    const add = (frame: Uint8Array, invoke: number, sequence: number, isLast = false) =>
      segments.add(peeled(frame), { kind: 'segment', invoke, sequence, isLast, service: 14, data: new Uint8Array(1400) });
    const frame = part(parts[0] ?? b.bytes());
    for (let n = 0; n < 12; n++) add(frame, 1, n);
    expect([segments.size, add(frame, 1, 12, true)]).toEqual([0, undefined]);
    // Empty parts, or those of a byte, would be counted modulo 256 for ever.
    for (const bytes of [0, 1])
      for (let n = 0; n < 600; n++)
        segments.add(peeled(frame), {
          kind: 'segment',
          invoke: 2,
          sequence: n & 255,
          isLast: false,
          service: 14,
          data: new Uint8Array(bytes),
        });
    expect(segments.size).toBe(0);
    for (let n = 0; n < 1000; n++) add(frame, n & 255, 0);
    expect(segments.size).toBe(4);
    for (let n = 0; n < 1000; n++) add(frame.with(9, n >> 8).with(10, n), 1, 0);
    expect(segments.size).toBe(32);
  });
});

describe('who changes a BACnet device', () => {
  it.each([
    ['bacnet-write', 'write bacnet write-property'],
    ['bacnet-reinitialise', 'control bacnet reinitialize-device'],
  ] as const)('is named: %s', (name, act) => expect(actsOf(v[name])).toEqual([act]));

  it('asks who is there, or reads, and did nothing', () => {
    for (const apdu of [
      [0x10, 8],
      [0, 5, 1, 12, 0x0c, b.u32(0x0200_04d2), 0x19, 70],
    ])
      expect(saidBy('bacnet', station, udpToDevice(47_808, bvlc(10, npdu(apdu))))).toEqual([]);
  });
});

describe('BACnet', () => {
  it('reads of values are not read', () => {
    const read = udpFromDevice(47_808, bvlc(10, npdu(propertyAck(85, [0x44, 0x41, 0xa0, 0, 0], 0))));
    expect(protocolsOf(device, read)).toEqual(['bacnet']);
    expect(bacnet.wants?.(peeled(read))).toBe(false);
    expect(bacnet.wants?.(peeled(v['bacnet-read']))).toBe(true);
  });

  it('messages of the network layer and between broadcast devices are passed over', () => {
    expect(drained(udpFromDevice(47_808, bvlc(10, [1, 0x80, 1, 0, 5]))).malformed).toEqual([]);
    expect(drained(udpFromDevice(47_808, bvlc(0, [0, 0]))).malformed).toEqual([]);
  });

  it('does not decode when cut; on Ethernet only its length can say so', () => {
    for (const [name, frame] of Object.entries(v)) expect(cutsOf(decode, frame), name).toEqual([]);
  });

  it('lists that do not end are malformed', () => {
    const { length } = multipleAck;
    for (const apdu of [multipleAck.subarray(0, length - 1), propertyAck(70, []).with(10, 0x4e), iAm(1, 5).with(2, 0xc3)])
      expect(drained(udpFromDevice(47_808, bvlc(10, npdu(apdu)))).malformed).toMatchObject([{ mac: device, collector: 'bacnet' }]);
  });
});

describe.skipIf(!hasCaptures)('captures', () => {
  it('of other people: a device on Ethernet tells all that tshark shows of it', () => {
    const { of } = captureFacts('captures/ICS-Pcaps/bacnet-ethernet-device.pcap', bacnet);
    expect(of('00:0c:6e:b0:3c:15')).toEqual([
      { kind: 'identifier', scheme: 'bacnet-device', value: '123' },
      { kind: 'maker', text: 'ASHRAE' },
      { kind: 'hostname', name: 'SimpleServer' },
      { kind: 'model', text: 'GNU' },
      { kind: 'firmware', text: '1.0' },
    ]);
    // It routes for devices 61 and 123; 201 is its own.
    expect(of('00:60:2d:00:15:d5')).toEqual([
      { kind: 'identifier', scheme: 'bacnet-device', value: '201' },
      { kind: 'maker', text: 'Alerton' },
    ]);
  });

  it('the warehouse: the building controller is found', () =>
    expect(captureFacts('bench/sample/warehouse-30dev.pcap', bacnet).all).toEqual([
      { kind: 'identifier', scheme: 'bacnet-device', value: '100027' },
      { kind: 'maker', text: 'Johnson Controls' },
    ]));
});
