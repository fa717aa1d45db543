import { describe, expect, it } from 'vitest';
import { decode, kerberos } from '../../collectors/kerberos.ts';
import * as b from '../vectors/frames/build.ts';
import * as k from '../vectors/frames/kerberos.ts';
import { conversation, fromClient } from '../vectors/frames/stream.ts';
import { datagram, host } from '../vectors/frames/udp.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { factsOf, protocolsOf } from './observe.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const sent = (body: Uint8Array, ttl = 64) => factsOf(host, datagram(50_088, 88, body, { toPeer: true, ttl }));
const hostname = (name: string) => ({ kind: 'hostname', name });

describe('who asks for a ticket', () => {
  it('tells the machine, and not who logs in', () => {
    expect(sent(k.byPerson)).toEqual([hostname('HMI-7')]);
    expect(sent(k.byMachine)).toEqual([hostname('panel-02')]);
    expect(sent(k.asRequest(['panel-02$'], [k.netbios('PANEL-02')]))).toEqual([hostname('PANEL-02')]);
    expect(JSON.stringify(factsOf(host, k.kerberosVectors['kerberos-udp-request'] ?? b.bytes()))).not.toContain('operator');
  });

  it('over TCP tells it too, in however many segments; the server shows that it is one', () =>
    expect(told(kerberos, conversation(88, { client: k.framed(k.byPerson), server: k.framed(k.reply) }, 20))).toEqual({
      client: [hostname('HMI-7')],
      host: [{ kind: 'service', protocol: 'tcp', port: 88, name: 'kerberos' }],
      malformed: [],
    }));

  it('tells nothing of a person, a service, an empty name, or an address of another kind or size', () => {
    for (const request of [
      k.asRequest(['operator']),
      k.asRequest(['host', 'a$']),
      k.asRequest(['$']),
      k.asRequest(['a b$']),
      k.asRequest(['operator'], [k.netbios(''), k.address(20, 'HMI-7'), k.address(2, 'sixteen bytes 16')]),
    ]) {
      expect(sent(request)).toEqual([]);
      expect(protocolsOf(host, datagram(50_088, 88, request, { toPeer: true }))).toEqual(['kerberos']);
    }
  });

  it('behind a router tells nothing', () => {
    expect(sent(k.byPerson, 63)).toEqual([]);
    expect(told(kerberos, [fromClient(88, k.framed(k.byPerson), { ttl: 63 })]).client).toEqual([]);
  });

  it('a server is known by its answer over UDP', () =>
    expect(factsOf(host, k.kerberosVectors['kerberos-udp-reply'] ?? b.bytes())).toEqual([
      { kind: 'service', protocol: 'udp', port: 88, name: 'kerberos' },
    ]));

  it('cut anywhere waits, or is malformed where nothing more comes', () => {
    cutsWaitOrThrow(bytes => decode(bytes, true), k.framed(k.byPerson));
    expect(cutsThatDecode(k.byPerson, cut => decode(cut, false))).toEqual([]);
  });

  it('that promises more than is read is malformed', () =>
    expect(() => decode(b.bytes(b.u32(16_001), k.byPerson), true)).toThrow('length 16001'));
});
