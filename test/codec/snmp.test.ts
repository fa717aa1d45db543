import { describe, expect, it } from 'vitest';
import { hex } from '../../gateway/codec/address.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { berElement, berNumber, berObjectId, communityMessage, nextPdu, readSnmp, snmpPdus } from '../../gateway/codec/snmp.ts';
import { generator, mutate } from '../vectors/mutate.ts';
import { answer, switchRows } from '../vectors/snmp-agent.ts';

const sysDescr = [1, 3, 6, 1, 2, 1, 1, 1];
const question = communityMessage('v2c', new TextEncoder().encode('public'), nextPdu(0x0102_0304, sysDescr, 16));

describe('SNMP messages', () => {
  it('a question has these bytes', () =>
    expect(hex(question)).toBe(
      '3082002e020101' +
        '04067075626c6963' +
        'a582001f' +
        '020401020304' +
        '020100' +
        '020110' +
        '3082000f' +
        '3082000b' +
        '06072b060102010101' +
        '0500',
    ));

  it('a question for one variable after another is a GetNext, one for many a GetBulk, and there is no other', () => {
    expect(readSnmp(question).pdu).toMatchObject({ type: snmpPdus.getBulk, requestId: 0x0102_0304 });
    const one = readSnmp(communityMessage('v1', new Uint8Array(0), nextPdu(1, sysDescr, 0)));
    expect(one).toMatchObject({ version: 0, pdu: { type: snmpPdus.getNext, variables: [{ oid: '1.3.6.1.2.1.1.1', tag: 5 }] } });
    expect(Object.values(snmpPdus)).not.toContain(0xa3);
  });

  it('numbers have as few bytes as there must be, and stay positive', () => {
    expect([0, 127, 128, 255, 256, 0x7fff_ffff].map(value => hex(berNumber(value)))).toEqual([
      '020100',
      '02017f',
      '02020080',
      '020200ff',
      '02020100',
      '02047fffffff',
    ]);
  });

  it('object identifiers are read as they were written', () => {
    for (const parts of [
      [1, 0, 8802, 1, 1, 2],
      [1, 3, 0, 127, 128, 16_383, 16_384, 0xffff_ffff],
      [2, 39, 1],
    ]) {
      const message = berElement(
        0xa2,
        berNumber(1),
        berNumber(0),
        berNumber(0),
        berElement(0x30, berElement(0x30, berElement(6, berObjectId(parts)), berElement(5))),
      );
      expect(readSnmp(communityMessage('v2c', new Uint8Array(0), message)).pdu.variables[0]?.oid).toBe(parts.join('.'));
    }
  });

  it('the community is not kept', () => expect(JSON.stringify(readSnmp(question))).not.toContain('public'));

  it('every truncation throws', () => {
    for (let length = 0; length < question.length; length++) expect(() => readSnmp(question.subarray(0, length))).toThrow(DecodeError);
  });

  it('20,000 edits of an answer are read or refused', () => {
    const random = generator(7);
    const seed = answer(0x0102_0304, switchRows.slice(0, 12));
    let refused = 0;
    for (let n = 0; n < 20_000; n++)
      try {
        readSnmp(mutate({ bytes: seed, body: 0 }, random));
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
        refused += 1;
      }
    expect(refused).toBeGreaterThan(1_000);
    expect(refused).toBeLessThan(20_000);
  });
});
