import { describe, expect, it } from 'vitest';
import { decode } from '../../collectors/tuya.ts';
import * as b from '../vectors/frames/build.ts';
import * as t from '../vectors/frames/tuya.ts';
import { datagram, host, hostIp } from '../vectors/frames/udp.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { cutsThatDecode } from './cuts-that-decode.ts';
import { drained, factsOf, protocolsOf } from './observe.ts';
import { tuya } from '../../collectors/tuya.ts';

const sent = (body: Uint8Array, port = 6667, ttl = 64) => factsOf(host, datagram(49_152, port, body, { ttl }));
const told = (version: string) => [
  { kind: 'address', ip: hostIp },
  { kind: 'maker', text: 'Tuya' },
  { kind: 'identifier', scheme: 'tuya-device', value: 'eb0123456789abcdefghij' },
  { kind: 'description', text: `Tuya keyabcdefghijklm ${version}` },
];

describe('the announcement of a Tuya device', () => {
  it('tells its address, maker, ID and product, covered or in the clear', () => {
    expect(factsOf(host, t.tuyaVectors['tuya-covered'] ?? b.bytes())).toEqual(told('3.3'));
    expect(factsOf(host, t.tuyaVectors['tuya-plain'] ?? b.bytes())).toEqual(told('3.1'));
    expect(protocolsOf(host, t.tuyaVectors['tuya-covered'] ?? b.bytes())).toEqual(['tuya']);
  });

  it('tells the address only where it is the sender’s, and without an ID nothing', () => {
    expect(sent(t.tuya(t.said({ ip: '192.0.2.99' })))).toEqual(told('3.3').slice(1));
    for (const text of [t.said({ gwId: '' }), t.said({ gwId: 'a"b' }), '{}', 'no JSON at all..']) expect(sent(t.tuya(text))).toEqual([]);
  });

  it('is no other command, no other port’s cover, and not what a router passes on', () => {
    for (const facts of [sent(t.tuya(t.said(), true, 0x0a)), sent(t.tuya(t.said()), 6666), sent(t.tuya(t.said()), 6667, 63)])
      expect(facts).toEqual([]);
  });

  it('is told from what else uses the port', () => {
    const frame = datagram(49_152, 6667, b.bytes('something else that is long enough to be read'));
    expect([factsOf(host, frame), drained(frame).malformed]).toEqual([[], []]);
  });

  it('cut anywhere, without its end, of a wrong length or of half blocks is malformed', () => {
    const whole = t.tuya(t.said());
    expect(cutsThatDecode(whole, cut => decode(cut, true))).toEqual([]);
    expect(() => decode(whole.with(whole.length - 1, 0), true)).toThrow('no suffix');
    expect(() => decode(t.tuya('seven b', false), true)).toThrow('no whole blocks');
    expect(() => decode(t.tuya('a'.repeat(1100), false), false)).toThrow(/length 1112/);
  });
});

it.skipIf(!hasCaptures)('devices in other people’s capture tell their addresses and IDs', () => {
  const facts = captureFacts('captures/nDPI/tuya_lp.pcap', tuya).of('dc:4f:22:bd:40:a1');
  expect(facts.filter(f => f.kind !== 'protocol')).toMatchObject([
    { kind: 'address', ip: '192.168.242.181' },
    { kind: 'maker', text: 'Tuya' },
    { kind: 'identifier', scheme: 'tuya-device' },
    { kind: 'description' },
  ]);
});
