import { describe, expect, it } from 'vitest';
import { Packet } from '../../collectors/packet.ts';
import { decode, snmp } from '../../collectors/snmp.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { maxSnmpVariables } from '../../gateway/codec/snmp.ts';
import * as b from '../vectors/frames/build.ts';
import { datagram, engine, host, oid, pdu, scoped, snmpV2, snmpV3, systemGroup, tlv, type Var } from '../vectors/frames/udp.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';
import { bodyOf, cannotBeCut, vector } from './udp-cases.ts';

const sent = (body: Uint8Array, source = 161, target = 50_000, ttl = 64) =>
  factsOf(host, datagram(source, target, body, { toPeer: true, ttl }));
const told = (...list: readonly Var[]) => sent(snmpV2(0xa2, list));
const identifier = { kind: 'identifier', scheme: 'snmp-engine-id', value: '800000090300005e005301' };
const system = [
  { kind: 'description', text: 'Switch OS 7.1 Built today' },
  { kind: 'print', scheme: 'snmp-object-id', value: '1.3.6.1.4.1.32473.1.9' },
  { kind: 'hostname', name: 'sw-dock-1' },
  { kind: 'firmware', text: 'FW 7.1' },
  { kind: 'serial', text: 'SN-1234' },
  { kind: 'maker', text: 'Example Works' },
  { kind: 'model', text: 'ES-8' },
];

