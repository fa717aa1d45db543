import { describe, expect, it } from 'vitest';
import { tlsHello } from '../../gateway/probing/tls-hello.ts';
import { tsharkVersion } from '../judge/tshark.ts';
import * as b from '../vectors/frames/build.ts';
import { certificate, certificateMessage, clientHello, record, serverHello, serverHelloDone } from '../vectors/frames/tls.ts';
import { hex, holdsOut, judged, talk } from './talk.ts';

// RFC 5246 §7.4.1.2, §6.2.1.
const hello = hex(`16 0301 0091 01 00008d 0303
  1112131415161718191a1b1c1d1e1f20 1112131415161718191a1b1c1d1e1f20 00
  0030 c02bc02cc02fc030cca9cca8009e009fc023c027c009c00ac013c01400330039009c009d003c003d002f0035000a00ff
  0100
  0034 000a000a0008 001d001700180019  000b0002 0100  000d001c001a 0403050306030807080808040805080604010501060102030201`);
const parting = hex('15 0303 0002 015a 15 0303 0002 0100');
const own = certificate('plc-7', 'Plant CA');
const flight = record(22, b.bytes(serverHello(0xc02f), certificateMessage(own), serverHelloDone));
const split = b.bytes(record(22, serverHello(0xc02f)), record(22, certificateMessage(own)), record(22, serverHelloDone));

describe('the TLS probe', () => {
  it.each([
    ['one record', flight],
    ['several', split],
  ])('says hello, hears the flight out in %s and takes leave', (_, answer) => {
    const { sent, end } = talk(tlsHello, [answer]);
    expect(sent).toEqual([hello, parting]);
    expect(end).toMatchObject({ kind: 'done', how: 'answered' });
  });

  it('takes leave in the version that the server chose', () => {
    const old = flight.slice();
    old[10] = 1; // server_version of the ServerHello: TLS 1.0
    expect(talk(tlsHello, [old]).sent.at(-1)).toEqual(hex('15 0301 0002 015a 15 0301 0002 0100'));
  });

  it.each([
    ['an alert, as those send who speak TLS 1.3 only', hex('15 0303 0002 0246'), 1],
    ['a session without a certificate', record(22, b.bytes(serverHello(0xc02f), serverHelloDone)), 2],
    ['an alert after its hello', b.bytes(record(22, serverHello(0xc02f)), hex('15 0303 0002 0228')), 2],
    ['a client', record(22, clientHello([0x2f])), 1],
    ['a hello of a version that there is not', b.bytes(flight.slice(0, 9), 3, 9, flight.slice(11)), 1],
    ['a record beyond the protocol', hex('16 0303 ffff'), 1],
    ['what is no TLS', b.bytes('SSH-2.0-x\r\n'), 1],
  ])('is refused by %s', (_, answer, messages) => {
    const { sent, end } = talk(tlsHello, [answer]);
    expect(end).toMatchObject({ kind: 'done', how: 'refused' });
    expect(sent).toHaveLength(messages);
  });

  it('holds out against hostile answers', () => {
    holdsOut(tlsHello, [flight], { mayGoOn: true });
    holdsOut(tlsHello, [split], { mayGoOn: true });
  });

  it.skipIf(tsharkVersion === undefined)('is read by tshark as what it is meant to be', async () => {
    const fields = ['tls.handshake.type', 'tls.handshake.version', 'tls.handshake.ciphersuite', 'tls.handshake.extension.type'];
    const more = ['tls.handshake.sig_hash_alg', 'tls.handshake.extensions_supported_group', 'tls.alert_message.desc', 'tls.record.version'];
    const rows = await judged(443, b.bytes(hello, parting), [...fields, ...more]);
    const of = (field: string) => rows.flatMap(row => row.all(field));
    expect([of('tls.handshake.type'), of('tls.handshake.version')]).toEqual([['1'], ['0x0303']]);
    expect([of('tls.handshake.ciphersuite').length, of('tls.handshake.extension.type')]).toEqual([24, ['10', '11', '13']]);
    expect(of('tls.handshake.extensions_supported_group')).toEqual(['0x001d', '0x0017', '0x0018', '0x0019']);
    expect(of('tls.handshake.sig_hash_alg')).toHaveLength(13);
    expect(of('tls.alert_message.desc')).toEqual(['90', '0']);
    expect(of('_ws.malformed')).toEqual([]);
  });
});
