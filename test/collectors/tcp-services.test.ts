import { describe, expect, it } from 'vitest';
import * as b from '../vectors/frames/build.ts';
import { plc, server, vectors } from '../vectors/frames/index.ts';
import { factsOf } from './observe.ts';

const [syn, ack, synAck, rstAck, pushAck] = [2, 16, 18, 20, 24];
/** From the PLC to the server. */
const answer = (port: number, flags: number, { to = 40_000, ttl = 64, ip = '192.0.2.10' } = {}): Uint8Array =>
  b.ethernet(plc, server, 0x0800, b.ipv4(ip, '192.0.2.1', 6, b.tcp(port, to, flags), { ttl }));
const ask = (port: number, { from = 40_000, ip = '192.0.2.10' } = {}): Uint8Array =>
  b.ethernet(server, plc, 0x0800, b.ipv4('192.0.2.1', ip, 6, b.tcp(from, port, syn)));
const service = (port: number, name?: string) => ({ kind: 'service', protocol: 'tcp', port, ...(name === undefined ? {} : { name }) });
const arp = vectors['arp-request'] ?? b.bytes();

describe('a TCP service is reported', () => {
  it('when a SYN was answered, on any port and port of the bridge', () => {
    expect(factsOf(plc, ask(9999), answer(9999, synAck))).toEqual([service(9999)]);
    expect(factsOf(plc, b.frame(ask(502), { port: 'uplink' }), b.frame(answer(502, synAck), { port: 'p3' }))).toEqual([
      service(502, 'modbus'),
    ]);
  });

  it('when the SYN took another path but the port is of known use', () => {
    expect(factsOf(plc, answer(4840, synAck))).toEqual([service(4840, 'opc-ua')]);
    expect(factsOf(plc, answer(9999, synAck))).toEqual([]);
  });

  it('when a stream older than us sends data from a port below 1024 of known use', () => {
    expect(factsOf(plc, answer(502, pushAck))).toEqual([service(502, 'modbus')]);
    expect(factsOf(plc, answer(102, ack))).toEqual([service(102, 's7comm')]);
    for (const [port, to] of [
      [4840, 40_000],
      [44_818, 40_000],
      [600, 40_000],
      [502, 502],
      [502, 1000],
    ] as const)
      expect(factsOf(plc, answer(port, pushAck, { to }))).toEqual([]);
  });
});

describe('no TCP service is reported', () => {
  it('when the port is closed', () => expect(factsOf(plc, ask(502), answer(502, rstAck))).toEqual([]));

  it('by the SYN of a client, even from a port of known use', () => expect(factsOf(server, ask(502, { from: 443 }))).toEqual([]));

  it('when the answer comes to another port, another address or too late', () => {
    expect(factsOf(plc, ask(9999), answer(9999, synAck, { to: 40_001 }))).toEqual([]);
    expect(factsOf(plc, ask(9999, { ip: '192.0.2.11' }), answer(9999, synAck))).toEqual([]);
    expect(factsOf(plc, b.frame(ask(9999), { at: 1000 }), b.frame(answer(9999, synAck), { at: 61_001 }))).toEqual([]);
  });

  it('for a router that passes on the answers of others', () => {
    expect(factsOf(plc, answer(443, synAck, { ttl: 57, ip: '203.0.113.5' }))).toEqual([]);
    expect(factsOf(plc, arp, answer(443, synAck, { ip: '203.0.113.5' })).slice(1)).toEqual([]);
    expect(factsOf(plc, arp, answer(443, synAck, { ttl: 57 })).slice(1)).toEqual([service(443, 'https')]);
  });

  it('twice', () =>
    expect(factsOf(plc, answer(502, pushAck), answer(502, pushAck), ask(502), answer(502, synAck))).toEqual([service(502, 'modbus')]));
});

it('a stream that was looked at before its address was known is looked at again', () =>
  expect(
    factsOf(plc, answer(502, pushAck, { ttl: 63 }), answer(502, pushAck, { ttl: 63 }), arp, answer(502, pushAck, { ttl: 63 })).slice(1),
  ).toEqual([service(502, 'modbus')]));
