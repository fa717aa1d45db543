import { isHostIp } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';

const mqttPort = 1883;
const [connect, connectAck] = [0x10, 0x20];
/** Connect Flags, MQTT 5.0 §3.1.2.3. */
const flags = { will: 0x04, userName: 0x80 } as const;
/** By protocol level; a bridge between brokers sets the highest bit. */
const versions: { readonly [level: number]: string } = { 3: '3.1', 4: '3.1.1', 5: '5.0' };
const m = 'M'.charCodeAt(0);

/** A CONNECT on any port, known by its protocol name; of the broker's answer the port must tell. */
function isConnect({ bytes: b, payload: i, sourcePort }: Packet): boolean {
  if (b[i] === connectAck) return sourcePort === mqttPort;
  if (b[i] !== connect) return false;
  let at = i + 1;
  while (at < i + 4 && ((b[at] ?? 0) & 0x80) !== 0) at++;
  return b[at + 1] === 0 && b[at + 3] === m && (b[at + 2] === 4 || b[at + 2] === 6);
}

export type Connect = {
  readonly kind: 'connect';
  readonly version: string;
  readonly clientId: string;
  readonly hasUserName: boolean;
  readonly willTopic?: string;
};

/** The first packet of either side of MQTT 3.1, 3.1.1 or 5.0. MQTT 5.0 §3.1, §3.2. User name and password are never read. */
export function decode(bytes: Uint8Array): Connect | { readonly kind: 'connack' } {
  const r = new Reader(bytes, 'MQTT');
  const type = r.u8();
  const length = variable(r);
  if (type === connectAck) {
    if (length < 2 || r.u8() > 1) throw r.fault('wrong flags or length');
    r.skip(1);
    return { kind: 'connack' };
  }
  if (type !== connect) throw r.fault(`packet type ${type >> 4}`);
  const start = r.at;
  const name = decodeText(r.take(r.u16()));
  const level = r.u8() & 0x7f;
  const version = versions[level];
  if (version === undefined || name !== (level === 3 ? 'MQIsdp' : 'MQTT')) throw r.fault(`protocol “${name}” level ${level}`);
  const has = r.u8();
  r.skip(2); // keep alive
  if (level === 5) r.skip(variable(r)); // properties
  const clientId = decodeText(r.take(r.u16()));
  const hasWill = (has & flags.will) !== 0;
  if (hasWill && level === 5) r.skip(variable(r)); // will properties
  const willTopic = hasWill ? decodeText(r.take(r.u16())) : undefined;
  if (r.at - start > length) throw r.fault(`more than the ${length} bytes of the packet`);
  const hasUserName = (has & flags.userName) !== 0;
  return { kind: 'connect', version, clientId, hasUserName, ...(willTopic === undefined ? {} : { willTopic }) };
}

/** Variable Byte Integer, MQTT 5.0 §1.5.5. */
function variable(r: Reader): number {
  let value = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = r.u8();
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
  throw r.fault('length of more than four bytes');
}

/** A client names itself to its broker. The name is unique for a broker and often a serial number, but anybody may choose it. */
export function observe(message: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  if (message.kind === 'connack') return [{ kind: 'service', protocol: 'tcp', port: packet.sourcePort, name: 'mqtt' }];
  const { version, clientId, hasUserName, willTopic } = message;
  const parts = [`MQTT ${version}`, ...(hasUserName ? ['user name'] : []), ...(willTopic === undefined ? [] : [`will ${willTopic}`])];
  const facts: Fact[] = [{ kind: 'description', text: parts.join(', ').slice(0, 255), of: 'mqtt' }];
  if (clientId !== '') facts.push({ kind: 'identifier', scheme: 'mqtt-client-id', value: clientId });
  const broker = packet.target;
  if (isHostIp(broker)) facts.push({ kind: 'uses-server', service: 'mqtt', ip: broker });
  return facts;
}

export const mqtt = collector({ name: 'mqtt', spec: 'MQTT 5.0', matches: tcpStream(), wants: isConnect, decode, observe });
