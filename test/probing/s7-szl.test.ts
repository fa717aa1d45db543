import { describe, expect, it } from 'vitest';
import { s7Szl } from '../../gateway/probing/s7-szl.ts';
import { tsharkVersion } from '../judge/tshark.ts';
import * as b from '../vectors/frames/build.ts';
import { hex, holdsOut, judged, talk } from './talk.ts';

// RFC 1006 §6, ISO 8073 §13; S7 as in public captures.
const connect = hex('03000016 11 e0 0000 1113 00 c0010a c1020100 c2020302');
const setUp = hex('03000019 02f080 32 01 0000 1113 0008 0000 f0 00 0001 0001 01e0');
const module_ = hex('03000021 02f080 32 07 0000 1114 0008 0008 00 01 12 04 11 44 01 00 ff 09 0004 0011 0000');
const component = hex('03000021 02f080 32 07 0000 1115 0008 0008 00 01 12 04 11 44 01 00 ff 09 0004 001c 0000');
const questions = [connect, setUp, module_, component];

const confirmed = hex('03000016 11 d0 1113 0004 00 c0010a c1020100 c2020302');
const isSetUp = hex('0300001b 02f080 32 03 0000 1113 0008 0000 00 00 f0 00 0001 0001 00f0');
const list = (reference: string, id: string, index: string) =>
  hex(`03000045 02f080 32 07 0000 ${reference} 000c 0028 00 01 12 08 12 84 01 01 00 00 0000 ff 09 0024 ${id} 0000 001c 0001
       ${index} 36455337203331352d32454831342d3041423020 00c0 0004 0001`);
const answers = [confirmed, isSetUp, list('1114', '0011', '0001'), list('1115', '001c', '0001')];
const [isConnected, isReady, isModule] = answers;
const declinedList = hex('03000021 02f080 32 07 0000 1114 000c 0004 00 01 12 08 12 84 01 01 00 00 d401 0a 00 0000');

describe('the S7 probe', () => {
  it('connects, sets up, reads two status lists and has nothing more to say', () => {
    const { sent, end } = talk(s7Szl, answers);
    expect(sent).toEqual(questions);
    expect(end).toEqual({ kind: 'done', how: 'answered', detail: 'it told its status lists' });
  });

  it('is content with the first list when the second is declined', () => {
    const second = b.bytes(declinedList.slice(0, 11), 0x11, 0x15, declinedList.slice(13));
    expect(talk(s7Szl, [...answers.slice(0, 3), second]).end).toMatchObject({ how: 'answered' });
  });

  it.each<[string, readonly (Uint8Array | undefined)[]]>([
    ['a disconnect instead of a confirm', [hex('0300000b 06 80 1113 0000 01')]],
    ['a confirm for another', [hex('03000016 11 d0 9999 0004 00 c0010a c1020100 c2020302')]],
    ['a set-up that failed', [isConnected, hex('0300001b 02f080 32 03 0000 1113 0008 0000 81 04 f0 00 0001 0001 00f0')]],
    ['a set-up for another', [isConnected, hex('0300001b 02f080 32 03 0000 9999 0008 0000 00 00 f0 00 0001 0001 00f0')]],
    ['a list that there is not', [isConnected, isReady, declinedList]],
    ['an answer in parts of the transport', [isConnected, b.bytes(isReady?.slice(0, 6) ?? [], 0, isReady?.slice(7) ?? [])]],
    ['S7comm-plus', [isConnected, b.bytes(isReady?.slice(0, 7) ?? [], 0x72, isReady?.slice(8) ?? [])]],
    ['a variable instead of a list', [isConnected, isReady, b.bytes(isModule?.slice(0, 22) ?? [], 0x83, isModule?.slice(23) ?? [])]],
    ['what is no ISO transport', [b.bytes('SSH-2.0-x\r\n')]],
  ])('is refused by %s, and asks no more', (_, said) => {
    const given = said.flatMap(answer => answer ?? []);
    const { sent, end } = talk(s7Szl, [...given, ...answers]);
    expect(end).toMatchObject({ kind: 'done', how: 'refused' });
    expect(sent).toHaveLength(given.length);
  });

  it('holds out against hostile answers', () => holdsOut(s7Szl, answers));

  it.skipIf(tsharkVersion === undefined)('is read by tshark as what it is meant to be', async () => {
    const fields = ['cotp.type', 'cotp.dst-tsap-bytes', 's7comm.header.rosctr', 's7comm.param.func', 's7comm.param.userdata.funcgroup'];
    const more = ['s7comm.param.userdata.subfunc', 's7comm.data.userdata.szl_id', 's7comm.header.pduref'];
    const rows = await judged(102, b.bytes(questions), [...fields, ...more]);
    const of = (field: string) => rows.flatMap(row => row.all(field));
    expect(of('cotp.type')).toEqual(['0x0e', '0x0f', '0x0f', '0x0f']);
    expect(of('cotp.dst-tsap-bytes')).toEqual(['0302']);
    expect(of('s7comm.header.rosctr')).toEqual(['1', '7', '7']);
    expect(of('s7comm.param.func')).toEqual(['0xf0']);
    expect(of('s7comm.param.userdata.funcgroup')).toEqual(['4', '4']);
    expect(of('s7comm.param.userdata.subfunc')).toEqual(['1', '1']);
    expect(of('s7comm.data.userdata.szl_id')).toEqual(['0x0011', '0x001c']);
    expect(of('_ws.malformed')).toEqual([]);
  });
});
