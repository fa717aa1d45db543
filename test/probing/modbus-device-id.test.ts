import { describe, expect, it } from 'vitest';
import { modbusDeviceId } from '../../gateway/probing/modbus-device-id.ts';
import { tsharkVersion } from '../judge/tshark.ts';
import * as b from '../vectors/frames/build.ts';
import { hex, holdsOut, judged, talk } from './talk.ts';

// Modbus Application Protocol V1.1b3 §6.21: header, unit, 2b 0e 01, conformity 01, more follows, next object, count, objects.
const first = hex('1112 0000 0018 ff 2b 0e 01 01 00 00 03  00 05 4d616b6572  01 03 502d31  02 02 7632');
const parts = [
  hex('1112 0000 000f ff 2b 0e 01 01 ff 01 01  00 05 4d616b6572'),
  hex('1113 0000 000d ff 2b 0e 01 01 ff 02 01  01 03 502d31'),
  hex('1114 0000 000c ff 2b 0e 01 01 ff 03 01  02 02 7632'),
];
const questions = [hex('1112 0000 0005 ff 2b 0e 01 00'), hex('1113 0000 0005 ff 2b 0e 01 01'), hex('1114 0000 0005 ff 2b 0e 01 02')];

describe('the Modbus probe', () => {
  it('asks for the basic identification in eleven bytes, once', () => {
    const { sent, end } = talk(modbusDeviceId, [first]);
    expect(sent).toEqual(questions.slice(0, 1));
    expect(end).toMatchObject({ kind: 'done', how: 'answered' });
  });

  it('goes on where more follows, and ends with the third object though the device names a fourth', () => {
    const { sent, end, answersTaken } = talk(modbusDeviceId, [...parts, first]);
    expect([sent, answersTaken]).toEqual([questions, 3]);
    expect(end).toMatchObject({ kind: 'done', how: 'answered' });
  });

  it.each([
    ['the same object once more', hex('1112 0000 000f ff 2b 0e 01 01 ff 00 01  00 05 4d616b6572')],
    ['another transaction', hex('1113 0000 0018 ff 2b 0e 01 01 00 00 03  00 05 4d616b6572  01 03 502d31  02 02 7632')],
    ['another unit', b.bytes(first.slice(0, 6), 1, first.slice(7))],
    ['an exception', hex('1112 0000 0003 ff ab 01')],
    ['another function', hex('1112 0000 0005 ff 03 02 0001')],
    ['another category', b.bytes(first.slice(0, 9), 2, first.slice(10))],
    ['another protocol', b.bytes(first.slice(0, 2), 0, 1, first.slice(4))],
    ['a length beyond the protocol', hex('1112 0000 ffff ff 2b')],
    ['what is no Modbus at all', b.bytes('SSH-2.0-x\r\n')],
    ['nothing behind the function', hex('1112 0000 0003 ff 2b 0e')],
  ])('is refused by %s, and asks no more', (_, answer) => {
    const { sent, end } = talk(modbusDeviceId, [answer, first]);
    expect(end).toMatchObject({ kind: 'done', how: 'refused' });
    expect(sent).toHaveLength(1);
  });

  it('holds out against hostile answers', () => holdsOut(modbusDeviceId, parts));

  it('knows no function but 43/14', () => {
    for (const {
      parts: [, bytes],
    } of modbusDeviceId.templates)
      expect([...(bytes as Uint8Array)].slice(5, 8)).toEqual([0x2b, 0x0e, 1]);
  });

  it.skipIf(tsharkVersion === undefined)('is read by tshark as what it is meant to be', async () => {
    const rows = await judged(502, b.bytes(questions), [
      'mbtcp.unit_id',
      'modbus.func_code',
      'modbus.mei',
      'modbus.read_device_id',
      'modbus.object_id',
    ]);
    const asked = rows.filter(row => row.one('modbus.func_code') !== '');
    expect(asked.flatMap(row => row.all('modbus.func_code'))).toEqual(['43', '43', '43']);
    expect(asked.flatMap(row => row.all('modbus.object_id'))).toEqual(['0', '1', '2']);
    expect(asked.flatMap(row => row.all('mbtcp.unit_id'))).toEqual(['255', '255', '255']);
    expect(asked.flatMap(row => [...row.all('modbus.mei'), ...row.all('modbus.read_device_id')])).toEqual([
      '14',
      '14',
      '14',
      '1',
      '1',
      '1',
    ]);
    expect(rows.flatMap(row => row.all('_ws.malformed'))).toEqual([]);
  });
});
