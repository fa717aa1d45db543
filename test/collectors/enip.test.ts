import { describe, expect, it } from 'vitest';
import { decode, enip } from '../../collectors/enip.ts';
import * as b from '../vectors/frames/build.ts';
import {
  answer,
  connected,
  connections,
  encapsulated,
  enipTalks,
  enipVectors as v,
  getAll,
  getList,
  getSingle,
  identityObject,
  item,
  listed,
  listIdentity,
  packed,
  packedAnswers,
  readTag,
  shortString,
  talk,
  unconnected,
  writeTag,
} from '../vectors/frames/enip.ts';
import { device, fromDevice, le16, le32, station, toDevice, udpFromDevice } from '../vectors/frames/industrial.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { expectSoundAnswers } from './answers.ts';
import { actsOf, cutsOf, saidBy } from './industrial.ts';
import { drained, protocolsOf } from './observe.ts';
import { peeled } from './peeled.ts';

describe('an EtherNet/IP device', () => {
  it('tells who it is behind another message of the same segment', () => {
    const both = b.bytes(encapsulated(0x65, [le16(1), le16(0)], 7), listIdentity);
    expect(saidBy('enip', device, fromDevice(44_818, both))).toContainEqual({ kind: 'serial', text: '6c20e7ce' });
  });

  it.each(['enip-list-identity-udp', 'enip-list-identity-tcp'] as const)('tells who it is: %s', name =>
    expect(saidBy('enip', device, v[name])).toEqual([
      { kind: 'maker', text: 'Rockwell Automation' },
      { kind: 'model', text: '1756-L71/B LOGIX5571' },
      { kind: 'firmware', text: '20.11' },
      { kind: 'device-kind', text: 'plc' },
      { kind: 'serial', text: '6c20e7ce' },
      { kind: 'identifier', scheme: 'cip-serial', value: '1:6c20e7ce' },
    ]),
  );

  it('whose Identity object is read tells the same but its serial number: that may be of a module behind it', () =>
    expect(saidBy('enip', device, v['enip-identity-read'])).toEqual([
      { kind: 'maker', text: 'Rockwell Automation' },
      { kind: 'model', text: 'PowerFlex 525' },
      { kind: 'firmware', text: '20.11' },
      { kind: 'device-kind', text: 'drive' },
    ]));

  it('that answers for another object is not misread', () => {
    for (const data of [new Uint8Array(30), b.bytes(identityObject('ab')), b.bytes(identityObject('PowerFlex'), new Uint8Array(20))])
      expect(saidBy('enip', device, fromDevice(44_818, unconnected([0x81, 0, 0, 0, data])))).toEqual([]);
    expect(saidBy('enip', device, fromDevice(44_818, unconnected([0x81, 0, 5, 0, identityObject('PowerFlex')])))).toEqual([]);
  });

  it('of a maker that we do not know shows its number', () => {
    const reply = encapsulated(0x63, [le16(1), item(0x0c, [new Uint8Array(18), identityObject('Thing', 9999, 43), 3])]);
    expect(saidBy('enip', device, udpFromDevice(44_818, reply))).toContainEqual({ kind: 'maker', text: 'unknown-9999' });
  });

  it('without a serial number has no identifier', () => {
    const none = b.bytes(identityObject('Thing').subarray(0, 10), le32(0), 5, 'Thing', 3);
    const reply = encapsulated(0x63, [le16(1), item(0x0c, [new Uint8Array(18), none])]);
    expect(saidBy('enip', device, udpFromDevice(44_818, reply)).map(f => f.kind)).toEqual(['maker', 'model', 'firmware', 'device-kind']);
  });

  it('cannot be named by a client', () =>
    expect(saidBy('enip', station, toDevice(44_818, unconnected([0x81, 0, 0, 0, identityObject('PowerFlex')])))).toEqual([]));
});

const told = (...frames: readonly (Uint8Array | undefined)[]) => saidBy('enip', device, ...frames.map(frame => frame ?? b.bytes()));
const pair = (name: keyof typeof enipTalks) => told(...enipTalks[name]);
const plate = [
  { kind: 'maker', text: 'Rockwell Automation' },
  { kind: 'model', text: '1734-AENT/B' },
  { kind: 'firmware', text: '5.12' },
];
const serial = [
  { kind: 'serial', text: '01020304' },
  { kind: 'identifier', scheme: 'cip-serial', value: '1:01020304' },
];
const module = { kind: 'inventory', of: 'module', text: '1756-L71/B LOGIX5571 20.11 serial 6c20e7ce' };

