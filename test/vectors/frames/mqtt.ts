import * as b from './build.ts';
import { fromClient, fromServer } from './stream.ts';

/** Origin: composed here from MQTT 5.0 §3.1, §3.2, MQTT 3.1.1 §3.1 and MQTT V3.1 §3.1. */
const text = (of: string): Uint8Array => b.bytes(b.u16(new TextEncoder().encode(of).length), of);
const variable = (n: number): readonly number[] => (n < 128 ? [n] : [(n & 127) | 128, ...variable(n >> 7)]);

type Connect = {
  readonly name?: string;
  readonly level?: number;
  readonly flags?: number;
  readonly properties?: readonly number[];
  readonly rest?: readonly Uint8Array[];
};
export const connect = (id: string, { name = 'MQTT', level = 4, flags = 2, properties, rest = [] }: Connect = {}): Uint8Array => {
  const body = b.bytes(
    text(name),
    level,
    flags,
    b.u16(60),
    properties === undefined ? [] : [properties.length, properties],
    text(id),
    rest,
  );
  return b.bytes(0x10, variable(body.length), body);
};
export const connect31 = connect('scale-7', { name: 'MQIsdp', level: 3 });
/** With will (properties of no length), user name and password. */
export const connect5 = connect('agv-0042', {
  level: 5,
  flags: 0xc6,
  properties: [0x11, ...b.u32(3600)],
  rest: [b.bytes(0), text('wh/agv/0042/lost'), text('bye'), text('user-0042'), text('hunter2')],
});

export const mqttVectors: { readonly [name: string]: Uint8Array } = {
  'mqtt-connect': fromClient(1883, connect('plc-7')),
  'mqtt-connect-3.1': fromClient(1883, connect31),
  'mqtt-connect-5': fromClient(1883, connect5),
  'mqtt-connack': fromServer(1883, b.bytes(0x20, 2, 0, 0)),
};
