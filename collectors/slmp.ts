import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { ActionName } from '../gateway/model/fact.ts';
import { collector, type Said, tcpPorts, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

/** MELSEC's own: 5006 (UDP) and 5007 (TCP) of the CPU, 5001 and 5002 of the Ethernet module; 5010 to 5013 are what its examples open. */
const ports = [5001, 5002, 5006, 5007, 5010, 5011, 5012, 5013] as const;

/** Subheaders of binary 3E and 4E frames; 4E has a serial number behind. Mitsubishi SH-080008, SLMP BAP-C3002. */
const subheaders = { request3e: 0x5000, request4e: 0x5400, response3e: 0xd000, response4e: 0xd400 } as const;

/** Commands that act on the CPU, SH-080008 §7. */
const actions: { readonly [command: number]: readonly [ActionName, string] } = {
  0x1001: ['control', 'remote run'],
  0x1002: ['control', 'remote stop'],
  0x1003: ['control', 'remote pause'],
  0x1005: ['control', 'remote latch clear'],
  0x1006: ['control', 'remote reset'],
  0x1401: ['write', 'batch write'],
  0x1402: ['write', 'random write'],
  0x1406: ['write', 'block write'],
  0x1601: ['write', 'label write'],
  0x1811: ['upload', 'read file'],
  0x1812: ['download', 'write file'],
  0x1827: ['download', 'open file'],
  0x1829: ['download', 'write file'],
};

/** Answer of Read CPU model name (0101): 16 characters and a code, §7.4. An answer does not repeat its command, so its form must tell. */
const modelLength = 18;
const modelForm = /^[A-Z][A-Z0-9][A-Z0-9 /._-]*$/;

/** MELSEC communication protocol, binary 3E and 4E frames (SLMP). Mitsubishi SH-080008. Little-endian but for the subheader. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'SLMP');
  const subheader = r.u16();
  if (subheader === subheaders.request4e || subheader === subheaders.response4e) r.skip(4);
  else if (subheader !== subheaders.request3e && subheader !== subheaders.response3e) throw r.fault(`subheader ${subheader}`);
  r.skip(5); // network, station, module, multidrop station
  const body = new Reader(r.take(r.u16le()), 'SLMP body');
  if (subheader === subheaders.request3e || subheader === subheaders.request4e) {
    body.skip(2); // monitoring timer
    return { command: body.u16le(), model: undefined };
  }
  if (body.u16le() !== 0 || body.left !== modelLength) return { command: 0, model: undefined };
  const model = decodeText(body.take(16)).trim();
  return { command: 0, model: modelForm.test(model) ? model : undefined };
}

/** The ports are used by others too, so the subheader and the module number (0x03ff the CPU, 0x03e0 to 0x03e3 one of several) must be right. */
export function speaks({ bytes: b, payload: i }: Packet): boolean {
  return ((b[i] ?? 0) & 0x7b) === 0x50 && b[i + 1] === 0 && b[routeAt(b, i) + 3] === 3;
}

/** 4E frames have a serial number before the route. */
const routeAt = (b: Uint8Array, i: number): number => i + 2 + (((b[i] ?? 0) & 4) !== 0 ? 4 : 0);

/** Reads are most of the traffic: of requests only commands that act, of answers only those as long as a model name. */
export function wants(packet: Packet): boolean {
  if (!speaks(packet)) return false;
  const [b, i] = [packet.bytes, packet.payload];
  const [route, isRequest] = [routeAt(b, i), ((b[i] ?? 0) & 0x80) === 0];
  if (isRequest) return actions[(b[route + 9] ?? 0) | ((b[route + 10] ?? 0) << 8)] !== undefined;
  return b[route + 5] === modelLength + 2 && b[route + 6] === 0;
}

export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (m.model !== undefined)
    return [
      { kind: 'maker', text: 'Mitsubishi Electric' },
      { kind: 'model', text: m.model },
      { kind: 'device-kind', text: 'plc' },
    ];
  const action = actions[m.command];
  return action === undefined ? [] : [{ kind: 'acted', action: action[0], target: packet.target, detail: `SLMP ${action[1]}` }];
}

export const slmp = collector({
  name: 'slmp',
  spec: 'Mitsubishi SH-080008',
  matches: [udpPorts(...ports), tcpPorts(...ports)],
  wants,
  speaks,
  decode,
  observe,
});
