import { isHostIp } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeField } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const gvcpPort = 3956;
/** DISCOVERY_ACK; success. */
const [discoveryAnswer, success] = [0x0003, 0];

/** The answer of a GigE Vision camera to a question at all: its plate as its bootstrap registers have it. GigE Vision 2.0 §16.1, §28. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'GVCP');
  const [status, answer] = [r.u16(), r.u16()];
  if (status !== success || answer !== discoveryAnswer) throw r.fault(`status ${status}, answer ${answer}`);
  const body = r.part(r.u16() + 2, 'GVCP discovery'); // behind the number of the question
  body.skip(2 + 8); // that number, version, mode
  body.skip(2);
  const mac = body.mac();
  body.skip(8 + 12); // how it gets its address
  const ip = body.ip4();
  body.skip(32); // mask and router
  const [maker, model, firmware] = [text(body, 32), text(body, 32), text(body, 32)];
  body.skip(48);
  return { mac, ip, maker, model, firmware, serial: text(body, 16), name: text(body, 16) };
}

const text = (r: Reader, size: number): string => decodeField(r.take(size));

/** It may answer through another of its interfaces, or a router: only what has the frame's own address is told of its sender. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (packet.sourcePort !== gvcpPort || m.mac !== packet.source) return [];
  const facts: Fact[] = [{ kind: 'device-kind', text: 'vision-sensor' }];
  if (isHostIp(m.ip)) facts.push({ kind: 'address', ip: m.ip });
  if (m.maker !== '') facts.push({ kind: 'maker', text: m.maker });
  if (m.model !== '') facts.push({ kind: 'model', text: m.model });
  if (m.firmware !== '') facts.push({ kind: 'firmware', text: m.firmware });
  if (m.serial !== '') facts.push({ kind: 'serial', text: m.serial });
  if (m.name !== '') facts.push({ kind: 'hostname', name: m.name });
  return facts;
}

const wants = ({ bytes: b, payload: i, sourcePort }: Packet): boolean =>
  sourcePort === gvcpPort && b[i] === 0 && b[i + 1] === success && b[i + 2] === 0 && b[i + 3] === discoveryAnswer;

export const gvcp = collector({ name: 'gvcp', spec: 'AIA GigE Vision 2.0', matches: udpPorts(gvcpPort), wants, decode, observe });
