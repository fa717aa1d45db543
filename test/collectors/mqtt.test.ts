import { describe, expect, it } from 'vitest';
import { decode, mqtt } from '../../collectors/mqtt.ts';
import * as b from '../vectors/frames/build.ts';
import { connect, connect31, connect5 } from '../vectors/frames/mqtt.ts';
import { conversation, fromClient, host } from '../vectors/frames/stream.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

const facts = (text: string, id: string) => [
  { kind: 'description', text, of: 'mqtt' },
  { kind: 'identifier', scheme: 'mqtt-client-id', value: id },
  { kind: 'uses-server', service: 'mqtt', ip: host.ip },
];

describe('a client names itself and its broker', () => {
  it.each([
    ['3.1', connect31, 'MQTT 3.1', 'scale-7'],
    ['3.1.1', connect('plc-7'), 'MQTT 3.1.1', 'plc-7'],
    ['5.0', connect5, 'MQTT 5.0, user name, will wh/agv/0042/lost', 'agv-0042'],
    ['3.1.1 as a bridge', connect('bridge-1', { level: 0x84 }), 'MQTT 3.1.1', 'bridge-1'],
  ])('in MQTT %s, on any port and in small segments', (_, message, text, id) => {
    for (const port of [1883, 17_501]) expect(told(mqtt, conversation(port, { client: message }, 5)).client).toEqual(facts(text, id));
  });

  it('but tells neither its user name nor its password', () =>
    expect(JSON.stringify(told(mqtt, [fromClient(1883, connect5)]))).not.toMatch(/hunter2|user-0042/));

  it('and has no identifier when it leaves its name to the broker', () =>
    expect(told(mqtt, [fromClient(1883, connect(''))]).client.map(f => f.kind)).toEqual(['description', 'uses-server']));

  it('but not for a router that passes it on', () => expect(told(mqtt, [fromClient(1883, connect5, { ttl: 63 })]).client).toEqual([]));
});

it('a broker that answers serves MQTT', () => {
  const service = { kind: 'service', protocol: 'tcp', port: 1883, name: 'mqtt' };
  for (const answer of [b.bytes(0x20, 2, 0, 0), b.bytes(0x20, 3, 0, 0, 0)])
    expect(told(mqtt, conversation(1883, { server: answer })).host).toEqual([service]);
});

describe('malformed is', () => {
  it.each([
    ['another protocol name', connect('x', { name: 'MQXX' })],
    ['an unknown level', connect('x', { level: 9 })],
    ['a client id beyond the packet', b.bytes(0x10, 14, connect('0123456789abcdef').subarray(2))],
    ['a length that never ends', b.bytes(0x10, 0xff, 0xff, 0xff, 0xff, 0, 4, 'MQTT')],
  ])('%s', (_, message) => expect(() => decode(message)).toThrow('Cannot read MQTT'));
  it('an answer of wrong flags', () => expect(() => decode(b.bytes(0x20, 2, 9, 0))).toThrow('wrong flags'));
  it('any other packet', () => expect(() => decode(b.bytes(0x30, 2, 0, 0))).toThrow('packet type 3'));
});

it('what does not begin like MQTT costs nothing', () => {
  for (const body of [b.bytes(0x10, 2, 0, 0), b.bytes(0x30, 2, 0, 0), b.bytes('\u0010GET / HTTP')])
    expect(told(mqtt, conversation(1883, { client: body })).malformed).toEqual([]);
});

it('cut anywhere it waits for the rest', () => {
  cutsWaitOrThrow(decode, connect31);
  cutsWaitOrThrow(decode, connect5);
});

describe.skipIf(!hasCaptures)('in other people’s captures', () => {
  it('the clients of coap_mqtt.pcap are named as tshark names them when told that port 17501 is MQTT', () => {
    const ids = captureFacts('captures/nDPI/coap_mqtt.pcap', mqtt).all.flatMap(f => (f.kind === 'identifier' ? [f.value] : []));
    expect(ids).toContain('Bus41');
  });

  it('the clients of the warehouse sample name their broker', () => {
    const { all } = captureFacts('bench/sample/warehouse-30dev.pcap', mqtt);
    expect(all).toContainEqual({ kind: 'uses-server', service: 'mqtt', ip: '10.20.0.10' });
    expect(all.filter(f => f.kind === 'identifier').length).toBeGreaterThan(5);
  });
});
