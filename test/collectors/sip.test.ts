import { describe, expect, it } from 'vitest';
import { decode, decodeStream, sip } from '../../collectors/sip.ts';
import * as b from '../vectors/frames/build.ts';
import { datagram, host, hostIp, register, sipResponse, text, uuid } from '../vectors/frames/udp.ts';
import * as stream from '../vectors/frames/stream.ts';
import { drained, factsOf } from './observe.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';
import { cannotBeCut, vector } from './udp-cases.ts';

const sent = (body: Uint8Array, source = 5060, ttl = 64) => factsOf(host, datagram(source, 5060, body, { toPeer: true, ttl }));
const address = { kind: 'address', ip: hostIp };
const service = { kind: 'service', protocol: 'udp', port: 5060, name: 'sip' };
const phone = [address, service, { kind: 'description', text: 'Desk Phone 7/1.2' }, { kind: 'identifier', scheme: 'uuid', value: uuid }];

describe('SIP', () => {
  it('tells the program and instance of a user agent', () => expect(factsOf(host, vector('sip-register'))).toEqual(phone));

  it('tells the program that answers, also with the compact names of fields', () =>
    expect(factsOf(host, vector('sip-response'))).toEqual([address, service, { kind: 'description', text: 'Door Phone/3' }]));

  it('from another port shows no service', () => expect(sent(register(), 50_000)).toEqual(phone.filter(f => f !== service)));

  it('that a proxy passed on tells nothing of the proxy', () => {
    expect(sent(register({ more: 'Via: SIP/2.0/UDP 192.0.2.77' }))).toEqual([]);
    expect(sent(register({ more: 'v: SIP/2.0/UDP 192.0.2.77' }))).toEqual([]);
    expect(sent(register({ via: `SIP/2.0/UDP ${hostIp}, SIP/2.0/UDP 192.0.2.77` }))).toEqual([]);
    expect(sent(register({ via: 'SIP/2.0/UDP 192.0.2.77' }))).toEqual([]);
    expect(sent(sipResponse('<sip:door@192.0.2.77>'))).toEqual([]);
    expect(sent(sipResponse(`<sip:door@${hostIp}0>`))).toEqual([]);
    expect(sent(register(), 5060, 63)).toEqual([]);
  });

  it('that has one Via is the sender’s own also when that is a name, and an answer to REGISTER is the registrar’s', () => {
    expect(sent(register({ via: 'SIP/2.0/UDP phone.example:5060;branch=z9' }))).toEqual(phone);
    const answer = (...more: readonly string[]) =>
      sent(text('SIP/2.0 401 Unauthorized', 'Via: SIP/2.0/UDP 192.0.2.77', 'Server: Exchange/9', 'Contact: <sip:a@192.0.2.77>', ...more));
    expect(answer('CSeq: 7 REGISTER')).toEqual([address, service, { kind: 'description', text: 'Exchange/9' }]);
    expect(answer('CSeq: 7 INVITE')).toEqual([]);
    expect(answer('CSeq: 7 REGISTER', 'Via: SIP/2.0/UDP 192.0.2.78')).toEqual([]);
  });

  it('may begin with empty lines', () => expect(sent(b.bytes('\r\n\r\n', register()))).toEqual(phone));

  it('names no person', () => expect(JSON.stringify(factsOf(host, vector('sip-register')))).not.toContain('1000'));

  it('that keeps a binding alive, or is another protocol of the same form, is let be', () => {
    for (const body of [b.bytes('\r\n\r\n'), b.bytes(0, 0, 0, 0), b.bytes('jaK'), new Uint8Array(40)])
      expect(drained(datagram(5060, 5060, body)).malformed).toEqual([]);
    expect(sent(text('OPTIONS * RTSP/1.0', `Via: SIP/2.0/UDP ${hostIp}`, 'User-Agent: x'))).toEqual([]);
  });

  it('with another first line is malformed', () =>
    expect(drained(datagram(5060, 5060, text('HELLO', 'this is something else'))).malformed).toMatchObject([
      { mac: host, collector: 'sip' },
    ]));

  it('over TCP is read as its head comes in, of both sides', () => {
    const lines = (...of: readonly string[]): Uint8Array => b.bytes([...of, '', ''].join('\r\n'));
    const request = lines('OPTIONS sip:a@b SIP/2.0', `Via: SIP/2.0/TCP ${stream.client.ip}:40000`, 'User-Agent: Wall Phone/2');
    const response = lines('SIP/2.0 200 OK', `m: <sip:d@${stream.host.ip}>`, 'Server: Door Phone/3');
    const { client, host: answerer, malformed } = told(sip, stream.conversation(5060, { client: request, server: response }, 30));
    expect(client).toEqual([
      { kind: 'address', ip: stream.client.ip },
      { kind: 'description', text: 'Wall Phone/2' },
    ]);
    expect(answerer).toEqual([
      { kind: 'address', ip: stream.host.ip },
      { kind: 'service', protocol: 'tcp', port: 5060, name: 'sip' },
      { kind: 'description', text: 'Door Phone/3' },
    ]);
    expect(malformed).toEqual([]);
    cutsWaitOrThrow(decodeStream, request);
  });

  // A datagram is all there is: behind the first line each part of the fields decodes.
  cannotBeCut(decode, ['sip-register', 'sip-response'], length => length >= 11);
});
