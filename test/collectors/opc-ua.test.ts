import { describe, expect, it } from 'vitest';
import { decode, opcUa } from '../../collectors/opc-ua.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { sequence, tlv, utf8 } from '../vectors/der-encode.ts';
import * as b from '../vectors/frames/build.ts';
import { device, fromDevice, le32 } from '../vectors/frames/industrial.ts';
import {
  acknowledge,
  createSession,
  endpoints,
  endpointsWith,
  getEndpoints,
  hello,
  message,
  noSecurity,
  opcUaVectors as v,
  open,
} from '../vectors/frames/opc-ua.ts';
import { conversation } from '../vectors/frames/stream.ts';
import { certificate } from '../vectors/frames/tls.ts';
import { saidBy } from './industrial.ts';
import { protocolsOf } from './observe.ts';
import { told } from './stream-facts.ts';

const basic = 'http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256';
const own = certificate('plc-7', 'Plant CA');
const shown = (role: 'server' | 'client') => ({ kind: 'certificate', role, key: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
const plc = [
  { kind: 'identifier', scheme: 'opcua-application-uri', value: 'urn:example:plc-7' },
  { kind: 'description', text: 'PLC 7, http://example.com/plc' },
];
const scada = [
  { kind: 'identifier', scheme: 'opcua-application-uri', value: 'urn:example:scada' },
  { kind: 'description', text: 'SCADA, http://example.com/scada' },
];
const clear = b.bytes(acknowledge, open(noSecurity));

describe('an OPC UA server', () => {
  it.each([1400, 100, 40])('names its application when it is asked for endpoints, in segments of %i bytes', size => {
    const { host, malformed } = told(opcUa, conversation(4840, { server: b.bytes(clear, endpoints) }, size));
    expect(malformed).toEqual([]);
    expect(host).toEqual(plc);
  });

  it('shows its certificate there', () => {
    const { host } = told(opcUa, conversation(4840, { server: b.bytes(clear, endpointsWith([le32(own.length), own])) }));
    expect(host).toMatchObject([...plc, shown('server')]);
  });

  it('of many endpoints needs not be heard to the end', () => {
    const long = endpointsWith([le32(own.length), own], new Uint8Array(40_000));
    const { host, malformed } = told(opcUa, conversation(4840, { server: b.bytes(clear, long) }));
    expect(malformed).toEqual([]);
    expect(host).toMatchObject([...plc, shown('server')]);
  });

  it('with an encrypted channel shows its certificate; what follows is not read', () => {
    const chain = b.bytes(own, certificate('Plant CA', 'Root'));
    const sent = b.bytes(acknowledge, open(basic, [le32(chain.length), chain]), message('MSG', new Uint8Array(64)));
    const { host, malformed } = told(opcUa, conversation(4840, { server: sent }));
    expect(malformed).toEqual([]);
    expect(host).toMatchObject([shown('server')]);
  });

  it('with an encrypted channel is named by the URI in its certificate, where that can be read', () => {
    const host = (names: Uint8Array) => {
      const named = certificate('plc-7', 'Plant CA', names);
      const sent = b.bytes(acknowledge, open(basic, [le32(named.length), named]));
      const { host: facts, malformed } = told(opcUa, conversation(4840, { server: sent }));
      expect(malformed).toEqual([]);
      return facts;
    };
    const names = sequence(tlv(0x82, utf8('plc-7')), tlv(0x86, utf8('urn:example:plc-7')), tlv(0x86, utf8('urn:other')));
    expect(host(names)).toMatchObject([plc[0], shown('server')]);
    expect(host(sequence(tlv(0x82, utf8('plc-7'))))).toMatchObject([shown('server')]);
    expect(host(sequence())).toMatchObject([shown('server')]);
  });

  it('whose certificate cannot be read is named nevertheless', () => {
    const { host, malformed } = told(opcUa, conversation(4840, { server: b.bytes(clear, endpointsWith([le32(4), 1, 2, 3, 4])) }));
    expect(malformed).toEqual([]);
    expect(host).toEqual(plc);
  });

  it('is known by its first segment though the opening was not seen', () => {
    expect(saidBy('opc-ua', device, v['opc-ua-endpoints'])).toEqual(plc);
    expect(protocolsOf(device, v['opc-ua-endpoints'])).toContain('opc-ua');
  });
});

describe('an OPC UA client', () => {
  it('names its application when it begins a session', () =>
    expect(told(opcUa, conversation(4840, { client: b.bytes(hello, open(noSecurity), createSession) })).client).toEqual(scada));

  it('may ask for endpoints before', () =>
    expect(told(opcUa, conversation(4840, { client: b.bytes(hello, open(noSecurity), getEndpoints, createSession) })).client).toEqual(
      scada,
    ));

  it('that only asks for endpoints names nothing', () => {
    const sent = b.bytes(hello, open(noSecurity), getEndpoints, message('CLO', new Uint8Array(20)));
    const { client, malformed } = told(opcUa, conversation(4840, { client: sent }));
    expect([client, malformed]).toEqual([[], []]);
  });
});

describe('OPC UA', () => {
  it('what else speaks on its port is left alone', () =>
    expect(
      told(opcUa, conversation(4840, { client: b.bytes('GET / HTTP/1.1\r\n\r\n'), server: b.bytes('HTTP/1.1 200 OK\r\n\r\n') })),
    ).toEqual({
      client: [],
      host: [],
      malformed: [],
    }));

  it('cut anywhere waits for more, throws DecodeError, or tells no other than the whole', () => {
    for (const stream of [b.bytes(clear, endpoints), b.bytes(hello, open(noSecurity), getEndpoints, createSession)]) {
      const whole = decode(stream);
      expect(whole?.application).toBeDefined();
      for (let length = 0; length < stream.length; length++) {
        try {
          const got = decode(stream.subarray(0, length));
          if (got !== undefined) expect(got, `${length} bytes`).toEqual(whole);
        } catch (error) {
          expect(error, `${length} bytes`).toBeInstanceOf(DecodeError);
        }
      }
    }
  });

  it('lengths that lie are malformed', () => {
    const bad = (edited: Uint8Array) => expect(() => decode(b.bytes(clear, edited)), 'edited').toThrow(DecodeError);
    bad(endpoints.with(8 + 16 + 4 + 16, 1)); // diagnostics
    bad(b.bytes('MSGF', le32(7), 0, 0, 0, 0));
    bad(b.bytes('XYZF', le32(8)));
    bad(message('OPN', [le32(1), le32(5000), 'short']));
  });

  it('behind a router is not the router', () =>
    expect(saidBy('opc-ua', device, fromDevice(4840, b.bytes(clear, endpoints), 63))).toEqual([]));
});
