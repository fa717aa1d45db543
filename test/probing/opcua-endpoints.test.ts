import { describe, expect, it } from 'vitest';
import { opcuaEndpoints } from '../../gateway/probing/opcua-endpoints.ts';
import { tsharkVersion } from '../judge/tshark.ts';
import * as b from '../vectors/frames/build.ts';
import { le32 } from '../vectors/frames/industrial.ts';
import { acknowledge, endpoints } from '../vectors/frames/opc-ua.ts';
import { context, hex, holdsOut, judged, talk } from './talk.ts';

// OPC 10000-6 §7.1.2.3, §6.7.4, OPC 10000-4 §5.5.4: the URL is opc.tcp://192.0.2.34:4840, 25 (19h) bytes.
const url = '6f70632e7463703a2f2f3139322e302e322e33343a34383430';
// 1 January 2026 in steps of 100 ns since 1601 (OPC 10000-6 §5.2.2.5): 134116992000000000.
const header = '0000 00008192b17adc01 01000000 00000000 ffffffff 88130000 000000';
const hello = hex(`48454c46 39000000 00000000 ffff0000 ffff0000 ffff0000 08000000 19000000 ${url}`);
const open = hex(`4f504e46 84000000 00000000
  2f000000 687474703a2f2f6f7063666f756e646174696f6e2e6f72672f55412f5365637572697479506f6c696379234e6f6e65 ffffffff ffffffff
  01000000 01000000 0100be01 ${header} 00000000 00000000 01000000 ffffffff 10270000`);
const getEndpoints = hex(`4d534746 5e000000 2a000000 07000000 02000000 02000000 0100ac01 ${header} 19000000 ${url} ffffffff ffffffff`);
const close = hex(`434c4f46 39000000 2a000000 07000000 03000000 03000000 0100c401 ${header}`);

// The server: channel 42 (2ah), token 7. A response header: time, handle 1, result, no diagnostics, no strings, nothing more.
const good = '0000000000000000 01000000 00000000 00 ffffffff 000000';
const bad = '0000000000000000 01000000 00005580 00 ffffffff 000000';
const opened = (response: string, { channel = '2a000000', type = 'c101', request = '01000000' } = {}) =>
  hex(`4f504e46 87000000 2a000000
  2f000000 687474703a2f2f6f7063666f756e646174696f6e2e6f72672f55412f5365637572697479506f6c696379234e6f6e65 ffffffff ffffffff
  01000000 ${request} 0100${type} ${response} 00000000 ${channel} 07000000 0000000000000000 10270000 ffffffff`);
/** The vector's endpoints, said in our channel and as the answer to our second request. */
const inChannel = (message: Uint8Array, channel = 0x2a) => b.bytes(message.slice(0, 8), le32(channel), le32(7), message.slice(16));
const told = inChannel(endpoints);
const fault = hex(`4d534746 34000000 2a000000 07000000 02000000 02000000 01008d01 ${bad}`);
const failed = hex('45525246 10000000 00007d80 ffffffff');
const answers = [acknowledge, opened(good), told];
const chunked = (chunks: number) =>
  b.bytes(Array.from({ length: chunks }, (_, i) => b.bytes('MSG', i === chunks - 1 ? 'F' : 'C', le32(told.length), told.slice(8))));

describe('the OPC UA probe', () => {
  it('names an IPv6 address in brackets, the longest too', () => {
    const ip = 'fd00:1111:2222:3333:4444:5555:6666:7777';
    const step = opcuaEndpoints.begin({ ...context(4840), target: { mac: '', ip, service: 4840 } });
    const said = step.kind === 'send' ? (step.messages[0] ?? new Uint8Array()) : new Uint8Array();
    expect(new TextDecoder().decode(said.subarray(32))).toBe(`opc.tcp://[${ip}]:4840`);
    expect([said[4], said.length, said[28]]).toEqual([said.length, said.length, 56]);
  });

  it('says hello, opens a channel without security, asks for the endpoints and closes the channel', () => {
    const { sent, end } = talk(opcuaEndpoints, answers, 4840);
    expect(sent).toEqual([hello, open, getEndpoints, close]);
    expect(end).toMatchObject({ kind: 'done', how: 'answered' });
  });

  it('takes an answer in as many parts as it offered to, and none in more', () => {
    expect(talk(opcuaEndpoints, [acknowledge, opened(good), chunked(8)], 4840).end).toMatchObject({ how: 'answered' });
    expect(talk(opcuaEndpoints, [acknowledge, opened(good), chunked(9)], 4840).end).toMatchObject({ how: 'refused' });
  });

  it.each([
    ['an error for a hello', [failed], 1],
    ['a hello for a hello', [hello], 1],
    ['an error for a channel', [acknowledge, failed], 2],
    ['a channel that is not opened', [acknowledge, opened(bad)], 2],
    ['a channel of two numbers', [acknowledge, opened(good, { channel: '2b000000' })], 2],
    ['an answer to another request', [acknowledge, opened(good, { request: '09000000' })], 2],
    ['a fault for a channel', [acknowledge, opened(good, { type: '8d01' })], 2],
    ['a message of another channel', [acknowledge, opened(good), inChannel(endpoints, 9)], 4],
    ['a fault for endpoints', [acknowledge, opened(good), fault], 4],
    ['an error for endpoints', [acknowledge, opened(good), failed], 3],
    ['a message longer than we take', [acknowledge, opened(good), hex('4d534746 00000100')], 3],
    ['what is no OPC UA', [b.bytes('SSH-2.0-x\r\n')], 1],
  ])('is refused by %s, and closes what is open', (_, said, messages) => {
    const { sent, end } = talk(opcuaEndpoints, said, 4840);
    expect(end).toMatchObject({ kind: 'done', how: 'refused' });
    expect(sent).toHaveLength(messages);
    if (messages === 4) expect(sent[3]).toEqual(close);
  });

  it('holds out against hostile answers', () => holdsOut(opcuaEndpoints, answers, { service: 4840 }));

  it.skipIf(tsharkVersion === undefined)('is read by tshark as what it is meant to be', async () => {
    const fields = ['opcua.transport.type', 'opcua.servicenodeid.numeric', 'opcua.transport.endpoint', 'opcua.EndpointUrl'];
    const more = ['opcua.security.spu', 'opcua.SecurityTokenRequestType', 'opcua.security.seq', 'opcua.RequestedLifetime'];
    const rows = await judged(4840, b.bytes(hello, open, getEndpoints, close), [...fields, ...more, 'opcua.MessageSecurityMode']);
    const of = (field: string) => rows.flatMap(row => row.all(field));
    expect(of('opcua.transport.type')).toEqual(['HEL', 'OPN', 'MSG', 'CLO']);
    expect(of('opcua.servicenodeid.numeric')).toEqual(['446', '428', '452']);
    expect([of('opcua.transport.endpoint'), of('opcua.EndpointUrl')]).toEqual([
      ['opc.tcp://192.0.2.34:4840'],
      ['opc.tcp://192.0.2.34:4840'],
    ]);
    expect(of('opcua.security.spu')).toEqual(['http://opcfoundation.org/UA/SecurityPolicy#None']);
    expect([of('opcua.SecurityTokenRequestType'), of('opcua.MessageSecurityMode')]).toEqual([['0x00000000'], ['0x00000001']]);
    expect([of('opcua.security.seq'), of('opcua.RequestedLifetime')]).toEqual([['1', '2', '3'], ['10000']]);
    expect(of('_ws.malformed')).toEqual([]);
  });
});