describe('an SNMP agent', () => {
  it('tells system and chassis in its responses, of version 1 as of 2c', () => {
    expect(factsOf(host, vector('snmp-v2c-response'))).toEqual(system);
    expect(sent(snmpV2(0xa2, systemGroup, 0))).toEqual(system);
  });

  it('tells the same in version 3 without encryption, with its engine', () =>
    expect(sent(snmpV3(scoped(pdu(0xa2, systemGroup))))).toEqual([identifier, ...system]));

  it('names its engine in reports and behind encryption', () => {
    expect(factsOf(host, vector('snmp-v3-report'))).toEqual([identifier]);
    expect(factsOf(host, vector('snmp-v3-encrypted'))).toEqual([identifier]);
  });

  it('tells its object in a trap', () => {
    expect(factsOf(host, vector('snmp-v1-trap'))).toEqual([{ kind: 'print', scheme: 'snmp-object-id', value: '1.3.6.1.4.1.32473.1.9' }]);
    expect(sent(snmpV2(0xa7, systemGroup), 50_000, 162)).toEqual(system);
    expect(sent(snmpV2(0xa6, systemGroup), 50_000, 162)).toEqual(system);
  });

  it('names no engine in an inform, which carries that of the receiver', () => {
    expect(sent(snmpV3(scoped(pdu(0xa6, [])), { flags: 4 }), 50_000, 162)).toEqual([]);
    expect(sent(snmpV3(tlv(4, new Uint8Array(9)), { flags: 7 }), 50_000, 162)).toEqual([]);
    expect(sent(snmpV3(tlv(4, new Uint8Array(9)), { flags: 3 }), 50_000, 162)).toEqual([identifier]);
  });

  it('has no engine id that is too short, too long, or all the same', () => {
    for (const id of [b.bytes(), engine.subarray(0, 4), new Uint8Array(33).fill(7), new Uint8Array(9), new Uint8Array(9).fill(255)])
      expect(sent(snmpV3(scoped(pdu(0xa2, [])), { id }))).toEqual([]);
  });

  it('that is a printer or an UPS says so by the objects that it has', () => {
    expect(told(['1.3.6.1.2.1.43.5.1.1.17.1', 'P77'])).toEqual([
      { kind: 'serial', text: 'P77' },
      { kind: 'device-kind', text: 'printer' },
    ]);
    expect(told(['1.3.6.1.4.1.11.2.3.9.1.1.7.0', 'MFG:Maker;CMD:PCL;MDL:Laser 9;SN:X1;CLS:PRINTER;'])).toEqual([
      { kind: 'maker', text: 'Maker' },
      { kind: 'model', text: 'Laser 9' },
      { kind: 'serial', text: 'X1' },
      { kind: 'device-kind', text: 'printer' },
    ]);
    expect(told(['1.3.6.1.2.1.33.1.1.2.0', 'Power 9'])).toEqual([
      { kind: 'model', text: 'Power 9' },
      { kind: 'device-kind', text: 'ups' },
    ]);
  });

  it('tells model, firmware and serial in objects of its maker', () => {
    expect(
      told(['1.3.6.1.4.1.8691.7.69.1.2.0', 'EDS-G508E'], ['1.3.6.1.4.1.8691.7.69.1.4.0', 'V4.0'], ['1.3.6.1.4.1.8691.7.69.1.5.0', 'x']),
    ).toEqual([
      { kind: 'model', text: 'EDS-G508E' },
      { kind: 'firmware', text: 'V4.0' },
    ]);
    expect(told(['1.3.6.1.4.1.6574.1.5.1.0', 'NAS 9'], ['1.3.6.1.4.1.14988.1.1.7.3.0', 'S1'])).toEqual([
      { kind: 'model', text: 'NAS 9' },
      { kind: 'serial', text: 'S1' },
    ]);
  });

  it('tells of firmware what its object says, whatever its description names before', () => {
    const described: Var = ['1.3.6.1.2.1.1.1.0', 'PLC, FW V2.8.3'];
    expect(told(described)).toContainEqual({ kind: 'firmware', text: '2.8.3' });
    const both = told(described, ['1.3.6.1.2.1.47.1.1.1.1.9.1', 'V2.9.0']);
    expect(both.filter(({ kind }) => kind === 'firmware')).toEqual([{ kind: 'firmware', text: 'V2.9.0' }]);
  });

  it('tells of its chassis hardware, software and the number that its owner gave it', () => {
    const chassis = (column: number, text: string): Var => [`1.3.6.1.2.1.47.1.1.1.1.${column}.1`, text];
    expect(told(chassis(8, 'B'), chassis(9, 'boot 2'), chassis(10, 'OS 7.1'), chassis(15, 'A-0042'))).toEqual([
      { kind: 'inventory', of: 'hardware', text: 'B' },
      { kind: 'firmware', text: 'boot 2' },
      { kind: 'inventory', of: 'software', text: 'OS 7.1' },
      { kind: 'inventory', of: 'asset', text: 'A-0042' },
    ]);
    // Without firmware the software is it.
    expect(told(chassis(10, 'OS 7.1'))).toEqual([{ kind: 'firmware', text: 'OS 7.1' }]);
  });

  it('tells nothing in other objects, of modules, in other types or in empty texts', () =>
    expect(
      told(
        ['1.3.6.1.2.1.1.4.0', 'J. Doe, phone 42'],
        ['1.3.6.1.2.1.1.6.0', 'Hall 3'],
        ['1.3.6.1.2.1.47.1.1.1.1.11.7', 'SN of a fan'],
        ['1.3.6.1.2.1.1.5.0', tlv(2, 7)],
        ['1.3.6.1.2.1.1.1.0', tlv(0x80)],
        ['1.3.6.1.2.1.1.1.0', ' \0'],
      ),
    ).toEqual([]));

  it.each([
    ['Siemens, SIMATIC S7, CPU-1200, HW: 6, FW: V.4.2.1', { maker: 'Siemens', firmware: '4.2.1' }],
    [
      'Schneider Electric BMX P34 2020 FW 3.18.93 S/N 9F88DBAF',
      { maker: 'Schneider Electric', model: 'BMX P34 2020', firmware: '3.18.93', serial: '9F88DBAF' },
    ],
    ['Phoenix Contact GmbH FL SWITCH 2008 (HW 3)', { maker: 'Phoenix Contact', model: 'FL SWITCH 2008' }],
    ['WAGO', { maker: 'WAGO' }],
    ['Rockwell Automation Library Version 3.1', { maker: 'Rockwell Automation' }],
    ['ABBA 12', {}],
    ['Gateway to Siemens S7-300', {}],
    ['Acme EDS-8 FW 5.17.97 S/N 46D9FF31', { firmware: '5.17.97', serial: '46D9FF31' }],
    ['Management Card (MB:v4.1.0 PF:v6.5.0 MN:AP9630 HR:05 SN: ZA1231026712 MD:07/28/2012)', { serial: 'ZA1231026712' }],
    ['Firmware Version 1.3-rc2, Serial Number: X-77812', { firmware: '1.3-rc2', serial: 'X-77812' }],
    ['Linux box 5.10 with a serial port and no firmware', {}],
    ['SNMP agent, SNR good, serial console', {}],
  ])('names in its description %s', (text, wanted) => {
    const facts = told(['1.3.6.1.2.1.1.1.0', text]);
    const named = facts.flatMap(fact => ('text' in fact && fact.kind !== 'description' ? [[fact.kind, fact.text] as const] : []));
    expect(Object.fromEntries(named)).toEqual(wanted);
  });

  it('who only polls speaks SNMP and says nothing else of itself', () => {
    for (const poll of [snmpV2(0xa0, [], 0), snmpV2(0xa5, systemGroup), snmpV3(scoped(pdu(0xa0, [])))]) {
      expect(protocolsOf(host, datagram(50_000, 161, poll, { toPeer: true }))).toContain('snmp');
      expect(factsOf(host, datagram(50_000, 161, poll, { toPeer: true }))).toEqual([]);
    }
    const other = [b.bytes(0x30, 3, 2, 1, 7), b.bytes(0x30, 0x82, 0, 3, 2, 1), b.bytes(0x31, 3, 2, 1, 0), b.bytes('hello')];
    for (const body of other) expect(protocolsOf(host, datagram(50_000, 161, body, { toPeer: true }))).not.toContain('snmp');
  });

  it('is passed over unread when its answer tells nothing, and whatever of it is changed, never when it tells something or is malformed', () => {
    const counters: readonly Var[] = [
      ['1.3.6.1.2.1.1.3.0', tlv(0x43, 1, 2)],
      ['1.3.6.1.2.1.2.2.1.10.1', tlv(0x41, 7)],
    ];
    const packet = new Packet();
    const isPassedOver = (body: Uint8Array): boolean =>
      packet.peel(b.frame(datagram(161, 50_000, body, { toPeer: true }))) && snmp.wants?.(packet) === false;
    const answer = snmpV2(0xa2, counters);
    expect(isPassedOver(answer)).toBe(true);
    expect(isPassedOver(snmpV2(0xa2, [...counters, ['1.3.6.1.2.1.1.5.0', 'sw']]))).toBe(false);
    expect(isPassedOver(snmpV2(0xa2, Array.from({ length: maxSnmpVariables }, () => counters).flat()))).toBe(false);
    let passed = 0;
    for (let at = 0; at < answer.length; at++)
      for (let value = 0; value < 256; value++) {
        const changed = answer.with(at, value);
        if (!isPassedOver(changed)) continue;
        passed++;
        expect(snmp.said(packet), `byte ${at} is ${value}`).toEqual([]);
      }
    expect(passed).toBeGreaterThan(answer.length);
    for (let length = 0; length < answer.length; length++) expect(isPassedOver(answer.subarray(0, length)), `${length} bytes`).toBe(false);
  });

  it('behind a router says nothing of the router', () => expect(sent(snmpV2(0xa2, systemGroup), 161, 50_000, 63)).toEqual([]));

  it('is not who asks, who sets, or who answers from another port', () => {
    for (const type of [0xa0, 0xa1, 0xa3, 0xa5]) {
      expect(sent(snmpV2(type, systemGroup), 50_000, 161)).toEqual([]);
      expect(sent(snmpV2(type, systemGroup))).toEqual([]);
    }
    expect(sent(snmpV2(0xa2, systemGroup), 50_000, 162)).toEqual([]);
  });
});

