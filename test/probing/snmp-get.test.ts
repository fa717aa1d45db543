import { describe, expect, it } from 'vitest';
import { snmpGet } from '../../gateway/probing/snmp-get.ts';
import { tsharkVersion } from '../judge/tshark.ts';
import * as b from '../vectors/frames/build.ts';
import { hex, holdsOut, judged, talk } from './talk.ts';

// RFC 3414 §4 and RFC 3416 §4.2.1 in BER; the id of both is 51121314.
const discover = hex(`30 3e 020103 30 11 0204 51121314 0203 00ffe3 0401 04 0201 03
  0410 300e 0400 020100 020100 0400 0400 0400
  3014 0400 0400 a00e 0204 51121314 020100 020100 3000`);
const get = hex(`3081a1 020101 0406 7075626c6963 a08193 0204 51121314 020100 020100 308184
  300c 0608 2b06010201010100 0500   # sysDescr.0
  300c 0608 2b06010201010200 0500   # sysObjectID.0
  300c 0608 2b06010201010500 0500   # sysName.0
  3010 060c 2b060102012f010101010901 0500   # entPhysicalFirmwareRev.1
  3010 060c 2b060102012f010101010a01 0500
  3010 060c 2b060102012f010101010b01 0500
  3010 060c 2b060102012f010101010c01 0500
  3010 060c 2b060102012f010101010d01 0500`);

const report = hex(`3067 020103 3010 0204 51121314 020205dc 0401 00 0201 03
  0421 301f 0411 80001f8880e9630000d61ff449000000 00 020101 020102 0400 0400 0400
  302d 0411 80001f8880e9630000d61ff44900000000 0400 a816 0204 51121314 020100 020100 3008 3006 0601 2b 410101`);
const response = hex(`302e 020101 0406 7075626c6963 a221 0204 51121314 020100 020100 3013
  3011 0608 2b06010201010500 0405 706c632d37`);
const other = (message: Uint8Array) => {
  const copy = message.slice();
  copy[Buffer.from(copy).indexOf(Buffer.from([0x51, 0x12, 0x13, 0x14]))] = 0x52;
  return copy;
};
const failed = b.bytes(response.slice(0, 23), 1, response.slice(24));

describe('the SNMP probe', () => {
  it('asks who the engine is, and for eight objects with the one community there is', () => {
    expect(talk(snmpGet, []).sent).toEqual([discover, get]);
  });

  it.each([
    ['the engine first', [report, response]],
    ['the objects first', [response, report]],
  ])('is answered when both answers are there, %s', (_, answers) => {
    expect(talk(snmpGet, answers.slice(0, 1)).end.kind).toBe('wait');
    const { sent, end } = talk(snmpGet, answers);
    expect(end).toMatchObject({ kind: 'done', how: 'answered' });
    expect(sent).toHaveLength(2);
  });

  it.each([
    ['an error', failed],
    ['a report for another', other(report)],
    ['objects for another', other(response)],
    ['its own question', get],
    ['its own discovery', discover],
    ['another version', b.bytes(response.slice(0, 4), 0, response.slice(5))],
    ['nothing', b.bytes()],
    ['what is no SNMP', b.bytes('hello')],
  ])('is refused by %s, and asks no more', (_, answer) => {
    const { sent, end } = talk(snmpGet, [answer, report, response]);
    expect(end).toMatchObject({ kind: 'done', how: 'refused' });
    expect(sent).toHaveLength(2);
  });

  it('does not end by the same answer again and again', () => {
    expect(
      talk(
        snmpGet,
        Array.from({ length: 100 }, () => response),
      ).end.kind,
    ).toBe('wait');
  });

  it('holds out against hostile answers', () => holdsOut(snmpGet, [report, response]));

  it.skipIf(tsharkVersion === undefined)('is read by tshark as what it is meant to be', async () => {
    const fields = ['snmp.version', 'snmp.community', 'snmp.name', 'snmp.data', 'snmp.msgVersion', 'snmp.msgFlags', 'snmp.msgUserName'];
    const asked = (await judged(161, get, fields, true))[0];
    const discovered = (await judged(161, discover, fields, true))[0];
    expect([asked?.one('snmp.version'), asked?.one('snmp.community'), asked?.one('snmp.data')]).toEqual(['1', 'public', '0']);
    expect(asked?.all('snmp.name')).toEqual([
      ...['1.3.6.1.2.1.1.1.0', '1.3.6.1.2.1.1.2.0', '1.3.6.1.2.1.1.5.0'],
      ...[9, 10, 11, 12, 13].map(column => `1.3.6.1.2.1.47.1.1.1.1.${column}.1`),
    ]);
    expect([discovered?.one('snmp.msgVersion'), discovered?.one('snmp.msgFlags'), discovered?.one('snmp.msgUserName')]).toEqual([
      '3',
      '04',
      '',
    ]);
    expect([...(asked?.all('_ws.malformed') ?? []), ...(discovered?.all('_ws.malformed') ?? [])]).toEqual([]);
  });
});