describe('an EtherNet/IP device that is asked for attributes', () => {
  it('tells those of a list, with its serial number: without a connection it is the device itself', () =>
    expect(pair('list')).toEqual([...plate, ...serial]));

  it('tells a single one, its name and all of an object', () => {
    expect(pair('single')).toEqual([plate[1]]);
    for (const name of ['name', 'interface'] as const) expect(pair(name), name).toEqual([{ kind: 'hostname', name: 'line-4-io' }]);
  });

  it('tells several in a packet, each for its question', () =>
    expect(pair('packet')).toEqual([serial[0], { kind: 'hostname', name: 'line-4-io' }]));

  it('passes on what a module behind it says: that is no name of its own', () => expect(pair('module')).toEqual([module]));

  it('answers over a connection for itself or for a module, as the opening of the connection says', () => {
    const { through, straight, askAll, askList } = connections;
    expect(told(through[0], askAll, through[1])).toEqual([module]);
    expect(told(straight[0], askList, straight[1])).toEqual([...plate, ...serial]);
    // Nobody saw the opening: it may be either.
    expect(told(askList, straight[1])).toEqual([{ ...module, text: '1734-AENT/B 5.12 serial 01020304' }]);
  });

  it('has told nothing when nobody asked, another was asked, or the question is old', () => {
    const [asks, answers] = talk(41_001, unconnected(getList(1, 7)), unconnected(answer(0x03, listed([7, shortString('Thing')]))));
    expect(told(asks, answers)).toEqual([{ kind: 'model', text: 'Thing' }]);
    expect(told(answers)).toEqual([]);
    expect(told(talk(41_002, unconnected(getList(1, 7)), b.bytes())[0], answers)).toEqual([]);
    const old = b.frame(asks, { at: 1_700_000_000_000 });
    const late = b.frame(answers, { number: 2, at: 1_700_000_011_000 });
    expect(drained(old, late).observations.filter(o => o.collector === 'enip' && o.mac === device)).toEqual([]);
  });

  it('may refuse some attributes of a list, or all; what does not fit the question is no answer to it', () => {
    const of = (question: Uint8Array, reply: Uint8Array) => told(...talk(41_001, unconnected(question), unconnected(reply)));
    const partly = answer(0x03, [2, 0, 1, 0, 0x14, 0, 7, 0, 0, 0, shortString('Thing')], 0x0a);
    expect(of(getList(1, 1, 7), partly)).toEqual([{ kind: 'model', text: 'Thing' }]);
    expect(of(getList(1, 1, 7), answer(0x03, listed([7, shortString('Thing')]), 5))).toEqual([]);
    expect(of(getList(1, 99, 7), answer(0x03, listed([99, [1, 2]], [7, shortString('Thing')])))).toEqual([]);
    expect(of(getSingle(1, 7), answer(0x0e, [9, 'abc']))).toEqual([]);
    // Of the class itself, or of a second instance, the attribute is another.
    for (const instance of [0, 2]) expect(of(getSingle(1, 7).with(5, instance), answer(0x0e, shortString('Thing')))).toEqual([]);
    expect(of(getSingle(1, 7), answer(0x03, listed([7, shortString('Thing')])))).toEqual([]);
    expect(of(getAll(1), answer(0x01, identityObject('').subarray(0, 9)))).toEqual([]);
    expect(
      of(packed(getSingle(1, 7), readTag), packedAnswers(answer(0x0e, shortString('Thing')), answer(0x4c, [1, 2]), answer(0x0e, [1, 65]))),
    ).toEqual([{ kind: 'model', text: 'Thing' }]);
  });

  it('is not read when its answers are of values', () => {
    const [asks, answers] = talk(41_001, unconnected(packed(readTag)), unconnected(packedAnswers(answer(0x4c, [1, 2]))));
    expect([asks, answers].map(frame => enip.wants?.(peeled(frame)))).toEqual([false, false]);
  });

  it('is believed or malformed, whatever of its answer is changed', () => {
    for (const talk of Object.values(enipTalks)) expectSoundAnswers(...talk);
  });
});