describe('an SNMP message', () => {
  it('may have lengths that are not minimal', () => {
    const inner = b.bytes(tlv(2, 1), tlv(4, 'public'), pdu(0xa2, systemGroup));
    expect(sent(b.bytes(0x30, 0x84, b.u32(inner.length), inner))).toEqual(system);
  });

  it.each([
    ['an unknown version', tlv(0x30, tlv(2, 2), tlv(4), tlv(0xa2)), /version=2/],
    ['a high tag number', tlv(0x3f), /high tag/],
    ['an indefinite length', b.bytes(0x30, 0x80, 0, 0), /length octet 0x80/],
    ['a length of five bytes', b.bytes(0x30, 0x85, 0, 0, 0, 0, 0), /length octet 0x85/],
    ['another tag', tlv(0x31), /tag 0x31/],
    ['no PDU', tlv(0x30, tlv(2, 1), tlv(4), tlv(4)), /PDU type 0x4/],
    [
      'an object identifier that does not end',
      tlv(
        0x30,
        tlv(2, 1),
        tlv(4),
        tlv(0xa2, [tlv(2, 1), tlv(2, 0), tlv(2, 0)], tlv(0x30, tlv(0x30, tlv(6, 0x2b, 6, 1, 4, 1, 0x86), tlv(5)))),
      ),
      /OBJECT IDENTIFIER of 6/,
    ],
    [
      'an object identifier with too large a part',
      tlv(0x30, tlv(2, 1), tlv(4), tlv(0xa4, tlv(6, 0x2b, 255, 255, 255, 255, 255, 1))),
      /above 2\^32/,
    ],
  ])('with %s is malformed', (_, body, found) => {
    expect(() => decode(body)).toThrow(DecodeError);
    expect(drained(datagram(161, 50_000, body)).malformed[0]?.message).toMatch(found);
  });

  it('passes over the many objects that tell nothing', () =>
    expect(decode(snmpV2(0xa2, [['1.3.6.1.2.1.2.2.1.10.1', tlv(0x41, 5)], ...systemGroup.slice(0, 1)])).pdu.variables).toHaveLength(1));

  it('of a thousand variables is read as far as the cap', () => {
    const many = snmpV2(
      0xa2,
      Array.from({ length: 1000 }, (_, i) => [`1.3.6.1.2.1.1.${i}`, oid('1.3.6')] as const),
    );
    expect(decode(many).pdu.variables).toHaveLength(256);
  });

  cannotBeCut(decode, ['snmp-v2c-response', 'snmp-v1-trap', 'snmp-v3-report', 'snmp-v3-encrypted']);
  it('keeps no community', () => expect(JSON.stringify(decode(bodyOf('snmp-v2c-response')))).not.toContain('public'));
});