describe('an EtherNet/IP client', () => {
  it.each([
    ['enip-write-tag', 'write cip write-tag'],
    ['enip-write-in-packet', 'write cip write-tag'],
    ['enip-set-address', 'set-address cip set-attribute-single TCP/IP interface'],
    ['enip-reset-through', 'control cip reset'],
  ] as const)('is named for what it changes: %s', (name, act) => expect(actsOf(v[name])).toEqual([act]));

  it('is named once for each kind of act in a frame', () =>
    expect(actsOf(toDevice(44_818, connected(packed(writeTag, writeTag, b.bytes(0x07, 2, 0x20, 2, 0x24, 1)))))).toEqual([
      'write cip write-tag',
      'control cip stop',
    ]));

  it('that opens and closes connections, or reads, did nothing', () => {
    const [open, close] = [b.bytes(0x54, 2, 0x20, 6, 0x24, 1, new Uint8Array(36)), b.bytes(0x4e, 2, 0x20, 6, 0x24, 1, new Uint8Array(12))];
    for (const body of [unconnected(open), unconnected(close), connected(readTag), connected(packed(readTag, readTag))])
      expect(saidBy('enip', station, toDevice(44_818, body))).toEqual([]);
  });

  it('may set a name or another attribute', () => {
    const set = (classId: number, attribute: number) => b.bytes(0x10, 3, 0x20, classId, 0x24, 1, 0x30, attribute, 1, 0);
    expect(actsOf(toDevice(44_818, unconnected(set(0xf5, 6))))).toEqual(['set-name cip set-attribute-single host name']);
    expect(actsOf(toDevice(44_818, unconnected(set(0x04, 3))))).toEqual(['write cip set-attribute-single']);
  });
});

describe('EtherNet/IP', () => {
  it('is known of both sides; reads are not read', () => {
    expect(protocolsOf(station, v['enip-list-identity-request'])).toEqual(['enip']);
    const [read, write] = [packed(readTag, readTag), packed(readTag, writeTag)].map(body => toDevice(44_818, connected(body)));
    expect(protocolsOf(station, read ?? b.bytes())).toEqual(['enip']);
    expect([read, write].map(frame => enip.wants?.(peeled(frame ?? b.bytes())))).toEqual([false, true]);
  });

  it('does not decode when cut', () => {
    for (const [name, frame] of Object.entries(v)) expect(cutsOf(decode, frame), name).toEqual([]);
  });

  it('messages packed outside the packet, or over each other, are malformed', () => {
    const good = packed(readTag, writeTag);
    for (const body of [good.with(8, 200), good.with(10, 4), good.with(6, 200)])
      expect(drained(toDevice(44_818, connected(body))).malformed).toMatchObject([{ mac: station, collector: 'enip' }]);
  });

  it('packets in packets end', () => {
    let nested = writeTag;
    for (let i = 0; i < 40; i++) nested = packed(nested);
    expect(actsOf(toDevice(44_818, connected(nested)))).toEqual(['write cip write-tag']);
    for (let i = 0; i < 40; i++) nested = packed(nested);
    expect(actsOf(toDevice(44_818, connected(nested)))).toEqual([]);
  });
});

describe.skipIf(!hasCaptures)('captures', () => {
  it('of other people: writes of tags and attributes are found; what a router passes on is not believed of the router', () => {
    const plant = captureFacts('captures/ICS-Security-Tools/mb2.pcap', enip);
    expect(plant.of('78:e7:d1:e0:02:5e')).toHaveLength(4);
    expect(new Set(plant.all.map(f => (f.kind === 'acted' ? f.detail : f.kind)))).toEqual(new Set(['cip read-modify-write-tag']));
    const example = captureFacts('captures/icsnpp-enip/enip_cip_example.pcap', enip);
    expect(example.of('00:1d:09:99:b2:2c')).toEqual([
      { kind: 'acted', action: 'write', target: '192.168.10.120', detail: 'cip set-attribute-list' },
    ]);
    expect(example.of('00:19:07:24:3c:ca')).toEqual([]);
  });

  it('the warehouse: drive and camera are found', () => {
    const { of } = captureFacts('bench/sample/warehouse-30dev.pcap', enip);
    expect(of('00:07:68:0d:27:96')).toEqual([
      { kind: 'maker', text: 'Danfoss' },
      { kind: 'model', text: 'VLT FC-302 MCA-121' },
      { kind: 'firmware', text: '1.0' },
      { kind: 'device-kind', text: 'drive' },
      { kind: 'serial', text: '971bd9f8' },
      { kind: 'identifier', scheme: 'cip-serial', value: '97:971bd9f8' },
    ]);
    expect(of('00:d0:24:64:0c:29')).toContainEqual({ kind: 'model', text: 'In-Sight 7802M' });
  });
});
